//! When the stores get their next batches, and which entries of the backlog the database takes.
//!
//! A lane orders units, never what one unit said: whatever is left for later, later entries of its unit stay with it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::Lane;
use tokio::time::Instant;

use super::signals::COMMIT_IS_NEAR;
use crate::entry::{Entry, What};
use crate::lanes::BATCH_MAX;

/// What rules do takes at most so many places of a batch for each entry that somebody waits for, and at least
/// [`CHORES_MIN`].
const CHORES_PER_ENTRY: usize = 2;
/// See [`CHORES_PER_ENTRY`].
const CHORES_MIN: usize = 4;
/// What rules do takes at most so many places when nobody waits: a unit that calls meanwhile waits for the whole batch.
const CHORES_ALONE: usize = 16;
/// What units without anything urgent keep of a batch.
const ROUTINE_SHARE: usize = BATCH_MAX / 5;

/// Pause between two batches while units wait for the journal and nobody for a commit.
const STORM_PAUSE: Duration = Duration::from_millis(50);

/// Until when a batch waits in a storm. Units are answered first, by the journal: the database gets a batch now and then,
/// and the rest at once when no unit waits.
pub(super) fn storm_until(backlog: usize, units_wait: bool, committed_at: Instant) -> Option<Instant> {
    (units_wait && backlog >= COMMIT_IS_NEAR).then_some(committed_at + STORM_PAUSE)
}

/// How long after the database got a batch the journal begins none, so that both take the next one together. An answer
/// needs both: a batch begun alone is there no sooner, and what comes meanwhile finds each store in the middle of another.
const IN_STEP: Duration = Duration::from_millis(5);

/// Until when the journal waits for a commit that was begun; not at all where answers wait for the journal alone.
pub(super) fn in_step_until(backlog: usize, asked_at: Instant) -> Option<Instant> {
    (backlog < COMMIT_IS_NEAR).then_some(asked_at + IN_STEP)
}

/// Leaves most of what rules do for later batches, but takes enough of it that it does not pile up.
pub(super) fn without_most_chores(
    entries: Vec<Arc<Entry>>,
    unit_of: impl Fn(&Entry) -> Option<Arc<str>>,
) -> Vec<Arc<Entry>> {
    let is_chore = |entry: &Entry| matches!(entry.what, What::Action(_)) && entry.what.lane() == Lane::Routine;
    let chores = entries.iter().filter(|entry| is_chore(entry)).count();
    let others = entries.len() - chores;
    let most = if others == 0 { CHORES_ALONE } else { (CHORES_PER_ENTRY * others).max(CHORES_MIN) };
    if chores <= most {
        return entries;
    }
    let (mut taken, mut left) = (0, HashSet::new());
    let mut goes = |entry: &Entry| {
        let unit = unit_of(entry);
        if unit.as_ref().is_some_and(|unit| left.contains(unit)) {
            return false;
        }
        if is_chore(entry) {
            taken += 1;
            if taken > most {
                left.extend(unit);
                return false;
            }
        }
        true
    };
    entries.into_iter().filter(|entry| goes(entry)).collect()
}

