//! Finding frames in digits.
//!
//! `D#` begins a frame wherever it stands, also inside what an earlier `D#` began: noise can look like it. In front of
//! a group that begins with `#` a `D` is assumed, because it may have been sent while this end still spoke.

use super::checksum::Map;
use super::frame::BODY_DIGITS;
use super::{FrameError, Message, Verified};
use crate::decode::Mode;

/// `D#`.
pub(super) const PREFIX: &[u8] = b"D#";
/// Digits of a frame, its prefix included.
pub(super) const FRAME_DIGITS: usize = 24;

/// A frame in some digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Place of its prefix.
    pub at: usize,
    /// Place after its last digit.
    pub end: usize,
    /// The frame.
    pub verified: Verified,
}

/// The digits with the `D` in front that may have been missed, and whether it was.
pub(super) fn with_start(digits: &[u8]) -> (Vec<u8>, bool) {
    let is_assumed = digits.first() == Some(&b'#');
    (if is_assumed { [b"D", digits].concat() } else { digits.to_vec() }, is_assumed)
}

/// The places of every `D#`, overlapping bodies included.
pub(super) fn prefixes(digits: &[u8]) -> impl Iterator<Item = usize> + '_ {
    digits.windows(PREFIX.len()).enumerate().filter(|(_, pair)| *pair == PREFIX).map(|(at, _)| at)
}

/// The first frame that verifies; but of those that overlap it the one that ends with the last digit, if there is one:
/// noise in front that looks like a prefix could match by chance, and then it ends early.
pub fn search(digits: &[u8], order: &[Map]) -> Option<Found> {
    let mut found = prefixes(digits).filter_map(|at| window(digits, at, order));
    let first = found.next()?;
    let end = first.end;
    Some(found.find(|found| found.at < end && found.end == digits.len()).unwrap_or(first))
}

fn window(digits: &[u8], at: usize, order: &[Map]) -> Option<Found> {
    let end = at.checked_add(FRAME_DIGITS)?;
    let body = digits.get(at.checked_add(PREFIX.len())?..end)?;
    Verified::decode_body(body, order).ok().map(|verified| Found { at, end, verified })
}

/// Why no frame is in the digits: of all prefixes the one that came furthest through the checks.
pub fn error(digits: &[u8]) -> FrameError {
    let start = usize::from(digits.starts_with(PREFIX)).saturating_mul(PREFIX.len());
    if let Some(place) = digits.iter().position(|digit| !super::checksum::ALPHABET.contains(digit)) {
        return FrameError::IllegalDigit { index: place.saturating_sub(start) };
    }
    let body = |at: usize| digits.get(at.saturating_add(PREFIX.len())..).unwrap_or_default();
    let errors = prefixes(digits).filter_map(|at| Verified::decode_body(body(at), &Map::ALL).err());
    let far = |error: &FrameError| match error {
        FrameError::BadChecksum { .. } => 2,
        FrameError::TooLong { .. } => 1,
        _ => 0,
    };
    // The first of those that came equally far.
    errors.reduce(|best, error| if far(&error) > far(&best) { error } else { best }).unwrap_or(FrameError::NoPrefix)
}

/// One group of digits and what it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The digits as they came.
    pub raw: Vec<u8>,
    /// What it was, or why it was nothing.
    pub what: Result<What, FrameError>,
    /// `MissingStart`: a deviation tolerated because the checksum is right.
    pub warnings: Vec<&'static str>,
}

/// What a group of digits can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An opening frame or a record of its shape.
    Frame(Verified),
    /// A message of 8 digits.
    Message(Message),
}

/// Reads every frame and message in the digits, one after the other; white space ends a group. At least one result,
/// and every digit is in exactly one.
pub fn decode_all(digits: &[u8], mode: Mode) -> Vec<Read> {
    let mut reads = Vec::new();
    for group in digits.split(u8::is_ascii_whitespace).filter(|group| !group.is_empty()) {
        match mode {
            Mode::Strict => reads.push(strict(group)),
            Mode::Tolerant => tolerant(group, &mut reads),
        }
    }
    if reads.is_empty() {
        reads.push(Read { raw: Vec::new(), what: Err(FrameError::NoPrefix), warnings: Vec::new() });
    }
    reads
}

