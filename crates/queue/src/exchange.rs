//! What goes between the queue and the rest of the daemon: a signal in, an answer out, an alarm with
//! everything that belongs to it.

use std::sync::Arc;

pub use telecare_alarm::expect::Overdue;
use telecare_alarm::{Action, Alarm, ReceiverId, Refusal, Signal};
use telecare_protocol::RepeatProof;
use time::OffsetDateTime;

/// A signal on its way in.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The signal; `repeat_of` is the queue's to fill.
    pub signal: Signal,
    /// What its session can prove about it.
    pub repeat: RepeatProof,
    /// Whether it came on a stop-and-wait line shared by many units: such a line has one reserved slot and
    /// is never blocked by a full lane.
    pub reserved: bool,
}

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Durable: acknowledge.
    Stored,
    /// Durable, as the proven repeat of an earlier signal: acknowledge.
    Repeat,
    /// Nothing could store it, or its lane is full: do not acknowledge.
    Refused,
}

/// What became of an action.
#[derive(Clone, Debug)]
pub struct Acted {
    /// The alarm after it.
    pub alarm: Arc<Alarm>,
    /// Whether the answer is this receiver's own because the database is away.
    pub degraded: bool,
}

/// Why an action was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ActError {
    /// The rules refuse it.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The alarm as it is, where there is one.
        alarm: Option<Arc<Alarm>>,
        /// Whether the answer is this receiver's own because the database is away.
        degraded: bool,
    },
    /// Neither journal nor database takes entries.
    #[error("nothing can be stored at the moment; try again")]
    CannotStore,
    /// The alarm was closed long ago: only the database still has it, and it is away or not configured.
    #[error("this needs the database")]
    NeedsDatabase,
}

/// An alarm with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The card.
    pub alarm: Arc<Alarm>,
    /// Its signals, first attached first; the latest 500.
    pub signals: Vec<StoredSignal>,
    /// What people did, first done first; the latest 500. Renewals of claims are kept and not told.
    pub log: Vec<LoggedAction>,
    /// Whether the database was away, so that older parts may be missing.
    pub degraded: bool,
}

/// A signal with what became of it.
#[derive(Clone, Debug)]
pub struct StoredSignal {
    /// The signal.
    pub signal: Signal,
    /// When the journal had it.
    pub journalled_at: OffsetDateTime,
}

/// An action with what became of it.
#[derive(Clone, Debug)]
pub struct LoggedAction {
    /// The action.
    pub action: Action,
    /// The receiver that took it in.
    pub receiver: ReceiverId,
    /// None when done; else the name of the refusal.
    pub refused: Option<String>,
}

/// Why the queue could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal directory cannot be used.
    #[error("journal {path}: {why}")]
    Journal {
        /// The directory or file.
        path: String,
        /// What the system said.
        why: String,
    },
}
