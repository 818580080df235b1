//! Deframing: which bytes are a block. Nothing but its length and its parity says so.
//!
//! ```text
//! quiet ── header ── so many bytes ─┬─ parity right ── a block
//!                    │ pause        └─ parity wrong ── skipped until the line is quiet, then told in one piece
//!                    └─ broken
//! ```
//!
//! In a block of ASCII without the reverse channel bit only a parity byte has bit 7, so that no part of one with a
//! damaged length passes for a whole one. Any other block counts once nothing has followed it for a moment, because one
//! in 128 such parts would pass.

use std::time::{Duration, Instant};

use super::block::{ACKNOWLEDGE_REQUESTED, REVERSE_CHANNEL, length};
use super::read::is_like_a_block;
use super::{BlockError, GROUP_BYTES_MAX, read};
use crate::session::after;

/// Silence after which what comes has nothing to do with what was skipped: longer than a device server or a 110 bit/s
/// line parts two characters, shorter than any sender waits for an answer (C).
pub(super) const QUIET: Duration = Duration::from_millis(300);

/// Silence after a block whose parity proves less: two characters at 300 bit/s (C).
pub(super) const SETTLE: Duration = Duration::from_millis(70);

/// What some bytes are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A block with the right parity.
    Block(Chunk),
    /// What may have been one, up to the silence after it.
    Broken(Chunk, BlockError),
}

/// Bytes as they came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
}

#[derive(Debug)]
enum State {
    Between,
    Inside(Chunk),
    /// Whole; counts once nothing follows.
    Settling(Chunk),
    /// Behind a fault, until the line is quiet.
    Skipping(Chunk, BlockError),
}

#[derive(Debug)]
pub(super) struct Deframer {
    state: State,
    /// Bytes outside blocks, and when the first of them came.
    junk: Option<(u64, Instant)>,
}

impl Deframer {
    pub(super) fn new() -> Deframer {
        Deframer { state: State::Between, junk: None }
    }

    /// Takes a byte; [`Deframer::expire`] comes first.
    pub(super) fn push(&mut self, byte: u8, now: Instant) -> Option<Found> {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => {
                self.state = State::Inside(Chunk { bytes: vec![byte], first_byte: now, last_byte: now });
                None
            }
            State::Inside(mut chunk) => {
                chunk.add(byte, now);
                self.inside(chunk)
            }
            State::Settling(mut chunk) => {
                if chunk.bytes.first().is_some_and(|header| header & ACKNOWLEDGE_REQUESTED != 0) {
                    chunk.add(byte, now);
                    self.state = State::Skipping(chunk, BlockError::Overrun);
                    return None;
                }
                self.state = State::Inside(Chunk { bytes: vec![byte], first_byte: now, last_byte: now });
                Some(Found::Block(chunk))
            }
            State::Skipping(mut chunk, error) => {
                if chunk.bytes.len() < GROUP_BYTES_MAX {
                    chunk.add(byte, now);
                } else {
                    chunk.last_byte = chunk.first_byte.max(now);
                    self.junk(1, now);
                }
                self.state = State::Skipping(chunk, error);
                None
            }
        }
    }

    /// When silence ends what has begun.
    pub(super) fn deadline(&self, pause: Duration) -> Option<Instant> {
        match &self.state {
            State::Between => None,
            State::Inside(chunk) => Some(after(chunk.last_byte, pause)),
            State::Settling(chunk) => Some(after(chunk.last_byte, SETTLE)),
            State::Skipping(chunk, _) => Some(after(chunk.last_byte, QUIET)),
        }
    }

    /// Ends what has begun, if its time has come.
    pub(super) fn expire(&mut self, pause: Duration, now: Instant) -> Option<Found> {
        if self.deadline(pause).is_none_or(|deadline| now < deadline) {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => None,
            State::Inside(chunk) => self.broken(chunk, BlockError::NoEnd),
            State::Settling(chunk) => Some(Found::Block(chunk)),
            State::Skipping(chunk, error) => self.broken(chunk, error),
        }
    }

    /// Bytes outside blocks since the last call, and when the first of them came.
    pub(super) fn take_junk(&mut self) -> Option<(u64, Instant)> {
        self.junk.take()
    }

    fn inside(&mut self, chunk: Chunk) -> Option<Found> {
        let header = chunk.bytes.first().copied().unwrap_or_default();
        if chunk.bytes.len() < length(header) {
            self.state = State::Inside(chunk);
            return None;
        }
        if let Err(error) = read(&chunk.bytes) {
            self.state = State::Skipping(chunk, error);
            return None;
        }
        let end = chunk.bytes.len().saturating_sub(1);
        let proves = header & REVERSE_CHANNEL == 0 && chunk.bytes.get(..end).is_some_and(<[u8]>::is_ascii);
        if proves {
            return Some(Found::Block(chunk));
        }
        self.state = State::Settling(chunk);
        None
    }

    fn broken(&mut self, chunk: Chunk, error: BlockError) -> Option<Found> {
        if is_like_a_block(&chunk.bytes) {
            return Some(Found::Broken(chunk, error));
        }
        self.junk(u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX), chunk.first_byte);
        None
    }

    fn junk(&mut self, bytes: u64, since: Instant) {
        let (before, since) = self.junk.unwrap_or((0, since));
        self.junk = Some((before.saturating_add(bytes), since));
    }
}

