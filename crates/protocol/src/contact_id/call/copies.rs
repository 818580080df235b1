//! Copies: of the message that came last, and of messages that need two.

use std::time::{Duration, Instant};

use crate::contact_id::{Reading, Run};
use crate::{Token, call};

/// Messages without a checksum that are kept until their second copy comes; the oldest makes room.
const SINGLES_MAX: usize = 4;

/// A message that was delivered.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) token: Token,
    reading: Reading,
    /// When its last copy ended.
    last: Instant,
    /// A copy that came before the store had spoken.
    pub(super) copy: Option<call::Frame>,
    /// Its last copy was kissed off.
    pub(super) is_kissed_off: bool,
}

impl Known {
    pub(super) fn new(token: Token, reading: Reading, run: &Run) -> Known {
        Known { token, reading, last: run.ended, copy: None, is_kissed_off: false }
    }

    pub(super) fn says(&self, reading: &Reading) -> bool {
        self.reading.says_the_same(reading)
    }

    /// Whether a run is a copy of it: it says the same, within the sender's retry time of the last copy.
    pub(super) fn is_copy(&self, reading: &Reading, run: &Run, window: Duration) -> bool {
        self.says(reading) && run.began.saturating_duration_since(self.last) <= window
    }

    pub(super) fn copied(&mut self, run: &Run) {
        self.last = self.last.max(run.ended);
        self.copy = Some(frame(run));
        self.is_kissed_off = false;
    }
}

/// The first copy of a message without a checksum.
#[derive(Debug)]
pub(super) struct Single {
    reading: Reading,
    ended: Instant,
}

impl Single {
    pub(super) fn says(&self, reading: &Reading) -> bool {
        self.reading.says_the_same(reading)
    }

    /// Whether what began then is the second copy.
    pub(super) fn is_first_of(&self, reading: &Reading, began: Instant, window: Duration) -> bool {
        self.says(reading) && began.saturating_duration_since(self.ended) <= window
    }
}

/// Keeps a first copy.
pub(super) fn keep(singles: &mut Vec<Single>, reading: Reading, run: &Run) {
    if singles.len() >= SINGLES_MAX {
        singles.remove(0);
    }
    singles.push(Single { reading, ended: run.ended });
}

/// A kiss-off that is owed for the copy that came last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owing {
    pub(super) token: Token,
    /// How long it is.
    pub(super) on: Duration,
    /// Not before: the panel still turns round.
    pub(super) from: Instant,
    /// The panel waits no longer.
    pub(super) until: Instant,
}

/// A run as a delivery carries it.
pub(super) fn frame(run: &Run) -> call::Frame {
    call::Frame { raw: run.digits.clone(), began: run.began, ended: run.ended }
}
