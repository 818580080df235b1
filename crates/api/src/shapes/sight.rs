//! A board as it is seen at an instant: what must be known beside a card to show it.

use std::sync::Arc;

use telecare_alarm::{Alarm, AlarmId, Listing, Policy, Registry, Shelves};
use telecare_queue::Board;
use time::OffsetDateTime;

/// A board as it is seen at an instant. Cheap to make.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The instant.
    pub now: OffsetDateTime,
    /// Who is behind the alarms.
    pub registry: Arc<Registry>,
    policy: Arc<Policy>,
    shelves: Arc<Shelves>,
}

impl Sight {
    /// Of a board at an instant.
    pub fn of(board: &Board, now: OffsetDateTime) -> Sight {
        let (registry, policy, shelves) = (board.registry.clone(), board.policy.clone(), board.shelves.clone());
        Sight { now, registry, policy, shelves }
    }

    /// Where an alarm is listed; a closed one with the others.
    pub fn listing(&self, alarm: &Alarm) -> Listing {
        match &alarm.closed {
            Some(_) => Listing::Queue,
            None => self.shelves.listing(alarm, self.policy.rules(), self.now),
        }
    }

    /// The open incident that an alarm belongs to.
    pub fn incident_of(&self, alarm: &Alarm) -> Option<AlarmId> {
        self.shelves.incident_of(alarm)
    }

    /// How many open cards belong to an incident's card.
    pub fn members(&self, alarm: &Alarm) -> usize {
        self.shelves.members(alarm)
    }

    /// When time alone next changes where an alarm is listed.
    pub fn next_change(&self, alarm: &Alarm) -> Option<OffsetDateTime> {
        self.shelves.next_change(alarm, self.policy.rules(), self.now)
    }
}
