//! Who is expected to be heard from by when, and what is said when they are not.
//!
//! A unit is heard whenever anything of it is on a card, whichever receiver took it in. What a receiver says of a
//! missed call has an id of its subject and deadline, so that several receivers say it once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use telecare_protocol::{Report, Status, Trigger};
use time::OffsetDateTime;

use super::{Duty, Own};
use crate::escalation::micros;
use crate::expect::{Changes, Expectation, Kept, Overdue, Subject};
use crate::group::{self, GroupKind};
use crate::registry::{Stock, UnitId};
use crate::unit::Place;
use crate::{Alarm, Basis, LineId, Marks, Registry, SignalId, UnitKey};

/// Units told to be back that are remembered; beyond it the same may be said again, under the same id.
const TOLD_BACK_MAX: usize = 10_000;

/// What is expected of the units of a registry.
#[derive(Debug, Default)]
pub struct Expected {
    units: Vec<(UnitId, Duration, Vec<group::Group>)>,
}

impl Expected {
    /// Of every unit on loan that says how often it calls. Takes long with many units: not for the task that
    /// keeps the cards.
    pub fn of(registry: &Registry) -> Expected {
        let on_loan = registry.units().iter().filter(|unit| unit.stock == Stock::OnLoan);
        let units = on_loan.filter_map(|unit| {
            let is_cause = |group: &group::Group| {
                matches!(group.kind(), GroupKind::Carrier | GroupKind::Area | GroupKind::Exchange)
            };
            let causes = group::of_unit(unit).into_iter().filter(is_cause).collect();
            Some((unit.id, unit.expected_interval?, causes))
        });
        Expected { units: units.collect() }
    }
}

impl Duty {
    /// Goes by another registry from now on.
    pub fn set_registry(&mut self, registry: Arc<Registry>, expected: Expected, now: OffsetDateTime) {
        self.registry = registry;
        let grace = self.rules().missed_grace;
        let known: HashSet<UnitId> = expected.units.iter().map(|(id, _, _)| *id).collect();
        let gone: Vec<Subject> = self
            .expected
            .subjects()
            .filter(|subject| matches!(subject, Subject::Unit(id) if !known.contains(id)))
            .cloned()
            .collect();
        for subject in gone {
            self.expected.set(subject, None, now);
        }
        for (id, interval, causes) in expected.units {
            // Who polls every minute is not missed only after an hour and a half.
            let grace = grace.min(interval);
            let expectation = Expectation { interval, grace, raises: Trigger::MissedTest, causes };
            self.expected.set(Subject::Unit(id), Some(expectation), now);
        }
    }

    /// Takes in what was known of somebody before a restart, or what another receiver knows.
    pub fn restore_expected(&mut self, kept: Kept) {
        self.expected.restore(kept);
    }

    /// What must be kept of who was heard, since this was last asked.
    pub fn expected_changed(&mut self) -> Changes {
        self.expected.changed()
    }

    /// Who is missing.
    pub fn overdue(&self) -> impl Iterator<Item = Overdue> + '_ {
        self.expected.overdue()
    }

    /// How many of them.
    pub fn overdue_count(&self) -> usize {
        self.expected.overdue_count()
    }

    /// How many are expected.
    pub fn expected_count(&self) -> usize {
        self.expected.expected_count()
    }

    /// A unit gave a sign of life, which is on no card. One that was missed is told to be back.
    pub fn hear(&mut self, unit: UnitId, at: OffsetDateTime) {
        let subject = Subject::Unit(unit);
        if let Some(missed) = self.expected.heard(&subject, at)
            && let Some((unit, line)) = self.card_of(&subject)
        {
            let id = SignalId::automatic("alive again", &subject.key(), missed);
            let report = Report::own(Trigger::MissedTest, Status::Restored, "expected-call");
            self.own.push(Own { id: Some(id), line, unit, report, marks: Marks::default() });
        }
    }

    /// A card shows when its unit was last heard; and a unit that was missed and is heard again is told of.
    pub(super) fn hear_of(&mut self, card: &Alarm) {
        let Some(unit) = self.registry.id_of(&card.unit) else { return };
        let said = card.triggers.iter().filter(|(key, _)| key.trigger != Trigger::MissedTest);
        let Some(heard) = said.filter_map(|(_, state)| state.raised.max(state.cleared)).max() else { return };
        self.expected.heard(&Subject::Unit(unit), heard);
        let missed = card.triggers.iter().find(|(key, _)| key.trigger == Trigger::MissedTest);
        if let Some(since) = missed.filter(|(_, state)| state.is_raised()).and_then(|(_, state)| state.raised)
            && heard > since
        {
            // Receivers that missed it at once stamped that each by itself; when it was heard again is the same for all.
            let id = SignalId::automatic("heard again", &card.id.to_string(), micros(heard));
            if self.told_back.len() >= TOLD_BACK_MAX {
                self.told_back.clear();
            }
            if self.told_back.insert(id) {
                let report = Report::own(Trigger::MissedTest, Status::Restored, "expected-call");
                let (unit, line) = (card.unit.clone(), Duty::own_line());
                self.own.push(Own { id: Some(id), line, unit, report, marks: Marks::default() });
            }
        }
    }

    pub(super) fn tell_missed(&mut self, now: OffsetDateTime) {
        let told = self.expected.due(now, &self.policy.rules().missed);
        for (subject, group) in &told.gathered {
            let incident = self.begin_incident(group, Trigger::MissedTest);
            if let Some((unit, _)) = self.card_of(subject) {
                self.gather([&unit.key], &incident);
            }
        }
        for missed in told.missed {
            let incident = missed.incident.as_ref().map(|group| self.begin_incident(group, missed.raises));
            let Some((unit, line)) = self.card_of(&missed.subject) else { continue };
            let id = SignalId::automatic("missed", &missed.subject.key(), missed.deadline);
            let report = Report::own(missed.raises, Status::Active, "expected-call");
            let marks = Marks { incident, ..Marks::default() };
            self.own.push(Own { id: Some(id), line, unit, report, marks });
        }
    }

    /// The card on which something is said of a subject, and the line it is said on.
    fn card_of(&self, subject: &Subject) -> Option<(UnitKey, LineId)> {
        let of_line = |receiver, line: &LineId| {
            let report = Report::own(Trigger::LineDown, Status::Active, "");
            let place = Place { receiver, line, namespace: None };
            UnitKey::of(&report, &place, SignalId(uuid::Uuid::nil()), &self.registry)
        };
        match subject {
            Subject::Unit(id) => {
                let key = self.registry.key_of(*id)?;
                debug_assert_eq!(key.basis, Basis::Registered);
                Some((key, Duty::own_line()))
            }
            Subject::Line { receiver, line } => Some((of_line(receiver, line), line.clone())),
            Subject::Receiver(receiver) => Some((of_line(receiver, &Duty::own_line()), Duty::own_line())),
        }
    }
}
