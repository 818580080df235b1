//! Deframing: which bytes are a message.
//!
//! What is none is skipped until the peer is quiet: nobody can tell where the next one begins in what is damaged.

use std::time::{Duration, Instant};

use super::message::{Cut, cut};
use super::{MESSAGE_BYTES_MAX, MessageError};
use crate::session::after;

/// Silence that ends what is skipped (C).
pub(super) const QUIET: Duration = Duration::from_millis(300);

/// What some bytes are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A whole message.
    Message(Chunk),
    /// What begins like one.
    Broken(Chunk, MessageError),
}

/// Bytes as they came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Deframer {
    chunk: Option<Chunk>,
    /// Behind a fault, until the peer is quiet.
    skipping: Option<MessageError>,
    junk: u64,
}

impl Deframer {
    /// Takes a byte; [`Deframer::expire`] comes first.
    pub(super) fn push(&mut self, byte: u8, now: Instant) -> Option<Found> {
        let mut chunk = self.chunk.take().unwrap_or(Chunk { bytes: Vec::new(), first_byte: now, last_byte: now });
        chunk.last_byte = chunk.first_byte.max(now);
        if chunk.bytes.len() < MESSAGE_BYTES_MAX {
            chunk.bytes.push(byte);
        } else {
            self.junk = self.junk.saturating_add(1);
            self.skipping.get_or_insert(MessageError::TooLong);
        }
        if self.skipping.is_none() {
            match cut(&chunk.bytes) {
                Cut::Open => {}
                Cut::Whole(_) => return Some(Found::Message(chunk)),
                Cut::Broken(error) => self.skipping = Some(error),
            }
        }
        self.chunk = Some(chunk);
        None
    }

    /// When silence ends what has begun.
    pub(super) fn deadline(&self, pause: Duration) -> Option<Instant> {
        let wait = if self.skipping.is_some() { QUIET } else { pause };
        self.chunk.as_ref().map(|chunk| after(chunk.last_byte, wait))
    }

    /// Ends what has begun, if its time has come.
    pub(super) fn expire(&mut self, pause: Duration, now: Instant) -> Option<Found> {
        if self.deadline(pause).is_none_or(|deadline| now < deadline) {
            return None;
        }
        let (chunk, error) = (self.chunk.take()?, self.skipping.take().unwrap_or(MessageError::NoEnd));
        if is_like_a_message(&chunk.bytes) {
            return Some(Found::Broken(chunk, error));
        }
        self.junk = self.junk.saturating_add(u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX));
        None
    }

    /// Bytes outside messages since the last call.
    pub(super) fn take_junk(&mut self) -> u64 {
        std::mem::take(&mut self.junk)
    }
}

/// Whether it may be what a panel had to say: more than its first byte is like a message.
fn is_like_a_message(bytes: &[u8]) -> bool {
    match bytes {
        [b'2', rest @ ..] => rest.iter().take(6).filter(|byte| byte.is_ascii_hexdigit()).count() > 3,
        [b'3', header, function, ..] => *header & 0x40 != 0 && function.is_ascii_graphic(),
        other => other.starts_with(b"POLL"),
    }
}
