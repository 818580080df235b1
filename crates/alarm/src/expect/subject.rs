//! Who may be expected: a unit, a line, a receiver.

use std::str::FromStr;

use uuid::Uuid;

use crate::registry::UnitId;
use crate::unit::{join, split_key};
use crate::{LineId, ReceiverId};

/// Who is expected.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A registered unit.
    Unit(UnitId),
    /// A line of a receiver.
    Line {
        /// The receiver.
        receiver: ReceiverId,
        /// Its line.
        line: LineId,
    },
    /// A receiver.
    Receiver(ReceiverId),
}

/// Why a text names no subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names nobody who could be expected")]
pub struct NoSubject(pub String);

impl Subject {
    /// The name used in storage and JSON: `unit/ID`, `line/RECEIVER/LINE`, `receiver/NAME`.
    pub fn key(&self) -> String {
        match self {
            Subject::Unit(id) => join(&["unit", &id.to_string()]).to_string(),
            Subject::Line { receiver, line } => join(&["line", receiver.as_str(), line.as_str()]).to_string(),
            Subject::Receiver(receiver) => join(&["receiver", receiver.as_str()]).to_string(),
        }
    }
}

impl FromStr for Subject {
    type Err = NoSubject;

    fn from_str(key: &str) -> Result<Subject, NoSubject> {
        let parts = split_key(key).unwrap_or_default();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["unit", id] => {
                Uuid::try_parse(id).map(|id| Subject::Unit(UnitId(id))).map_err(|_| NoSubject(key.to_owned()))
            }
            ["line", receiver, line] => {
                Ok(Subject::Line { receiver: ReceiverId::new(receiver), line: LineId::new(line) })
            }
            ["receiver", receiver] => Ok(Subject::Receiver(ReceiverId::new(receiver))),
            _ => Err(NoSubject(key.to_owned())),
        }
    }
}
