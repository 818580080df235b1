//! Deframing: cutting a string of digits into frames.
//!
//! `A` begins a frame wherever it stands, so an `A` inside a body ends the fragment before it; `#` ends one.
//! White space between frames is skipped, for tools that read files.

use super::{Frame, FrameError};
use crate::decode::Mode;

/// One fragment and what it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The digits as they came.
    pub raw: Vec<u8>,
    /// The frame, or why there is none.
    pub frame: Result<Frame, FrameError>,
    /// `MissingStart`, `MissingEnd`: deviations tolerated because the checksum is right.
    pub warnings: Vec<&'static str>,
}

struct Fragment<'a> {
    raw: &'a [u8],
    body: &'a [u8],
    start: bool,
    end: bool,
}

/// Reads every frame in the digits; at least one result, also for no digits at all (vector E9).
pub fn decode_all(digits: &[u8], mode: Mode) -> Vec<Read> {
    let mut rest = digits.trim_ascii();
    let mut reads = Vec::new();
    while !rest.is_empty() || reads.is_empty() {
        let (fragment, tail) = split(rest);
        reads.push(read(&fragment, mode));
        rest = tail.trim_ascii_start();
    }
    reads
}

fn split(digits: &[u8]) -> (Fragment<'_>, &[u8]) {
    let (start, after) = match digits.split_first() {
        Some((b'A', after)) => (true, after),
        Some(_) | None => (false, digits),
    };
    let length = after.iter().position(|digit| matches!(digit, b'A' | b'#')).unwrap_or(after.len());
    let (body, tail) = after.split_at_checked(length).unwrap_or((after, &[]));
    let (end, tail) = match tail.split_first() {
        Some((b'#', tail)) => (true, tail),
        Some(_) | None => (false, tail),
    };
    let raw = digits.get(..digits.len().saturating_sub(tail.len())).unwrap_or(digits);
    (Fragment { raw, body, start, end }, tail)
}

fn read(fragment: &Fragment<'_>, mode: Mode) -> Read {
    // White space after a frame without its `#` is a file's, not the unit's; more digits are never cut off.
    let body = if fragment.end { fragment.body } else { fragment.body.trim_ascii_end() };
    let mut warnings = Vec::new();
    let frame = Frame::decode_body(body).and_then(|frame| match mode {
        Mode::Strict if !fragment.start => Err(FrameError::MissingStart),
        Mode::Strict if !fragment.end => Err(FrameError::MissingEnd),
        Mode::Strict => Ok(frame),
        Mode::Tolerant => {
            warnings.extend((!fragment.start).then_some("MissingStart"));
            warnings.extend((!fragment.end).then_some("MissingEnd"));
            Ok(frame)
        }
    });
    Read { raw: fragment.raw.to_vec(), frame, warnings }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::BODY_DIGITS;
    use super::*;

    const V1: &str = "A01000001234500000190190076#";

    #[test]
    fn a_start_digit_ends_the_fragment_before_it() {
        let reads = decode_all(format!("A0100000123{V1}").as_bytes(), Mode::Tolerant);
        assert_eq!(reads.len(), 2);
        assert_eq!(reads[0].frame, Err(FrameError::TooShort { got: 10 }));
        assert_eq!(reads[0].raw, b"A0100000123");
        assert!(reads[1].frame.is_ok());
        assert_eq!(reads[1].raw, V1.as_bytes());
    }

    #[test]
    fn strict_mode_wants_both_ends() {
        let strict = |digits: &str| decode_all(digits.as_bytes(), Mode::Strict).remove(0).frame;
        assert!(strict(V1).is_ok());
        assert_eq!(strict(&V1[1..]), Err(FrameError::MissingStart));
        assert_eq!(strict(&V1[..27]), Err(FrameError::MissingEnd));
    }

    proptest! {
        #[test]
        fn every_byte_is_in_exactly_one_fragment(digits in "[0-9A-D*#]{0,90}") {
            let reads = decode_all(digits.as_bytes(), Mode::Tolerant);
            let raw: Vec<u8> = reads.into_iter().flat_map(|read| read.raw).collect();
            prop_assert_eq!(raw, digits.into_bytes());
        }

        #[test]
        fn a_truncated_frame_invents_nothing(from in 0usize..28, to in 0usize..28) {
            prop_assume!(from < to && (from, to) != (0, 28));
            for read in decode_all(&V1.as_bytes()[from..to], Mode::Tolerant) {
                prop_assert!(read.frame.is_err() || to - from >= BODY_DIGITS);
            }
        }
    }
}
