//! Lines that could not be read, kept until their retry sequence shows what they were.
//!
//! ```text
//! first copy ─ silence ─┬─ the same bytes again ── delivered, answer owed: it will never read better (G17)
//!                       ├─ a readable line ─────── it was the retry: forgotten, it is counted
//!                       └─ heartbeat, or the end of the retries ── delivered, no answer owed
//! ```
//!
//! That is how lines of hardware receivers are taken. Who answers a damaged frame with NAK delivers what came twice
//! without an answer.

use std::time::Instant;

use super::LineError;
use super::timing::ATTEMPTS;

/// One unreadable line.
#[derive(Clone, Debug)]
pub(crate) struct Copy<E = LineError> {
    pub(crate) raw: Vec<u8>,
    pub(crate) first_byte: Instant,
    pub(crate) last_byte: Instant,
    pub(crate) error: E,
}

#[derive(Debug)]
pub(crate) struct Unread<E = LineError> {
    copies: Vec<Copy<E>>,
    /// An identical copy was delivered: the end of the sequence has nothing more to tell.
    delivered: bool,
    until: Option<Instant>,
}

impl<E> Default for Unread<E> {
    fn default() -> Self {
        Unread { copies: Vec::new(), delivered: false, until: None }
    }
}

impl<E: Clone> Unread<E> {
    /// Whether these bytes came before in this sequence.
    pub(crate) fn has(&self, raw: &[u8]) -> bool {
        self.copies.iter().any(|held| held.raw == raw)
    }

    /// Whether the sequence has been delivered.
    pub(crate) fn is_told(&self) -> bool {
        self.delivered
    }

    /// Remembers a copy; true if the same bytes came before in this sequence.
    pub(crate) fn repeats(&mut self, copy: &Copy<E>, until: Instant) -> bool {
        let repeats = self.has(&copy.raw);
        self.until.get_or_insert(until);
        if repeats {
            self.delivered = true;
        } else {
            self.copies.push(copy.clone());
        }
        repeats
    }

    /// Whether more differing copies came than a sender makes attempts: a sequence of its own follows.
    pub(crate) fn is_full(&self) -> bool {
        self.copies.len() >= ATTEMPTS
    }

    /// A readable line was the retry.
    pub(crate) fn resolve(&mut self) {
        *self = Unread::default();
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// The sequence is over: what remains to be told, all copies in one, oldest first.
    pub(crate) fn end(&mut self) -> Option<Copy<E>> {
        let Unread { copies, delivered, .. } = std::mem::take(self);
        let last = copies.last()?;
        let all = Copy {
            raw: copies.iter().flat_map(|copy| copy.raw.iter().copied()).collect(),
            first_byte: copies.first()?.first_byte,
            last_byte: last.last_byte.max(copies.first()?.first_byte),
            error: last.error.clone(),
        };
        (!delivered).then_some(all)
    }
}
