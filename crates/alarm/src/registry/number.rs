//! Telephone numbers: one form for comparing what a carrier sends with what people type.

use std::ops::RangeInclusive;

/// Where a number that begins with a single 0 is at home: the United Kingdom, whose protocols this speaks.
const HOME_COUNTRY: &str = "44";
/// Digits of a number at home without its 0.
const HOME_DIGITS: RangeInclusive<usize> = 9..=10;
/// Digits of the shortest number that can be one household's: 112, 999 and extensions are not.
const DIGITS_MIN: usize = 6;
/// Digits of the longest number (ITU-T E.164 section 6), and two of an international prefix.
const DIGITS_MAX: usize = 17;

/// The digits of a number with its country's, so that `01527 123456`, `+44 1527 123456`, `+44 (0)1527 123456`
/// and `0044 1527 123456` are one. None for what cannot be one household's number.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    let international = text.starts_with('+');
    let text = if international { text.replacen("(0)", "", 1) } else { text.to_owned() };
    let is_sign = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '/');
    let text = text.strip_prefix('+').unwrap_or(&text);
    if !text.chars().all(|c| c.is_ascii_digit() || is_sign(c)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
        return None;
    }
    if international {
        return Some(digits);
    }
    match (digits.strip_prefix("00"), digits.strip_prefix('0')) {
        (Some(abroad), _) => Some(abroad.to_owned()),
        (None, Some(home)) => Some(format!("{HOME_COUNTRY}{home}")),
        // Some hardware receivers have room for ten digits and leave the 0 off (Sur-Gard form 4).
        (None, None) if HOME_DIGITS.contains(&digits.len()) => Some(format!("{HOME_COUNTRY}{digits}")),
        // Carriers that send the country's digits send them without a sign.
        (None, None) => Some(digits),
    }
}

/// What is wrong with a number as typed, if anything is.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    if text.contains(['E', 'e']) && text.contains(|c: char| c.is_ascii_digit()) {
        return Err("the spreadsheet has rounded it; format the column as text and type it again");
    }
    if canonical(text).is_none() {
        return Err("write digits, spaces and a leading + only, 6 to 17 digits");
    }
    if !text.starts_with(['0', '+', '(']) {
        return Err("write it with its leading 0 or +; a spreadsheet drops the 0 unless the column is text");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_every_spelling() {
        for text in [
            "01527 123456",
            "1527123456",
            "+44 1527 123456",
            "+44 (0)1527 123456",
            "0044-1527-123456",
            "(01527) 123456",
            "441527123456",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("441527123456"), "{text}");
        }
        assert_ne!(canonical("+353 1 4960000"), canonical("+44 1 4960000"));
        for text in ["", "999", "withheld", "sip:01527123456@x", "012345678901234567", "1.5E+11"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_spreadsheet_did_to_a_number_is_told() {
        let table = [("1527123456", "drops the 0"), ("4.41527E+11", "rounded"), ("none", "digits")];
        for (text, words) in table {
            assert!(check(text).unwrap_err().contains(words), "{text}: {:?}", check(text));
        }
        assert_eq!(check("01527 123456"), Ok(()));
        assert_eq!(check("+44 1527 123456"), Ok(()));
    }
}
