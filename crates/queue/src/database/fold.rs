//! The fold of a batch onto locked rows, in Rust and by the same rules as everywhere.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use telecare_alarm::{Act, Action, Alarm, AlarmId, Refusal, Signal};
use uuid::Uuid;

use super::{Batch, Committed, LastKnown};
use crate::entry::{Entry, What};
use crate::record::{AlarmRecord, clean};

/// What the database knows of a batch's units, alarms and ids.
#[derive(Debug, Default)]
pub struct Rows {
    locked: HashMap<AlarmId, Alarm>,
    /// Open alarm of each unit that has one.
    open: HashMap<String, AlarmId>,
    /// Units with a row that somebody else has locked, and those rows.
    busy: HashSet<String>,
    busy_rows: HashSet<AlarmId>,
    /// Ids that stand for another alarm.
    pub aliases: HashMap<AlarmId, AlarmId>,
    /// Signals kept already.
    pub signals: HashSet<Uuid>,
    /// Actions kept already, and what was said to them.
    pub actions: HashMap<Uuid, Option<String>>,
    /// The latest closed alarm of units without an open one, as far as it is known here.
    previous: HashMap<String, AlarmId>,
    /// Units whose open alarm this batch closed.
    closed_now: HashSet<String>,
}

impl Rows {
    /// Rows as last known.
    pub fn of(known: &LastKnown) -> Rows {
        let mut rows = Rows::default();
        for alarm in known.of_units.iter().filter(|alarm| alarm.closed.is_none()).chain(&known.of_actions) {
            let unit = clean(&alarm.unit.key);
            if alarm.closed.is_none() {
                rows.open.insert(unit, alarm.id);
            }
            rows.locked.entry(alarm.id).or_insert_with(|| Alarm::clone(alarm));
        }
        let mut closed: Vec<_> = known.of_units.iter().filter(|alarm| alarm.closed.is_some()).collect();
        closed.sort_by_key(|alarm| alarm.last_at);
        for alarm in closed {
            let unit = clean(&alarm.unit.key);
            if !rows.open.contains_key(&unit) {
                rows.previous.insert(unit, alarm.id);
            }
        }
        rows
    }

    /// Takes a row in; none when somebody else has it locked.
    pub fn take(&mut self, id: AlarmId, unit: String, record: Option<AlarmRecord>) {
        match record.and_then(|record| record.restore().ok()) {
            Some(alarm) => {
                if alarm.closed.is_none() {
                    self.open.insert(unit, id);
                }
                self.locked.insert(id, alarm);
            }
            None => {
                self.busy.insert(unit);
                self.busy_rows.insert(id);
            }
        }
    }

    /// The rows that were found.
    pub fn ids(&self) -> Vec<Uuid> {
        self.locked.keys().map(|id| id.0).collect()
    }

    /// Does an action to a locked row.
    fn act(&mut self, id: AlarmId, action: &Action) -> Result<(), Refusal> {
        let alarm = self.locked.get_mut(&id).ok_or(Refusal::UnknownAlarm)?;
        let unit = clean(&alarm.unit.key);
        let later = self.open.get(&unit).filter(|later| **later != id);
        if let (Act::Reopen { .. }, Some(by)) = (&action.act, later) {
            return Err(Refusal::Superseded { by: *by });
        }
        alarm.act(&Action { alarm: id, ..action.clone() })?;
        if alarm.closed.is_none() {
            self.open.insert(unit, id);
        } else if self.open.get(&unit) == Some(&id) {
            // What comes later in the batch opens an alarm of its own.
            self.open.remove(&unit);
            self.closed_now.insert(unit.clone());
            self.previous.insert(unit, id);
        }
        Ok(())
    }

