//! The cursor of a poll: which state of the list a console has.
//!
//! `boot:version` of the board, `d` when degraded, and `~` with a fingerprint of the cards that time alone has
//! changed since the board was made: an ended lease or hold, a test that is over, a mains failure that was not
//! restored in time make no new board, but what the console shows has changed. Without it, a card that comes back
//! between two polls would wait for the next unrelated change.

use std::time::Duration;

use telecare_alarm::{Alarm, Listing, Shelves, Standing};
use telecare_queue::Board;
use time::OffsetDateTime;

use crate::shapes::Sight;

/// How a card is shown at an instant, as far as time alone changes it.
type Shown = (Standing, bool, Listing);

/// The cursor of a board at an instant.
pub fn cursor(board: &Board, now: OffsetDateTime) -> String {
    let (then, now) = (Sight::of(board, board.as_of), Sight::of(board, now));
    let changed = board.open.iter().filter(|alarm| Shelves::may_change(alarm)).filter_map(|alarm| {
        let shown = shown(alarm, &now);
        (shown != self::shown(alarm, &then)).then(|| fingerprint(alarm, shown))
    });
    // Ids are random in their lower half, so two sets of cards have one fingerprint only by a rare chance.
    match changed.reduce(|cards, card| cards ^ card) {
        None => board.cursor(),
        Some(cards) => format!("{}~{cards:x}", board.cursor()),
    }
}

/// How long until the cursor changes by time alone; none when only an event can change it.
pub fn lapses_in(board: &Board, now: OffsetDateTime) -> Option<Duration> {
    let sight = Sight::of(board, now);
    let may_change = board.open.iter().filter(|alarm| Shelves::may_change(alarm));
    let next = may_change.flat_map(|alarm| [alarm.next_change(now), sight.next_change(alarm)]);
    let next = next.flatten().min()?;
    // Already due: a duration of nothing.
    Some(Duration::try_from(next - now).unwrap_or(Duration::ZERO))
}

fn shown(alarm: &Alarm, sight: &Sight) -> Shown {
    (alarm.standing(sight.now), alarm.ringing(sight.now).is_some(), sight.listing(alarm))
}

/// Another for each way in which a card can be shown.
fn fingerprint(alarm: &Alarm, (standing, rings, listing): Shown) -> u64 {
    let way = (standing as u32) * 16 + u32::from(rings) * 8 + listing as u32;
    alarm.id.0.as_u64_pair().1.rotate_left(way)
}

#[cfg(test)]
mod tests {
    use telecare_alarm::{Act, Action, ActionId, Actor};
    use telecare_queue::Link;

    use super::*;
    use crate::shapes::samples::{CLAIMED_AT, LEASE_END, board_of, claimed_alarm, signal, waiting_alarm};

    #[test]
    fn a_lapsed_claim_changes_the_cursor_at_its_instant() {
        let board = board_of(vec![waiting_alarm(1), claimed_alarm(2)], Link::Connected);
        let board = Board { as_of: CLAIMED_AT, ..board };
        let just_before = LEASE_END - Duration::from_nanos(1);
        assert_eq!(cursor(&board, CLAIMED_AT), board.cursor());
        assert_eq!(cursor(&board, just_before), board.cursor());
        assert!(cursor(&board, LEASE_END).starts_with(&format!("{}~", board.cursor())));
        assert_eq!(lapses_in(&board, CLAIMED_AT), Some(Duration::try_from(LEASE_END - CLAIMED_AT).unwrap()));
        assert_eq!(lapses_in(&board, LEASE_END), None);
    }

    #[test]
    fn a_hold_changes_it_twice_for_its_holder_and_then_for_everyone() {
        let mut alarm = claimed_alarm(2);
        let (until, minute) = (CLAIMED_AT + Duration::from_secs(20), Duration::from_secs(60));
        let hold = Act::Hold { shown: alarm.last_signal, until, reason: "visit".to_owned() };
        let actor = Actor { person: "Ann".into(), desk: "desk-2".into() };
        let id = ActionId(uuid::Uuid::from_u128(5));
        alarm.act(&Action { id, alarm: alarm.id, at: CLAIMED_AT, actor, act: hold }).unwrap();
        let board = Board { as_of: CLAIMED_AT, ..board_of(vec![alarm], Link::Connected) };
        let (held, called, over) = (cursor(&board, CLAIMED_AT), cursor(&board, until), cursor(&board, until + minute));
        assert!(held != called && called != over && held != over, "{held} {called} {over}");
        assert_eq!(lapses_in(&board, CLAIMED_AT), Some(Duration::from_secs(20)));
        assert_eq!(lapses_in(&board, until), Some(minute));
    }

    #[test]
    fn a_mains_failure_that_is_not_restored_comes_into_the_list() {
        use telecare_alarm::{Class, Lane, Priority};
        use telecare_protocol::{Report, Status, Trigger};
        let mut mains = signal(3);
        mains.report = Report::own(Trigger::Mains, Status::Active, "");
        mains.ranking.priority = Priority::new(4).unwrap();
        (mains.ranking.class, mains.ranking.lane) = (Class::Technical, Lane::Routine);
        let at = mains.stamps.last_byte;
        let board = Board { as_of: at, ..board_of(vec![Alarm::open(&mains, None)], Link::Standalone) };
        let wait = board.policy.rules().clearing.wait;
        assert_eq!(lapses_in(&board, at), Some(wait));
        assert_ne!(cursor(&board, at + wait), cursor(&board, at));
    }

    #[test]
    fn the_link_shows_in_the_cursor() {
        let connected = board_of(vec![waiting_alarm(1)], Link::Connected);
        let mut cut_off = connected.clone();
        cut_off.link = Link::CutOff;
        assert_ne!(cursor(&connected, CLAIMED_AT), cursor(&cut_off, CLAIMED_AT));
        assert_eq!(lapses_in(&connected, CLAIMED_AT), None);
    }
}