/// Nothing but one frame, or one message.
fn strict(group: &[u8]) -> Read {
    let what = match group.strip_prefix(PREFIX) {
        Some(body) => Verified::decode_body(body, &Map::ALL).map(What::Frame),
        None => message(group).unwrap_or_else(|| Err(error(group))),
    };
    Read { raw: group.to_vec(), what, warnings: Vec::new() }
}

fn tolerant(group: &[u8], reads: &mut Vec<Read>) {
    let (digits, is_assumed) = with_start(group);
    let mut rest: &[u8] = &digits;
    while let Some(found) = search(rest, &Map::ALL) {
        let (raw, tail) = rest.split_at_checked(found.end).unwrap_or((rest, &[]));
        // The assumed D stands in front of the first group only.
        let is_missing = is_assumed && raw.len().saturating_add(tail.len()) == digits.len();
        let raw = if is_missing { raw.get(1..).unwrap_or_default() } else { raw };
        let warnings = if is_missing && found.at == 0 { vec!["MissingStart"] } else { Vec::new() };
        reads.push(Read { raw: raw.to_vec(), what: Ok(What::Frame(found.verified)), warnings });
        rest = tail;
    }
    if rest.len() == digits.len() {
        let what = message(group).unwrap_or_else(|| Err(error(&digits)));
        reads.push(Read { raw: group.to_vec(), what, warnings: Vec::new() });
    } else if !rest.is_empty() {
        reads.push(Read { raw: rest.to_vec(), what: Err(error(rest)), warnings: Vec::new() });
    }
}

/// A message of 8 digits, if it is as long and begins no frame.
fn message(group: &[u8]) -> Option<Result<What, FrameError>> {
    let is_message = group.len() == super::message::MESSAGE_DIGITS && prefixes(group).next().is_none();
    is_message.then(|| Message::decode(group).map(What::Message))
}

/// Digits that are a frame's, for the raw part of a report, and where they end.
pub(super) fn body_of<'a>(digits: &'a [u8], found: &Found) -> &'a [u8] {
    let at = found.at.saturating_add(PREFIX.len());
    digits.get(at..at.saturating_add(BODY_DIGITS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const V1: &str = "D#1016123456******000004";

    #[test]
    fn a_frame_is_found_behind_what_looks_like_a_prefix() {
        let found = search(format!("7D#{V1}").as_bytes(), &Map::ALL).unwrap();
        assert_eq!((found.at, found.end), (3, 27));
        let found = search(format!("{V1}0").as_bytes(), &Map::ALL).unwrap();
        assert_eq!((found.at, found.end), (0, 24));
    }

    /// Noise before a frame can be such that the wrong 22 digits match: the frame ends with the group.
    #[test]
    fn the_frame_that_ends_the_group_is_preferred() {
        let frames = (0..10_000).map(|extra| {
            let data = format!("1016123456******{extra:04}");
            let check = Map::Tt92.check(data.as_bytes()).unwrap();
            [b"D#12D#", data.as_bytes(), &check].concat()
        });
        let tricky: Vec<_> = frames.filter(|digits| window(digits, 0, &Map::ALL).is_some()).collect();
        assert!(!tricky.is_empty());
        for digits in tricky {
            assert_eq!(search(&digits, &Map::ALL).unwrap().at, 4);
        }
    }

    #[test]
    fn the_fault_that_came_furthest_is_told() {
        // The `D#` among the last digits begins nothing.
        assert!(matches!(error(b"D#1016123456******D#0004"), FrameError::BadChecksum { .. }));
        assert_eq!(error(b"D#"), FrameError::TooShort { got: 0 });
        assert_eq!(error(b"12#"), FrameError::NoPrefix);
    }

    proptest! {
        #[test]
        fn every_digit_is_in_exactly_one_group(digits in "[0-9A-D*#]{0,9}(D#1016123456\\*{6}000004)?[0-9A-D*#]{0,30}") {
            let reads = decode_all(digits.as_bytes(), Mode::Tolerant);
            let raw: Vec<u8> = reads.into_iter().flat_map(|read| read.raw).collect();
            prop_assert_eq!(raw, digits.into_bytes());
        }

        #[test]
        fn a_truncated_frame_invents_nothing(from in 0usize..24, to in 0usize..24) {
            prop_assume!(from < to);
            for read in decode_all(&V1.as_bytes()[from..to], Mode::Tolerant) {
                prop_assert!(!matches!(read.what, Ok(What::Frame(_))));
            }
        }
    }
}
