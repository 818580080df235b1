//! What must be known of the whole board to show one card of it. Made once for each answer.

use std::collections::HashMap;
use std::sync::Arc;

use telecare_alarm::{Alarm, AlarmId, Listing, Policy, Registry, Rules, Shelves};
use telecare_queue::Board;
use time::OffsetDateTime;

/// A board as it is seen at an instant.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The instant.
    pub now: OffsetDateTime,
    /// Who is behind the alarms.
    pub registry: Arc<Registry>,
    policy: Arc<Policy>,
    shelves: Shelves,
    /// Open incidents by their key, and how many open cards name them.
    incidents: HashMap<Arc<str>, (Option<AlarmId>, usize)>,
}

impl Sight {
    /// Of a board at an instant.
    pub fn of(board: &Board, now: OffsetDateTime) -> Sight {
        let open = || board.open.iter().map(|alarm| &**alarm);
        let mut incidents: HashMap<Arc<str>, (Option<AlarmId>, usize)> = HashMap::new();
        for alarm in open() {
            if alarm.is_incident() {
                incidents.entry(alarm.unit.key.clone()).or_default().0 = Some(alarm.id);
            }
            if let Some(incident) = &alarm.marks.incident {
                incidents.entry(incident.clone()).or_default().1 += 1;
            }
        }
        let (registry, policy) = (board.registry.clone(), board.policy.clone());
        Sight { now, registry, policy, shelves: Shelves::of(open()), incidents }
    }

    /// Where an alarm is listed; a closed one with the others.
    pub fn listing(&self, alarm: &Alarm) -> Listing {
        match &alarm.closed {
            Some(_) => Listing::Queue,
            None => self.shelves.listing(alarm, self.rules(), self.now),
        }
    }

    /// The open incident that an alarm belongs to.
    pub fn incident_of(&self, alarm: &Alarm) -> Option<AlarmId> {
        self.incidents.get(alarm.marks.incident.as_ref()?)?.0
    }

    /// How many open cards belong to an incident's card.
    pub fn members(&self, alarm: &Alarm) -> usize {
        if alarm.is_incident() { self.incidents.get(&alarm.unit.key).map_or(0, |(_, members)| *members) } else { 0 }
    }

    /// When time alone next changes where an alarm is listed.
    pub fn next_change(&self, alarm: &Alarm) -> Option<OffsetDateTime> {
        self.shelves.next_change(alarm, self.rules(), self.now)
    }

    fn rules(&self) -> &Rules {
        self.policy.rules()
    }
}
