//! Which copies are proven repeats. In doubt a copy is a press of its own.
//!
//! What was stored last on each line survives a restart: it is read back from the journal.

use std::collections::HashMap;
use std::time::Duration;

use telecare_alarm::{LineId, Signal, SignalId};
use telecare_protocol::{Origin, RepeatProof};
use time::OffsetDateTime;

/// Keys remembered at most; beyond it the oldest is forgotten and its repeat would count as a press.
const KEYS_MAX: usize = 100_000;

/// The signals that a copy may repeat.
#[derive(Debug, Default)]
pub struct Repeats {
    last: HashMap<LineId, Last>,
    keys: HashMap<Vec<u8>, (SignalId, OffsetDateTime)>,
}

#[derive(Debug)]
struct Last {
    raw: Vec<u8>,
    /// The first copy.
    id: SignalId,
    /// Last byte of the latest copy.
    last_byte: OffsetDateTime,
}

impl Repeats {
    /// The stored signal that this one repeats, if that is proven.
    pub fn judge(&self, signal: &Signal, proof: &RepeatProof) -> Option<SignalId> {
        let at = signal.stamps.last_byte;
        match proof {
            RepeatProof::None => None,
            RepeatProof::PreviousOnLine(window) => {
                let last = self.last.get(&signal.line)?;
                (last.raw == signal.raw && within(last.last_byte, at, *window)).then_some(last.id)
            }
            RepeatProof::Key { key, window } => {
                let (id, last_byte) = self.keys.get(key)?;
                within(*last_byte, at, *window).then_some(*id)
            }
        }
    }

    /// Takes note of a signal on its way into the store.
    pub fn remember(&mut self, signal: &Signal, proof: &RepeatProof) {
        if signal.report.origin == Origin::Line || signal.raw.is_empty() {
            // This receiver's own words about a line do not come between two copies of a frame.
            return;
        }
        let (id, last_byte) = (signal.repeat_of.unwrap_or(signal.id), signal.stamps.last_byte);
        self.last.insert(signal.line.clone(), Last { raw: signal.raw.clone(), id, last_byte });
        if let RepeatProof::Key { key, .. } = proof {
            if self.keys.len() >= KEYS_MAX {
                let oldest = self.keys.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone());
                oldest.and_then(|key| self.keys.remove(&key));
            }
            self.keys.insert(key.clone(), (id, last_byte));
        }
    }

    /// Forgets a signal that could not be stored after all: nothing can repeat it.
    pub fn forget(&mut self, signal: &Signal) {
        self.last.retain(|_, last| last.id != signal.id);
        self.keys.retain(|_, (id, _)| *id != signal.id);
    }
}

fn within(earlier: OffsetDateTime, later: OffsetDateTime, window: Duration) -> bool {
    // A clock set back between two copies must not turn a repeat into a press, nor the reverse for long.
    (later - earlier).unsigned_abs() <= window
}
