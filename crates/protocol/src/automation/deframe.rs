//! Deframing: which bytes are one line.
//!
//! An end always ends a line. Where a make writes a start, too, a start also ends what came before it, and what
//! came without one is no line: nobody knows how much of it is missing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::LineError;
use super::characters::unmasked;
use crate::session::after;

/// Where a make's lines begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// The byte before a line; none where a line begins with its first character.
    pub start: Option<u8>,
    /// The byte after a line; with the parity bit of a 7E1 line read as 8N1, too.
    pub end: u8,
    /// Bytes that may stand between lines and mean nothing.
    pub between: &'static [u8],
    /// Whether the right end of a line may read as another line. Where no start shows that it is one, the first line of
    /// a conversation is then believed only when it comes again.
    pub tail_reads: bool,
    /// Longest line kept, framing included. Of a longer run the oldest bytes are counted as noise, so that a line at
    /// its end is still found.
    pub bytes_max: usize,
}

/// Bytes between two ends, or since the last.
#[derive(Debug)]
pub(super) struct Deframer {
    framing: Framing,
    buffer: VecDeque<u8>,
    /// A start whose line has not begun; it waits for as long as nothing else comes.
    start: Option<Instant>,
    started: bool,
    first_byte: Option<Instant>,
    last_byte: Option<Instant>,
    overflowed: bool,
    dropped_bytes: u64,
}

/// What stood before an end.
#[derive(Debug, PartialEq)]
pub(super) struct Chunk {
    /// The bytes as they came, framing included.
    pub(super) bytes: Vec<u8>,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
    /// Whether the make's start stood before them; true where it writes none.
    pub(super) started: bool,
    /// Whether an end stood after them: else the next line's start did.
    pub(super) ended: bool,
    /// Whether the bound dropped bytes before these.
    pub(super) overflowed: bool,
}

impl Chunk {
    /// The bytes without their framing.
    pub(super) fn line(&self, framing: &Framing) -> &[u8] {
        let mut line = self.bytes.as_slice();
        if let (Some(start), true) = (framing.start, self.started) {
            line = line.strip_prefix(&[start]).unwrap_or(line);
        }
        match line.split_last() {
            Some((_, rest)) if self.ended => rest,
            _ => line,
        }
    }

    /// What is missing around the line.
    pub(super) fn fault(&self) -> Option<LineError> {
        match (self.started, self.ended) {
            (true, true) => None,
            (true, false) => Some(LineError::NoEnd),
            (false, _) => Some(LineError::NoStart),
        }
    }
}

impl Deframer {
    pub(super) fn new(framing: Framing) -> Deframer {
        Deframer {
            framing,
            buffer: VecDeque::new(),
            start: None,
            started: false,
            first_byte: None,
            last_byte: None,
            overflowed: false,
            dropped_bytes: 0,
        }
    }

    /// Whether no line has begun.
    pub(super) fn is_idle(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes one byte; an end completes a chunk, and so does the start of the next line.
    pub(super) fn push(&mut self, byte: u8, now: Instant) -> Option<Chunk> {
        if self.framing.start == Some(byte) {
            let cut = self.take(false);
            self.start = Some(now);
            return cut;
        }
        if self.buffer.is_empty() {
            if self.framing.between.iter().any(|between| is(byte, *between)) {
                return None;
            }
            self.begin(now);
        }
        // A clock that steps back must not end a line before it began.
        self.last_byte = Some(self.first_byte.map_or(now, |first| now.max(first)));
        self.buffer.push_back(byte);
        if is(byte, self.framing.end) {
            return self.take(true);
        }
        // The bound counts the end that is still to come.
        if self.buffer.len() >= self.framing.bytes_max {
            self.buffer.pop_front();
            self.overflowed = true;
            self.started = self.framing.start.is_none();
            self.dropped_bytes = self.dropped_bytes.saturating_add(1);
        }
        None
    }

    /// How many bytes the bound dropped since the last call.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped_bytes)
    }

    /// When what waits for its end is given up.
    pub(super) fn deadline(&self, partial_message: Duration) -> Option<Instant> {
        self.last_byte.map(|last| after(last, partial_message))
    }

    /// Gives up what waits for its end, if its time has come.
    pub(super) fn expire(&mut self, partial_message: Duration, now: Instant) -> Option<Chunk> {
        let due = self.deadline(partial_message).is_some_and(|deadline| now >= deadline);
        // A start that stands alone is none of the line after a pause, but some makes write it after each line.
        let stale = self.start.is_some_and(|start| now >= after(start, partial_message));
        if stale {
            self.start = Some(now);
        }
        if due { self.take(false) } else { None }
    }

    /// The first byte of a line that is no start.
    fn begin(&mut self, now: Instant) {
        let start = self.start.take();
        self.started = start.is_some() || self.framing.start.is_none();
        self.buffer.extend(self.framing.start.filter(|_| start.is_some()));
        self.first_byte = Some(start.map_or(now, |start| start.min(now)));
    }

