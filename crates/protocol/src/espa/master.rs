//! Who has the line and sends: select, block, block, end. The same for our statuses and for a simulated controller.
//!
//! ```text
//! selecting ── ACK ──► sending ── ACK ──► next block, or end
//!     │ n NAK or nothing: again, so many attempts in all     │ 1 NAK: the block again; 2 NAK: later; 3 NAK: never
//!     └──────────────► given up                              └ nothing: EOT, select and send again
//! ```

use std::time::{Duration, Instant};

use super::{EOT, NAK_BUSY, NAK_INVALID};
use crate::session::after;

/// What comes of a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Send these bytes and go on.
    Send(Vec<u8>),
    /// The block was acknowledged after so many attempts; give the next one or end.
    Done(u32),
    /// The other side will never take the block.
    Invalid,
    /// Not taken: send this and end the turn.
    GivenUp(Vec<u8>),
}

/// A turn under way.
#[derive(Debug)]
pub(super) struct Master {
    /// What opens the turn.
    opening: Vec<u8>,
    block: Vec<u8>,
    stage: Stage,
    attempts: u32,
    attempts_max: u32,
    reply_wait: Duration,
    deadline: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Selecting,
    Sending,
}

impl Master {
    /// Begins a turn with a block; gives it and the bytes to send. Without an opening the block goes at once. An empty
    /// block only tries whether the other side answers.
    pub(super) fn begin(
        opening: Vec<u8>,
        block: Vec<u8>,
        attempts_max: u32,
        reply_wait: Duration,
        now: Instant,
    ) -> (Master, Vec<u8>) {
        let stage = if opening.is_empty() { Stage::Sending } else { Stage::Selecting };
        let first = if opening.is_empty() { block.clone() } else { opening.clone() };
        let deadline = after(now, reply_wait);
        (Master { opening, block, stage, attempts: 1, attempts_max, reply_wait, deadline }, first)
    }

    /// The next block of the turn.
    pub(super) fn next(&mut self, block: Vec<u8>, now: Instant) -> Vec<u8> {
        self.block.clone_from(&block);
        (self.stage, self.attempts, self.deadline) = (Stage::Sending, 1, after(now, self.reply_wait));
        block
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// ACK came.
    pub(super) fn positive(&mut self, now: Instant) -> Step {
        match self.stage {
            Stage::Selecting if !self.block.is_empty() => {
                (self.stage, self.deadline) = (Stage::Sending, after(now, self.reply_wait));
                Step::Send(self.block.clone())
            }
            Stage::Selecting | Stage::Sending => Step::Done(self.attempts),
        }
    }

    /// NAK came, with a digit before it or none.
    pub(super) fn negative(&mut self, reason: Option<u8>, now: Instant) -> Step {
        match (self.stage, reason) {
            (Stage::Sending, Some(NAK_INVALID)) => Step::Invalid,
            (Stage::Sending, Some(NAK_BUSY)) | (Stage::Selecting, _) => Step::GivenUp(vec![EOT]),
            (Stage::Sending, _) => self.again(false, now),
        }
    }

    /// Nothing came in time.
    pub(super) fn silence(&mut self, now: Instant) -> Step {
        self.again(true, now)
    }

    fn again(&mut self, silent: bool, now: Instant) -> Step {
        if self.attempts >= self.attempts_max {
            return Step::GivenUp(vec![EOT]);
        }
        self.attempts = self.attempts.saturating_add(1);
        self.deadline = after(now, self.reply_wait);
        if !silent || self.opening.is_empty() {
            return Step::Send(self.block.clone());
        }
        self.stage = Stage::Selecting;
        Step::Send([&[EOT], self.opening.as_slice()].concat())
    }
}
