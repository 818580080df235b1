//! Expectations: who is to be heard from by when, and what follows when they are not.
//!
//! One rule for periodic tests, heartbeats, polls and check-ins of units, lines and receivers:
//!
//! ```text
//! deadline = heard last + interval + grace        (UTC)
//! passed   -> told once, until heard again; many with one cause at once are one incident
//! ```
//! What must survive a restart is small: who was heard when, and which deadline was told ([`Kept`]).

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use telecare_protocol::Trigger;
use time::OffsetDateTime;

use crate::action::after;
use crate::group::Group;

mod cause;
mod subject;
#[cfg(test)]
mod tests;

use cause::Cause;
pub use subject::{NoSubject, Subject};

/// What is expected of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// How often it is to be heard.
    pub interval: Duration,
    /// How late it may be.
    pub grace: Duration,
    /// What is raised when it is not.
    pub raises: Trigger,
    /// What it shares with others, so that many missing have one cause.
    pub causes: Vec<Group>,
}

/// What is kept of a subject across a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Who.
    pub subject: Subject,
    /// When it was heard last, or since when it is expected.
    pub heard_at: OffsetDateTime,
    /// Whether it was really heard then: else any word of it that is known elsewhere counts.
    pub was_heard: bool,
    /// The deadline that was missed and told, if it has not been heard since.
    pub missed: Option<OffsetDateTime>,
}

/// What is to be kept otherwise than before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Of whom nothing is expected any more. What is kept of them goes first: a unit that is issued again has a whole
    /// interval from then.
    pub forgotten: Vec<Subject>,
    /// Of whom something is expected.
    pub kept: Vec<Kept>,
}

impl Changes {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.forgotten.is_empty() && self.kept.is_empty()
    }

    /// Puts later changes after these.
    pub fn extend(&mut self, later: Changes) {
        let gone: HashSet<&Subject> = later.forgotten.iter().collect();
        self.kept.retain(|kept| !gone.contains(&kept.subject));
        self.forgotten.extend(later.forgotten);
        self.kept.extend(later.kept);
    }
}

/// When many missing are one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollapseRules {
    /// So many of one cause,
    pub units_min: usize,
    /// missed within so long.
    pub within: Duration,
}

impl Default for CollapseRules {
    fn default() -> CollapseRules {
        CollapseRules { units_min: 5, within: Duration::from_secs(3_600) }
    }
}

/// A deadline that has passed, told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Who.
    pub subject: Subject,
    /// When it was to be heard.
    pub deadline: OffsetDateTime,
    /// What is raised.
    pub raises: Trigger,
    /// The incident it is one of.
    pub incident: Option<Group>,
}

/// What is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Who is missing now.
    pub missed: Vec<Missed>,
    /// Who was told alone before, and is now seen to be one of many.
    pub gathered: Vec<(Subject, Group)>,
}

/// Who is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Who.
    pub subject: Subject,
    /// When it was heard last.
    pub heard_at: OffsetDateTime,
    /// When it was to be heard.
    pub deadline: OffsetDateTime,
    /// What was told.
    pub missed: Option<OffsetDateTime>,
}

/// Everybody who is expected. Bound: as many as are set, and those that were heard without being expected.
#[derive(Debug, Default)]
pub struct Expectations {
    rows: HashMap<Subject, Row>,
    due: BTreeSet<(OffsetDateTime, Subject)>,
    missing: BTreeSet<Subject>,
    by_cause: HashMap<Group, Cause>,
    changed: HashSet<Subject>,
    forgotten: HashSet<Subject>,
    expected: usize,
}

#[derive(Clone, Debug)]
struct Row {
    expectation: Option<Expectation>,
    heard_at: OffsetDateTime,
    was_heard: bool,
    missed: Option<OffsetDateTime>,
    incident: Option<Group>,
}

impl Row {
    fn deadline(&self) -> Option<OffsetDateTime> {
        let expectation = self.expectation.as_ref()?;
        Some(after(after(self.heard_at, expectation.interval), expectation.grace))
    }
}

