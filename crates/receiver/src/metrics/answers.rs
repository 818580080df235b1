//! The answer clocks, and when what came was there for a console to see: both read off the board, as a
//! console would, one look after the other.
//!
//! A press is answered when its card's answer clock no longer counts it. Only the receiver that opened a card
//! counts its presses, so that the numbers of several receivers on one database add up. What was answered
//! while this receiver was down is in the database's history, not here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::alarm::Rank;
use telecare_alarm::{Alarm, AlarmId, Class, ReceiverId};
use telecare_queue::Board;
use telecare_queue::cards::{Cards, Change, ClosedRank};
use time::OffsetDateTime;

/// What happened between two looks.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    /// Presses answered: class of the card, and how long it took.
    pub answered: Vec<(Class, Duration)>,
    /// From last byte to visible, of each card's latest signal.
    pub visible: Vec<Duration>,
}

/// What was known at the last look. Bound: as many cards as the board holds.
pub struct Watcher {
    own: ReceiverId,
    cards: HashMap<AlarmId, Card>,
    /// The cards of the last board.
    open: Cards<Rank>,
    closed: Cards<ClosedRank>,
    /// False until the first look: what is on the board then came in an earlier life.
    begun: bool,
}

struct Card {
    /// As it was at the last look.
    alarm: Arc<Alarm>,
    /// Last bytes of the presses nobody has answered, oldest first.
    unanswered: Vec<OffsetDateTime>,
}

impl Watcher {
    /// A watcher that has seen nothing yet.
    pub fn new(own: ReceiverId) -> Watcher {
        Watcher { own, cards: HashMap::new(), open: Cards::default(), closed: Cards::default(), begun: false }
    }

    /// Looks at a board.
    pub fn look(&mut self, board: &Board, now: OffsetDateTime) -> Seen {
        let mut seen = Seen::default();
        let (open, closed) = (std::mem::take(&mut self.open), std::mem::take(&mut self.closed));
        let changes: Vec<Change<'_>> =
            board.open.changes_since(&open).chain(board.closed.changes_since(&closed)).collect();
        for alarm in changes.iter().filter_map(|change| change.is) {
            if !self.counts(alarm) {
                continue;
            }
            let known = self.cards.remove(&alarm.id);
            let is_news = known.as_ref().is_none_or(|known| known.alarm.last_signal != alarm.last_signal);
            if self.begun && is_news && alarm.closed.is_none() {
                seen.visible.push(since(alarm.last_at, now));
            }
            let mut unanswered = self.waiting(alarm, known);
            unanswered.retain(|press| {
                let answered = alarm.ring.is_none_or(|ring| *press < ring.since);
                if answered {
                    seen.answered.push((alarm.class, since(*press, answered_at(alarm, *press, now))));
                }
                !answered
            });
            self.cards.insert(alarm.id, Card { alarm: alarm.clone(), unanswered });
        }
        // What took another place came with it; what is still known as it was is gone.
        for gone in changes.iter().filter(|change| change.is.is_none()).filter_map(|change| change.was) {
            if self.cards.get(&gone.id).is_some_and(|known| Arc::ptr_eq(&known.alarm, gone)) {
                self.cards.remove(&gone.id);
            }
        }
        (self.open, self.closed) = (board.open.clone(), board.closed.clone());
        self.begun = true;
        seen
    }

    /// Whether a card's answers are ours to time: another platform's operators answer shadows.
    fn counts(&self, alarm: &Alarm) -> bool {
        alarm.receiver == self.own && !alarm.shadow
    }

    /// The presses of a card that nobody had answered at the last look, and those that have come since.
    fn waiting(&self, alarm: &Arc<Alarm>, known: Option<Card>) -> Vec<OffsetDateTime> {
        let Some((first, last)) = alarm.pressed else { return Vec::new() };
        match known {
            Some(mut known) => {
                let new = alarm.presses.saturating_sub(known.alarm.presses);
                known.unanswered.extend((0..new).map(|_| last));
                known.unanswered
            }
            None if self.begun => spread(first, last, alarm.presses),
            None => alarm.ring.map_or_else(Vec::new, |ring| spread(ring.since, last, ring.count)),
        }
    }
}

