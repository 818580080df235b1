//! What a site sets per Ademco 685 line.

use std::time::Duration;

use crate::automation::Timing;

/// How long the sender waits for our answer: programmed in the receiver, its default unknown; as with Sur-Gard (C).
pub const ACK_WAIT: Duration = Duration::from_secs(4);

/// The attempts a sender makes: an MX8000 declares computer trouble after two timeouts or two NAKs (B). In doubt a
/// copy is a press, so the smaller number it is.
pub const ATTEMPTS: u32 = 2;

/// Settings of one Ademco 685 line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Characters of receiver and line together, 2 (RG) on all makes read.
    pub header_digits: usize,
    /// The timers.
    pub timing: Timing,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { header_digits: 2, timing: Timing::new(ACK_WAIT, ATTEMPTS) }
    }
}
