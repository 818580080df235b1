//! Deliveries that wait for the store's verdict, and the witness that one is stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::session::{Digest, Key};
use crate::nowip::settings::WAITING_MAX;
use crate::{Report, Token};

/// Witness that a delivery is stored. Nothing but [`Deliveries::stored`] gives one, nothing but one acknowledges.
#[derive(Clone, Debug)]
pub(super) struct Stored(Token);

impl Stored {
    pub(super) fn token(&self) -> Token {
        self.0
    }
}

/// A delivery without a verdict.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) user: Arc<str>,
    pub(super) what: What,
    /// When its last copy came.
    pub(super) last: Instant,
}

/// What a delivery is.
#[derive(Debug)]
pub(super) enum What {
    /// A heartbeat.
    Heartbeat,
    /// An alarm, how its session knows it, and whether the unit waits for an acknowledgement.
    Alarm(Key, Owed),
    /// A body that nobody could read.
    Unread(Digest),
    /// Something about a call, which no unit repeats.
    Call(Box<Again>),
}

/// Whether an acknowledgement is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    /// The unit waits for it.
    Yes,
    /// It was told in an answer that is not acknowledged.
    No,
}

/// What is offered again if the store refuses it.
#[derive(Clone, Debug)]
pub(super) struct Again {
    pub(super) report: Report,
    pub(super) about: Option<Token>,
    pub(super) attempts: u32,
}

#[derive(Debug, Default)]
pub(super) struct Deliveries {
    next: u64,
    waiting: BTreeMap<Token, Waiting>,
    /// What was refused and is to be offered again, by when.
    again: BTreeMap<(Instant, Token), (Arc<str>, Again)>,
}

impl Deliveries {
    /// A token for something that is going to be delivered; none if too much waits.
    pub(super) fn open(&mut self, user: &Arc<str>, what: What, now: Instant) -> Option<Token> {
        if self.held() >= WAITING_MAX {
            return None;
        }
        let token = Token(self.next);
        self.next = self.next.saturating_add(1);
        self.waiting.insert(token, Waiting { user: Arc::clone(user), what, last: now });
        Some(token)
    }

    /// A copy came: its answer is owed from now on.
    pub(super) fn copy(&mut self, token: Token, now: Instant) {
        if let Some(waiting) = self.waiting.get_mut(&token) {
            waiting.last = now;
        }
    }

    pub(super) fn stored(&mut self, token: Token) -> Option<(Waiting, Stored)> {
        self.waiting.remove(&token).map(|waiting| (waiting, Stored(token)))
    }

    pub(super) fn refused(&mut self, token: Token) -> Option<Waiting> {
        self.waiting.remove(&token)
    }

    /// Keeps something that was refused, to be offered again at that time.
    pub(super) fn keep(&mut self, user: Arc<str>, again: Again, token: Token, at: Instant) {
        self.again.insert((at, token), (user, again));
    }

    pub(super) fn next_again(&self) -> Option<Instant> {
        self.again.first_key_value().map(|((at, _), _)| *at)
    }

    /// What is to be offered again by now.
    pub(super) fn take_again(&mut self, now: Instant) -> Vec<(Arc<str>, Again)> {
        let mut due = Vec::new();
        while let Some(entry) = self.again.first_entry().filter(|entry| entry.key().0 <= now) {
            due.push(entry.remove());
        }
        due
    }

    /// Without a verdict, or to be offered again.
    pub(super) fn held(&self) -> usize {
        self.waiting.len().saturating_add(self.again.len())
    }
}
