//! The ledger: last known rows plus this receiver's uncommitted entries, folded into the cards consoles
//! see.
//!
//! ```text
//! base rows (database, or own state) --+
//! pending entries, in order -----------+--fold--> cards
//! ```
//! A card is never edited from outside: it is refolded from its unit's rows and pending entries.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use telecare_alarm::alarm::Rank;
use telecare_alarm::{Act, Action, Alarm, AlarmId, Refusal, Signal};
use time::OffsetDateTime;

use crate::cards::{Cards, ClosedRank};
use crate::entry::{Entry, What};

/// How long a closed card stays known.
pub const CLOSED_KEPT: time::Duration = time::Duration::minutes(10);
/// Cards closed by rules, tests nearly all of them, that stay known for so long; of more the oldest are forgotten sooner.
/// What people close, they close one by one.
pub const CLOSED_BY_RULES_MAX: usize = 10_000;
/// Cards forgotten at once: signals wait for it.
pub const FORGOTTEN_AT_ONCE: usize = 2_000;

type Unit = Arc<str>;

/// Cards and what they are folded from.
#[derive(Debug, Default)]
pub struct Ledger {
    base: HashMap<AlarmId, Arc<Alarm>>,
    base_of: HashMap<Unit, BTreeSet<AlarmId>>,
    cards: HashMap<AlarmId, Arc<Alarm>>,
    cards_of: HashMap<Unit, BTreeSet<AlarmId>>,
    open: Cards<Rank>,
    closed: Cards<ClosedRank>,
    pending: HashMap<Unit, Vec<Arc<Entry>>>,
    /// Under which unit each pending entry is: a commit need not look at what else waits, which may be very much.
    pending_unit: HashMap<i64, Unit>,
    aliases: HashMap<AlarmId, AlarmId>,
    /// Actions this receiver has answered itself: sequence, and the refusal's name unless they were done.
    decided: HashMap<i64, Option<String>>,
    /// Which card each pending signal joined here.
    joined: HashMap<i64, AlarmId>,
    /// Cards that are not as they were when last asked.
    changed: HashSet<AlarmId>,
}

impl Ledger {
    /// A card by its id, or by an id that stands for it.
    pub fn card(&self, id: AlarmId) -> Option<&Arc<Alarm>> {
        self.cards.get(&self.resolve(id))
    }

    /// A card by its own id.
    pub fn card_itself(&self, id: AlarmId) -> Option<&Arc<Alarm>> {
        self.cards.get(&id)
    }

    /// Cards that have changed or gone since this was last asked.
    pub fn take_changed(&mut self) -> HashSet<AlarmId> {
        std::mem::take(&mut self.changed)
    }

    /// Has every card looked at again.
    pub fn touch_all(&mut self) {
        self.changed.extend(self.cards.keys());
    }

    /// The id that this one stands for, else itself.
    pub fn resolve(&self, id: AlarmId) -> AlarmId {
        self.aliases.get(&id).copied().unwrap_or(id)
    }

    /// How many cards there are, closed ones too.
    pub fn count(&self) -> usize {
        self.cards.len()
    }

    /// Open cards, most urgent first.
    pub fn open(&self) -> &Cards<Rank> {
        &self.open
    }

    /// Cards closed lately, latest first; see [`Ledger::forget_closed`].
    pub fn closed(&self) -> &Cards<ClosedRank> {
        &self.closed
    }

    /// Ids that stand for another alarm.
    pub fn aliases(&self) -> &HashMap<AlarmId, AlarmId> {
        &self.aliases
    }

    /// The last known rows.
    pub fn base(&self) -> impl Iterator<Item = &Arc<Alarm>> {
        self.base.values()
    }

    /// A last known row by its own id.
    pub fn base_row(&self, id: AlarmId) -> Option<&Arc<Alarm>> {
        self.base.get(&id)
    }

    /// The last known rows of a unit.
    pub fn base_of(&self, unit: &str) -> impl Iterator<Item = &Arc<Alarm>> {
        self.base_of.get(unit).into_iter().flatten().filter_map(|id| self.base.get(id))
    }

