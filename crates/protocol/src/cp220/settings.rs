//! What a site sets per CP-220 line.

use crate::ademco685::{ACK_WAIT, CR, LF};
use crate::automation::Timing;

/// The attempts a sender makes: unknown; as an MX8000 (C).
const ATTEMPTS: u32 = 2;

/// Settings of one CP-220 line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Characters of receiver and group together: 2 (B).
    pub header_digits: usize,
    /// The byte before a line; none where the receiver writes none. LF as with a 685.
    pub first: Option<u8>,
    /// The byte after a line. CR as with a 685.
    pub last: u8,
    /// The timers.
    pub timing: Timing,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { header_digits: 2, first: Some(LF), last: CR, timing: Timing::new(ACK_WAIT, ATTEMPTS) }
    }
}