    /// Puts a unit's reopening off to the next batch, with whatever of that unit comes after it, when this
    /// batch closed the unit's open alarm: one statement cannot swap which of two rows is the open one.
    fn puts_off(&mut self, id: AlarmId, action: &Action) -> bool {
        let Some(unit) = self.locked.get(&id).map(|alarm| clean(&alarm.unit.key)) else { return false };
        let swaps = self.closed_now.contains(&unit) && self.previous.get(&unit) != Some(&id);
        if !matches!(action.act, Act::Reopen { .. }) || !swaps {
            return false;
        }
        let of_unit = self.locked.values().filter(|alarm| clean(&alarm.unit.key) == unit);
        self.busy_rows.extend(of_unit.map(|alarm| alarm.id));
        self.busy.insert(unit);
        true
    }
}

/// A batch folded onto its rows.
#[derive(Debug)]
pub struct Fold<'a> {
    batch: &'a Batch,
    rows: Rows,
    new: Vec<AlarmId>,
    changed: HashSet<AlarmId>,
    signals: Vec<(&'a Entry, (AlarmId, u32))>,
    actions: Vec<Kept<'a>>,
    seen: HashSet<Uuid>,
    result: Committed,
    /// Ids found to stand for another alarm.
    pub aliases: Vec<(AlarmId, AlarmId)>,
}

/// An action to keep.
#[derive(Debug)]
pub struct Kept<'a> {
    /// Its entry.
    pub entry: &'a Entry,
    /// The alarm it was done to.
    pub alarm: AlarmId,
    /// Name of the refusal.
    pub refused: Option<String>,
    /// Whether this receiver had done it by itself while the database refuses it.
    pub contested: bool,
}