    /// Which of these rows say something new.
    pub fn news(&self, rows: Vec<Arc<Alarm>>) -> Vec<Arc<Alarm>> {
        let is_new = |row: &Arc<Alarm>| match self.base.get(&row.id) {
            Some(known) => known.revision < row.revision,
            None => row.closed.is_none(),
        };
        rows.into_iter().filter(is_new).collect()
    }

    /// Whether an action was answered here, and the refusal's name unless it was done.
    pub fn decided(&self, seq: i64) -> Option<&Option<String>> {
        self.decided.get(&seq)
    }

    /// Which card a pending signal joined here.
    pub fn joined(&self, seq: i64) -> Option<AlarmId> {
        self.joined.get(&seq).copied()
    }

    /// Takes in an entry that the journal has.
    pub fn push(&mut self, entry: &Arc<Entry>) {
        match &entry.what {
            What::Signal(signal) => {
                self.wait(entry, signal.unit.key.clone());
                self.apply_signal(entry.seq, signal);
            }
            What::Action(action) => {
                if let Some(unit) = self.unit_of(action.alarm) {
                    self.wait(entry, unit);
                }
            }
            What::Verdict(_) => {}
        }
    }

    fn wait(&mut self, entry: &Arc<Entry>, unit: Unit) {
        self.pending_unit.insert(entry.seq, unit.clone());
        self.pending.entry(unit).or_default().push(entry.clone());
    }

    /// Answers a pushed action here, by the rules and the card as it is.
    pub fn decide(&mut self, seq: i64, action: &Action) -> Result<(), Refusal> {
        let outcome = self.apply_action(action);
        self.decided.insert(seq, outcome.as_ref().err().map(|refusal| refusal.name().to_owned()));
        outcome
    }

    /// Takes an earlier answer of this receiver over, as the journal has it.
    pub fn decided_before(&mut self, seq: i64, action: &Action, refused: Option<String>) {
        let done = refused.is_none();
        self.decided.insert(seq, refused);
        if done {
            // Done once is done: a row that has changed since is the database's to judge.
            let _ = self.apply_action(action);
        }
    }

    /// Entries are committed, rows are as they are now. Refolds what that touches, and says whether any card shows it:
    /// most commits only confirm what the cards say already.
    pub fn settle(&mut self, committed: &[i64], rows: &[Arc<Alarm>], aliases: &[(AlarmId, AlarmId)]) -> bool {
        let committed: HashSet<i64> = committed.iter().copied().collect();
        let mut touched: BTreeSet<Unit> = BTreeSet::new();
        for (alias, of) in aliases {
            touched.extend(self.unit_of(*alias));
            self.remove_base(*alias);
            self.aliases.insert(*alias, *of);
        }
        for row in rows {
            let known = self.base.get(&row.id);
            if known.is_none_or(|known| known.revision <= row.revision) {
                self.put_base(row.clone());
                touched.insert(row.unit.key.clone());
            }
        }
        for seq in &committed {
            self.decided.remove(seq);
            self.joined.remove(seq);
            let Some(unit) = self.pending_unit.remove(seq) else { continue };
            if let Some(entries) = self.pending.get_mut(&unit) {
                entries.retain(|entry| entry.seq != *seq);
                if entries.is_empty() {
                    self.pending.remove(&unit);
                }
            }
            touched.insert(unit);
        }
        touched.into_iter().fold(!aliases.is_empty(), |shows, unit| self.refold(&unit) || shows)
    }

    /// Known rows learn which alarm their unit had before; those that do so for the first time are returned.
    pub fn link(&mut self, found: &[(AlarmId, AlarmId)]) -> Vec<Arc<Alarm>> {
        let linked = found.iter().filter_map(|(id, previous)| {
            let row = self.base.get(id).filter(|row| row.previous.is_none())?;
            Some(Arc::new(Alarm { previous: Some(*previous), ..Alarm::clone(row) }))
        });
        let linked: Vec<Arc<Alarm>> = linked.collect();
        self.settle(&[], &linked, &[]);
        linked
    }

