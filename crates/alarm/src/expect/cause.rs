//! Who is missing of one cause, ready to be counted: a whole carrier may be missing at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use time::OffsetDateTime;

use super::Subject;

/// The missing of one cause.
#[derive(Debug, Default)]
pub(super) struct Cause {
    /// Each one's deadline, in order; almost always they come in order.
    deadlines: Vec<OffsetDateTime>,
    /// Who of them is of no incident yet.
    alone: BTreeMap<OffsetDateTime, BTreeSet<Subject>>,
}

impl Cause {
    /// Somebody is missing.
    pub fn insert(&mut self, deadline: OffsetDateTime, subject: Subject, is_alone: bool) {
        self.deadlines.insert(self.deadlines.partition_point(|known| *known <= deadline), deadline);
        if is_alone {
            self.alone.entry(deadline).or_default().insert(subject);
        }
    }

    /// Somebody was heard.
    pub fn remove(&mut self, deadline: OffsetDateTime, subject: &Subject) {
        if let Ok(place) = self.deadlines.binary_search(&deadline) {
            self.deadlines.remove(place);
        }
        self.settle(deadline, subject);
    }

    /// Somebody is of an incident.
    pub fn settle(&mut self, deadline: OffsetDateTime, subject: &Subject) {
        if let Some(subjects) = self.alone.get_mut(&deadline) {
            subjects.remove(subject);
            if subjects.is_empty() {
                self.alone.remove(&deadline);
            }
        }
    }

    /// How many deadlines lie within.
    pub fn count(&self, within: &RangeInclusive<OffsetDateTime>) -> usize {
        let before = self.deadlines.partition_point(|deadline| deadline < within.start());
        self.deadlines.partition_point(|deadline| deadline <= within.end()).saturating_sub(before)
    }

    /// Who of those within is of no incident yet.
    pub fn alone(&self, within: &RangeInclusive<OffsetDateTime>) -> Vec<(OffsetDateTime, Subject)> {
        let alone = self.alone.range(within.clone());
        alone.flat_map(|(at, subjects)| subjects.iter().map(|subject| (*at, subject.clone()))).collect()
    }

    /// Whether nobody is missing.
    pub fn is_empty(&self) -> bool {
        self.deadlines.is_empty()
    }
}
