//! What a site sets per ESPA line. The document's own timers and retries are unknown: the figures are those of the
//! implementations named, or ours.

use std::sync::Arc;
use std::time::Duration;

use super::Texts;

/// Settings of one ESPA line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which side of the line this receiver is.
    pub role: Role,
    /// Its own address, a digit. Suggested: 2 for a paging system, 1 for a control station (A).
    pub address: u8,
    /// Whether blocks are taken only after a selection. Senders that skip it are met (vector T11); where several
    /// stations share the line, a block that nobody is selected for may be another's.
    pub needs_selection: bool,
    /// What the calls of this line mean.
    pub texts: Arc<Texts>,
    /// The timers.
    pub timing: Timing,
}

/// Which side of the line this receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A station: another is in control, selects it and may poll it.
    Station {
        /// The control station's address, a digit.
        control: u8,
        /// Whether the first enquiry of its own on an idle line is a poll, as in the document. Most controllers
        /// never poll and skip polling themselves, so that it is a selection (vector T2).
        polled: bool,
    },
    /// The control station: polls these stations, digits, at most [`STATIONS_MAX`].
    Control {
        /// The stations in their order.
        stations: Vec<u8>,
    },
}

/// Stations there are: one digit each, less our own.
pub const STATIONS_MAX: usize = 9;

/// Timers and retries of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the other side waits for our answer (unknown; C).
    pub ack_wait: Duration,
    /// How long a copy of a block whose acknowledgement may be lost may still be a repeat (C).
    pub retry_window: Duration,
    /// Silence inside a block after which it is given up: 3 s for each stage (B).
    pub partial_block: Duration,
    /// How long a selection holds without a block: 15 s (B).
    pub selection: Duration,
    /// How long another station's turn holds without a sign, and after which a control station takes the line back:
    /// 10 s (B).
    pub turn: Duration,
    /// From one round of polls to the next: 1 to 30 s, 5 s usual (B).
    pub poll_every: Duration,
    /// How long we wait for an answer to a poll, a selection or a block of ours: 2.5 s for a whole select sequence (B).
    pub reply_wait: Duration,
    /// How often we send a selection or a block of ours, the first time included: 3 or 8 are met (B).
    pub attempts: u32,
    /// Silence after which the link is reported lost; zero turns the watch off: 120 s (B).
    pub link_watch: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            role: Role::Station { control: b'1', polled: false },
            address: b'2',
            needs_selection: false,
            texts: Arc::default(),
            timing: Timing::default(),
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            ack_wait: Duration::from_secs(2),
            retry_window: Duration::from_secs(15),
            partial_block: Duration::from_secs(3),
            selection: Duration::from_secs(15),
            turn: Duration::from_secs(10),
            poll_every: Duration::from_secs(5),
            reply_wait: Duration::from_millis(2500),
            attempts: 3,
            link_watch: Duration::from_secs(120),
        }
    }
}
