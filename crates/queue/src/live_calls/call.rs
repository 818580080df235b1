//! What a console is shown of a call.

use telecare_alarm::{Actor, CallId, LineId};
use telecare_protocol::call::Speech;
use time::OffsetDateTime;

use super::Supports;

/// A call on one of this receiver's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCall {
    /// Its id; its signals carry it.
    pub id: CallId,
    /// The line.
    pub line: LineId,
    /// Who telephones, where the carrier tells.
    pub caller: Option<String>,
    /// When it was answered.
    pub began: OffsetDateTime,
    /// How to speak to the caller.
    pub reach: Reach,
    /// The speech path as it is.
    pub speech: Speech,
    /// What its line and protocol can be told to do at all.
    pub supports: Supports,
    /// Who took the speech path last.
    pub talker: Option<Talker>,
}

/// How an operator comes to speak to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// The receiver does not know.
    #[default]
    Unknown,
    /// The caller is, or will be, at this extension of the centre's telephone system.
    Extension(String),
    /// No speech on this line: this number is to be called.
    CallBack(String),
}

/// Who has the speech path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talker {
    /// Person and desk.
    pub actor: Actor,
    /// Since when.
    pub since: OffsetDateTime,
}