    /// Replaces every row: the database has been read afresh.
    pub fn rebase(&mut self, committed: &[i64], rows: &[Arc<Alarm>], aliases: &[(AlarmId, AlarmId)]) {
        let mut touched: BTreeSet<Unit> = self.cards_of.keys().cloned().collect();
        self.base.clear();
        self.base_of.clear();
        self.settle(committed, rows, aliases);
        touched.extend(rows.iter().map(|row| row.unit.key.clone()));
        touched.extend(self.pending.keys().cloned());
        for unit in touched {
            self.refold(&unit);
        }
    }

    /// Without a database, what the journal has is what there is: cards become rows.
    /// Returns the rows that changed.
    pub fn settle_own(&mut self, committed: &[i64]) -> Vec<Arc<Alarm>> {
        let units: BTreeSet<&Unit> = committed.iter().filter_map(|seq| self.pending_unit.get(seq)).collect();
        let changed: Vec<Arc<Alarm>> = units.into_iter().flat_map(|unit| self.cards_of_unit(unit)).cloned().collect();
        let rows: Vec<Arc<Alarm>> = changed
            .into_iter()
            .map(|card| {
                let mut row = Alarm::clone(&card);
                row.revision += 1;
                Arc::new(row)
            })
            .collect();
        self.settle(committed, &rows, &[]);
        rows
    }

    /// Takes a row in that was forgotten. One that is known stays as it is.
    pub fn recall(&mut self, row: Arc<Alarm>) {
        if !self.cards.contains_key(&row.id) {
            self.put_base(row.clone());
            self.put_card(row);
        }
    }

    /// Forgets cards closed for longer than [`CLOSED_KEPT`], and the oldest that rules closed beyond
    /// [`CLOSED_BY_RULES_MAX`], [`FORGOTTEN_AT_ONCE`] at most. Returns their ids.
    pub fn forget_closed(&mut self, now: OffsetDateTime) -> Vec<AlarmId> {
        let mut by_rules = 0;
        let is_old = |card: &&Arc<Alarm>| {
            let Some(closed) = &card.closed else { return false };
            by_rules += usize::from(closed.actor.is_rule());
            closed.at + CLOSED_KEPT < now || closed.actor.is_rule() && by_rules > CLOSED_BY_RULES_MAX
        };
        let old: Vec<&Arc<Alarm>> = self.closed.iter().filter(is_old).collect();
        // The oldest first: what is left of them goes next time. What waits for the database may be about them.
        let settled = old.into_iter().rev().filter(|card| !self.pending.contains_key(&card.unit.key));
        let forgotten: Vec<AlarmId> = settled.take(FORGOTTEN_AT_ONCE).map(|card| card.id).collect();
        for id in &forgotten {
            self.remove_base(*id);
            self.remove_card(*id);
        }
        let gone: HashSet<&AlarmId> = forgotten.iter().collect();
        self.aliases.retain(|_, of| !gone.contains(of));
        forgotten
    }

    /// Makes a unit's cards anew; says whether one of them is another now.
    fn refold(&mut self, unit: &Unit) -> bool {
        let count = self.cards_of_unit(unit).count();
        // A card that is its row is so because nothing that waits changes it: most of a unit's are closed.
        let is_row = |card: &&Arc<Alarm>| self.base.get(&card.id).is_some_and(|row| Arc::ptr_eq(row, card));
        let before: Vec<Arc<Alarm>> = self.cards_of_unit(unit).filter(|card| !is_row(card)).cloned().collect();
        before.iter().for_each(|card| self.remove_card(card.id));
        let without_card = |row: &&Arc<Alarm>| !self.cards.contains_key(&row.id);
        let rows: Vec<Arc<Alarm>> = self.base_of(unit).filter(without_card).cloned().collect();
        rows.into_iter().for_each(|row| self.put_card(row));
        for entry in self.pending.get(unit).cloned().unwrap_or_default() {
            match &entry.what {
                What::Signal(signal) => self.apply_signal(entry.seq, signal),
                What::Action(action) if self.decided.get(&entry.seq) == Some(&None) => {
                    // The row may have changed under it: then the database's word stands on the card.
                    let _ = self.apply_action(action);
                }
                What::Action(_) | What::Verdict(_) => {}
            }
        }
        let is_same = |old: &Arc<Alarm>| self.cards.get(&old.id).is_some_and(|new| shows_the_same(old, new));
        self.cards_of_unit(unit).count() != count || !before.iter().all(is_same)
    }