    fn take(&mut self, ended: bool) -> Option<Chunk> {
        let (first_byte, last_byte) = (self.first_byte.take()?, self.last_byte.take()?);
        let bytes = std::mem::take(&mut self.buffer).into();
        let overflowed = std::mem::take(&mut self.overflowed);
        Some(Chunk { bytes, first_byte, last_byte, started: self.started, ended, overflowed })
    }
}

/// Whether a byte is this character, with or without its parity.
fn is(byte: u8, character: u8) -> bool {
    byte == character || unmasked(byte) == Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::FRAME_BYTES_MAX;

    const AFTER_ONLY: Framing =
        Framing { start: None, end: 0x14, between: b"\r\n", tail_reads: false, bytes_max: FRAME_BYTES_MAX };
    const BOTH: Framing =
        Framing { start: Some(b'\n'), end: b'\r', between: b"\r", tail_reads: false, bytes_max: FRAME_BYTES_MAX };
    const PAUSE: Duration = Duration::from_secs(2);

    fn chunks(framing: Framing, bytes: &[u8]) -> Vec<Chunk> {
        let (mut deframer, now) = (Deframer::new(framing), Instant::now());
        bytes.iter().filter_map(|byte| deframer.push(*byte, now)).collect()
    }

    fn lines(framing: Framing, bytes: &[u8]) -> Vec<(String, Option<LineError>)> {
        let text = |chunk: &Chunk| String::from_utf8_lossy(chunk.line(&framing)).into_owned();
        chunks(framing, bytes).iter().map(|chunk| (text(chunk), chunk.fault())).collect()
    }

    fn whole(line: &str) -> (String, Option<LineError>) {
        (line.to_owned(), None)
    }

    #[test]
    fn an_end_ends_a_line_and_line_ends_between_are_skipped() {
        assert_eq!(lines(AFTER_ONLY, b"ab\x14\r\ncd\x14ef"), [whole("ab"), whole("cd")]);
        assert_eq!(lines(AFTER_ONLY, b"\x14"), [whole("")]);
        assert_eq!(lines(BOTH, b"\nab\r\ncd\x8d\r\r\nef"), [whole("ab"), whole("cd")]);
    }

    #[test]
    fn without_its_start_or_end_it_is_no_line() {
        let cut = |line: &str, fault| (line.to_owned(), Some(fault));
        assert_eq!(lines(BOTH, b"ab\r\ncd\r"), [cut("ab", LineError::NoStart), whole("cd")]);
        assert_eq!(lines(BOTH, b"\nab\ncd\r"), [cut("ab", LineError::NoEnd), whole("cd")]);
        assert_eq!(lines(BOTH, b"ab\n\ncd\r"), [cut("ab", LineError::NoStart), whole("cd")]);
    }

    #[test]
    fn a_start_written_after_each_line_counts_for_the_next_and_not_for_its_stamp() {
        let (mut deframer, now) = (Deframer::new(BOTH), Instant::now());
        assert_eq!(deframer.push(b'\n', now), None);
        assert_eq!((deframer.deadline(PAUSE), deframer.is_idle()), (None, true));
        let later = now + PAUSE * 10;
        assert_eq!(deframer.expire(PAUSE, later), None);
        deframer.push(b'a', later);
        let chunk = deframer.push(b'\r', later).unwrap();
        assert_eq!((chunk.bytes.as_slice(), chunk.first_byte, chunk.fault()), (&b"\na\r"[..], later, None));
    }

    #[test]
    fn the_bound_keeps_the_right_end() {
        let long = [vec![b'x'; 300], b"tail\x14".to_vec()].concat();
        let (mut deframer, now) = (Deframer::new(AFTER_ONLY), Instant::now());
        let chunk = long.iter().find_map(|byte| deframer.push(*byte, now)).unwrap();
        assert_eq!(chunk.bytes.len(), FRAME_BYTES_MAX);
        assert!(chunk.bytes.ends_with(b"xtail\x14") && chunk.overflowed);
        assert_eq!(chunk.bytes.len() + usize::try_from(deframer.take_dropped()).unwrap(), long.len());
        let long = [b"\n".to_vec(), vec![b'x'; 300], b"\r".to_vec()].concat();
        assert_eq!(chunks(BOTH, &long)[0].fault(), Some(LineError::NoStart), "its start was dropped");
    }

    #[test]
    fn a_partial_line_is_given_up() {
        let (mut deframer, now) = (Deframer::new(AFTER_ONLY), Instant::now());
        assert_eq!(deframer.deadline(PAUSE), None);
        deframer.push(b'5', now);
        assert_eq!(deframer.expire(PAUSE, now), None);
        assert_eq!(deframer.expire(PAUSE, now + PAUSE).unwrap().bytes, b"5");
        assert_eq!(deframer.deadline(PAUSE), None);
    }
}
