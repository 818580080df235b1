//! Which copies are proven repeats. In doubt a copy is a press of its own.
//!
//! What was stored last on each line survives a restart, and so do the keys that a report gives again: they are read
//! back from the journal.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{LineId, Signal, SignalId};
use telecare_protocol::{Origin, Outcome, RepeatProof};
use time::OffsetDateTime;

/// Keys remembered at most; beyond it the oldest is forgotten and its repeat would count as a press.
const KEYS_MAX: usize = 100_000;

/// The signals that a copy may repeat.
#[derive(Debug, Default)]
pub struct Repeats {
    /// What could be read and what could not, each by itself: a damaged copy does not come between two whole ones.
    last: HashMap<(LineId, Readable), Last>,
    /// By unit: an account's sequence is another account's, too.
    keys: HashMap<(Arc<str>, Vec<u8>), (SignalId, OffsetDateTime)>,
}

/// Whether a signal's frame could be read.
type Readable = bool;

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
                let last = self.last.get(&place(signal))?;
                (last.raw == signal.raw && within(last.last_byte, at, *window)).then_some(last.id)
            }
            RepeatProof::Key { key, window } => {
                let (id, last_byte) = self.keys.get(&(Arc::clone(&signal.unit.key), key.clone()))?;
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
        self.last.insert(place(signal), Last { raw: signal.raw.clone(), id, last_byte });
        if let RepeatProof::Key { key, .. } = proof {
            if self.keys.len() >= KEYS_MAX {
                let oldest = self.keys.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone());
                oldest.and_then(|key| self.keys.remove(&key));
            }
            self.keys.insert((Arc::clone(&signal.unit.key), key.clone()), (id, last_byte));
        }
    }

    /// Forgets a signal that could not be stored after all: nothing can repeat it.
    pub fn forget(&mut self, signal: &Signal) {
        self.last.retain(|_, last| last.id != signal.id);
        self.keys.retain(|_, (id, _)| *id != signal.id);
    }
}

fn place(signal: &Signal) -> (LineId, Readable) {
    (signal.line.clone(), signal.report.outcome == Outcome::Decoded)
}

fn within(earlier: OffsetDateTime, later: OffsetDateTime, window: Duration) -> bool {
    // A clock set back between two copies must not turn a repeat into a press, nor the reverse for long.
    (later - earlier).unsigned_abs() <= window
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::press;
    use telecare_protocol::{Fault, Protocol, Report};

    const WINDOW: RepeatProof = RepeatProof::PreviousOnLine(Duration::from_secs(16));

    fn after(n: u64, second: &Signal, proof: &RepeatProof) -> Option<SignalId> {
        let first = press("1234", 0);
        let mut repeats = Repeats::default();
        repeats.remember(&first, &RepeatProof::None);
        assert_eq!(first.id, press("1234", 0).id);
        let mut copy = second.clone();
        copy.stamps = press("1234", n).stamps;
        repeats.judge(&copy, proof)
    }

    #[test]
    fn the_same_bytes_within_the_window_are_a_repeat_only_with_proof() {
        let first = press("1234", 0);
        assert_eq!(after(4, &press("1234", 4), &WINDOW), Some(first.id));
        assert_eq!(after(4, &press("1234", 4), &RepeatProof::None), None, "an answered line again is a press");
        assert_eq!(after(17, &press("1234", 17), &WINDOW), None, "too late");
        let mut other = press("1234", 4);
        other.raw = b"other".to_vec();
        assert_eq!(after(4, &other, &WINDOW), None, "other bytes");
        let mut elsewhere = press("1234", 4);
        elsewhere.line = LineId::new("line-2");
        assert_eq!(after(4, &elsewhere, &WINDOW), None, "another line");
    }

    #[test]
    fn a_repeat_of_a_repeat_names_the_first_and_moves_the_window() {
        let mut repeats = Repeats::default();
        let first = press("1234", 0);
        repeats.remember(&first, &RepeatProof::None);
        for n in [10, 20, 30] {
            let mut copy = press("1234", n);
            copy.repeat_of = repeats.judge(&copy, &WINDOW);
            assert_eq!(copy.repeat_of, Some(first.id));
            repeats.remember(&copy, &WINDOW);
        }
    }

    #[test]
    fn what_was_not_stored_cannot_be_repeated_and_own_words_come_between_nothing() {
        let mut repeats = Repeats::default();
        let first = press("1234", 0);
        repeats.remember(&first, &RepeatProof::None);
        let mut own = press("line", 1);
        own.report.origin = Origin::Line;
        own.raw = Vec::new();
        repeats.remember(&own, &RepeatProof::None);
        assert_eq!(repeats.judge(&press("1234", 4), &WINDOW), Some(first.id));
        repeats.forget(&first);
        assert_eq!(repeats.judge(&press("1234", 4), &WINDOW), None);
    }

    #[test]
    fn a_copy_that_could_not_be_read_comes_between_nothing() {
        let mut repeats = Repeats::default();
        let (first, mut cut) = (press("1234", 0), press("line", 1));
        cut.raw.truncate(1);
        cut.report = Report::unreadable(Protocol::SurGard, Fault { name: "NoEnd".to_owned(), fields: Vec::new() });
        repeats.remember(&first, &RepeatProof::None);
        repeats.remember(&cut, &RepeatProof::None);
        assert_eq!(repeats.judge(&press("1234", 4), &WINDOW), Some(first.id));
        let mut again = cut.clone();
        again.stamps = press("line", 5).stamps;
        assert_eq!(repeats.judge(&again, &WINDOW), Some(cut.id), "what is refused for good comes again, too");
        repeats.forget(&cut);
        assert_eq!(repeats.judge(&press("1234", 4), &WINDOW), Some(first.id));
    }

    #[test]
    fn a_key_holds_for_its_window() {
        let key = |seconds| RepeatProof::Key { key: b"0042".to_vec(), window: Duration::from_secs(seconds) };
        let mut repeats = Repeats::default();
        let first = press("1234", 0);
        repeats.remember(&first, &key(60));
        assert_eq!(repeats.judge(&press("1234", 59), &key(60)), Some(first.id));
        assert_eq!(repeats.judge(&press("1234", 61), &key(60)), None);
        assert_eq!(repeats.judge(&press("5678", 5), &key(60)), None, "another unit's message of the same number");
    }
}
