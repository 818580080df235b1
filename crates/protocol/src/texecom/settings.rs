//! What a site sets per line of Texecom panels.

use std::time::Duration;

/// Settings of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Minutes after which a panel is told to poll again; 2 (B).
    pub poll_minutes: u8,
    /// How long a panel waits for an answer (unknown; C).
    pub ack_wait: Duration,
    /// How long a copy of a message that was not answered may still be a repeat (unknown; C).
    pub retry_window: Duration,
    /// Silence inside a message after which it is given up (C).
    pub partial_message: Duration,
    /// How long the whole line may be silent; zero for never to tell. The line watches it, not a conversation.
    pub link_watch: Duration,
    /// What makes an account of this line unique among all lines: its name.
    pub line: String,
}

/// What a panel may be late with its poll (B).
const POLL_TOLERANCE: Duration = Duration::from_secs(30);

impl Default for Settings {
    fn default() -> Self {
        Settings {
            poll_minutes: 2,
            ack_wait: Duration::from_secs(5),
            retry_window: Duration::from_secs(30),
            partial_message: Duration::from_secs(5),
            link_watch: Duration::from_secs(300),
            line: String::new(),
        }
    }
}

impl Settings {
    /// Within this time of a poll comes the next, and no other between them.
    pub fn poll_window(&self) -> Duration {
        Duration::from_secs(60).saturating_mul(self.poll_minutes.into()).saturating_add(POLL_TOLERANCE)
    }
}
