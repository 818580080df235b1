//! Contact ID content: qualifier, event code, group, zone or user, as any carrier brings it.
//!
//! `Q XYZ GG CCC`: Q is E, R, P on automation outputs and 1, 3, 6 elsewhere; both are read everywhere.
//! Source: `protocols/contact-id/README.md`, confidence A.

use crate::codes::Table;
use crate::report::texts;
use crate::{Codes, Event, Fields, Status};

/// What the sender says about the event's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// E or 1: a new event, or an opening.
    New,
    /// R or 3: a restore, or a closing.
    Restore,
    /// P or 6: reported before and still present.
    Present,
}

impl Qualifier {
    /// Reads either alphabet.
    pub fn from_char(sent: char) -> Option<Qualifier> {
        match sent {
            'E' | '1' => Some(Qualifier::New),
            'R' | '3' => Some(Qualifier::Restore),
            'P' | '6' => Some(Qualifier::Present),
            _ => None,
        }
    }

    /// The digit of tones.
    pub fn digit(self) -> char {
        match self {
            Qualifier::New => '1',
            Qualifier::Restore => '3',
            Qualifier::Present => '6',
        }
    }

    /// The letter of automation outputs.
    pub fn letter(self) -> char {
        match self {
            Qualifier::New => 'E',
            Qualifier::Restore => 'R',
            Qualifier::Present => 'P',
        }
    }
}

/// The event of one message; `zone` is CCC, and 000 is no place.
///
/// A code that opens or closes says which by its qualifier: that is one thing that happened, so it is active
/// either way.
pub fn event(codes: &Codes, qualifier: Qualifier, code: &str, zone: &str) -> Event {
    let address = if zone.bytes().all(|digit| digit == b'0') { "" } else { zone };
    let mut event = codes.event(Table::ContactIdEvents, code, address);
    let restored = codes.find(Table::ContactIdEvents, code).and_then(|row| row.restored_trigger);
    event.status = match qualifier {
        Qualifier::New => Status::Active,
        Qualifier::Restore => Status::Restored,
        Qualifier::Present => Status::Present,
    };
    if let (Qualifier::Restore, Some(trigger)) = (qualifier, restored) {
        event.trigger = trigger;
        event.status = Status::Active;
    }
    event
}

/// The fields of one message as a report carries them; a blank one is left out.
pub fn fields(qualifier: Qualifier, code: &str, group: &str, zone: &str) -> Fields {
    texts(&[("qualifier", &qualifier.letter().to_string()), ("code", code), ("group", group), ("zone", zone)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trigger;

    #[test]
    fn qualifier_gives_the_status() {
        let codes = Codes::builtin();
        for (sent, code, trigger, status) in [
            ('E', "101", Trigger::Emergency, Status::Active),
            ('R', "101", Trigger::Emergency, Status::Restored),
            ('P', "102", Trigger::MissedCheck, Status::Present),
            ('1', "401", Trigger::Opening, Status::Active),
            ('3', "401", Trigger::Closing, Status::Active),
            ('R', "406", Trigger::Cancel, Status::Restored),
            ('E', "199", Trigger::Unknown, Status::Active),
        ] {
            let event = event(&codes, Qualifier::from_char(sent).unwrap(), code, "000");
            assert_eq!((event.trigger, event.status, event.location), (trigger, status, None), "{sent}{code}");
        }
        assert_eq!(Qualifier::from_char('2'), None);
    }

    #[test]
    fn the_table_says_zone_or_user() {
        let codes = Codes::builtin();
        let words = |code, zone| event(&codes, Qualifier::New, code, zone).location.unwrap().words;
        assert_eq!(words("131", "015"), "zone 015");
        assert_eq!(words("401", "003"), "user 003");
    }
}
