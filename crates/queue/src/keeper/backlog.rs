//! What waits for the database, and which of it goes next.
//!
//! A lane orders units, never what one unit said: whatever is left for later, later entries of its unit stay with it. So
//! all that a unit with something urgent said stands before all that the others did. What stands where is kept as
//! entries come and go: two hundred thousand may wait, and a batch is chosen without looking at them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use telecare_alarm::Lane;

use super::batches::FALLS_BEHIND;
use crate::entry::{Entry, What};
use crate::lanes::BATCH_MAX;

/// What rules do takes at most so many places of a batch for each entry that somebody waits for, and at least
/// [`CHORES_MIN`]. Of units with something urgent and of the others each.
const CHORES_PER_ENTRY: usize = 2;
/// See [`CHORES_PER_ENTRY`].
const CHORES_MIN: usize = 4;
/// What rules do takes at most so many places when nobody waits: a unit that calls meanwhile waits for the whole batch.
const CHORES_ALONE: usize = 16;
/// A batch where the database falls behind. Answers do not wait for it there, and a batch costs much by itself.
const BATCH_BEHIND: usize = 4 * BATCH_MAX;
/// Of a batch, what units without anything urgent keep: one in so many.
const ROUTINE_SHARE: usize = 5;
/// Entries that are looked at for each place of a batch, where what rules do is left behind.
const LOOKED_AT: usize = 4;

type Unit = Arc<str>;

/// Entries that the database does not have, by sequence.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    entries: BTreeMap<i64, (Arc<Entry>, Option<Unit>)>,
    /// All entries of units with something urgent.
    first: BTreeSet<i64>,
    /// The others.
    rest: BTreeSet<i64>,
    of_unit: HashMap<Unit, OfUnit>,
    /// How many of the entries rules have done.
    chores: usize,
    /// Entries that are in the database, and not yet on the board that is read from it; not among the sets above.
    caught_up: BTreeSet<i64>,
}

/// What one unit said.
#[derive(Debug, Default)]
struct OfUnit {
    entries: BTreeSet<i64>,
    urgent: usize,
}

/// How much of what rules do a batch may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chores {
    /// Little, as units wait for commits.
    Few,
    /// As it comes, as nobody does.
    All,
}

impl Backlog {
    /// Takes an entry in; `unit` is whom it is about, where that is known. One that is there already stays.
    pub(super) fn insert(&mut self, entry: Arc<Entry>, unit: Option<Unit>) {
        if self.contains(entry.seq) {
            return;
        }
        self.stand(&entry, unit.as_ref());
        self.entries.insert(entry.seq, (entry, unit));
    }

    /// The entry is in the database and its rows on the cards, or nothing can store it.
    pub(super) fn remove(&mut self, seq: i64) {
        if let Some((entry, unit)) = self.entries.remove(&seq)
            && !self.caught_up.remove(&seq)
        {
            self.leave(&entry, unit.as_ref());
        }
    }

    /// The entry is in the database, and the board is not read yet.
    pub(super) fn caught_up(&mut self, seq: i64) {
        if let Some((entry, unit)) = self.entries.get(&seq).cloned()
            && self.caught_up.insert(seq)
        {
            self.leave(&entry, unit.as_ref());
        }
    }

    /// What was caught up is on the board.
    pub(super) fn take_caught_up(&mut self) -> Vec<i64> {
        let done: Vec<i64> = self.caught_up.iter().copied().collect();
        done.iter().for_each(|seq| self.remove(*seq));
        done
    }

    /// What was caught up may not be in the database that is there now.
    pub(super) fn offer_again(&mut self) {
        for seq in std::mem::take(&mut self.caught_up) {
            if let Some((entry, unit)) = self.entries.get(&seq).cloned() {
                self.stand(&entry, unit.as_ref());
            }
        }
    }

    pub(super) fn get(&self, seq: i64) -> Option<&Arc<Entry>> {
        self.entries.get(&seq).map(|(entry, _)| entry)
    }

    pub(super) fn contains(&self, seq: i64) -> bool {
        self.entries.contains_key(&seq)
    }

