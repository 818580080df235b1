//! The checksum: the digits' values add to a multiple of 15. Confidence A.
//!
//! Every single wrong digit is caught, because no two values differ by 15. Swapped digits and errors that cancel are
//! not.

/// A digit that counts ten is sent as this.
const TEN: u8 = b'0';

/// The value of a letter: **0 is 10**, 1-9 as they are, B-F 11-15.
pub(super) fn value(letter: u8) -> Option<u32> {
    match letter {
        TEN => Some(10),
        b'1'..=b'9' => Some(u32::from(letter.saturating_sub(b'0'))),
        b'B'..=b'F' => Some(u32::from(letter.saturating_sub(b'B')).saturating_add(11)),
        _ => None,
    }
}

/// What the check digit of a body must be worth, 1 to 15; none if a character is no letter of the protocol.
pub(super) fn computed(body: &[u8]) -> Option<u32> {
    let sum = body.iter().try_fold(0u32, |sum, letter| Some(sum.saturating_add(value(*letter)?)))?;
    15u32.checked_sub(sum.checked_rem(15)?)
}

/// The check digit of a body, as a letter; 15 is F, never 0 (vector C04).
pub fn check_digit(body: &[u8]) -> Option<char> {
    let wanted = computed(body)?;
    b"1234567890BCDEF".iter().find(|letter| value(**letter) == Some(wanted)).map(|letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        for (body, digit) in [
            (&b"123418113101015"[..], '8'),
            (b"123418340103005", 'F'),
            (b"500718110100001", '0'),
            (b"9B0F18160200000", 'C'),
            (b"1234173", '9'),
            (b"12342735", '3'),
        ] {
            assert_eq!(check_digit(body), Some(digit));
        }
        assert_eq!(check_digit(b"12A4"), None);
    }
}
