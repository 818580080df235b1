//! What a site sets per Osborne-Hoffman line. The protocol's own timers are unknown but for the heartbeat's: 60 s usual,
//! 1 s to 24 h (B).

use std::time::Duration;

/// Settings of one Osborne-Hoffman line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a panel waits for our answer (C).
    pub ack_wait: Duration,
    /// How long a copy with the same sequence, account and content is a repeat: 60 s, as with DC-09 (C).
    pub retry_window: Duration,
    /// Silence inside a message after which it is given up (C).
    pub partial_message: Duration,
    /// Silence after which the connection is closed: 300 s (B).
    pub idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            ack_wait: Duration::from_secs(5),
            retry_window: Duration::from_secs(60),
            partial_message: Duration::from_secs(2),
            idle: Duration::from_secs(300),
        }
    }
}
