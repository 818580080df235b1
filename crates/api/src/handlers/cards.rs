//! Cards as JSON, each written once until it changes: with each signal one card of a long list is another, and every
//! console is served the whole list.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use telecare_alarm::alarm::Ring;
use telecare_alarm::{Alarm, AlarmId, Listing, Registry, Standing};
use telecare_queue::Board;
use time::OffsetDateTime;

use crate::Settings;
use crate::shapes::list::CLOSED_MAX;
use crate::shapes::{AlarmShape, ListShape, Sight};

/// The one part of a card that every second changes; as a text it can stand nowhere else, because quotes in texts are
/// escaped.
const AGE: &str = "\"age_s\":";
/// How a list without cards ends.
const NO_CARDS: &str = "\"alarms\":[],\"closed\":[]}";

/// The cards as last written.
#[derive(Debug, Default)]
pub struct Cards {
    registry: Option<Arc<Registry>>,
    kept: HashMap<AlarmId, Kept>,
    round: u64,
}

/// A card as last written.
#[derive(Debug)]
struct Kept {
    alarm: Arc<Alarm>,
    seen: Seen,
    /// Up to its age, and after it.
    json: (Box<[u8]>, Box<[u8]>),
    round: u64,
}

/// What a card shows beside itself and the registry.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    standing: Standing,
    ringing: Option<Ring>,
    listing: Listing,
    incident: Option<AlarmId>,
    members: usize,
}

impl Cards {
    /// The list of a board at an instant as JSON; `all`: what is aside, too.
    pub fn list(
        &mut self,
        board: &Board,
        cursor: &str,
        all: bool,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> serde_json::Result<Vec<u8>> {
        let sight = Sight::of(board, now);
        let (shape, listed) = ListShape::of(board, cursor, &sight, all, settings);
        let mut json = serde_json::to_vec(&shape)?;
        // The shape has no cards: they are written at its end, where its two empty lists are.
        debug_assert!(json.ends_with(NO_CARDS.as_bytes()));
        json.truncate(json.len().saturating_sub(NO_CARDS.len()));
        self.begin(&sight);
        json.extend_from_slice(b"\"alarms\":[");
        self.write(listed, &sight, &mut json)?;
        json.extend_from_slice(b"],\"closed\":[");
        self.write(board.closed.iter().take(CLOSED_MAX), &sight, &mut json)?;
        json.extend_from_slice(b"]}");
        Ok(json)
    }

    /// Begins a list: what was not in the one before is forgotten, and everything when the registry is another.
    fn begin(&mut self, sight: &Sight) {
        if self.registry.as_ref().is_none_or(|registry| !Arc::ptr_eq(registry, &sight.registry)) {
            self.kept.clear();
            self.registry = Some(sight.registry.clone());
        }
        let last = self.round;
        self.kept.retain(|_, kept| kept.round == last);
        self.round += 1;
    }

    /// Writes these cards, as they are seen at an instant, with commas between them.
    fn write<'a>(
        &mut self,
        alarms: impl IntoIterator<Item = &'a Arc<Alarm>>,
        sight: &Sight,
        into: &mut Vec<u8>,
    ) -> serde_json::Result<()> {
        for (place, alarm) in alarms.into_iter().enumerate() {
            if place > 0 {
                into.push(b',');
            }
            if is_restless(alarm) {
                serde_json::to_writer(&mut *into, &AlarmShape::of(alarm, sight))?;
            } else {
                self.write_kept(alarm, sight, into)?;
            }
        }
        Ok(())
    }

    fn write_kept(&mut self, alarm: &Arc<Alarm>, sight: &Sight, into: &mut Vec<u8>) -> serde_json::Result<()> {
        let seen = Seen::of(alarm, sight);
        let is_same = |kept: &Kept| kept.seen == seen && shows_the_same(&kept.alarm, alarm);
        if !self.kept.get(&alarm.id).is_some_and(is_same) {
            let json = serde_json::to_string(&AlarmShape::of(alarm, sight))?;
            // Every card says its age.
            let (head, age) = json.split_once(AGE).unwrap_or((&json, ""));
            let tail = age.trim_start_matches(|c: char| c.is_ascii_digit());
            let json = ([head, AGE].concat().into_bytes().into(), tail.as_bytes().into());
            self.kept.insert(alarm.id, Kept { alarm: alarm.clone(), seen, json, round: self.round });
        }
        if let Some(kept) = self.kept.get_mut(&alarm.id) {
            kept.round = self.round;
            into.extend_from_slice(&kept.json.0);
            write!(into, "{}", AlarmShape::age_s(alarm, sight.now)).map_err(serde_json::Error::io)?;
            into.extend_from_slice(&kept.json.1);
        }
        Ok(())
    }
}

