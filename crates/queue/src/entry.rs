//! Entries of the journal, chained by hash.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1) | seq(n), 8 bytes big endian | kind | 0 | id, 16 bytes | body )
//! ```
//! One chain per receiver, one writer that holds its head in memory, so linking takes no lock. The
//! database stores receiver, sequence, hash and body verbatim: a changed, missing or inserted entry shows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use telecare_alarm::{Action, Lane, Signal};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::record::{ActionRecord, SignalRecord, Unreadable, micros};

/// One record of the journal. Never changed once made.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Place in this receiver's chain, from 1.
    pub seq: i64,
    /// When it was handed to the journal (UTC).
    pub at: OffsetDateTime,
    /// What it records.
    pub what: What,
    /// Covers the entry and its predecessor's hash.
    pub hash: Hash,
    /// The stored form, as hashed.
    pub body: String,
}

/// SHA-256.
pub type Hash = [u8; 32];

/// What an entry records.
#[derive(Clone, Debug)]
pub enum What {
    /// A signal.
    Signal(Arc<Signal>),
    /// What a person did, or asked to do.
    Action(Arc<Action>),
    /// What this receiver answered to an action while the database was away.
    Verdict(Verdict),
}

/// This receiver's own answer to an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The action.
    pub action: Uuid,
    /// The alarm it was about.
    pub alarm: Uuid,
    /// Name of the refusal; none when it was done.
    pub refused: Option<String>,
}

impl What {
    /// The name stored.
    pub fn kind(&self) -> &'static str {
        match self {
            What::Signal(_) => "signal",
            What::Action(_) => "action",
            What::Verdict(_) => "verdict",
        }
    }

    /// The id stored: the signal's, or the action's.
    pub fn id(&self) -> Uuid {
        match self {
            What::Signal(signal) => signal.id.0,
            What::Action(action) => action.id.0,
            What::Verdict(verdict) => verdict.action,
        }
    }

    /// What it is looked up by: a signal's unit, an action's alarm.
    pub fn subject(&self) -> String {
        match self {
            What::Signal(signal) => signal.unit.key.to_string(),
            What::Action(action) => action.alarm.to_string(),
            What::Verdict(verdict) => verdict.alarm.to_string(),
        }
    }

    /// Which lane it takes. What people do is urgent.
    pub fn lane(&self) -> Lane {
        match self {
            What::Signal(signal) => signal.ranking.lane,
            What::Action(_) | What::Verdict(_) => Lane::Urgent,
        }
    }

    fn body(&self) -> Result<String, serde_json::Error> {
        match self {
            What::Signal(signal) => serde_json::to_string(&SignalRecord::of(signal)),
            What::Action(action) => serde_json::to_string(&ActionRecord::of(action)),
            What::Verdict(verdict) => serde_json::to_string(verdict),
        }
    }

    /// Reads a stored entry's body.
    pub fn restore(kind: &str, body: &str) -> Result<What, Unreadable> {
        let unreadable = |error: serde_json::Error| Unreadable::new("entry", error);
        Ok(match kind {
            "signal" => {
                What::Signal(Arc::new(serde_json::from_str::<SignalRecord>(body).map_err(unreadable)?.restore()?))
            }
            "action" => {
                What::Action(Arc::new(serde_json::from_str::<ActionRecord>(body).map_err(unreadable)?.restore()?))
            }
            "verdict" => What::Verdict(serde_json::from_str(body).map_err(unreadable)?),
            other => return Err(Unreadable::new("entry of kind", other)),
        })
    }
}

/// The head of a receiver's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Sequence of the last entry linked.
    pub seq: i64,
    /// Its hash.
    pub head: Hash,
}

impl Chain {
    /// A chain that begins, when no earlier head is known. Sequences start at the time in seconds shifted
    /// by 24 bits, beyond whatever an earlier chain of this receiver can have reached.
    pub fn begin(now: OffsetDateTime) -> Chain {
        Chain { seq: now.unix_timestamp() << 24, head: [0; 32] }
    }

    /// Links the next entry.
    pub fn link(&mut self, what: What, now: OffsetDateTime) -> Result<Entry, serde_json::Error> {
        let body = what.body()?;
        let seq = self.seq + 1;
        let hash = link_hash(&self.head, seq, &what, &body);
        *self = Chain { seq, head: hash };
        Ok(Entry { seq, at: micros(now), what, hash, body })
    }
}

fn link_hash(previous: &Hash, seq: i64, what: &What, body: &str) -> Hash {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(what.kind().as_bytes());
    hash.update([0]);
    hash.update(what.id().as_bytes());
    hash.update(body.as_bytes());
    hash.finalize().into()
}

/// A row's own checksum, so that rows of a damaged file can be judged one by one.
pub fn row_sum(seq: i64, body: &str) -> i64 {
    let mut hash = Sha256::new();
    hash.update(seq.to_be_bytes());
    hash.update(body.as_bytes());
    let digest: Hash = hash.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}
