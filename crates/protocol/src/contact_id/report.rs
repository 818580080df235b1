//! What a message in tones says, protocol-neutral.
//!
//! Fields of a report: `format`, `account`, then Contact ID `message_type`, `qualifier` (E, R, P, else as sent),
//! `code`, `group`, `zone`; Express `event`, `zone`; High Speed and Super Fast `channels`, `auxiliary`.

use super::{Message, Qualifier, event, fields};
use crate::report::{texts, warnings};
use crate::{Codes, Event, Fields, Origin, Outcome, Protocol, Report, Status, Trigger, ademco685, high_speed};

/// The report of one message, with the deviations found while reading it.
pub fn report(message: &Message, deviations: &[&'static str], codes: &Codes) -> Report {
    let (format, events, said) = match message {
        Message::ContactId { message_type, qualifier, code, group, zone, .. } => {
            let known = Qualifier::from_char(*qualifier);
            let events = vec![match known {
                Some(qualifier) => event(codes, qualifier, code, zone),
                None => unqualified(codes, code, zone),
            }];
            let message_type = texts(&[("message_type", message_type)]);
            let said = known.map_or_else(
                || texts(&[("qualifier", &qualifier.to_string()), ("code", code), ("group", group), ("zone", zone)]),
                |qualifier| fields(qualifier, code, group, zone),
            );
            ("contact-id", events, [message_type, said].concat())
        }
        Message::Express { event, zone, .. } => {
            let zone = zone.map(String::from);
            let format = if zone.is_some() { "express-4+2" } else { "express-4+1" };
            let event = event.to_string();
            let events = vec![ademco685::pulse_event(codes, &event, zone.as_deref())];
            (format, events, texts(&[("event", &event), ("zone", zone.as_deref().unwrap_or_default())]))
        }
        Message::HighSpeed { channels, auxiliary, .. } => {
            ("high-speed", high_speed::events(codes, channels, *auxiliary), channel_fields(channels, *auxiliary))
        }
        Message::SuperFast { channels, auxiliary, .. } => {
            ("super-fast", high_speed::events(codes, channels, *auxiliary), channel_fields(channels, *auxiliary))
        }
    };
    let is_qualified =
        !matches!(message, Message::ContactId { qualifier, .. } if Qualifier::from_char(*qualifier).is_none());
    let mut found = deviations.to_vec();
    found.extend((!is_qualified).then_some("UnknownQualifier"));
    Report {
        protocol: Protocol::ContactId,
        outcome: Outcome::Decoded,
        origin: Origin::Unit,
        identity: Some(message.account().to_owned()),
        local_unit: None,
        caller: None,
        fields: [texts(&[("format", format), ("account", message.account())]), said].concat(),
        warnings: warnings(&found, &events),
        events,
    }
}

/// A qualifier that the protocol does not have may be a restore or an alarm: what would not call for help by its
/// code is unknown, so that somebody looks (vector C18).
fn unqualified(codes: &Codes, code: &str, zone: &str) -> Event {
    let mut event = event(codes, Qualifier::New, code, zone);
    event.status = Status::Unknown;
    if !event.trigger.calls_for_help() {
        event.trigger = Trigger::Unknown;
    }
    event
}

fn channel_fields(channels: &str, auxiliary: char) -> Fields {
    texts(&[("channels", channels), ("auxiliary", &auxiliary.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(letters: &str) -> Report {
        let decoded = Message::decode(letters.as_bytes(), false).unwrap();
        report(&decoded.message, &decoded.warnings, &Codes::builtin())
    }

    #[test]
    fn the_format_is_told_by_the_message_type() {
        for (letters, format) in [
            ("1234181131010158", "contact-id"),
            ("7777983301000008", "contact-id"),
            ("12341739", "express-4+1"),
            ("123427353", "express-4+2"),
            ("123455155555557C", "high-speed"),
            ("123456155555557", "super-fast"),
        ] {
            let report = said(letters);
            assert_eq!(report.fields[0].1, crate::Value::Text(format.to_owned()));
            assert_eq!(report.protocol, Protocol::ContactId);
        }
    }

    #[test]
    fn an_unknown_qualifier_never_makes_it_less() {
        let intruder = said("1234182131010157");
        assert_eq!((intruder.events[0].trigger, intruder.events[0].status), (Trigger::Intruder, Status::Unknown));
        assert_eq!(intruder.warnings, ["UnknownQualifier"]);
        let test = report(
            &Message::ContactId {
                account: "1234".into(),
                message_type: "18".into(),
                qualifier: '2',
                code: "602".into(),
                group: "00".into(),
                zone: "000".into(),
            },
            &[],
            &Codes::builtin(),
        );
        assert_eq!(test.events[0].trigger, Trigger::Unknown);
    }
}
