//! What waits to be settled, in the parts it came in: entries and rows of one belong together.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use telecare_alarm::AlarmId;
use tokio::time::Instant;

use super::Settle;

/// How long it may wait for a moment without anything else to do.
const WITHIN: Duration = Duration::from_millis(25);
/// How much longer while units wait.
const LATE: Duration = Duration::from_millis(25);
/// Pause between two parts, so that an append gets between them.
const PAUSE: Duration = Duration::from_millis(2);
/// Entries and rows settled at once, unless they came as more: units wait meanwhile.
const PART_MAX: usize = 64;

/// The queue.
#[derive(Debug, Default)]
pub struct Settling {
    waiting: VecDeque<Settle>,
    due: Option<Instant>,
}

impl Settling {
    /// Takes something in.
    pub fn add(&mut self, settle: Settle, now: Instant) {
        if !settle.is_empty() {
            self.waiting.push_back(settle);
            self.due.get_or_insert(now + WITHIN);
        }
    }

    /// When the next part is due.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the next part has waited long enough even while units wait.
    pub fn is_late(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due + LATE < now)
    }

    /// The next part.
    pub fn take_part(&mut self, now: Instant) -> Settle {
        let mut part = Settle::default();
        while let Some(next) = self.waiting.front() {
            if !part.is_empty() && part.size() + next.size() > PART_MAX {
                break;
            }
            self.waiting.pop_front().into_iter().for_each(|next| merge(&mut part, next));
        }
        self.due = (!self.waiting.is_empty()).then_some(now + PAUSE);
        part
    }

    /// What goes with the next append: everything, when rows are replaced; else nothing.
    pub fn take_riding(&mut self) -> Settle {
        if self.waiting.iter().any(|settle| settle.replace) { self.take_all() } else { Settle::default() }
    }

    /// Everything.
    pub fn take_all(&mut self) -> Settle {
        self.due = None;
        let mut all = Settle::default();
        self.waiting.drain(..).for_each(|next| merge(&mut all, next));
        all
    }
}

impl Settle {
    fn size(&self) -> usize {
        self.forwarded.len() + self.rows.len()
    }
}

fn merge(waiting: &mut Settle, more: Settle) {
    if more.replace {
        waiting.rows.clear();
        waiting.dropped.clear();
        waiting.aliases.clear();
        waiting.replace = true;
    }
    waiting.forwarded.extend(more.forwarded);
    waiting.refused.extend(more.refused);
    let ids: HashSet<AlarmId> = more.rows.iter().map(|alarm| alarm.id).chain(more.dropped.iter().copied()).collect();
    waiting.rows.retain(|known| !ids.contains(&known.id));
    waiting.dropped.retain(|dropped| !ids.contains(dropped));
    waiting.rows.extend(more.rows);
    if !more.dropped.is_empty() {
        waiting.rows.retain(|alarm| !more.dropped.contains(&alarm.id));
    }
    waiting.dropped.extend(more.dropped);
    waiting.aliases.extend(more.aliases);
    waiting.expected.extend(more.expected);
    waiting.learnt.extend(more.learnt);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use telecare_alarm::Alarm;

    use super::*;
    use crate::sample::press;

    fn settle(seq: i64, units: &[u32]) -> Settle {
        let rows = units.iter().map(|unit| Arc::new(Alarm::open(&press(&unit.to_string(), u64::from(*unit)), None)));
        Settle { forwarded: vec![seq], rows: rows.collect(), ..Settle::default() }
    }

    #[test]
    fn parts_are_small_in_order_and_whole() {
        let (mut settling, begun) = (Settling::default(), Instant::now());
        for seq in 0..100 {
            settling.add(settle(seq, &[1, 2]), begun);
        }
        assert!((settling.due(), settling.is_late(begun + WITHIN)) == (Some(begun + WITHIN), false));
        assert!(settling.is_late(begun + WITHIN + 2 * LATE));
        let mut seqs = Vec::new();
        while settling.due().is_some() {
            let part = settling.take_part(begun);
            assert!(part.size() <= PART_MAX);
            assert_eq!(part.rows.len(), 2, "a row counts as it is last");
            seqs.extend(part.forwarded);
        }
        assert_eq!(seqs, (0..100).collect::<Vec<_>>());
        let large: Vec<u32> = (0..250).collect();
        settling.add(settle(7, &large), begun);
        assert_eq!(settling.take_part(begun).rows.len(), 250, "what came together stays together");
    }

    #[test]
    fn only_what_replaces_rides() {
        let (mut settling, now) = (Settling::default(), Instant::now());
        settling.add(settle(1, &[1]), now);
        assert!(settling.take_riding().is_empty());
        settling.add(Settle { replace: true, ..settle(2, &[2]) }, now);
        settling.add(settle(3, &[3]), now);
        let riding = settling.take_riding();
        assert_eq!((riding.forwarded.len(), riding.rows.len(), riding.replace), (3, 2, true));
        assert_eq!(settling.due(), None);
    }
}
