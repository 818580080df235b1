//! Cards as JSON, each written once until it changes: with each signal one card of a long list is another, and every
//! console is served the whole list.

use std::collections::HashMap;
use std::sync::Arc;

use telecare_alarm::alarm::Ring;
use telecare_alarm::{Alarm, AlarmId, Listing, Registry, Standing};
use telecare_queue::Board;
use time::OffsetDateTime;

use super::written::{Card, Written};
use crate::Settings;
use crate::shapes::list::CLOSED_MAX;
use crate::shapes::{AlarmShape, ListShape, Sight};

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
    card: Arc<Card>,
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
    ) -> serde_json::Result<Written> {
        let sight = Sight::of(board, now);
        let (shape, listed) = ListShape::of(board, cursor, &sight, all, settings);
        let mut head = serde_json::to_vec(&shape)?;
        // The shape has no cards: they come at its end, where its two empty lists are.
        debug_assert!(head.ends_with(NO_CARDS.as_bytes()));
        head.truncate(head.len().saturating_sub(NO_CARDS.len()));
        self.begin(&sight);
        let open = self.written(listed, &sight)?;
        let closed = self.written(board.closed.iter().take(CLOSED_MAX), &sight)?;
        self.forget();
        Ok(Written::of(head, open, closed, now))
    }

    /// Begins a list: everything is forgotten when the registry is another.
    fn begin(&mut self, sight: &Sight) {
        if self.registry.as_ref().is_none_or(|registry| !Arc::ptr_eq(registry, &sight.registry)) {
            self.kept.clear();
            self.registry = Some(sight.registry.clone());
        }
        self.round += 1;
    }

    /// Forgets the cards that the list does not have.
    fn forget(&mut self) {
        let round = self.round;
        self.kept.retain(|_, kept| kept.round == round);
    }

    /// These cards as they are seen at an instant.
    fn written<'a>(
        &mut self,
        alarms: impl IntoIterator<Item = &'a Arc<Alarm>>,
        sight: &Sight,
    ) -> serde_json::Result<Vec<Arc<Card>>> {
        alarms
            .into_iter()
            .map(|alarm| if is_restless(alarm) { write(alarm, sight) } else { self.card(alarm, sight) })
            .collect()
    }

    fn card(&mut self, alarm: &Arc<Alarm>, sight: &Sight) -> serde_json::Result<Arc<Card>> {
        let seen = Seen::of(alarm, sight);
        if let Some(kept) = self.kept.get_mut(&alarm.id)
            && kept.seen == seen
            && shows_the_same(&kept.alarm, alarm)
        {
            // The latest revision of it: the one before is nobody's now, and the next look is short.
            kept.alarm = Arc::clone(alarm);
            kept.round = self.round;
            return Ok(Arc::clone(&kept.card));
        }
        let card = write(alarm, sight)?;
        let kept = Kept { alarm: Arc::clone(alarm), seen, card: Arc::clone(&card), round: self.round };
        self.kept.insert(alarm.id, kept);
        Ok(card)
    }
}

fn write(alarm: &Alarm, sight: &Sight) -> serde_json::Result<Arc<Card>> {
    let json = serde_json::to_string(&AlarmShape::of(alarm, sight))?;
    Ok(Arc::new(Card::of(&json, alarm.opened_at)))
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

    use telecare_alarm::UnitKey;
    use telecare_alarm::registry::{Unit, UnitId};
    use telecare_queue::Link;

    use super::*;
    use crate::handlers::written::tests::{taken, whole};
    use crate::shapes::samples::{CLAIMED_AT, LEASE_END, board_of, claimed_alarm, settings, waiting_alarm};

    /// The list as it is written, and as serde writes the whole shape.
    fn both(cards: &mut Cards, board: &Board, now: OffsetDateTime) -> (String, String) {
        let list = cards.list(board, "b:1", true, now, &settings()).unwrap();
        (taken(&Arc::new(list), 1 << 20), whole(board, "b:1", now))
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
        board.open.put(Arc::new(words));
        let (list, each) = both(&mut cards, &board, LEASE_END);
        assert_eq!(list, each);
        // The registry changes and no card does.
        for label in ["Doris Hill", "Doris Hall"] {
            let mut unit = Unit::blank(UnitId(uuid::Uuid::from_u128(7)));
            unit.label = label.to_owned();
            board.registry = Arc::new(Registry::new(1, [unit]));
            let key = board.registry.key_of(UnitId(uuid::Uuid::from_u128(7))).unwrap();
            board.open.put(Arc::new(Alarm { unit: UnitKey { words: "Doris Hill".into(), ..key }, ..waiting_alarm(2) }));
            let (list, each) = both(&mut cards, &board, LEASE_END);
            assert!(list.contains(label));
            assert_eq!(list, each);
        }
    }

    #[test]
    fn a_card_is_written_once_until_it_changes() {
        let mut cards = Cards::default();
        let board = board_of(vec![waiting_alarm(1), waiting_alarm(2)], Link::Connected);
        both(&mut cards, &board, CLAIMED_AT);
        let place = |cards: &Cards, n: usize| Arc::as_ptr(&cards.kept[&board.open.nth(n).unwrap().id].card);
        let before = [place(&cards, 0), place(&cards, 1)];
        let mut changed = board.clone();
        changed.open.put(Arc::new(Alarm { revision: 9, ..waiting_alarm(1) }));
        changed.open.put(Arc::new(Alarm { presses: 9, ..waiting_alarm(2) }));
        both(&mut cards, &changed, CLAIMED_AT + Duration::from_secs(1));
        assert_eq!(place(&cards, 0), before[0]);
        assert_ne!(place(&cards, 1), before[1]);
        assert!(
            Arc::ptr_eq(&cards.kept[&board.open.nth(0).unwrap().id].alarm, changed.open.nth(0).unwrap()),
            "the revision before is nobody's"
        );
    }

    #[test]
    fn a_card_that_went_is_freed_once_nobody_reads_it() {
        let mut cards = Cards::default();
        let board = board_of(vec![waiting_alarm(1), waiting_alarm(2)], Link::Connected);
        let list = |cards: &mut Cards, board: &Board| cards.list(board, "b:1", true, CLAIMED_AT, &settings()).unwrap();
        let with_both = list(&mut cards, &board);
        let of_card = |n: usize| Arc::downgrade(&cards.kept[&board.open.nth(n).unwrap().id].card);
        let (stays, goes) = (of_card(0), of_card(1));
        let one = Board { open: board.open.iter().take(1).cloned().collect(), ..board.clone() };
        let _with_one = list(&mut cards, &one);
        assert!(goes.upgrade().is_some(), "somebody reads it");
        drop(with_both);
        assert!(goes.upgrade().is_none());
        assert!(stays.upgrade().is_some());
    }
}