/// So many presses between two times: the first, and the others at the last, because the card does not keep
/// those between.
fn spread(first: OffsetDateTime, last: OffsetDateTime, count: u32) -> Vec<OffsetDateTime> {
    let more = (1..count).map(|_| last);
    (count > 0).then_some(first).into_iter().chain(more).collect()
}

/// A claim answers what came before it; anything else has just happened.
fn answered_at(alarm: &Alarm, press: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    alarm.claim.as_ref().map(|claim| claim.since).filter(|since| *since >= press).unwrap_or(now)
}

fn since(earlier: OffsetDateTime, now: OffsetDateTime) -> Duration {
    // A clock that was set back makes it no less than nothing.
    Duration::try_from(now - earlier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use telecare_alarm::unit::Place;
    use telecare_alarm::{
        Act, Action, ActionId, Actor, ClockState, LineId, Marks, Policy, Registry, Signal, SignalId, Stamps, UnitKey,
    };
    use telecare_protocol::{Report, Status, Trigger};
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
    }

    fn press(n: u128, seconds: i64) -> Signal {
        let report = Report::own(Trigger::Pendant, Status::Active, "101");
        let (receiver, line, id) = (ReceiverId::new("here"), LineId::new("a"), SignalId(Uuid::from_u128(n)));
        Signal {
            id,
            unit: UnitKey::of(
                &report,
                &Place { receiver: &receiver, line: &line, namespace: None },
                id,
                &Registry::default(),
            ),
            receiver,
            line,
            call: None,
            stamps: Stamps { first_byte: at(seconds), last_byte: at(seconds), decoded: at(seconds) },
            ranking: Policy::builtin().triage(&report),
            raw: Vec::new(),
            report,
            repeat_of: None,
            shadow: false,
            marks: Marks::default(),
            software: Arc::from("test"),
            clock: ClockState::Unknown,
        }
    }

    fn act(alarm: &mut Alarm, seconds: i64, act: Act) {
        let actor = Actor { person: Arc::from("Ann"), desk: Arc::from("1") };
        let action = Action { id: ActionId(Uuid::from_u128(1)), alarm: alarm.id, at: at(seconds), actor, act };
        alarm.act(&action).unwrap();
    }

    fn board(alarm: &Alarm) -> Board {
        Board { open: [Arc::new(alarm.clone())].into_iter().collect(), ..Board::empty(Uuid::nil()) }
    }

    fn claim(lease_s: u64) -> Act {
        Act::Claim { lease: Duration::from_secs(lease_s) }
    }

    #[test]
    fn a_claim_answers_every_press_before_it_and_seen_the_later_one() {
        let mut watcher = Watcher::new(ReceiverId::new("here"));
        watcher.look(&Board::empty(Uuid::nil()), at(0));
        let mut alarm = Alarm::open(&press(1, 10), None);
        let seen = watcher.look(&board(&alarm), at(11));
        assert_eq!(seen, Seen { answered: vec![], visible: vec![Duration::from_secs(1)] });
        alarm.attach(&press(2, 20));
        watcher.look(&board(&alarm), at(20));
        act(&mut alarm, 30, claim(600));
        let answered = |seen: Seen| seen.answered.iter().map(|(_, took)| took.as_secs()).collect::<Vec<_>>();
        assert_eq!(answered(watcher.look(&board(&alarm), at(31))), [20, 10]);
        alarm.attach(&press(3, 40));
        assert_eq!(answered(watcher.look(&board(&alarm), at(40))), [0; 0]);
        let shown = alarm.last_signal;
        act(&mut alarm, 55, Act::Seen { shown });
        assert_eq!(answered(watcher.look(&board(&alarm), at(55))), [15]);
        assert_eq!(watcher.look(&board(&alarm), at(99)), Seen::default());
    }

    #[test]
    fn closed_cards_stay_known_for_as_long_as_boards_have_them() {
        let mut watcher = Watcher::new(ReceiverId::new("here"));
        watcher.look(&Board::empty(Uuid::nil()), at(0));
        let (mut closed, open) = (Alarm::open(&press(1, 10), None), Alarm::open(&press(2, 30), None));
        act(&mut closed, 18, claim(600));
        let shown = closed.last_signal;
        act(&mut closed, 19, Act::Close { shown, outcome: "ok".into(), text: String::new() });
        let shared: Cards<ClosedRank> = [Arc::new(closed)].into_iter().collect();
        let both = Board { closed: shared.clone(), ..board(&open) };
        let one = Board { closed: shared, ..Board::empty(Uuid::nil()) };
        let mut seen = |board: &Board, seconds: i64| {
            let seen = watcher.look(board, at(seconds));
            (seen.answered.len(), seen.visible.len(), watcher.cards.len())
        };
        assert_eq!(seen(&one, 20), (1, 0, 1));
        assert_eq!(seen(&both, 31), (0, 1, 2));
        assert_eq!(seen(&both, 32), (0, 0, 2));
        assert_eq!(seen(&one, 33), (0, 0, 1), "an open card is gone, a closed one is not");
        assert_eq!(seen(&both, 34), (0, 1, 2));
        assert_eq!(seen(&board(&open), 35), (0, 0, 1), "a closed one is gone");
        let mut ended = open.clone();
        act(&mut ended, 36, claim(600));
        act(&mut ended, 37, Act::Close { shown: open.last_signal, outcome: "ok".into(), text: String::new() });
        let closed = [Arc::new(ended)].into_iter().collect();
        assert_eq!(seen(&Board { closed, ..Board::empty(Uuid::nil()) }, 38), (1, 0, 1), "closed, and answered once");
    }

    #[test]
    fn a_shadow_is_not_timed() {
        let mut watcher = Watcher::new(ReceiverId::new("here"));
        watcher.look(&Board::empty(Uuid::nil()), at(0));
        let mut alarm = Alarm::open(&Signal { shadow: true, ..press(1, 10) }, None);
        act(&mut alarm, 18, claim(600));
        assert_eq!(watcher.look(&board(&alarm), at(20)), Seen::default());
    }

    #[test]
    fn a_press_taken_between_two_looks_counts() {
        let mut watcher = Watcher::new(ReceiverId::new("here"));
        watcher.look(&Board::empty(Uuid::nil()), at(0));
        let mut alarm = Alarm::open(&press(1, 10), None);
        act(&mut alarm, 18, claim(600));
        assert_eq!(watcher.look(&board(&alarm), at(20)).answered, [(Class::Person, Duration::from_secs(8))]);
    }

    #[test]
    fn what_an_earlier_life_or_another_receiver_answered_does_not_count_again() {
        let mut alarm = Alarm::open(&press(1, 10), None);
        let mut waiting = alarm.clone();
        act(&mut alarm, 18, claim(600));
        let mut watcher = Watcher::new(ReceiverId::new("here"));
        assert_eq!(watcher.look(&board(&alarm), at(20)), Seen::default());
        let mut watcher = Watcher::new(ReceiverId::new("there"));
        watcher.look(&Board::empty(Uuid::nil()), at(0));
        assert_eq!(watcher.look(&board(&alarm), at(20)), Seen::default());
        // One that waited through the restart does.
        let mut watcher = Watcher::new(ReceiverId::new("here"));
        watcher.look(&board(&waiting), at(40));
        act(&mut waiting, 70, claim(600));
        assert_eq!(watcher.look(&board(&waiting), at(70)).answered, [(Class::Person, Duration::from_secs(60))]);
    }
}