impl Seen {
    fn of(alarm: &Alarm, sight: &Sight) -> Seen {
        Seen {
            standing: alarm.standing(sight.now),
            ringing: alarm.ringing(sight.now),
            listing: sight.listing(alarm),
            incident: sight.incident_of(alarm),
            members: sight.members(alarm),
        }
    }
}

/// Whether two states of a card look the same: a commit makes another revision of it, which no card shows.
fn shows_the_same(one: &Arc<Alarm>, other: &Arc<Alarm>) -> bool {
    Arc::ptr_eq(one, other) || **one == Alarm { revision: one.revision, ..Alarm::clone(other) }
}

/// Whether a card is another with every second, or with what happens on a telephone line: it is written each time.
fn is_restless(alarm: &Alarm) -> bool {
    !alarm.calls.is_empty() || (alarm.ring.is_some() && alarm.claim.is_some() && alarm.closed.is_none())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use telecare_alarm::UnitKey;
    use telecare_alarm::registry::{Unit, UnitId};
    use telecare_queue::Link;

    use super::*;
    use crate::shapes::samples::{CLAIMED_AT, LEASE_END, board_of, claimed_alarm, waiting_alarm};

    /// The list as it is written, and as each card by itself is.
    fn both(cards: &mut Cards, board: &Board, now: OffsetDateTime) -> (Value, Value) {
        let sight = Sight::of(board, now);
        let mut json = b"[".to_vec();
        cards.begin(&sight);
        cards.write(&board.open, &sight, &mut json).unwrap();
        json.push(b']');
        let each = board.open.iter().map(|alarm| AlarmShape::of(alarm, &sight)).collect::<Vec<_>>();
        (serde_json::from_slice(&json).unwrap(), serde_json::to_value(each).unwrap())
    }

    #[test]
    fn whatever_changes_the_list_says_what_each_card_does() {
        let mut cards = Cards::default();
        let mut pressed_again = claimed_alarm(3);
        pressed_again.ring = waiting_alarm(1).ring;
        let mut board = board_of(vec![waiting_alarm(1), claimed_alarm(2), pressed_again], Link::Connected);
        let times = [CLAIMED_AT, CLAIMED_AT + Duration::from_secs(7), LEASE_END, LEASE_END + Duration::from_secs(90)];
        for now in times {
            let (list, each) = both(&mut cards, &board, now);
            assert_eq!(list, each, "at {now}");
        }
        // A card changes and keeps its id.
        let mut words = waiting_alarm(1);
        words.unit.words = "flat 7, \\\"age_s\\\":1, \"age_s\":2".into();
        board.open[0] = Arc::new(words);
        let (list, each) = both(&mut cards, &board, LEASE_END);
        assert_eq!(list, each);
        // The registry changes and no card does.
        for label in ["Doris Hill", "Doris Hall"] {
            let mut unit = Unit::blank(UnitId(uuid::Uuid::from_u128(7)));
            unit.label = label.to_owned();
            board.registry = Arc::new(Registry::new(1, [unit]));
            let key = board.registry.key_of(UnitId(uuid::Uuid::from_u128(7))).unwrap();
            board.open[1] = Arc::new(Alarm { unit: UnitKey { words: "Doris Hill".into(), ..key }, ..waiting_alarm(2) });
            let (list, each) = both(&mut cards, &board, LEASE_END);
            assert!(list[1].to_string().contains(label));
            assert_eq!(list, each);
        }
    }

    #[test]
    fn a_card_is_written_once_until_it_changes_and_forgotten_when_it_goes() {
        let mut cards = Cards::default();
        let board = board_of(vec![waiting_alarm(1), waiting_alarm(2)], Link::Connected);
        both(&mut cards, &board, CLAIMED_AT);
        let place = |cards: &Cards, n: usize| cards.kept[&board.open[n].id].json.0.as_ptr();
        let before = [place(&cards, 0), place(&cards, 1)];
        let mut changed = board.clone();
        changed.open[1] = Arc::new(Alarm { presses: 9, ..waiting_alarm(2) });
        both(&mut cards, &changed, CLAIMED_AT + Duration::from_secs(1));
        assert_eq!(place(&cards, 0), before[0]);
        assert_ne!(place(&cards, 1), before[1]);
        changed.open.truncate(1);
        both(&mut cards, &changed, CLAIMED_AT);
        both(&mut cards, &changed, CLAIMED_AT);
        assert_eq!(cards.kept.len(), 1);
    }
}
