//! The receiver's commands and the answers to them.
//!
//! ```text
//! [A]7 speak   [A]8 listen   [A]9 clear   [A]D clear down   [A]# null      [A] is a long A
//! A0RRRR# select   A1RRRR# list   A2TTNN# equipment   A3N# speech
//! ```
//!
//! Confidence A for select, null and clear down, B for the rest.

use std::time::Duration;

use super::Settings;
use crate::call::{Control, Volume};
use crate::tones::{Digit, Note, Sound, notes};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open the path to the unit.
    Speak,
    /// Open the path from the unit.
    Listen,
    /// End the speech with this unit of a scheme.
    Clear,
    /// End the call.
    ClearDown,
    /// Keep the link.
    Null,
    /// Open the path to this local unit of a scheme, 4 digits.
    Select(String),
    /// Tell of an outstanding call of this local unit, 0000 for any.
    List(String),
    /// Switch something, by its code.
    Equipment(u8),
    /// Loudness, loudspeaker and speech mode, by its digit.
    Speech(Digit),
}

/// What answers a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// A short `B`.
    Acknowledge,
    /// The 12-digit record of an outstanding call.
    Record,
    /// `A 0000 NN #`: how many calls are outstanding.
    Outstanding,
    /// `A TT NN #`: what was switched, 00 if there is no such thing.
    Equipment,
}

impl Command {
    /// What answers it.
    pub fn expects(&self) -> Expects {
        match self {
            Command::Speak | Command::Listen | Command::ClearDown | Command::Null | Command::Speech(_) => {
                Expects::Acknowledge
            }
            Command::Clear => Expects::Outstanding,
            Command::Select(_) | Command::List(_) => Expects::Record,
            Command::Equipment(_) => Expects::Equipment,
        }
    }

    /// Whether it is a long `A` and one digit.
    pub fn is_quick(&self) -> bool {
        self.quick().is_some()
    }

    /// The name used in counts and refusals.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Speak => "Speak",
            Command::Listen => "Listen",
            Command::Clear => "Clear",
            Command::ClearDown => "ClearDown",
            Command::Null => "Null",
            Command::Select(_) => "Select",
            Command::List(_) => "List",
            Command::Equipment(_) => "Equipment",
            Command::Speech(_) => "Speech",
        }
    }

    /// The digits, a quick command's long `A` as a plain one.
    pub fn digits(&self) -> String {
        match self {
            Command::Select(unit) => format!("A0{unit}#"),
            Command::List(unit) => format!("A1{unit}#"),
            Command::Equipment(code) => format!("A200{code:02}#"),
            Command::Speech(digit) => format!("A3{digit}#"),
            Command::Speak | Command::Listen | Command::Clear | Command::ClearDown | Command::Null => {
                format!("A{}", self.quick().map_or('#', Digit::as_char))
            }
        }
    }

    /// The command as it is played.
    pub fn notes(&self, settings: &Settings) -> Vec<Note> {
        let mut played = notes(&self.digits(), settings.digit_on, settings.digit_off);
        if let (true, Some(first)) = (self.is_quick(), played.first_mut()) {
            first.on = settings.long_a;
        }
        played
    }

    fn quick(&self) -> Option<Digit> {
        match self {
            Command::Speak => Some(Digit::Seven),
            Command::Listen => Some(Digit::Eight),
            Command::Clear => Some(Digit::Nine),
            Command::ClearDown => Some(Digit::D),
            Command::Null => Some(Digit::Hash),
            Command::Select(_) | Command::List(_) | Command::Equipment(_) | Command::Speech(_) => None,
        }
    }
}

/// The acknowledgement.
pub fn acknowledgement(settings: &Settings) -> Vec<Note> {
    short(Digit::B, settings.digit_on)
}

/// The request for data.
pub fn request(settings: &Settings) -> Vec<Note> {
    short(Digit::B, settings.request)
}

fn short(digit: Digit, on: Duration) -> Vec<Note> {
    vec![Note::alone(Sound::Digit(digit), on)]
}

/// The digit that sets a loudness.
pub fn volume(volume: Volume) -> Digit {
    match volume {
        Volume::Quiet => Digit::One,
        Volume::Normal => Digit::Two,
        Volume::Loud => Digit::Three,
        Volume::Up => Digit::Four,
        Volume::Down => Digit::Five,
    }
}

/// The code that switches something; none for doors and relays the table does not have, and codes of three digits.
pub fn equipment(control: Control) -> Option<u8> {
    match control {
        Control::Door(1) => Some(1),
        Control::Door(2) => Some(2),
        Control::KeySafe => Some(3),
        Control::UnlockAll => Some(4),
        Control::Relay(1, true) => Some(6),
        Control::Relay(1, false) => Some(7),
        Control::Relay(2, true) => Some(8),
        Control::Relay(2, false) => Some(9),
        Control::Code(code @ 1..=99) => Some(code),
        Control::Door(_) | Control::Relay(..) | Control::Code(_) => None,
    }
}

/// Reads how many calls are outstanding: `A 0000 NN #` (vector R3).
pub fn read_outstanding(body: &[u8]) -> Option<u8> {
    number(body.strip_prefix(b"0000")?)
}

/// Reads what was switched: `A TT NN #` (vectors R4, R5); 0 when the unit has no such thing.
pub fn read_equipment(body: &[u8]) -> Option<u8> {
    let (kind, code) = body.split_at_checked(2)?;
    number(kind)?;
    number(code)
}

/// Two decimal digits.
fn number(digits: &[u8]) -> Option<u8> {
    let two = digits.len() == 2 && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| two)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_command() {
        for (command, digits) in [
            (Command::Speak, "A7"),
            (Command::Listen, "A8"),
            (Command::Clear, "A9"),
            (Command::ClearDown, "AD"),
            (Command::Null, "A#"),
            (Command::Select("0027".into()), "A00027#"),
            (Command::List("0000".into()), "A10000#"),
            (Command::Equipment(1), "A20001#"),
            (Command::Speech(Digit::Eight), "A38#"),
        ] {
            let played = command.notes(&Settings::default());
            assert_eq!(command.digits(), digits);
            assert_eq!(played.len(), digits.len());
            let on = if command.is_quick() { 250 } else { 80 };
            assert_eq!(played[0].on, Duration::from_millis(on), "{digits}");
        }
    }

    #[test]
    fn short_answers_are_of_their_length_or_nothing() {
        assert_eq!(read_outstanding(b"000003"), Some(3));
        assert_eq!(read_outstanding(b"00003"), None);
        assert_eq!(read_outstanding(b"0000+3"), None);
        assert_eq!(read_equipment(b"0001"), Some(1));
        assert_eq!(read_equipment(b"0000"), Some(0));
        assert_eq!(read_equipment(b"00001"), None);
        assert_eq!(read_equipment(b"A001"), None);
    }
}
