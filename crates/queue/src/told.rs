//! What the keeper is told by the stores, and asked by whoever holds a [`crate::Queue`].

use std::sync::Arc;

use telecare_alarm::duty::{Expected, Own};
use telecare_alarm::expect::Overdue;
use telecare_alarm::registry::UnitId;
use telecare_alarm::{Action, Alarm, Policy, Registry};
use telecare_protocol::Protocol;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::database;
use crate::entry::Entry;
use crate::exchange::{ActError, Acted, Answer, Incoming};

/// What a store tells the keeper.
#[derive(Debug)]
pub enum Event {
    /// The journal has the batch that was handed to it.
    Journalled,
    /// The journal lost its file or cannot write; the batch under way is not in it.
    JournalDown(String),
    /// The journal has a file again; the sequences it holds unforwarded.
    JournalReady {
        /// Those.
        holds: Vec<i64>,
    },
    /// Forwarded entries read back.
    Reread(Vec<Arc<Entry>>),
    /// From the database.
    Database(database::Event),
    /// The calls on the lines have changed.
    Calls,
    /// The registry has changed, and with it what is expected of its units.
    Registry(Arc<Registry>, Box<Expected>),
}

/// What a handle asks.
#[derive(Debug)]
pub enum Request {
    /// Store a signal; answer by this instant if the journal has it by then.
    Submit(Box<Incoming>, Instant, oneshot::Sender<Answer>),
    /// Do an action.
    Act(Box<Action>, oneshot::Sender<Result<Acted, ActError>>),
    /// An alarm closed long ago, as the database has it: somebody wants to reopen it.
    Recall(Arc<Alarm>),
    /// Work by another policy.
    Policy(Arc<Policy>),
    /// Keep a signal of the receiver's own.
    Own(Box<Own>, oneshot::Sender<Answer>),
    /// Keep what the unit behind a telephone number speaks.
    Learn(String, Protocol),
    /// A registered unit gave a sign of life then.
    Heard(UnitId, OffsetDateTime),
    /// Who is missing.
    Overdue(oneshot::Sender<Vec<Overdue>>),
    /// Finish what is under way and end.
    Close(oneshot::Sender<()>),
}
