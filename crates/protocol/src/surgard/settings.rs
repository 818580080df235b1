//! What a site sets per Sur-Gard line.

use std::time::Duration;

use crate::automation::Timing;

/// How long the sender waits for our answer: 4.0 s on all models read, some can be set to 10 s (A).
pub const ACK_WAIT: Duration = Duration::from_secs(4);

/// The attempts a sender makes, the first included (A).
pub const ATTEMPTS: u32 = 4;

/// Settings of one Sur-Gard line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Digits of receiver and line together, 3 (RRL) to 9; 5 is RRLLL.
    pub header_digits: usize,
    /// The timers.
    pub timing: Timing,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { header_digits: 3, timing: Timing::new(ACK_WAIT, ATTEMPTS) }
    }
}
