//! Deframing: which bytes are one line. DC4 ends a line; nothing begins one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::encode::DC4;
use super::read::is_line_end;
use super::settings::{FRAME_BYTES_MAX, after};

/// Bytes between two DC4, or since the last.
#[derive(Debug, Default)]
pub(super) struct Deframer {
    buffer: VecDeque<u8>,
    first_byte: Option<Instant>,
    last_byte: Option<Instant>,
    overflowed: bool,
    dropped_bytes: u64,
}

/// What stood before a DC4.
#[derive(Debug, PartialEq)]
pub(super) struct Chunk {
    /// The bytes as they came, DC4 included.
    pub(super) bytes: Vec<u8>,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
    /// Whether the bound dropped bytes before these.
    pub(super) overflowed: bool,
}

impl Deframer {
    /// Takes one byte; a DC4 completes a chunk. LF and CR between lines are skipped.
    pub(super) fn push(&mut self, byte: u8, now: Instant) -> Option<Chunk> {
        if self.buffer.is_empty() && is_line_end(byte) {
            return None;
        }
        let first_byte = *self.first_byte.get_or_insert(now);
        // A clock that steps back must not end a line before it began.
        let now = now.max(first_byte);
        self.last_byte = Some(now);
        self.buffer.push_back(byte);
        if byte == DC4 {
            return Some(self.take(first_byte, now));
        }
        // The bound counts the DC4 that is still to come.
        if self.buffer.len() >= FRAME_BYTES_MAX {
            self.buffer.pop_front();
            self.overflowed = true;
            self.dropped_bytes = self.dropped_bytes.saturating_add(1);
        }
        None
    }

    /// How many bytes the bound dropped since the last call.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped_bytes)
    }

    /// When what waits for its DC4 is given up.
    pub(super) fn deadline(&self, partial_message: Duration) -> Option<Instant> {
        self.last_byte.map(|last| after(last, partial_message))
    }

    /// Gives up what waits for its DC4, if its time has come.
    pub(super) fn expire(&mut self, partial_message: Duration, now: Instant) -> Option<Chunk> {
        let due = self.deadline(partial_message).is_some_and(|deadline| now >= deadline);
        let (first_byte, last_byte) = (self.first_byte?, self.last_byte?);
        due.then(|| self.take(first_byte, last_byte))
    }

    fn take(&mut self, first_byte: Instant, last_byte: Instant) -> Chunk {
        let bytes = std::mem::take(&mut self.buffer).into();
        let overflowed = std::mem::take(&mut self.overflowed);
        (self.first_byte, self.last_byte) = (None, None);
        Chunk { bytes, first_byte, last_byte, overflowed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(bytes: &[u8]) -> Vec<(Vec<u8>, u64)> {
        let (mut deframer, now) = (Deframer::default(), Instant::now());
        let chunks: Vec<_> = bytes.iter().filter_map(|b| deframer.push(*b, now)).collect();
        let dropped = deframer.take_dropped();
        assert!(chunks.iter().all(|chunk| chunk.overflowed == (dropped > 0)));
        chunks.into_iter().map(|chunk| (chunk.bytes, dropped)).collect()
    }

    #[test]
    fn dc4_ends_a_line_and_line_ends_between_are_skipped() {
        assert_eq!(chunks(b"ab\x14\r\ncd\x14ef"), [(b"ab\x14".to_vec(), 0), (b"cd\x14".to_vec(), 0)]);
        assert_eq!(chunks(b"\x14"), [(b"\x14".to_vec(), 0)]);
    }

    #[test]
    fn the_bound_keeps_the_right_end() {
        let long = [vec![b'x'; 300], b"tail\x14".to_vec()].concat();
        let (kept, overflow) = chunks(&long).remove(0);
        assert_eq!(kept.len(), FRAME_BYTES_MAX);
        assert!(kept.ends_with(b"xtail\x14"));
        assert_eq!(kept.len() + usize::try_from(overflow).unwrap(), long.len());
    }

    #[test]
    fn a_partial_line_is_given_up() {
        let (mut deframer, now) = (Deframer::default(), Instant::now());
        let wait = Duration::from_secs(2);
        assert_eq!(deframer.deadline(wait), None);
        deframer.push(b'5', now);
        assert_eq!(deframer.expire(wait, now), None);
        assert_eq!(deframer.expire(wait, now + wait).unwrap().bytes, b"5");
        assert_eq!(deframer.deadline(wait), None);
    }
}
