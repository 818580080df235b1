//! When an X.509 certificate ends: the one field of it that operations need, read from its DER (RFC 5280
//! section 4.1).
//!
//! ```text
//! SEQUENCE { SEQUENCE { [0] version, INTEGER serial, SEQUENCE algorithm, SEQUENCE issuer,
//!                       SEQUENCE { notBefore, notAfter }, ... } ... }
//! ```

use time::{Date, Month, OffsetDateTime, Time};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate's validity; none when its layout is not that of a certificate.
pub fn not_after(der: &[u8]) -> Option<OffsetDateTime> {
    let (_, certificate, _) = element(der).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut fields, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    for _serial_algorithm_issuer in 0..3 {
        fields = element(fields)?.2;
    }
    let (_, validity, _) = element(fields).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// Tag, contents, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7F)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// `YYMMDDHHMMSSZ` up to 2049, `YYYYMMDDHHMMSSZ` after.
fn moment(tag: u8, text: &str) -> Option<OffsetDateTime> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pair = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(pair(0)?).ok()?, pair(2)?).ok()?;
    let time = Time::from_hms(pair(4)?, pair(6)?, pair(8)?).ok()?;
    Some(date.with_time(time).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = contents.len();
        let mut bytes = vec![tag];
        if length < 0x80 {
            bytes.push(u8::try_from(length).unwrap());
        } else {
            bytes.extend([0x82, (length >> 8) as u8, length as u8]);
        }
        bytes.extend(contents);
        bytes
    }

    fn certificate(end: &[u8], has_version: bool) -> Vec<u8> {
        let version = if has_version { wrap(VERSION, &wrap(2, &[2])) } else { Vec::new() };
        let validity = wrap(SEQUENCE, &[wrap(UTC_TIME, b"250101000000Z"), end.to_vec()].concat());
        let issuer = wrap(SEQUENCE, &[0x55; 300]);
        let fields = [version, wrap(2, &[7]), wrap(SEQUENCE, &[]), issuer, validity].concat();
        wrap(SEQUENCE, &[wrap(SEQUENCE, &fields), wrap(SEQUENCE, &[])].concat())
    }

    #[test]
    fn both_kinds_of_time_are_read() {
        let table = [
            (wrap(UTC_TIME, b"270301080910Z"), Some(datetime!(2027-03-01 8:09:10 UTC))),
            (wrap(GENERALIZED_TIME, b"20520229235959Z"), None),
            (wrap(GENERALIZED_TIME, b"20520228235959Z"), Some(datetime!(2052-02-28 23:59:59 UTC))),
            (wrap(UTC_TIME, b"2703010809"), None),
        ];
        for (end, expected) in table {
            for has_version in [true, false] {
                let told = not_after(&certificate(&end, has_version));
                // 2052 is a leap year: its 29th of February exists.
                let leap = datetime!(2052-02-29 23:59:59 UTC);
                assert_eq!(told.filter(|told| *told != leap), expected);
            }
        }
    }

    #[test]
    fn no_truncation_panics() {
        let whole = certificate(&wrap(UTC_TIME, b"270301080910Z"), true);
        for end in 0..whole.len() {
            assert_eq!(not_after(&whole[..end]), None, "{end}");
        }
    }
}
