//! Identifiers. A newtype each, so that one cannot stand where another is meant.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// A signal: UUID v7 made when its last byte came, so ids sort by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub Uuid);

/// An alarm: the id of the signal that opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlarmId(pub Uuid);

/// An action: made by the client, so that a request sent twice is done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub Uuid);

impl From<SignalId> for AlarmId {
    fn from(opening: SignalId) -> AlarmId {
        AlarmId(opening.0)
    }
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One input of this receiver, by its name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineId(pub Arc<str>);

/// One receiver host, by its name in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiverId(pub Arc<str>);

impl LineId {
    /// A line by its configured name.
    pub fn new(name: &str) -> LineId {
        LineId(Arc::from(name))
    }

    /// The configured name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ReceiverId {
    /// A receiver by its configured name.
    pub fn new(name: &str) -> ReceiverId {
        ReceiverId(Arc::from(name))
    }

    /// The configured name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ReceiverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
