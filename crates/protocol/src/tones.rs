//! What is heard and played on a call's speech path: DTMF digits and single tones, with their times.
//!
//! A session does not care where digits come from. A line card, a media gateway's events and our own detector tell
//! of a sound twice, at its onset ([`Length::StillOn`]) and at its end ([`Length::Measured`]), to the millisecond. A
//! voice modem tells of a digit once, some time around its end, and not how long it was ([`Length::Unknown`]); how
//! late it may tell is the call's [`crate::call::Begun::slack`].

use std::fmt;
use std::time::{Duration, Instant};

/// One of the sixteen DTMF digits. Telecare protocols use all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the table below gives each its character")]
pub enum Digit {
    Zero,
    One,
    Two,
    Three,
    Four,
    Five,
    Six,
    Seven,
    Eight,
    Nine,
    Star,
    Hash,
    A,
    B,
    C,
    D,
}

/// Each digit with its character and its two frequencies in hertz, the low group's first (ITU-T Q.23; A).
const TABLE: [(Digit, char, u16, u16); 16] = [
    (Digit::Zero, '0', 941, 1336),
    (Digit::One, '1', 697, 1209),
    (Digit::Two, '2', 697, 1336),
    (Digit::Three, '3', 697, 1477),
    (Digit::Four, '4', 770, 1209),
    (Digit::Five, '5', 770, 1336),
    (Digit::Six, '6', 770, 1477),
    (Digit::Seven, '7', 852, 1209),
    (Digit::Eight, '8', 852, 1336),
    (Digit::Nine, '9', 852, 1477),
    (Digit::Star, '*', 941, 1209),
    (Digit::Hash, '#', 941, 1477),
    (Digit::A, 'A', 697, 1633),
    (Digit::B, 'B', 770, 1633),
    (Digit::C, 'C', 852, 1633),
    (Digit::D, 'D', 941, 1633),
];

impl Digit {
    /// Every digit.
    pub fn all() -> impl Iterator<Item = Digit> {
        TABLE.iter().map(|(digit, ..)| *digit)
    }

    /// The digit of a character, `0-9 A-D * #`; letters are capitals.
    pub fn from_char(character: char) -> Option<Digit> {
        TABLE.iter().find(|(_, known, ..)| *known == character).map(|(digit, ..)| *digit)
    }

    /// Its character.
    pub fn as_char(self) -> char {
        self.row().1
    }

    /// Its character as a byte.
    pub fn as_byte(self) -> u8 {
        u8::try_from(self.as_char()).unwrap_or(b'?')
    }

    /// The tone of the low group and the tone of the high group.
    pub fn tones(self) -> (Tone, Tone) {
        let (_, _, low, high) = self.row();
        (Tone(*low), Tone(*high))
    }

    fn row(self) -> &'static (Digit, char, u16, u16) {
        const NOT_LISTED: &(Digit, char, u16, u16) = &(Digit::Zero, '?', 0, 0);
        TABLE.iter().find(|(digit, ..)| *digit == self).unwrap_or(NOT_LISTED)
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

/// A single tone, by its nominal frequency in hertz: whoever hears it snaps what was measured to the tones it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tone(pub u16);

/// What can be heard or played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sound {
    /// Two tones at once.
    Digit(Digit),
    /// One tone alone.
    Tone(Tone),
}

impl fmt::Display for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sound::Digit(digit) => write!(f, "{digit}"),
            Sound::Tone(Tone(hertz)) => write!(f, "{hertz} Hz"),
        }
    }
}

/// How long a sound lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// It began and goes on; the same sound with the same onset is told again when it ends.
    StillOn,
    /// It is over.
    Measured(Duration),
    /// It is over, or nearly, and the line cannot tell how long it was.
    Unknown,
}

/// A sound as a line tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which.
    pub sound: Sound,
    /// Its onset; when the line told of it, where the length is unknown.
    pub began: Instant,
    /// Its length.
    pub length: Length,
    /// Its level, where known: dBm0 of the stronger tone.
    pub dbm0: Option<i8>,
    /// The detector is not sure of it: two of them differ, packets were lost. Enough where a checksum decides, too
    /// little where none does.
    pub doubtful: bool,
}

impl Heard {
    /// A sound without a level and without doubt.
    pub fn new(sound: Sound, began: Instant, length: Length) -> Heard {
        Heard { sound, began, length, dbm0: None, doubtful: false }
    }

    /// When it ended as far as is known; none while it goes on.
    pub fn ended(&self) -> Option<Instant> {
        match self.length {
            Length::StillOn => None,
            Length::Measured(lasted) => Some(crate::session::after(self.began, lasted)),
            Length::Unknown => Some(self.began),
        }
    }

    /// How long it lasted, where that is known.
    pub fn lasted(&self) -> Option<Duration> {
        match self.length {
            Length::Measured(lasted) => Some(lasted),
            Length::StillOn | Length::Unknown => None,
        }
    }
}

/// A sound to play, and the silence after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which.
    pub sound: Sound,
    /// How long.
    pub on: Duration,
    /// The silence before the next one; after the last one it counts as played, too.
    pub off: Duration,
}

impl Note {
    /// One sound with nothing after it.
    pub fn alone(sound: Sound, on: Duration) -> Note {
        Note { sound, on, off: Duration::ZERO }
    }
}

/// Digits at one pace, with no silence after the last. Characters that are no digits are left out.
pub fn notes(digits: &str, on: Duration, off: Duration) -> Vec<Note> {
    let mut notes: Vec<Note> =
        digits.chars().filter_map(Digit::from_char).map(|digit| Note { sound: Sound::Digit(digit), on, off }).collect();
    if let Some(last) = notes.last_mut() {
        last.off = Duration::ZERO;
    }
    notes
}

/// How long it takes to play them.
pub fn playing_time(notes: &[Note]) -> Duration {
    notes.iter().fold(Duration::ZERO, |sum, note| sum.saturating_add(note.on).saturating_add(note.off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_has_a_character_and_a_pair_of_its_own() {
        for digit in Digit::all() {
            assert_eq!(Digit::from_char(digit.as_char()), Some(digit));
            assert_eq!(Digit::all().filter(|other| other.tones() == digit.tones()).count(), 1, "{digit}");
        }
        assert_eq!(Digit::all().map(Digit::as_char).collect::<String>(), "0123456789*#ABCD");
        assert_eq!(Digit::B.tones(), (Tone(770), Tone(1633)));
        assert_eq!(Digit::from_char('a'), None);
    }

    #[test]
    fn notes_end_with_the_last_sound() {
        let ms = Duration::from_millis;
        let played = notes("A7", ms(80), ms(70));
        assert_eq!(playing_time(&played), ms(230));
        assert_eq!(played[1], Note::alone(Sound::Digit(Digit::Seven), ms(80)));
    }
}