    /// All of it, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.values().map(|(entry, _)| entry)
    }

    /// Also what is caught up.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many the database does not have.
    pub(super) fn lacking(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    /// Whether anything was caught up.
    pub(super) fn has_caught_up(&self) -> bool {
        !self.caught_up.is_empty()
    }

    /// How many the database does not have once it has those that are offered, and the first of them.
    pub(super) fn lacking_after(&self, offered: &HashSet<i64>) -> (usize, Option<i64>) {
        let theirs = offered.iter().filter(|seq| self.first.contains(seq) || self.rest.contains(seq)).count();
        let lacks = |of: &BTreeSet<i64>| of.iter().find(|seq| !offered.contains(seq)).copied();
        (self.lacking() - theirs, lacks(&self.first).into_iter().chain(lacks(&self.rest)).min())
    }

    /// The next batch, in order: units with something urgent come first, and the others keep a fifth. Most of what rules
    /// do is left for later where units wait, and never so much that it piles up.
    pub(super) fn batch(&self, chores: Chores) -> Vec<Arc<Entry>> {
        let others = self.lacking() - self.chores;
        let most = match chores {
            Chores::All => usize::MAX,
            Chores::Few if others == 0 => CHORES_ALONE,
            Chores::Few => (CHORES_PER_ENTRY * others).max(CHORES_MIN),
        };
        let room = if self.lacking() < FALLS_BEHIND { BATCH_MAX } else { BATCH_BEHIND };
        let share = (room / ROUTINE_SHARE).min(self.rest.len());
        let mut batch = self.taken(&self.first, room - share, most);
        batch.extend(self.taken(&self.rest, room - batch.len(), most));
        batch.sort_unstable_by_key(|entry| entry.seq);
        batch
    }

    fn taken(&self, from: &BTreeSet<i64>, room: usize, chores_max: usize) -> Vec<Arc<Entry>> {
        let (mut chores, mut left) = (0, HashSet::new());
        let goes = |(entry, unit): &&(Arc<Entry>, Option<Unit>)| {
            if unit.as_ref().is_some_and(|unit| left.contains(unit)) {
                return false;
            }
            if is_chore(entry) {
                chores += 1;
                if chores > chores_max {
                    left.extend(unit.clone());
                    return false;
                }
            }
            true
        };
        let looked_at = from.iter().take(LOOKED_AT * room).filter_map(|seq| self.entries.get(seq));
        looked_at.filter(goes).take(room).map(|(entry, _)| entry.clone()).collect()
    }

    fn stand(&mut self, entry: &Entry, unit: Option<&Unit>) {
        self.chores += usize::from(is_chore(entry));
        let Some(unit) = unit else {
            self.rest.insert(entry.seq);
            return;
        };
        let of_unit = self.of_unit.entry(unit.clone()).or_default();
        of_unit.entries.insert(entry.seq);
        let was_urgent = of_unit.urgent > 0;
        of_unit.urgent += usize::from(is_urgent(entry));
        match (was_urgent, of_unit.urgent > 0) {
            (false, true) => of_unit.entries.iter().for_each(|seq| go(*seq, &mut self.rest, &mut self.first)),
            (_, true) => drop(self.first.insert(entry.seq)),
            (_, false) => drop(self.rest.insert(entry.seq)),
        }
    }

    fn leave(&mut self, entry: &Entry, unit: Option<&Unit>) {
        self.chores -= usize::from(is_chore(entry));
        self.first.remove(&entry.seq);
        self.rest.remove(&entry.seq);
        let Some((unit, of_unit)) = unit.and_then(|unit| Some((unit, self.of_unit.get_mut(unit)?))) else { return };
        of_unit.entries.remove(&entry.seq);
        of_unit.urgent -= usize::from(is_urgent(entry));
        if of_unit.entries.is_empty() {
            self.of_unit.remove(unit);
        } else if is_urgent(entry) && of_unit.urgent == 0 {
            of_unit.entries.iter().for_each(|seq| go(*seq, &mut self.first, &mut self.rest));
        }
    }
}

fn go(seq: i64, from: &mut BTreeSet<i64>, to: &mut BTreeSet<i64>) {
    from.remove(&seq);
    to.insert(seq);
}

fn is_urgent(entry: &Entry) -> bool {
    entry.what.lane() == Lane::Urgent
}

fn is_chore(entry: &Entry) -> bool {
    matches!(entry.what, What::Action(_)) && !is_urgent(entry)
}

#[cfg(test)]
mod tests {
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

    fn entries(kinds: &[Kind]) -> Vec<(Arc<Entry>, Unit)> {
        let mut chain = Chain::begin(START);
        let entry = |(kind, n): (&Kind, u64)| (Arc::new(chain.link(kind.what(n), START).unwrap()), kind.unit().into());
        kinds.iter().zip(1..).map(entry).collect()
    }

