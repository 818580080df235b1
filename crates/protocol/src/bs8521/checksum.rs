//! The checksum: the sum of the digits' DTMF values, modulo 100. Confidence B.
//!
//! It catches every single wrong digit, but neither swapped digits nor errors that cancel (vector E11).

/// The value of a digit on a DTMF receiver's output: 1-9 as they are, **0 is 10**; D is 0 (A).
fn value(digit: u8) -> Option<u32> {
    match digit {
        b'D' => Some(0),
        b'0' => Some(10),
        b'1'..=b'9' => Some(u32::from(digit.saturating_sub(b'0'))),
        b'*' => Some(11),
        b'#' => Some(12),
        b'A' => Some(13),
        b'B' => Some(14),
        b'C' => Some(15),
        _ => None,
    }
}

/// The checksum of a body of decimal digits, 0-99; none if a character is no decimal digit.
pub(super) fn checksum(body: &[u8]) -> Option<u8> {
    body.iter().all(u8::is_ascii_digit).then(|| wide_checksum(body)).flatten()
}

/// The same over any digits, as parameter frames have it.
pub(super) fn wide_checksum(body: &[u8]) -> Option<u8> {
    let sum = body.iter().try_fold(0u32, |sum, digit| Some(sum.saturating_add(value(*digit)?)))?;
    u8::try_from(sum.checked_rem(100)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        for (body, expected) in [
            (&b"010000012345000001901900"[..], 76),
            (b"000000000000000000000000", 40),
            (b"999999999999999999999999", 16),
        ] {
            assert_eq!(checksum(body), Some(expected));
        }
        assert_eq!(checksum(b"01*0"), None);
        assert_eq!(wide_checksum(b"400018****************1234"), Some(29));
    }
}
