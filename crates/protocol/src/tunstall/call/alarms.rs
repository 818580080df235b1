//! The alarms of one call, and the acknowledgement that is owed.

use std::time::{Duration, Instant};

use crate::tunstall::Signalling;
use crate::{Protocol, Token, call};

/// The alarms of one call; [`call::DELIVERIES_MAX`] bounds them.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    known: Vec<Known>,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) token: Token,
    /// The digits that a copy has, too: 22 of a frame, 8 of a message, 4 or 5 of a burst group.
    digits: Vec<u8>,
    /// When its last copy ended.
    last: Instant,
    /// The dwelling, for a message.
    unit: Option<String>,
    /// Its speech was ended: the same message later is a new press.
    is_cleared: bool,
    /// A copy that came before the store had spoken.
    pub(super) copy: Option<call::Frame>,
}

impl Alarms {
    pub(super) fn add(&mut self, token: Token, digits: &[u8], unit: Option<&str>, ended: Instant) {
        let (digits, unit) = (digits.to_vec(), unit.map(str::to_owned));
        self.known.push(Known { token, digits, last: ended, unit, is_cleared: false, copy: None });
    }

    /// The alarm that a frame is a copy of: the same digits, within the sender's retry time of the last copy.
    pub(super) fn of_frame(&mut self, digits: &[u8], frame: &call::Frame, window: Duration) -> Option<&mut Known> {
        let known = self.known.iter_mut().rev().find(|known| known.digits == digits)?;
        let is_copy = frame.began.saturating_duration_since(known.last) <= window;
        known.last = known.last.max(frame.ended);
        is_copy.then_some(known)
    }

    /// The alarm that a message tells of: the same digits, until the speech with its dwelling was ended.
    pub(super) fn of_message(&mut self, digits: &[u8]) -> Option<&mut Known> {
        self.known.iter_mut().rev().find(|known| !known.is_cleared && known.digits == digits)
    }

    pub(super) fn of_token(&mut self, token: Token) -> Option<&mut Known> {
        self.known.iter_mut().find(|known| known.token == token)
    }

    /// What a dwelling told of and was not cleared.
    pub(super) fn of_unit(&self, unit: &str) -> Vec<Token> {
        let of = |known: &&Known| !known.is_cleared && known.unit.as_deref() == Some(unit);
        self.known.iter().filter(of).map(|known| known.token).collect()
    }

    pub(super) fn is_any(&self) -> bool {
        !self.known.is_empty()
    }

    pub(super) fn is_any_stored(&self, book: &call::Book) -> bool {
        self.known.iter().any(|known| book.stored(known.token).is_some())
    }

    /// The speech with a dwelling was ended.
    pub(super) fn clear(&mut self, unit: &str) {
        for known in self.known.iter_mut().filter(|known| known.unit.as_deref() == Some(unit)) {
            known.is_cleared = true;
        }
    }
}

/// An acknowledgement that is owed for the copy that came last, in its own way of signalling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owing {
    pub(super) token: Token,
    /// The unit waits no longer.
    pub(super) until: Instant,
    pub(super) protocol: Protocol,
    pub(super) signalling: Signalling,
}