    fn backlog(kinds: &[Kind]) -> Backlog {
        let mut backlog = Backlog::default();
        entries(kinds).into_iter().for_each(|(entry, unit)| backlog.insert(entry, Some(unit)));
        backlog
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

    /// What stands where is as if all of it were looked at.
    fn check(backlog: &Backlog) -> Result<(), TestCaseError> {
        let lacking = || backlog.entries.values().filter(|(entry, _)| !backlog.caught_up.contains(&entry.seq));
        let urgent: HashSet<&Unit> =
            lacking().filter(|(entry, _)| is_urgent(entry)).filter_map(|(_, unit)| unit.as_ref()).collect();
        let (first, rest): (Vec<_>, Vec<_>) =
            lacking().partition(|(_, unit)| unit.as_ref().is_some_and(|unit| urgent.contains(unit)));
        let seqs =
            |of: Vec<&(Arc<Entry>, Option<Unit>)>| of.iter().map(|(entry, _)| entry.seq).collect::<BTreeSet<_>>();
        prop_assert_eq!(&backlog.first, &seqs(first));
        prop_assert_eq!(&backlog.rest, &seqs(rest));
        prop_assert_eq!(backlog.chores, lacking().filter(|(entry, _)| is_chore(entry)).count());
        let units: HashSet<&Unit> = lacking().filter_map(|(_, unit)| unit.as_ref()).collect();
        prop_assert_eq!(backlog.of_unit.keys().collect::<HashSet<_>>(), units);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn batch_after_batch_takes_everything_once_and_each_unit_in_order(
            kinds in kinds(),
            first_come in 0..700_usize,
            few in any::<bool>(),
        ) {
            let entries = entries(&kinds);
            let units: HashMap<i64, Unit> = entries.iter().map(|(entry, unit)| (entry.seq, unit.clone())).collect();
            let (mut backlog, mut coming) = (Backlog::default(), entries.into_iter());
            coming.by_ref().take(first_come).for_each(|(entry, unit)| backlog.insert(entry, Some(unit)));
            let mut taken: HashMap<Unit, i64> = HashMap::new();
            while backlog.len() > 0 || coming.len() > 0 {
                let batch = backlog.batch(if few { Chores::Few } else { Chores::All });
                prop_assert!(batch.len() <= BATCH_MAX && batch.is_empty() == (backlog.len() == 0));
                for entry in &batch {
                    let last = taken.insert(units[&entry.seq].clone(), entry.seq);
                    prop_assert!(last < Some(entry.seq), "{last:?} went before {}", entry.seq);
                    backlog.remove(entry.seq);
                }
                for entry in backlog.iter() {
                    let last = taken.get(&units[&entry.seq]);
                    prop_assert!(last < Some(&entry.seq), "{last:?} went before {}, which was left", entry.seq);
                }
                coming.by_ref().take(20).for_each(|(entry, unit)| backlog.insert(entry, Some(unit)));
                check(&backlog)?;
            }
        }

        #[test]
        fn what_was_caught_up_is_offered_again_or_done(kinds in kinds(), again in any::<bool>()) {
            let mut backlog = backlog(&kinds);
            let offered: HashSet<i64> = backlog.batch(Chores::All).iter().map(|entry| entry.seq).collect();
            let (left, first) = backlog.lacking_after(&offered);
            prop_assert_eq!(left, kinds.len() - offered.len());
            prop_assert_eq!(first, backlog.iter().map(|entry| entry.seq).find(|seq| !offered.contains(seq)));
            offered.iter().for_each(|seq| backlog.caught_up(*seq));
            check(&backlog)?;
            prop_assert_eq!((backlog.lacking(), backlog.len()), (left, kinds.len()));
            prop_assert_eq!(backlog.lacking_after(&HashSet::new()), (left, first));
            prop_assert!(backlog.batch(Chores::All).iter().all(|entry| !offered.contains(&entry.seq)));
            if again {
                backlog.offer_again();
                prop_assert_eq!(backlog.lacking(), kinds.len());
            } else {
                prop_assert_eq!(backlog.take_caught_up().into_iter().collect::<HashSet<_>>(), offered);
                prop_assert_eq!(backlog.len(), left);
            }
            check(&backlog)?;
        }
    }

    #[test]
    fn a_press_is_in_the_first_batch_whatever_waits_before_it() {
        let mut kinds = vec![Kind::Test(1); 1_000];
        kinds.extend([Kind::Press(2)]);
        let backlog = backlog(&kinds);
        let pressed = backlog.iter().last().unwrap().seq;
        let batch = backlog.batch(Chores::Few);
        assert_eq!(batch.len(), BATCH_MAX);
        assert!(batch.iter().any(|entry| entry.seq == pressed));
    }

    #[test]
    fn tests_keep_a_fifth_while_presses_never_end() {
        let kinds: Vec<Kind> = (0..1_000).map(|n| if n % 2 == 0 { Kind::Press(1) } else { Kind::Test(2) }).collect();
        let batch = backlog(&kinds).batch(Chores::Few);
        assert_eq!(batch.iter().filter(|entry| entry.what.lane() == Lane::Routine).count(), BATCH_MAX / ROUTINE_SHARE);
    }

    #[test]
    fn batches_are_larger_where_the_database_falls_behind() {
        for (waiting, goes) in [(FALLS_BEHIND - 1, BATCH_MAX), (FALLS_BEHIND, BATCH_BEHIND)] {
            assert_eq!(backlog(&vec![Kind::Test(1); waiting]).batch(Chores::Few).len(), goes);
        }
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
            assert_eq!(backlog(&kinds).batch(Chores::Few).len(), goes, "{} waited", kinds.len());
            assert_eq!(backlog(&kinds).batch(Chores::All).len(), kinds.len());
        }
    }
}
