//! However entries are cut into batches, the tables end up as the ledger has the cards.

use proptest::prelude::*;
use telecare_alarm::expect::Changes;
use telecare_alarm::{Act, SignalId};

use super::super::batch::Heard;
use super::*;
use crate::entry::Chain;
use crate::ledger::Ledger;
use crate::sample::{START, action, press};

/// Alarms and which of them each signal joined, as the database keeps them.
#[derive(Debug, Default)]
struct Tables {
    alarms: HashMap<AlarmId, Alarm>,
    joined: HashMap<SignalId, AlarmId>,
}

impl Tables {
    /// Writes a batch; what it puts off is written next, as the keeper does it.
    fn write(&mut self, entries: &[Arc<Entry>]) {
        let mut waiting = entries.to_vec();
        for _ in 0..=entries.len() {
            if waiting.is_empty() {
                return;
            }
            let batch = Batch {
                entries: waiting.clone(),
                known: None,
                done_here: HashSet::new(),
                joined: HashMap::new(),
                offered_before: false,
                heard: Heard { last_seq: 0, head_seq: 0, head: [0; 32], unforwarded: 0, operator_heard_at: None },
                expected: Changes::default(),
            };
            let fold = Fold::of(&batch, &waiting, self.rows(&waiting));
            for (entry, (alarm, _)) in fold.signals() {
                let What::Signal(signal) = &entry.what else { continue };
                assert_eq!(self.joined.insert(signal.id, alarm), None, "a signal is kept once");
            }
            let mut written: Vec<Alarm> = fold.opened().chain(fold.updated()).cloned().collect();
            let before: Vec<_> = written.iter().map(|alarm| self.before(alarm)).collect();
            written.iter_mut().zip(before).for_each(|(alarm, before)| alarm.previous = alarm.previous.or(before));
            self.alarms.extend(written.into_iter().map(|alarm| (alarm.id, alarm)));
            let skipped: HashSet<i64> = fold.committed().skipped.into_iter().collect();
            waiting.retain(|entry| skipped.contains(&entry.seq));
            let open: Vec<&str> = self.alarms.values().filter(|a| a.closed.is_none()).map(|a| &*a.unit.key).collect();
            assert_eq!(open.len(), open.iter().collect::<HashSet<_>>().len(), "one open alarm a unit");
        }
        panic!("{} entries are put off for ever", waiting.len());
    }

    /// What `alarm_before` finds.
    fn before(&self, of: &Alarm) -> Option<AlarmId> {
        let of_unit = self.alarms.values().filter(|alarm| alarm.unit.key == of.unit.key && alarm.id != of.id);
        let closed = of_unit.filter(|alarm| alarm.closed.is_some() && alarm.opened_at <= of.opened_at);
        closed.max_by_key(|alarm| alarm.last_at).map(|alarm| alarm.id)
    }

    /// What `look.sql` would read for a batch.
    fn rows(&self, entries: &[Arc<Entry>]) -> Rows {
        let mut rows = Rows::default();
        for alarm in self.alarms.values() {
            let is_asked_for = entries.iter().any(|entry| match &entry.what {
                What::Signal(signal) => signal.unit.key == alarm.unit.key && alarm.closed.is_none(),
                What::Action(action) => {
                    let reopens = matches!(action.act, Act::Reopen { .. }) && alarm.closed.is_none();
                    let unit = self.alarms.get(&action.alarm).map(|other| &other.unit.key);
                    action.alarm == alarm.id || (reopens && unit == Some(&alarm.unit.key))
                }
                What::Verdict(_) => false,
            });
            if is_asked_for {
                rows.take(alarm.id, alarm.unit.key.to_string(), Some(AlarmRecord::of(alarm)));
            }
        }
        rows
    }
}

/// Presses of two units and what is done to their latest cards, with the ledger that has them all.
fn entries(steps: &[(u8, u8)]) -> (Vec<Arc<Entry>>, Ledger) {
    let mut ledger = Ledger::default();
    let mut chain = Chain::begin(START);
    let mut entries = Vec::new();
    let mut cards: Vec<(String, AlarmId)> = Vec::new();
    for (n, (unit, step)) in (1_u64..).zip(steps) {
        let unit = format!("unit {}", unit % 2);
        // The latest card of the unit, or the one before it.
        let of_unit: Vec<AlarmId> = cards.iter().rev().filter(|(of, _)| *of == unit).map(|(_, id)| *id).collect();
        let card = of_unit.get(usize::from(*step > 200)).and_then(|id| ledger.card(*id)).cloned();
        let act = card.and_then(|card| {
            let shown = card.last_signal;
            let act = match step % 8 {
                0 | 1 => Act::Claim { lease: std::time::Duration::from_secs(9) },
                2 => Act::Release,
                3 | 4 => Act::Close { shown, outcome: "x".to_owned(), text: String::new() },
                5 => Act::Reopen { by_supervisor: true },
                _ => return None,
            };
            Some(action(n, card.id, "Ann", act))
        });
        let what = match act {
            Some(act) => What::Action(Arc::new(act)),
            None => What::Signal(Arc::new(press(&unit, n))),
        };
        let entry = Arc::new(chain.link(what, START).unwrap());
        ledger.push(&entry);
        match &entry.what {
            What::Action(action) => drop(ledger.decide(entry.seq, action)),
            What::Signal(signal) if ledger.joined(entry.seq) == Some(signal.id.into()) => {
                cards.push((unit, signal.id.into()));
            }
            What::Signal(_) | What::Verdict(_) => {}
        }
        entries.push(entry);
    }
    (entries, ledger)
}

proptest! {
    #[test]
    fn however_entries_are_cut_into_batches_the_cards_are_the_ledgers(
        steps in prop::collection::vec(any::<(u8, u8)>(), 1..40),
        sizes in prop::collection::vec(1_usize..12, 40),
    ) {
        let (entries, ledger) = entries(&steps);
        let mut tables = Tables::default();
        let mut rest = entries.as_slice();
        for size in sizes {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            tables.write(batch);
            rest = later;
        }
        for (signal, alarm) in &tables.joined {
            let seq = entries.iter().find(|entry| entry.what.id() == signal.0).map(|entry| entry.seq).unwrap();
            prop_assert_eq!(Some(*alarm), ledger.joined(seq));
        }
        for alarm in tables.alarms.values() {
            let card = ledger.card(alarm.id).map(|card| Alarm::clone(card));
            prop_assert_eq!(Some(Alarm { revision: 0, ..alarm.clone() }), card);
        }
    }
}