/// At most [`BATCH_MAX`] entries, in order: units with something urgent come first, and the others keep a fifth.
pub(super) fn urgent_units_first(
    entries: Vec<Arc<Entry>>,
    unit_of: impl Fn(&Entry) -> Option<Arc<str>>,
) -> Vec<Arc<Entry>> {
    if entries.len() <= BATCH_MAX {
        return entries;
    }
    let is_urgent = |entry: &&Arc<Entry>| entry.what.lane() == Lane::Urgent;
    let urgent: HashSet<Arc<str>> = entries.iter().filter(is_urgent).filter_map(|entry| unit_of(entry)).collect();
    let goes_first = |entry: &Arc<Entry>| unit_of(entry).is_some_and(|unit| urgent.contains(&unit));
    let (first, rest): (Vec<_>, Vec<_>) = entries.into_iter().partition(goes_first);
    let share = ROUTINE_SHARE.min(rest.len());
    let mut batch: Vec<_> = first.into_iter().take(BATCH_MAX - share).collect();
    let room = BATCH_MAX - batch.len();
    batch.extend(rest.into_iter().take(room));
    batch.sort_by_key(|entry| entry.seq);
    batch
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use telecare_alarm::{Act, AlarmId};

    use super::*;
    use crate::entry::Chain;
    use crate::sample::{START, action, press};

    /// One entry of the backlog: what it is, and of which unit.
    #[derive(Clone, Copy, Debug)]
    enum Kind {
        Press(u8),
        Test(u8),
        Note(u8),
        Chore(u8),
    }

    impl Kind {
        fn unit(self) -> String {
            let (Kind::Press(unit) | Kind::Test(unit) | Kind::Note(unit) | Kind::Chore(unit)) = self;
            unit.to_string()
        }

        fn what(self, n: u64) -> What {
            let note = || Act::Note { kind: String::new(), text: "note".to_owned(), reference: String::new() };
            match self {
                Kind::Press(_) => What::Signal(press(&self.unit(), n).into()),
                Kind::Test(_) => {
                    let mut test = press(&self.unit(), n);
                    test.ranking.lane = Lane::Routine;
                    What::Signal(test.into())
                }
                Kind::Note(_) => What::Action(action(n, AlarmId(uuid::Uuid::nil()), "Ann", note()).into()),
                Kind::Chore(_) => What::Action(action(n, AlarmId(uuid::Uuid::nil()), "Ann", Act::Served).into()),
            }
        }
    }

    /// A backlog, and of which unit each entry is.
    fn backlog(kinds: &[Kind]) -> (Vec<Arc<Entry>>, HashMap<i64, Arc<str>>) {
        let mut chain = Chain::begin(START);
        let entries: Vec<Arc<Entry>> =
            kinds.iter().zip(1..).map(|(kind, n)| Arc::new(chain.link(kind.what(n), START).unwrap())).collect();
        let units = entries.iter().zip(kinds).map(|(entry, kind)| (entry.seq, kind.unit().into())).collect();
        (entries, units)
    }

    fn kinds() -> impl Strategy<Value = Vec<Kind>> {
        let unit = || 0..40_u8;
        let kind = prop_oneof![
            1 => unit().prop_map(Kind::Press),
            6 => unit().prop_map(Kind::Test),
            1 => unit().prop_map(Kind::Note),
            6 => unit().prop_map(Kind::Chore),
        ];
        proptest::collection::vec(kind, 1..700)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn batch_after_batch_takes_everything_once_and_each_unit_in_order(kinds in kinds()) {
            let (mut waiting, units) = backlog(&kinds);
            let unit_of = |entry: &Entry| units.get(&entry.seq).cloned();
            let mut taken: HashMap<Arc<str>, i64> = HashMap::new();
            while !waiting.is_empty() {
                let batch = urgent_units_first(without_most_chores(waiting.clone(), unit_of), unit_of);
                prop_assert!(!batch.is_empty() && batch.len() <= BATCH_MAX);
                for entry in &batch {
                    let last = taken.insert(units[&entry.seq].clone(), entry.seq);
                    prop_assert!(last < Some(entry.seq), "{last:?} went before {}", entry.seq);
                }
                let gone: HashSet<i64> = batch.iter().map(|entry| entry.seq).collect();
                for entry in waiting.iter().filter(|entry| !gone.contains(&entry.seq)) {
                    let last = taken.get(&units[&entry.seq]);
                    prop_assert!(last < Some(&entry.seq), "{last:?} went before {}, which was left", entry.seq);
                }
                waiting.retain(|entry| !gone.contains(&entry.seq));
            }
        }
    }

    #[test]
    fn a_batch_waits_only_while_units_do_and_never_for_long() {
        let now = Instant::now();
        for (backlog, units_wait, until) in [
            (COMMIT_IS_NEAR - 1, true, None),
            (COMMIT_IS_NEAR, true, Some(now + STORM_PAUSE)),
            (1_000_000, true, Some(now + STORM_PAUSE)),
            (1_000_000, false, None),
        ] {
            assert_eq!(storm_until(backlog, units_wait, now), until, "{backlog} {units_wait}");
        }
    }

    #[test]
    fn the_journal_waits_for_a_commit_that_is_near_and_never_for_long() {
        let now = Instant::now();
        for (backlog, until) in [
            (0, Some(now + IN_STEP)),
            (COMMIT_IS_NEAR - 1, Some(now + IN_STEP)),
            (COMMIT_IS_NEAR, None),
            (1_000_000, None),
        ] {
            assert_eq!(in_step_until(backlog, now), until, "{backlog}");
        }
    }

    #[test]
    fn a_press_is_in_the_first_batch_whatever_waits_before_it() {
        let mut kinds = vec![Kind::Test(1); 1_000];
        kinds.extend([Kind::Press(2)]);
        let (entries, units) = backlog(&kinds);
        let pressed = entries.last().unwrap().seq;
        let batch = urgent_units_first(entries, |entry| units.get(&entry.seq).cloned());
        assert_eq!(batch.len(), BATCH_MAX);
        assert!(batch.iter().any(|entry| entry.seq == pressed));
    }

    #[test]
    fn tests_keep_a_fifth_while_presses_never_end() {
        let kinds: Vec<Kind> = (0..1_000).map(|n| if n % 2 == 0 { Kind::Press(1) } else { Kind::Test(2) }).collect();
        let (entries, units) = backlog(&kinds);
        let batch = urgent_units_first(entries, |entry| units.get(&entry.seq).cloned());
        assert_eq!(batch.iter().filter(|entry| entry.what.lane() == Lane::Routine).count(), ROUTINE_SHARE);
    }

    #[test]
    fn chores_take_few_places_and_more_where_nobody_waits() {
        for (kinds, goes) in [
            ([vec![Kind::Chore(1); 50], vec![Kind::Press(2)]].concat(), CHORES_MIN + 1),
            ([vec![Kind::Chore(1); 50], vec![Kind::Press(2); 10]].concat(), CHORES_PER_ENTRY * 10 + 10),
            (vec![Kind::Chore(1); 50], CHORES_ALONE),
            // What a person does to the card stays behind what rules did to it before.
            ([vec![Kind::Chore(1); 50], vec![Kind::Note(1)]].concat(), CHORES_MIN),
        ] {
            let (entries, units) = backlog(&kinds);
            let batch = without_most_chores(entries, |entry| units.get(&entry.seq).cloned());
            assert_eq!(batch.len(), goes, "{} waited", kinds.len());
        }
    }
}
