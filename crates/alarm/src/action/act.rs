//! What can be done to an alarm, by a person or by rule.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::escalation::Rule;
use crate::{ActionId, CallId, Lane, SignalId};

/// What a person does. `shown` names the last signal the person's screen showed of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Take the alarm. Answers every press up to the time of the claim.
    Claim {
        /// How long the claim holds without a sign from the console.
        lease: Duration,
    },
    /// The console is still there.
    Renew {
        /// How long from now.
        lease: Duration,
    },
    /// The holder has seen a later press.
    Seen {
        /// The last signal shown.
        shown: SignalId,
    },
    /// Put the alarm aside until a time.
    Hold {
        /// The last signal shown.
        shown: SignalId,
        /// When it comes back by itself; at most [`HOLD_MAX`](crate::action::HOLD_MAX) from now.
        until: OffsetDateTime,
        /// Why; not empty.
        reason: String,
    },
    /// Take it up again before its time.
    Resume {
        /// As for a claim.
        lease: Duration,
    },
    /// Give it back to everyone.
    Release,
    /// Give it to somebody else by name: it rings for them until they act, and else for everyone.
    Transfer {
        /// The other person, as in the token file.
        to: Arc<str>,
        /// How long the claim then holds without a sign from their console.
        lease: Duration,
    },
    /// Write something down.
    Note {
        /// Code of the centre's note kind; empty for a plain note.
        kind: String,
        /// The text; empty only when a kind says it all.
        text: String,
        /// A number of somebody else's, an ambulance log's for example; may be empty.
        reference: String,
    },
    /// End it.
    Close {
        /// The last signal shown.
        shown: SignalId,
        /// Outcome code; not empty.
        outcome: String,
        /// Free text, may be empty.
        text: String,
    },
    /// Undo a close: the alarm waits for everyone again.
    Reopen {
        /// Whether a supervisor asks: they may after [`REOPEN_WITHIN`](crate::action::REOPEN_WITHIN), too.
        by_supervisor: bool,
    },
    /// End one that somebody else has; a supervisor's alone.
    CloseOther {
        /// The last signal shown.
        shown: SignalId,
        /// Outcome code; not empty.
        outcome: String,
        /// Free text, may be empty.
        text: String,
        /// Why its holder does not close it; not empty.
        reason: String,
    },
    /// End a test before its time.
    StopTest {
        /// Free text, may be empty.
        text: String,
    },
    /// The receiver itself notes that a console was served the alarm for the first time.
    Served,
    /// By rule: one level up, or out.
    Escalate {
        /// Why.
        rule: Rule,
        /// When it was due; with alarm and rule it makes the action's id.
        due: OffsetDateTime,
        /// Who is to be told.
        targets: Vec<Arc<str>>,
    },
    /// The receiver itself notes what became of telling an escalation.
    CalledOut {
        /// Which escalation.
        rule: Rule,
        /// Of when.
        due: OffsetDateTime,
        /// Who was to be told.
        target: Arc<str>,
        /// Whether the target has it; else the receiver gave up.
        delivered: bool,
    },
    /// By rule: the card belongs to an incident.
    Join {
        /// The key of the incident's card.
        incident: Arc<str>,
    },
    /// By rule: the test is over, the card is like any other.
    OffTest,
    /// By rule: end a card on which only equipment spoke, or a test whose time is over.
    CloseByRule {
        /// The last signal known.
        shown: SignalId,
        /// Outcome.
        outcome: String,
    },
    /// Have the line of a call do something. Kept before the line is asked.
    Operate {
        /// The call.
        call: CallId,
        /// The command in words: "speak", "door-1".
        command: String,
    },
    /// The receiver itself notes what became of a command.
    Operated {
        /// The act that asked for it.
        asked: ActionId,
        /// The call.
        call: CallId,
        /// The command.
        command: String,
        /// "done", or why it was not.
        outcome: String,
    },
    /// By rule: a call is over.
    CallEnded {
        /// Which; with the alarm it makes the action's id.
        call: CallId,
        /// When it ended.
        at: OffsetDateTime,
        /// How, by the name of the protocol's end, or [`LOST`](crate::calls::LOST).
        how: String,
    },
}

impl Act {
    /// The name used in storage, logs and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Act::Claim { .. } => "claim",
            Act::Renew { .. } => "renew",
            Act::Seen { .. } => "seen",
            Act::Hold { .. } => "hold",
            Act::Resume { .. } => "resume",
            Act::Release => "release",
            Act::Transfer { .. } => "transfer",
            Act::Note { .. } => "note",
            Act::Close { .. } => "close",
            Act::Reopen { .. } => "reopen",
            Act::CloseOther { .. } => "close-other",
            Act::StopTest { .. } => "stop-test",
            Act::Served => "served",
            Act::Escalate { .. } => "escalate",
            Act::CalledOut { .. } => "called-out",
            Act::Join { .. } => "join",
            Act::OffTest => "off-test",
            Act::CloseByRule { .. } => "close-by-rule",
            Act::Operate { .. } => "operate",
            Act::Operated { .. } => "operated",
            Act::CallEnded { .. } => "call-ended",
        }
    }

    /// Which lane it takes. What people do is urgent, and so is that nobody helps or that a caller has rung off; of the
    /// receiver's own notes there may be as many as of signals.
    pub fn lane(&self) -> Lane {
        let is_urgent = !self.is_automatic() || matches!(self, Act::Escalate { .. } | Act::CallEnded { .. });
        if is_urgent { Lane::Urgent } else { Lane::Routine }
    }

    /// Whether the receiver does it by itself: nobody waits for the answer.
    pub fn is_automatic(&self) -> bool {
        match self {
            Act::Served
            | Act::Escalate { .. }
            | Act::CalledOut { .. }
            | Act::Join { .. }
            | Act::OffTest
            | Act::CloseByRule { .. }
            | Act::Operated { .. }
            | Act::CallEnded { .. } => true,
            Act::Claim { .. }
            | Act::Renew { .. }
            | Act::Seen { .. }
            | Act::Hold { .. }
            | Act::Resume { .. }
            | Act::Release
            | Act::Transfer { .. }
            | Act::Note { .. }
            | Act::Close { .. }
            | Act::Reopen { .. }
            | Act::CloseOther { .. }
            | Act::StopTest { .. }
            | Act::Operate { .. } => false,
        }
    }
}
