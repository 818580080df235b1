//! What the rest of the daemon holds of the queue: submit a signal, act on an alarm, watch the board.

use std::sync::Arc;

use telecare_alarm::{Action, Alarm, AlarmId, ReceiverId, Refusal, Signal};
use telecare_protocol::RepeatProof;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::{Board, QueueConfig};

/// The queue. Cheap to clone; all clones are the same queue.
#[derive(Clone)]
pub struct Queue {
    board: watch::Receiver<Arc<Board>>,
}

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
}

/// An alarm with everything that belongs to it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The card.
    pub alarm: Arc<Alarm>,
    /// Its signals, first attached first; the latest 500.
    pub signals: Vec<StoredSignal>,
    /// What people did, first done first; the latest 500.
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

impl Queue {
    /// Opens the journal, reads the board back and starts the writers. Returns once the board is complete
    /// as far as the journal knows it; never waits for the database.
    pub async fn open(_config: QueueConfig) -> Result<Queue, OpenError> {
        unimplemented!()
    }

    /// Stores a signal and says when it may be acknowledged. Dropping the future does not undo the storing.
    pub async fn submit(&self, _incoming: Incoming) -> Answer {
        unimplemented!()
    }

    /// Whether anything can store at the moment: signs of life are answered only then.
    pub fn can_store(&self) -> bool {
        unimplemented!()
    }

    /// Does an action; with the database connected its verdict is the answer, else this receiver's own.
    /// Answers within about two seconds whatever the database does.
    pub async fn act(&self, _action: Action) -> Result<Acted, ActError> {
        unimplemented!()
    }

    /// The board as it is, and every later state.
    pub fn board(&self) -> watch::Receiver<Arc<Board>> {
        self.board.clone()
    }

    /// An alarm with its signals and log; none when no such alarm is known.
    pub async fn detail(&self, _alarm: AlarmId) -> Option<Detail> {
        unimplemented!()
    }

    /// Stops taking signals in, waits (bounded) until the journal has what was taken, closes the stores.
    pub async fn close(&self) {
        unimplemented!()
    }

    /// Resolves when a core task has ended although nobody asked it to: the process must end.
    pub async fn failed(&self) -> String {
        unimplemented!()
    }
}
