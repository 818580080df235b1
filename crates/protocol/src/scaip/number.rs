//! The status number of an answer: what became of a message.

use std::fmt;

/// A status number. Only zero is good news; what a unit does on each other is not known (C: repeats, or turns to its
/// next receiver).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Snu {
    /// 0: stored (A).
    Ok,
    /// 1: message too long (B).
    TooLong,
    /// 2: not well formed, or not of this protocol (A).
    BadFormat,
    /// 3: an element says what it cannot (B).
    BadContent,
    /// 4: hold. What it means is not known; never sent (B).
    Hold,
    /// 5: not treated: it was read and could not be stored (A).
    NotTreated,
    /// 6: busy (B).
    Busy,
    /// 7: a mandatory element is missing (A).
    MissingElement,
    /// 99: undefined error (B); also what an answer without a readable number counts as. Never sent.
    Undefined,
    /// Any other.
    Other(u32),
}

impl Snu {
    /// The number on the wire.
    pub fn number(self) -> u32 {
        match self {
            Snu::Ok => 0,
            Snu::TooLong => 1,
            Snu::BadFormat => 2,
            Snu::BadContent => 3,
            Snu::Hold => 4,
            Snu::NotTreated => 5,
            Snu::Busy => 6,
            Snu::MissingElement => 7,
            Snu::Undefined => 99,
            Snu::Other(number) => number,
        }
    }

    /// The status of a number.
    pub fn of(number: u32) -> Snu {
        match number {
            0 => Snu::Ok,
            1 => Snu::TooLong,
            2 => Snu::BadFormat,
            3 => Snu::BadContent,
            4 => Snu::Hold,
            5 => Snu::NotTreated,
            6 => Snu::Busy,
            7 => Snu::MissingElement,
            99 => Snu::Undefined,
            other => Snu::Other(other),
        }
    }

    /// What it means, for people and for the status text.
    pub fn words(self) -> &'static str {
        match self {
            Snu::Ok => "OK",
            Snu::TooLong => "message too long",
            Snu::BadFormat => "invalid format",
            Snu::BadContent => "wrong data content",
            Snu::Hold => "hold",
            Snu::NotTreated => "not treated",
            Snu::Busy => "busy",
            Snu::MissingElement => "mandatory tag missing",
            Snu::Undefined => "undefined error",
            Snu::Other(_) => "unknown status number",
        }
    }
}

impl fmt::Display for Snu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number(), self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_document() {
        for number in 0..200 {
            assert_eq!(Snu::of(number).number(), number);
        }
        let known: Vec<u32> = (0..200).filter(|number| !matches!(Snu::of(*number), Snu::Other(_))).collect();
        assert_eq!(known, [0, 1, 2, 3, 4, 5, 6, 7, 99]);
        assert_eq!(Snu::MissingElement.to_string(), "7 (mandatory tag missing)");
    }
}