impl Expectations {
    /// Expects something of a subject, or nothing any more. Whoever was never heard has a whole interval from now.
    pub fn set(&mut self, subject: Subject, expectation: Option<Expectation>, now: OffsetDateTime) {
        let known = self.rows.get(&subject);
        if known.is_some_and(|row| row.expectation == expectation) || (known.is_none() && expectation.is_none()) {
            return;
        }
        let row = self.take(&subject);
        let Some(expectation) = expectation else {
            self.changed.remove(&subject);
            self.forgotten.insert(subject);
            return;
        };
        let never = Row { expectation: None, heard_at: now, was_heard: false, missed: None, incident: None };
        if row.is_none() {
            self.changed.insert(subject.clone());
        }
        let row = row.unwrap_or(never);
        self.put(subject, Row { expectation: Some(expectation), ..row });
    }

    /// Takes in what was known before a restart, or what another receiver knows. The later word counts.
    pub fn restore(&mut self, kept: Kept) {
        let Kept { subject, heard_at, was_heard, missed } = kept;
        let known = self.take(&subject);
        // What is only supposed to have been heard counts from the first time that was supposed.
        let order = |was_heard: bool, at: OffsetDateTime| {
            let nanos = at.unix_timestamp_nanos();
            (was_heard, if was_heard { nanos } else { nanos.saturating_neg() })
        };
        let row = match known {
            Some(row) => match order(row.was_heard, row.heard_at).cmp(&order(was_heard, heard_at)) {
                Ordering::Greater => row,
                Ordering::Equal => Row { missed: row.missed.max(missed), ..row },
                Ordering::Less => Row { heard_at, was_heard, missed, incident: None, ..row },
            },
            None => Row { expectation: None, heard_at, was_heard, missed, incident: None },
        };
        self.put(subject, row);
    }

    /// A subject was heard. An earlier word than the one known changes nothing. Gives the deadline that was missed
    /// and told before, if it had been.
    pub fn heard(&mut self, subject: &Subject, at: OffsetDateTime) -> Option<OffsetDateTime> {
        if self.rows.get(subject).is_some_and(|row| row.was_heard && row.heard_at >= at) {
            return None;
        }
        let row = self.take(subject);
        let missed = row.as_ref().and_then(|row| row.missed);
        let expectation = row.and_then(|row| row.expectation);
        self.put(subject.clone(), Row { expectation, heard_at: at, was_heard: true, missed: None, incident: None });
        self.changed.insert(subject.clone());
        missed
    }

    /// Who is missing by now and has not been told. Who becomes one of an incident depends on the deadlines alone, not
    /// on when this is asked.
    pub fn due(&mut self, now: OffsetDateTime, rules: &CollapseRules) -> Told {
        let mut told = Told::default();
        let mut places = HashMap::new();
        while let Some((deadline, _)) = self.due.first().filter(|(deadline, _)| *deadline <= now).cloned() {
            let mut together = Vec::new();
            while let Some((_, subject)) = self.due.first().filter(|(at, _)| *at == deadline).cloned() {
                let Some(row) = self.take(&subject) else { break };
                let raises = row.expectation.as_ref().map_or(Trigger::MissedTest, |expectation| expectation.raises);
                self.put(subject.clone(), Row { missed: Some(deadline), ..row });
                self.changed.insert(subject.clone());
                places.insert(subject.clone(), told.missed.len());
                told.missed.push(Missed { subject: subject.clone(), deadline, raises, incident: None });
                together.push(subject);
            }
            for subject in together {
                let Some(cause) = self.incident_of(&subject, deadline, rules) else { continue };
                for one in self.gather(&cause, deadline, rules) {
                    match places.get(&one).and_then(|place| told.missed.get_mut(*place)) {
                        Some(missed) => missed.incident = Some(cause.clone()),
                        None => told.gathered.push((one, cause.clone())),
                    }
                }
            }
        }
        told
    }

    /// When the next deadline is that would be told.
    pub fn next_due(&self) -> Option<OffsetDateTime> {
        self.due.first().map(|(deadline, _)| *deadline)
    }

