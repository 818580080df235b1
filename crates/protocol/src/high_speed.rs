//! Ademco High Speed content: eight channels and one auxiliary digit, as any carrier brings it.
//!
//! `NNNN NNNN N`: each channel says what happened in it, 5 is at rest; the last digit says what all of it is.
//! Source: `protocols/high-speed/README.md`.

use crate::codes::Table;
use crate::{Codes, Event};

/// A channel at rest.
pub const AT_REST: char = '5';

/// One event per channel that is not at rest, then what the auxiliary digit adds; 2 and 4 there make channel 1
/// a user number (confidence A for the values). With nothing else to say, the auxiliary digit is the event.
pub fn events(codes: &Codes, channels: &str, auxiliary: char) -> Vec<Event> {
    let by_user = matches!(auxiliary, '2' | '4');
    let mut events: Vec<Event> =
        channel_events(codes, channels).into_iter().skip_while(|event| by_user && is_channel_1(event)).collect();
    let user = if by_user { channels.get(..1).unwrap_or_default() } else { "" };
    if events.is_empty() || auxiliary != '7' {
        events.push(codes.event(Table::HighSpeedAuxiliary, &auxiliary.to_string(), user));
    }
    events
}

/// The events of channels alone, where no auxiliary digit follows: those not at rest, or one that says all are.
pub fn channels(codes: &Codes, channels: &str) -> Vec<Event> {
    let events = channel_events(codes, channels);
    if events.is_empty() { vec![codes.event(Table::HighSpeedChannels, &AT_REST.to_string(), "")] } else { events }
}

/// The channels that are not at rest, numbered from 1, with their values.
pub fn speaking(channels: &str) -> impl Iterator<Item = (u8, char)> {
    (1u8..).zip(channels.chars()).filter(|(_, value)| *value != AT_REST)
}

fn channel_events(codes: &Codes, channels: &str) -> Vec<Event> {
    let event = |(n, value): (u8, char)| codes.event(Table::HighSpeedChannels, &value.to_string(), &n.to_string());
    speaking(channels).map(event).collect()
}

fn is_channel_1(event: &Event) -> bool {
    event.location.as_ref().is_some_and(|location| location.code == "1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trigger;

    fn said(events: &[Event]) -> Vec<(Trigger, &str, &str)> {
        let place = |event: &'_ Event| event.location.as_ref().map_or("", |_| "here");
        events.iter().map(|event| (event.trigger, event.code.as_str(), place(event))).collect()
    }

    #[test]
    fn channels_speak_and_the_auxiliary_digit_adds() {
        let codes = Codes::builtin();
        let emergency = (Trigger::Emergency, "1", "here");
        assert_eq!(said(&events(&codes, "15555555", '7')), [emergency]);
        assert_eq!(said(&events(&codes, "15555555", '1')), [emergency, (Trigger::Duress, "1", "")]);
        assert_eq!(said(&events(&codes, "35555555", '2')), [(Trigger::Opening, "2", "here")], "user 3 opened");
        assert_eq!(said(&events(&codes, "55555555", '9')), [(Trigger::PeriodicTest, "9", "")]);
        assert_eq!(said(&events(&codes, "55555555", '7')), [(Trigger::Information, "7", "")]);
        assert_eq!(said(&channels(&codes, "55555555")), [(Trigger::NoEvent, "5", "")]);
        assert_eq!(said(&channels(&codes, "5X555555")), [(Trigger::Unknown, "X", "here")]);
    }
}
