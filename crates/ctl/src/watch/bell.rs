//! What calls: when the bell rings.

use std::collections::HashMap;
use std::time::Instant;

use uuid::Uuid;

use super::model::Model;
use crate::client::Card;

/// Priorities whose new alarms ring the bell.
const BELL_PRIORITY_MAX: u8 = 2;

impl Model {
    /// Whether something new calls: an urgent alarm that waits, or one more press on a claimed one.
    pub(super) fn ring(&mut self, now: Instant) -> bool {
        let unseen = |card: &Card| card.ringing.as_ref().map_or(0, |ringing| ringing.count);
        let calling: HashMap<Uuid, u32> = self
            .rows(now)
            .into_iter()
            // An engineer's presses call nobody, until nobody has seen them for so long that they are listed.
            .filter(|(_, card)| !card.is_on_test())
            .filter(|(_, card)| (card.priority <= BELL_PRIORITY_MAX && waits(card)) || rings(card).is_some())
            .map(|(_, card)| (card.id, unseen(card)))
            .collect();
        let rings = calling.iter().any(|(id, count)| self.rung.get(id).is_none_or(|rung| rung < count));
        self.rung = calling;
        rings
    }
}

/// Whether an alarm waits for anyone.
pub fn waits(card: &Card) -> bool {
    card.standing == "waiting"
}

/// How many presses the person who has an alarm has not seen. On an alarm that nobody has, every press is one that
/// waits.
pub fn rings(card: &Card) -> Option<u32> {
    card.ringing.as_ref().filter(|_| card.claim.is_some()).map(|ringing| ringing.count).filter(|count| *count > 0)
}
