//! The timers of a conversation, which a site may set, and the bounds, which it may not.

use std::time::{Duration, Instant};

use crate::session::after;

/// Timers of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the sender waits for our answer.
    pub ack_wait: Duration,
    /// How often a sender sends a line, the first time included, before it gives its link up.
    pub attempts: u32,
    /// How long a copy of an unanswered line may still be a repeat; none is `ack_wait` times `attempts`.
    pub retry_window: Option<Duration>,
    /// Silence inside a line after which what came of it is dropped as noise (vector G16; the figure is ours, C).
    pub partial_message: Duration,
    /// Silence after which the link is reported lost; zero turns the watch off. Two to three heartbeat periods (C).
    pub link_watch: Duration,
}

impl Timing {
    /// These attempts and waits, and what all makes have in common.
    pub fn new(ack_wait: Duration, attempts: u32) -> Timing {
        Timing {
            ack_wait,
            attempts,
            retry_window: None,
            partial_message: Duration::from_secs(2),
            link_watch: Duration::from_secs(90),
        }
    }

    /// How long a copy of an unanswered line may still be a repeat.
    pub fn retry_window(&self) -> Duration {
        self.retry_window.unwrap_or(self.ack_wait.saturating_mul(self.attempts))
    }

    /// The instant from which an answer to a line with this last byte is late.
    pub(super) fn answer_deadline(&self, last_byte: Instant) -> Instant {
        after(last_byte, self.ack_wait.saturating_sub(ANSWER_TRANSFER))
    }
}

/// Longest line kept, in bytes: Sur-Gard form S carries at most 63 bytes of data and 30 around them. Of a longer
/// run the oldest bytes are counted as noise, so that a line at its end is still found.
pub const FRAME_BYTES_MAX: usize = 128;

/// Most answers owed at once. A line beyond them is not delivered, not answered and counted: it comes again.
pub const ANSWERS_OWED_MAX: usize = 8;

/// Taken off `ack_wait`, so that an answer begun at the last moment is also there in time: one character at
/// 300 baud is 33 ms, and a serial driver or network may hold it about as long.
pub const ANSWER_TRANSFER: Duration = Duration::from_millis(200);

/// How long after an unanswered line it may still come again while the sender shows by heartbeats, and by
/// nothing else, that it holds its buffer back (session vector T3).
pub const FAILURE_WINDOW: Duration = Duration::from_secs(600);

/// How long a line with a sequence in it may come again as it was: the sequence proves it, also when our answer was lost
/// (C). Shorter than any receiver needs to begin again at the same number.
pub const NAMED_REPEAT_WINDOW: Duration = Duration::from_secs(60);

/// Noise below this is only counted: a plug touched, a line opened.
pub const NOISE_BYTES_MIN: u64 = 8;

/// Silence, or a readable line, for so long ends an episode of noise.
pub const NOISE_QUIET: Duration = Duration::from_secs(60);

/// Unreadable or unknown lines delivered per episode of noise. Beyond them the episode's own report, with its
/// counts, stands for them, and no answer is owed. A readable line ends the episode.
pub const UNREADABLE_REPORTS_MAX: u32 = 5;

/// Copies of an unreadable line remembered: the attempts of the most patient sender (A).
pub const ATTEMPTS: usize = 4;
