//! What a signal is marked with as it is taken in: test, incident, runaway. Stored with it and never changed.

use std::sync::Arc;

use telecare_protocol::{Origin, Trigger};

use super::Duty;
use crate::{AlarmId, Basis, Class, Marks, Signal, group};

impl Duty {
    /// Marks a signal that is about to be kept. Only equipment is ever marked as one of many or as a runaway.
    pub fn mark(&mut self, signal: &mut Signal) {
        let is_of_unit = signal.report.origin == Origin::Unit || signal.unit.basis == Basis::Registered;
        if signal.shadow || !is_of_unit || signal.repeat_of.is_some() {
            return;
        }
        signal.marks.test = self.test_of(signal);
        if signal.ranking.class == Class::Technical && signal.marks.test.is_none() {
            self.mark_equipment(signal);
        }
    }

    /// The test that covers a signal: of several the one that lasts longest.
    fn test_of(&self, signal: &Signal) -> Option<AlarmId> {
        let at = signal.stamps.last_byte;
        let covers = |test: &crate::Test| at < test.until && test.covers(signal, &self.registry);
        let tests = self.tests.iter().filter(|(_, test)| covers(test));
        tests.max_by_key(|(id, test)| (test.until, **id)).map(|(id, _)| *id)
    }

    fn mark_equipment(&mut self, signal: &mut Signal) {
        let (at, unit) = (signal.stamps.last_byte, signal.unit.key.clone());
        let policy = self.policy.clone();
        let rules = &policy.rules().noise;
        let runaway = self.noise.runaway(at, &unit, rules);
        let groups = group::of_signal(signal, &self.registry);
        let incident = match self.open_incident(&groups) {
            Some(open) => Some(open),
            None => self.noise.heard(at, &unit, &groups, rules).map(|storm| {
                let trigger = signal.report.principal().map_or(Trigger::System, |event| event.trigger);
                let incident: Arc<str> = self.begin_incident(&storm.group, trigger);
                self.gather(storm.units.iter().filter(|other| **other != unit), &incident);
                incident
            }),
        };
        signal.marks = Marks { incident: signal.marks.incident.take().or(incident), runaway, ..signal.marks.clone() };
    }
}
