//! Why the rules refuse an action.

use time::OffsetDateTime;

use crate::{Actor, AlarmId, SignalId};

/// Why an action was refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Someone else has it.
    #[error("{holder} has this alarm")]
    Taken {
        /// Who.
        holder: Actor,
    },
    /// Only the holder may do this.
    #[error("this needs a claim of yours first")]
    NotHolder {
        /// Who has it, if anyone.
        holder: Option<Actor>,
    },
    /// It is closed.
    #[error("this alarm was closed by {by}")]
    Closed {
        /// By whom.
        by: Actor,
        /// When.
        at: OffsetDateTime,
    },
    /// A signal came that the screen had not shown.
    #[error("a later signal came; look at it first")]
    LaterSignal {
        /// The last signal.
        last: SignalId,
    },
    /// It is not closed.
    #[error("this alarm is not closed")]
    NotClosed,
    /// It was closed too long ago for an operator.
    #[error("this alarm was closed too long ago; a supervisor may reopen it")]
    TooLate {
        /// When it was closed.
        closed_at: OffsetDateTime,
    },
    /// The unit has another alarm by now.
    #[error("the unit has a later alarm; work on that")]
    Superseded {
        /// That one.
        by: AlarmId,
    },
    /// It is not on hold.
    #[error("this alarm is not on hold")]
    NotHeld,
    /// Something needed is empty or in the past.
    #[error("{what} is missing or not possible")]
    Missing {
        /// What: "outcome", "text", "reason", "until", "to".
        what: &'static str,
    },
    /// Nobody else has it.
    #[error("nobody else has this alarm; claim it and close it")]
    NotTaken,
    /// What a rule asked for is done already, or a person was quicker.
    #[error("the rule no longer asks for this")]
    NotDue,
    /// It stands for no test.
    #[error("this alarm stands for no test")]
    NotTest,
    /// The call is over, or not one of this alarm's.
    #[error("this call is over, or not this alarm's")]
    NoCall,
    /// No such alarm is open or lately closed.
    #[error("no such alarm")]
    UnknownAlarm,
}

impl Refusal {
    /// The name used in storage, metrics and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Refusal::Taken { .. } => "taken",
            Refusal::NotHolder { .. } => "not-holder",
            Refusal::Closed { .. } => "closed",
            Refusal::LaterSignal { .. } => "later-signal",
            Refusal::NotClosed => "not-closed",
            Refusal::TooLate { .. } => "too-late",
            Refusal::Superseded { .. } => "superseded",
            Refusal::NotHeld => "not-held",
            Refusal::Missing { .. } => "missing",
            Refusal::NotTaken => "not-taken",
            Refusal::NotDue => "not-due",
            Refusal::NotTest => "not-test",
            Refusal::NoCall => "no-call",
            Refusal::UnknownAlarm => "unknown-alarm",
        }
    }
}
