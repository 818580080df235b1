//! What a site sets per Radionics line.

use std::time::Duration;

use crate::automation::Timing;
use crate::surgard::DC4;

/// Characters of receiver and line together: two and one (B).
pub const HEADER_DIGITS: usize = 3;

/// How often the receiver tests its link by itself (B).
pub const LINK_CHECK_EVERY: Duration = Duration::from_secs(60);

/// How long the sender waits for our answer, and how often it tries: unknown; as with Sur-Gard (C).
const ACK_WAIT: Duration = Duration::from_secs(4);
const ATTEMPTS: u32 = 4;

/// Settings of one Radionics line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The character before each line; none where the receiver writes none. VisorALARM writes a space (B).
    pub header: Option<u8>,
    /// The byte after each line: DC4 as delivered (B).
    pub trailer: u8,
    /// The timers. The link counts as lost after three tests that did not come.
    pub timing: Timing,
}

impl Default for Settings {
    fn default() -> Self {
        let timing = Timing { link_watch: LINK_CHECK_EVERY.saturating_mul(3), ..Timing::new(ACK_WAIT, ATTEMPTS) };
        Settings { header: None, trailer: DC4, timing }
    }
}