    fn cards_of_unit(&self, unit: &str) -> impl Iterator<Item = &Arc<Alarm>> {
        self.cards_of.get(unit).into_iter().flatten().filter_map(|id| self.cards.get(id))
    }

    fn apply_signal(&mut self, seq: i64, signal: &Signal) {
        let ids = self.cards_of.get(&signal.unit.key).into_iter().flatten();
        let cards: Vec<&Arc<Alarm>> = ids.filter_map(|id| self.cards.get(id)).collect();
        let open = cards.iter().find(|card| card.closed.is_none());
        let card = match open {
            Some(open) => {
                let mut card = Alarm::clone(open);
                card.attach(signal);
                card
            }
            None => Alarm::open(signal, cards.iter().max_by_key(|card| card.last_at).map(|card| card.id)),
        };
        self.joined.insert(seq, card.id);
        self.put_card(Arc::new(card));
    }

    fn apply_action(&mut self, action: &Action) -> Result<(), Refusal> {
        let card = self.card(action.alarm).ok_or(Refusal::UnknownAlarm)?;
        let mut changed = Alarm::clone(card);
        let of_unit = self.cards_of.get(&card.unit.key).into_iter().flatten().filter_map(|id| self.cards.get(id));
        let later = of_unit.filter(|other| other.id != card.id).find(|other| other.closed.is_none());
        if let (Act::Reopen { .. }, Some(later)) = (&action.act, later) {
            return Err(Refusal::Superseded { by: later.id });
        }
        let action = Action { alarm: changed.id, ..action.clone() };
        changed.act(&action)?;
        self.put_card(Arc::new(changed));
        Ok(())
    }

    /// The unit an alarm is about.
    pub fn unit_of(&self, alarm: AlarmId) -> Option<Unit> {
        let id = self.resolve(alarm);
        self.cards.get(&id).or_else(|| self.base.get(&id)).map(|card| card.unit.key.clone())
    }

    fn put_card(&mut self, card: Arc<Alarm>) {
        self.remove_card(card.id);
        self.changed.insert(card.id);
        self.cards_of.entry(card.unit.key.clone()).or_default().insert(card.id);
        match &card.closed {
            None => self.open.put(card.clone()),
            Some(_) => self.closed.put(card.clone()),
        }
        self.cards.insert(card.id, card);
    }

    fn remove_card(&mut self, id: AlarmId) {
        let Some(card) = self.cards.remove(&id) else { return };
        self.changed.insert(id);
        match &card.closed {
            None => self.open.remove(&card),
            Some(_) => self.closed.remove(&card),
        }
        drop_from(&mut self.cards_of, &card.unit.key, id);
    }

    fn put_base(&mut self, mut row: Arc<Alarm>) {
        // What was looked up beside stays known when the row comes back without it.
        let previous = self.base.get(&row.id).and_then(|known| known.previous);
        if row.previous.is_none() && previous.is_some() {
            row = Arc::new(Alarm { previous, ..Alarm::clone(&row) });
        }
        self.base_of.entry(row.unit.key.clone()).or_default().insert(row.id);
        self.base.insert(row.id, row);
    }

    fn remove_base(&mut self, id: AlarmId) {
        if let Some(row) = self.base.remove(&id) {
            drop_from(&mut self.base_of, &row.unit.key, id);
        }
    }
}

/// Whether two states of a card are the same to people. A revision counts writes.
fn shows_the_same(one: &Alarm, other: &Alarm) -> bool {
    *one == Alarm { revision: one.revision, ..other.clone() }
}

fn drop_from(index: &mut HashMap<Unit, BTreeSet<AlarmId>>, unit: &Unit, id: AlarmId) {
    if let Some(ids) = index.get_mut(unit) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(unit);
        }
    }
}

#[cfg(test)]
mod tests;
