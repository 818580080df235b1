//! What a site sets per DC-03 line.

use std::time::{Duration, Instant};

use crate::automation::ANSWER_TRANSFER;
use crate::session::after;

/// Settings of one line of DC-03 blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The timers.
    pub timing: Timing,
}

/// Timers and retries of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the sender waits for our answer: 2.5 s (B).
    pub ack_wait: Duration,
    /// How often it sends a block, the first time included: 4 (B).
    pub attempts: u32,
    /// Longest time between two blocks of one group: 4 s (B).
    pub block_gap: Duration,
    /// Silence inside a block after which it is given up (C): well within the sender's wait.
    pub partial_block: Duration,
    /// Silence after which the link is reported lost; zero turns the watch off. A panel has no heartbeat; 25 h is a
    /// day's periodic test and some (C).
    pub link_watch: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            ack_wait: Duration::from_millis(2500),
            attempts: 4,
            block_gap: Duration::from_secs(4),
            partial_block: Duration::from_secs(1),
            link_watch: Duration::from_secs(25 * 3600),
        }
    }
}

impl Timing {
    /// How long a group may pause, a block that does not come through included; and as long a copy of an unanswered
    /// block may still be a repeat.
    pub fn group(&self) -> Duration {
        self.ack_wait.saturating_mul(self.attempts).saturating_add(self.block_gap)
    }

    /// The instant from which an answer to a block with this last byte is late.
    pub(super) fn answer_deadline(&self, last_byte: Instant) -> Instant {
        after(last_byte, self.ack_wait.saturating_sub(ANSWER_TRANSFER))
    }
}
