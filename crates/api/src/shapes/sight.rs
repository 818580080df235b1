//! A board as it is seen at an instant: what must be known beside a card to show it.

use std::collections::BTreeMap;
use std::sync::Arc;

use telecare_alarm::{Alarm, AlarmId, CallId, Listing, Policy, ReceiverId, Registry, Shelves};
use telecare_queue::live_calls::CallCards;
use telecare_queue::{Board, LiveCall};
use time::OffsetDateTime;

/// A board as it is seen at an instant. Cheap to make.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The instant.
    pub now: OffsetDateTime,
    /// Who is behind the alarms.
    pub registry: Arc<Registry>,
    /// The calls on this receiver's lines.
    pub calls: Arc<BTreeMap<CallId, LiveCall>>,
    /// Which open alarms are on which call.
    pub call_cards: Arc<CallCards>,
    /// This receiver.
    pub receiver: ReceiverId,
    silent: Vec<ReceiverId>,
    policy: Arc<Policy>,
    shelves: Arc<Shelves>,
}

impl Sight {
    /// Of a board at an instant.
    pub fn of(board: &Board, now: OffsetDateTime) -> Sight {
        let (registry, policy, shelves) = (board.registry.clone(), board.policy.clone(), board.shelves().clone());
        let (calls, call_cards, receiver) = (board.calls.clone(), board.call_cards().clone(), board.receiver.clone());
        let silent = board.silent.iter().map(|other| other.receiver.clone()).collect();
        Sight { now, registry, calls, call_cards, receiver, silent, policy, shelves }
    }

    /// Whether another receiver has fallen silent.
    pub fn is_silent(&self, receiver: &ReceiverId) -> bool {
        self.silent.contains(receiver)
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