impl<'a> Fold<'a> {
    /// Folds entries onto rows.
    pub fn of(batch: &'a Batch, entries: &'a [Arc<Entry>], rows: Rows) -> Fold<'a> {
        let mut fold = Fold {
            batch,
            rows,
            new: Vec::new(),
            changed: HashSet::new(),
            signals: Vec::new(),
            actions: Vec::new(),
            seen: HashSet::new(),
            result: Committed::default(),
            aliases: Vec::new(),
        };
        let mut waiting: HashSet<AlarmId> = HashSet::new();
        for entry in entries {
            let goes = match &entry.what {
                What::Signal(signal) => fold.signal(entry, signal, &mut waiting),
                What::Action(action) => fold.action(entry, action, &waiting),
                What::Verdict(_) => true,
            };
            let list = if goes { &mut fold.result.entries } else { &mut fold.result.skipped };
            list.push(entry.seq);
        }
        for id in &fold.changed {
            if let Some(alarm) = fold.rows.locked.get_mut(id) {
                alarm.revision += 1;
            }
        }
        fold
    }

    fn signal(&mut self, entry: &'a Entry, signal: &Signal, waiting: &mut HashSet<AlarmId>) -> bool {
        let unit = clean(&signal.unit.key);
        let here = self.batch.joined.get(&entry.seq).copied();
        if self.rows.busy.contains(&unit) {
            waiting.extend(here);
            return false;
        }
        if self.rows.signals.contains(&signal.id.0) || !self.seen.insert(signal.id.0) {
            return true;
        }
        let open = self.rows.open.get(&unit).copied();
        let id = match open.and_then(|id| self.rows.locked.get_mut(&id)) {
            Some(alarm) => {
                alarm.attach(signal);
                alarm.id
            }
            None => {
                let alarm = Alarm::open(signal, self.rows.previous.get(&unit).copied());
                let id = alarm.id;
                self.rows.open.insert(unit, id);
                self.rows.locked.insert(id, alarm);
                self.new.push(id);
                id
            }
        };
        self.changed.insert(id);
        let position = self.rows.locked.get(&id).map_or(0, |alarm| alarm.signals);
        self.signals.push((entry, (id, position)));
        if let Some(here) = here.filter(|here| *here != id && !self.rows.locked.contains_key(here))
            && self.rows.aliases.insert(here, id).is_none()
        {
            self.aliases.push((here, id));
        }
        true
    }

    fn action(&mut self, entry: &'a Entry, action: &Action, waiting: &HashSet<AlarmId>) -> bool {
        let id = self.rows.aliases.get(&action.alarm).copied().unwrap_or(action.alarm);
        if self.rows.busy_rows.contains(&id) || waiting.contains(&id) || self.rows.puts_off(id, action) {
            return false;
        }
        if let Some(said) = self.rows.actions.get(&action.id.0).cloned() {
            let outcome = self.said_before(action, id, said);
            self.result.verdicts.push((action.id, outcome));
            return true;
        }
        if !self.seen.insert(action.id.0) {
            return true;
        }
        let outcome = self.rows.act(id, action);
        let contested = outcome.is_err() && self.batch.done_here.contains(&entry.seq);
        if contested && let Some(alarm) = self.rows.locked.get_mut(&id) {
            alarm.contest(action);
        }
        if outcome.is_ok() || contested {
            self.changed.insert(id);
        }
        let refused = outcome.as_ref().err().map(|refusal| refusal.name().to_owned());
        self.actions.push(Kept { entry, alarm: id, refused, contested });
        self.result.verdicts.push((action.id, outcome));
        true
    }

    /// The answer to an action that was answered before: the same, with the alarm's words of today.
    fn said_before(&self, action: &Action, id: AlarmId, said: Option<String>) -> Result<(), Refusal> {
        if said.is_none() {
            return Ok(());
        }
        let Some(alarm) = self.rows.locked.get(&id) else { return Err(Refusal::UnknownAlarm) };
        let again = alarm.clone().act(&Action { alarm: id, ..action.clone() });
        Err(again.err().unwrap_or(Refusal::NotHolder { holder: alarm.holder().cloned() }))
    }

    /// Whether writing it would fail if the rows were others than it was folded onto. A refusal changes no row, and
    /// what is opened and closed at once meets no open alarm of its unit.
    pub fn tells_when_wrong(&self) -> bool {
        self.actions.iter().all(|kept| kept.refused.is_none()) && self.opened().all(|alarm| alarm.closed.is_none())
    }

    /// Whether one statement can write it: no other table, and no unit whose open alarm it closes to open another.
    pub fn is_one_statement(&self) -> bool {
        let closes: HashSet<&str> =
            self.updated().filter(|alarm| alarm.closed.is_some()).map(|alarm| &*alarm.unit.key).collect();
        self.aliases.is_empty() && (closes.is_empty() || self.opened().all(|alarm| !closes.contains(&*alarm.unit.key)))
    }

    /// Rows to insert.
    pub fn opened(&self) -> impl Iterator<Item = &Alarm> {
        self.new.iter().filter_map(|id| self.rows.locked.get(id))
    }

    /// Rows to write back.
    pub fn updated(&self) -> impl Iterator<Item = &Alarm> {
        let new: HashSet<&AlarmId> = self.new.iter().collect();
        let old = self.changed.iter().filter(move |id| !new.contains(id));
        old.filter_map(|id| self.rows.locked.get(id))
    }

    /// Signals to keep, with card and position.
    pub fn signals(&self) -> impl Iterator<Item = (&'a Entry, (AlarmId, u32))> {
        self.signals.iter().copied()
    }

    /// Actions to keep.
    pub fn actions(&self) -> impl Iterator<Item = Kept<'a>> {
        self.actions.iter().map(|kept| Kept {
            entry: kept.entry,
            alarm: kept.alarm,
            refused: kept.refused.clone(),
            contested: kept.contested,
        })
    }

    /// What became of the batch once it is committed. Every locked row is told, changed or not: a row
    /// that refused an action is news to whoever asked.
    pub fn committed(self) -> Committed {
        let mut committed = self.result;
        committed.rows = self.rows.locked.into_values().collect();
        committed.aliases = self.rows.aliases.into_iter().collect();
        committed
    }
}

#[cfg(test)]
mod tests;
