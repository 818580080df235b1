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
            What::Action(action) => action.act.lane(),
            What::Verdict(_) => Lane::Urgent,
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

/// Bits of a sequence that count within a second: more than there are entries.
const BLOCK_BITS: u32 = 24;

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
        Chain { seq: now.unix_timestamp() << BLOCK_BITS, head: [0; 32] }
    }

    /// A chain that goes on after a start. Its sequences go on from the time of the start, because what followed the last
    /// known entry may be in the database alone; its hashes go on from that entry.
    pub fn resume(last: Chain, now: OffsetDateTime) -> Chain {
        let fraction = (i64::from(now.nanosecond()) << BLOCK_BITS) / 1_000_000_000;
        let started = Chain::begin(now).seq + fraction.max(1);
        // Where the clock was set back.
        Chain { seq: started.max(last.seq + (1 << 20)), head: last.head }
    }

    /// Whether an entry of this sequence is the first of a chain that goes on from nothing.
    pub fn begins_at(seq: i64) -> bool {
        seq.saturating_sub(1) & ((1 << BLOCK_BITS) - 1) == 0
    }

    /// Links the next entry.
    pub fn link(&mut self, what: What, now: OffsetDateTime) -> Result<Entry, serde_json::Error> {
        let body = what.body()?;
        let seq = self.seq + 1;
        let hash = link_hash(&self.head, seq, what.kind(), what.id(), &body);
        *self = Chain { seq, head: hash };
        Ok(Entry { seq, at: micros(now), what, hash, body })
    }
}

/// The hash of an entry that follows another.
pub fn link_hash(previous: &Hash, seq: i64, kind: &str, id: Uuid, body: &str) -> Hash {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(id.as_bytes());
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

#[cfg(test)]
mod tests {
    use telecare_alarm::{Act, ActionId, CallId, Rule};

    use super::*;
    use crate::sample::{START, action, press};

    const CALL: CallId = CallId(Uuid::from_u128(7));

    #[test]
    fn an_entry_read_back_is_the_entry_written() {
        let mut chain = Chain::begin(START);
        let signal = Signal { call: Some(CALL), ..press("1234", 1) };
        let shown = signal.id;
        let acts = [
            Act::Claim { lease: std::time::Duration::from_secs(120) },
            Act::Seen { shown },
            Act::Hold { shown, until: START, reason: "visit".to_owned() },
            Act::Release,
            Act::Note { kind: "999-called".to_owned(), text: String::new(), reference: "log 17".to_owned() },
            Act::Transfer { to: "Ben".into(), lease: std::time::Duration::from_secs(60) },
            Act::Reopen { by_supervisor: true },
            Act::Served,
            Act::Escalate { rule: Rule::Unanswered { step: 2 }, due: START, targets: vec!["pager".into()] },
            Act::CalledOut { rule: Rule::LeaseLost, due: START, target: "pager".into(), delivered: true },
            Act::Join { incident: "incident/area/B97".into() },
            Act::OffTest,
            Act::CloseByRule { shown, outcome: "restored".to_owned() },
            Act::StopTest { text: "done".to_owned() },
            Act::Operate { call: CALL, command: "door 1".to_owned() },
            Act::Operated {
                asked: ActionId(CALL.0),
                call: CALL,
                command: "door 1".to_owned(),
                outcome: "done".to_owned(),
            },
            Act::CallEnded { call: CALL, at: START, how: "cleared-down".to_owned() },
            Act::CloseOther {
                shown,
                outcome: "attended".to_owned(),
                text: String::new(),
                reason: "gone home".to_owned(),
            },
            Act::Close { shown, outcome: "attended".to_owned(), text: String::new() },
        ];
        let mut what = vec![What::Signal(Arc::new(signal))];
        what.extend((1..).zip(acts).map(|(n, act)| What::Action(Arc::new(action(n, shown.into(), "Ann", act)))));
        what.push(What::Verdict(Verdict { action: shown.0, alarm: shown.0, refused: Some("taken".to_owned()) }));
        for what in what {
            let entry = chain.link(what, START).unwrap();
            match (&entry.what, What::restore(entry.what.kind(), &entry.body).unwrap()) {
                (What::Signal(written), What::Signal(read)) => {
                    let mut cleaned = written.as_ref().clone();
                    // Only what no database text may hold differs; the bytes as they came are in raw.
                    cleaned.report.events[0].words = "pendant \u{fffd} pressed".to_owned();
                    assert_eq!(*read, cleaned);
                }
                (What::Action(written), What::Action(read)) => assert_eq!(*read, **written),
                (What::Verdict(written), What::Verdict(read)) => assert_eq!(read, *written),
                (written, read) => panic!("{written:?} became {read:?}"),
            }
        }
    }

    #[test]
    fn no_start_uses_a_sequence_again_and_the_hashes_go_on() {
        let second = std::time::Duration::from_secs(1);
        let mut chain = Chain::begin(START);
        let first = chain.link(What::Signal(Arc::new(press("1", 1))), START).unwrap();
        assert!(Chain::begins_at(first.seq) && !Chain::begins_at(first.seq + 1));
        let mut used = vec![first.seq];
        // The clock runs, or was set back.
        for now in [START, START + second / 1_000, START + second, START - second] {
            let mut next = Chain::resume(chain, now);
            let entry = next.link(What::Signal(Arc::new(press("1", 2))), now).unwrap();
            assert!(used.iter().all(|seq| seq.abs_diff(entry.seq) > 1_000) && entry.seq > first.seq, "{used:?}");
            assert!(!Chain::begins_at(entry.seq));
            assert_eq!(entry.hash, link_hash(&first.hash, entry.seq, "signal", entry.what.id(), &entry.body));
            used.push(entry.seq);
        }
    }

    #[test]
    fn a_changed_a_missing_and_a_moved_entry_all_show() {
        let link = |units: &[&str]| {
            let mut chain = Chain::begin(START);
            for unit in units {
                chain.link(What::Signal(Arc::new(press(unit, 1))), START).unwrap();
            }
            chain.head
        };
        let head = link(&["1", "2", "3"]);
        assert_eq!(head, link(&["1", "2", "3"]));
        for other in [&["1", "2x", "3"][..], &["1", "3"], &["2", "1", "3"]] {
            assert_ne!(head, link(other));
        }
    }

    #[test]
    fn a_later_chain_begins_beyond_an_earlier_one() {
        let mut chain = Chain::begin(START);
        chain.link(What::Signal(Arc::new(press("1", 1))), START).unwrap();
        assert!(Chain::begin(START + time::Duration::SECOND).seq > chain.seq);
    }
}
