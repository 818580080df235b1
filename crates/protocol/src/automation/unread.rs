//! Lines that could not be read, kept until their retry sequence shows what they were.
//!
//! ```text
//! first copy ─ silence ─┬─ the same bytes again ── delivered, answer owed: it will never read better (G17)
//!                       ├─ a readable line ─────── it was the retry: forgotten, it is counted
//!                       └─ heartbeat, or the end of the retries ── delivered, no answer owed
//! ```

use std::time::Instant;

use super::LineError;
use super::timing::ATTEMPTS;

/// One unreadable line.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) raw: Vec<u8>,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
    pub(super) error: LineError,
}

#[derive(Debug, Default)]
pub(super) struct Unread {
    copies: Vec<Copy>,
    /// An identical copy was delivered: the end of the sequence has nothing more to tell.
    delivered: bool,
    until: Option<Instant>,
}

impl Unread {
    /// Remembers a copy; true if the same bytes came before in this sequence.
    pub(super) fn repeats(&mut self, copy: &Copy, until: Instant) -> bool {
        let repeats = self.copies.iter().any(|held| held.raw == copy.raw);
        self.until.get_or_insert(until);
        if repeats {
            self.delivered = true;
        } else {
            self.copies.push(copy.clone());
        }
        repeats
    }

    /// Whether more differing copies came than a sender makes attempts: a sequence of its own follows.
    pub(super) fn is_full(&self) -> bool {
        self.copies.len() >= ATTEMPTS
    }

    /// A readable line was the retry.
    pub(super) fn resolve(&mut self) {
        *self = Unread::default();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// The sequence is over: what remains to be told, all copies in one, oldest first.
    pub(super) fn end(&mut self) -> Option<Copy> {
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
