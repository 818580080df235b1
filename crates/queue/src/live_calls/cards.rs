//! Which open cards are on one call, and who of those who have one answered last.

use std::collections::BTreeMap;

use telecare_alarm::{Alarm, AlarmId, CallId};
use time::OffsetDateTime;

use super::Talker;

/// Cards named of one call, the most urgent first: as many as a call can have deliveries.
const CARDS_MAX: usize = telecare_protocol::call::DELIVERIES_MAX;

/// The open cards of every call that is not over.
#[derive(Clone, Debug, Default)]
pub struct CallCards(BTreeMap<CallId, Cards>);

#[derive(Clone, Debug, Default)]
struct Cards {
    alarms: Vec<AlarmId>,
    answered: Option<Talker>,
}

impl CallCards {
    /// Of open cards, most urgent first.
    pub fn of<'a>(open: impl Iterator<Item = &'a Alarm>) -> CallCards {
        let mut cards: BTreeMap<CallId, Cards> = BTreeMap::new();
        for alarm in open {
            for call in alarm.calls.iter().filter(|call| call.ended.is_none()) {
                let cards = cards.entry(call.id).or_default();
                if cards.alarms.len() < CARDS_MAX {
                    cards.alarms.push(alarm.id);
                }
                let answered = answered(alarm, call.id, call.answered_at);
                cards.answered = later(cards.answered.take(), answered);
            }
        }
        CallCards(cards)
    }

    /// The open cards that are on a call.
    pub fn alarms(&self, call: CallId) -> &[AlarmId] {
        self.0.get(&call).map(|cards| &*cards.alarms).unwrap_or_default()
    }

    /// Who has one of its cards and answered last.
    pub fn answered(&self, call: CallId) -> Option<&Talker> {
        self.0.get(&call)?.answered.as_ref()
    }
}

/// Whoever has a card has answered its call, unless they took the card before the call came and have not seen that.
fn answered(alarm: &Alarm, call: CallId, answered_at: Option<OffsetDateTime>) -> Option<Talker> {
    let claim = alarm.claim.as_ref().filter(|claim| !claim.actor.desk.is_empty())?;
    let since = answered_at.map_or(claim.since, |answered| answered.max(claim.since));
    let is_of_call = answered_at.is_some() || began(call).is_some_and(|began| began <= claim.since);
    is_of_call.then(|| Talker { actor: claim.actor.clone(), since })
}

/// When a call was answered, by its id.
pub fn began(call: CallId) -> Option<OffsetDateTime> {
    let (seconds, nanos) = call.0.get_timestamp()?.to_unix();
    let at = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    at.replace_nanosecond(nanos).ok()
}

/// Whoever came later.
pub fn later(one: Option<Talker>, other: Option<Talker>) -> Option<Talker> {
    one.into_iter().chain(other).max_by_key(|talker| talker.since)
}