impl Chunk {
    fn add(&mut self, byte: u8, now: Instant) {
        self.bytes.push(byte);
        self.last_byte = self.first_byte.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dc03::{Block, encode};

    const PAUSE: Duration = Duration::from_secs(1);

    fn words(found: &Found) -> String {
        match found {
            Found::Block(chunk) => format!("block {}", chunk.bytes.len()),
            Found::Broken(chunk, error) => format!("{} {}", error.name(), chunk.bytes.len()),
        }
    }

    /// What is found in bytes that come at once, then in the silence after them.
    fn found(bytes: &[u8]) -> (Vec<String>, Vec<String>, u64) {
        let (mut deframer, now) = (Deframer::new(), Instant::now());
        let at_once = bytes.iter().filter_map(|byte| deframer.push(*byte, now)).map(|f| words(&f)).collect();
        let later = deframer.expire(PAUSE, now + PAUSE).iter().map(words).collect();
        (at_once, later, deframer.take_junk().map_or(0, |(bytes, _)| bytes))
    }

    #[test]
    fn lengths_cut_blocks_and_faults_last_until_the_line_is_quiet() {
        let event = encode(&Block::new('N', "ri1/QA001"));
        let reverse = encode(&Block { reverse_channel: true, ..Block::new('N', "ri1/QA001") });
        let silent = encode(&Block { reverse_channel: true, acknowledge: false, ..Block::new('N', "MA003") });
        let (longer, mut wrong) = ([&[event[0] + 1], &event[1..]].concat(), event.clone());
        wrong[11] ^= 1;
        for (bytes, at_once, later, junk) in [
            (event.clone(), &["block 12"][..], &[][..], 0),
            ([&event[..], &event].concat(), &["block 12", "block 12"], &[], 0),
            (wrong.clone(), &[], &["BadParity 12"], 0),
            ([&wrong[..], &event].concat(), &[], &["BadParity 24"], 0),
            (longer, &[], &["NoEnd 12"], 0),
            (reverse.clone(), &[], &["block 12"], 0),
            ([&reverse[..], &event].concat(), &[], &["Overrun 24"], 0),
            ([&silent[..], &event].concat(), &["block 8", "block 12"], &[], 0),
            (vec![0xFF], &[], &[], 1),
            ([&wrong[..], &vec![0x55; 1000]].concat(), &[], &["BadParity 500"], 512),
        ] {
            let (first, then, other) = found(&bytes);
            assert_eq!((first, then, other), (owned(at_once), owned(later), junk), "{bytes:?}");
        }
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// The reason why only some blocks wait: every part of a block of text that a shorter length makes reads wrong.
    #[test]
    fn no_part_of_a_block_of_text_is_a_block() {
        for text in ["ri1/QA001", "ti11:45/id001/pi010/CL", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let whole = encode(&Block::new('N', text));
            for length in 0..text.len() {
                let part = [&[0x40 | u8::try_from(length).unwrap()], &whole[1..length + 3]].concat();
                assert!(read(&part).is_err(), "{part:?}");
            }
        }
    }
}
