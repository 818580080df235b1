//! What a group says, protocol-neutral.
//!
//! A channel's value means what it means in [High Speed](crate::high_speed); what the channel is wired to, the table
//! `channels` of `protocols/fast-format/codes.toml` says where a maker's use is known. Fields of a report: `account`,
//! `channels`, `status`.

use super::Group;
use crate::codes::Table;
use crate::report::{texts, warnings};
use crate::{Codes, Event, Origin, Outcome, Protocol, Report, high_speed};

/// Status digit of a group that says nothing about the whole.
const NORMAL: char = '7';

/// The report of one group, with the deviations found while reading it.
pub fn report(group: &Group, deviations: &[&'static str], codes: &Codes) -> Report {
    let Group { account, channels, status } = group;
    let mut events: Vec<Event> =
        high_speed::speaking(channels).map(|(channel, value)| event(codes, channel, value)).collect();
    if events.is_empty() || *status != NORMAL {
        events.push(codes.event(Table::HighSpeedAuxiliary, &status.to_string(), ""));
    }
    Report {
        protocol: Protocol::FastFormat,
        outcome: Outcome::Decoded,
        origin: Origin::Unit,
        identity: Some(account.clone()),
        local_unit: None,
        caller: None,
        fields: texts(&[("account", account), ("channels", channels), ("status", &status.to_string())]),
        warnings: warnings(deviations, &events),
        events,
    }
}

/// An alarm, its restore and its persistence are of what the channel is; opening and closing are themselves.
fn event(codes: &Codes, channel: u8, value: char) -> Event {
    let channel = channel.to_string();
    let mut event = codes.event(Table::HighSpeedChannels, &value.to_string(), &channel);
    let wired = codes.find(Table::FastFormatChannels, &channel).filter(|_| matches!(value, '1' | '3' | '6'));
    if let Some(row) = wired {
        event.words.clone_from(&row.words);
        event.trigger = row.trigger.unwrap_or(event.trigger);
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Status, Trigger};

    fn said(digits: &str) -> Vec<(Trigger, Status, String)> {
        let report = report(&Group::decode(digits.as_bytes()).unwrap(), &[], &Codes::builtin());
        assert_eq!(report.identity.as_deref(), Some("1234"));
        let event = |event: Event| (event.trigger, event.status, event.location.map_or(String::new(), |l| l.code));
        report.events.into_iter().map(event).collect()
    }

    #[test]
    fn channels_of_a_telecare_unit() {
        let active = |trigger, channel: &str| (trigger, Status::Active, channel.to_owned());
        let speech = active(Trigger::SpeechRequest, "8");
        assert_eq!(said("1234515555517"), [active(Trigger::Pendant, "2"), speech.clone()]);
        assert_eq!(said("1234515555557"), [active(Trigger::Pendant, "2")]);
        assert_eq!(said("1234155555517"), [active(Trigger::Fire, "1"), speech]);
        assert_eq!(said("1234535555557"), [(Trigger::Pendant, Status::Restored, "2".to_owned())]);
        assert_eq!(said("1234555555558"), [active(Trigger::Battery, "")]);
        assert_eq!(said("1234555555557"), [active(Trigger::Information, "")]);
        assert_eq!(said("1234255555557"), [active(Trigger::Opening, "1")]);
    }
}
