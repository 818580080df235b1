//! The check digits of an opening frame, over the 20 digits between `D#` and themselves. Confidence B.
//!
//! All three end alike: what the sum lacks to a multiple of 100, as two digits, each raised by 1 and cut to one digit.
//! Two digits let a wrong frame through about once in a hundred for each map that is tried: which one matched is told.

use crate::Protocol;

/// Every digit of the alphabet; its place is its value in TT92.
pub(super) const ALPHABET: &[u8; 16] = b"0123456789ABCD*#";

/// How the digits become numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Map {
    /// TT92: a table walked with a key made of the message itself.
    Tt92,
    /// TTNEW: a plain sum; `0` counts 10, `*` 13.
    TtNew,
    /// TTNEW as one encoder has it: `*` counts 11 and `A` 13 (C).
    TtNewAlternate,
}

impl Map {
    /// In the order in which they are tried when nothing else tells.
    pub const ALL: [Map; 3] = [Map::Tt92, Map::TtNew, Map::TtNewAlternate];

    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Map::Tt92 => "tt92",
            Map::TtNew => "ttnew",
            Map::TtNewAlternate => "ttnew-alternate",
        }
    }

    /// The protocol that has it.
    pub fn protocol(self) -> Protocol {
        match self {
            Map::Tt92 => Protocol::Tt92,
            Map::TtNew | Map::TtNewAlternate => Protocol::TtNew,
        }
    }

    /// The two check digits; none if a character is not one of the sixteen.
    pub(super) fn check(self, digits: &[u8]) -> Option<[u8; 2]> {
        let sum = match self {
            Map::Tt92 => tt92(digits)?,
            Map::TtNew => plain(digits, 11, 13)?,
            Map::TtNewAlternate => plain(digits, 13, 11)?,
        };
        let lacks = 100_u32.checked_sub(sum.checked_rem(100)?)?.checked_rem(100)?;
        Some([raised(lacks.checked_div(10)?)?, raised(lacks.checked_rem(10)?)?])
    }
}

const KEY: [u32; 16] = [12, 4, 10, 13, 0, 6, 8, 15, 7, 11, 2, 5, 14, 1, 9, 3];
const WEIGHT: [u32; 16] = [9, 1, 14, 7, 13, 10, 3, 6, 15, 4, 8, 11, 12, 5, 0, 2];
/// A third table of the source, of which only the first entry is ever used.
const KEY_ADDS: u32 = 4;

fn tt92(digits: &[u8]) -> Option<u32> {
    let values: Vec<u8> = digits.iter().map(|digit| place(*digit)).collect::<Option<_>>()?;
    let rolled = values.iter().fold(0_u8, |rolled, value| (rolled ^ value).rotate_right(3).wrapping_add(1));
    let key = at(&KEY, u32::from(rolled)).wrapping_add(KEY_ADDS);
    let weight = |value: &u8| at(&WEIGHT, u32::from(*value).wrapping_add(key));
    Some(values.iter().map(weight).fold(0, u32::wrapping_add))
}

fn plain(digits: &[u8], a: u32, star: u32) -> Option<u32> {
    let value = |digit: &u8| match digit {
        b'B' => Some(0),
        b'1'..=b'9' => Some(u32::from(digit.saturating_sub(b'0'))),
        b'0' => Some(10),
        b'A' => Some(a),
        b'C' => Some(12),
        b'*' => Some(star),
        b'D' => Some(14),
        b'#' => Some(15),
        _ => None,
    };
    digits.iter().map(value).try_fold(0_u32, |sum, value| Some(sum.wrapping_add(value?)))
}

/// The value of a digit in TT92.
fn place(digit: u8) -> Option<u8> {
    let place = ALPHABET.iter().position(|known| *known == digit)?;
    u8::try_from(place).ok()
}

/// An entry of a table of 16, whose index goes round.
fn at(table: &[u32; 16], index: u32) -> u32 {
    let index = usize::try_from(index & 15).unwrap_or(0);
    table.get(index).copied().unwrap_or(0)
}

fn raised(digit: u32) -> Option<u8> {
    let raised = u8::try_from(digit.wrapping_add(1).checked_rem(10)?).ok()?;
    b'0'.checked_add(raised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        for (map, digits, check) in [
            (Map::Tt92, "1016123456******0000", "04"),
            (Map::Tt92, "1017987654******0000", "79"),
            (Map::TtNew, "1017987654******0000", "35"),
            (Map::TtNew, "1016123456******0000", "54"),
            (Map::TtNewAlternate, "1016444333******0000", "66"),
        ] {
            assert_eq!(map.check(digits.as_bytes()).unwrap(), check.as_bytes(), "{} {digits}", map.as_str());
        }
        for map in Map::ALL {
            assert_eq!(map.check(b"1016E"), None);
        }
    }

    #[test]
    fn a_wrong_digit_is_caught_by_the_plain_sums_unless_it_counts_the_same() {
        let digits = *b"10161234AB*#CD**0000";
        for map in [Map::TtNew, Map::TtNewAlternate] {
            let check = map.check(&digits);
            for place in 0..digits.len() {
                for other in ALPHABET.iter().filter(|other| **other != digits[place]) {
                    let mut wrong = digits;
                    wrong[place] = *other;
                    assert_ne!(map.check(&wrong), check, "{place} {other}");
                }
            }
        }
    }
}