    /// What must be kept, and what no longer, since this was last asked.
    pub fn changed(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        let forgotten = std::mem::take(&mut self.forgotten).into_iter().collect();
        let kept = |subject: Subject| {
            let row = self.rows.get(&subject).filter(|row| row.expectation.is_some())?;
            Some(Kept { heard_at: row.heard_at, was_heard: row.was_heard, missed: row.missed, subject })
        };
        Changes { forgotten, kept: changed.into_iter().filter_map(kept).collect() }
    }

    /// Who is missing and was told.
    pub fn overdue(&self) -> impl Iterator<Item = Overdue> + '_ {
        self.missing.iter().filter_map(|subject| {
            let row = self.rows.get(subject)?;
            let (heard_at, missed) = (row.heard_at, row.missed);
            Some(Overdue { subject: subject.clone(), heard_at, deadline: row.deadline()?, missed })
        })
    }

    /// How many of them.
    pub fn overdue_count(&self) -> usize {
        self.missing.len()
    }

    /// Of whom something is expected.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.rows.iter().filter(|(_, row)| row.expectation.is_some()).map(|(subject, _)| subject)
    }

    /// Of how many.
    pub fn expected_count(&self) -> usize {
        self.expected
    }

    /// The incident that a missing subject is one of: that of the cause most of them share.
    fn incident_of(&self, subject: &Subject, deadline: OffsetDateTime, rules: &CollapseRules) -> Option<Group> {
        let causes = &self.rows.get(subject)?.expectation.as_ref()?.causes;
        let within = window(deadline, rules);
        let counted = causes.iter().filter_map(|cause| Some((self.by_cause.get(cause)?.count(&within), cause)));
        let many = counted.filter(|(count, _)| *count >= rules.units_min.max(1));
        many.max_by_key(|(count, cause)| (*count, Reverse(*cause))).map(|(_, cause)| cause.clone())
    }

    /// Makes those who were told alone one of an incident; tells who they are.
    fn gather(&mut self, cause: &Group, deadline: OffsetDateTime, rules: &CollapseRules) -> Vec<Subject> {
        let alone = self.by_cause.get(cause).map(|missing| missing.alone(&window(deadline, rules)));
        let mut gathered = Vec::new();
        for (at, subject) in alone.unwrap_or_default() {
            let Some(row) = self.rows.get_mut(&subject) else { continue };
            row.incident = Some(cause.clone());
            for cause in row.expectation.iter().flat_map(|expectation| &expectation.causes) {
                if let Some(missing) = self.by_cause.get_mut(cause) {
                    missing.settle(at, &subject);
                }
            }
            gathered.push(subject);
        }
        gathered
    }

    fn take(&mut self, subject: &Subject) -> Option<Row> {
        let row = self.rows.remove(subject)?;
        if let Some(deadline) = row.deadline() {
            self.expected = self.expected.saturating_sub(1);
            self.due.remove(&(deadline, subject.clone()));
        }
        self.missing.remove(subject);
        if let Some(missed) = row.missed {
            for cause in row.expectation.iter().flat_map(|expectation| &expectation.causes) {
                if let Some(missing) = self.by_cause.get_mut(cause) {
                    missing.remove(missed, subject);
                    if missing.is_empty() {
                        self.by_cause.remove(cause);
                    }
                }
            }
        }
        Some(row)
    }

    fn put(&mut self, subject: Subject, row: Row) {
        if let Some(deadline) = row.deadline() {
            self.expected = self.expected.saturating_add(1);
            match row.missed {
                None => drop(self.due.insert((deadline, subject.clone()))),
                Some(_) => drop(self.missing.insert(subject.clone())),
            }
        }
        if let Some(missed) = row.missed {
            for cause in row.expectation.iter().flat_map(|expectation| &expectation.causes) {
                let missing = self.by_cause.entry(cause.clone()).or_default();
                missing.insert(missed, subject.clone(), row.incident.is_none());
            }
        }
        self.rows.insert(subject, row);
    }
}

fn window(deadline: OffsetDateTime, rules: &CollapseRules) -> RangeInclusive<OffsetDateTime> {
    let within = time::Duration::try_from(rules.within).ok();
    within.and_then(|within| deadline.checked_sub(within)).unwrap_or(deadline)..=deadline
}
