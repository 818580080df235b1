//! Identifiers. A newtype each, so that one cannot stand where another is meant.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
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

/// A call: UUID v7 made when it was answered, so ids sort by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub Uuid);

impl ActionId {
    /// The id of an act that nobody asked for: the same wherever and however often it is made, so that it is
    /// done once. `due` tells apart what one rule does to one alarm several times.
    pub fn automatic(act: &str, alarm: AlarmId, due: Option<OffsetDateTime>) -> ActionId {
        ActionId(hashed(act, alarm.0.as_bytes(), due))
    }
}

impl SignalId {
    /// The id of a signal that a receiver makes by rule: a UUID v7 of its time, the same on every receiver.
    pub fn automatic(what: &str, about: &str, at: OffsetDateTime) -> SignalId {
        let mut random = [0; 10];
        let bytes = *hashed(what, about.as_bytes(), Some(at)).as_bytes();
        random.iter_mut().zip(bytes).for_each(|(random, byte)| *random = byte);
        let millis = u64::try_from(at.unix_timestamp_nanos().max(0).unsigned_abs() / 1_000_000).unwrap_or(u64::MAX);
        SignalId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

fn hashed(what: &str, about: &[u8], due: Option<OffsetDateTime>) -> Uuid {
    let mut hasher = Sha256::new().chain_update(what).chain_update(about);
    if let Some(due) = due {
        // Stores keep microseconds.
        hasher.update((due.unix_timestamp_nanos() / 1_000).to_be_bytes());
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hasher.finalize()).for_each(|(byte, digest)| *byte = digest);
    let custom = uuid::Builder::from_bytes(bytes).with_version(uuid::Version::Custom);
    custom.with_variant(uuid::Variant::RFC4122).into_uuid()
}

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

impl fmt::Display for CallId {
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
