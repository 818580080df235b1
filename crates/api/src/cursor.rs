//! The cursor of a poll: which state of the list a console has.
//!
//! `boot:version` of the board, `d` when degraded, and `~` with a fingerprint of the cards that have come
//! back to waiting by time alone: an ended lease or hold makes no new board, but what the console shows has
//! changed. Without it, a card that comes back between two polls would wait for the next unrelated change.

use std::time::Duration;

use telecare_alarm::{Alarm, Standing};
use telecare_queue::Board;
use time::OffsetDateTime;

/// The cursor of a board at an instant.
pub fn cursor(board: &Board, now: OffsetDateTime) -> String {
    let lapsed = board.open.iter().filter(|alarm| has_lapsed(alarm, now));
    // Ids are random in their lower half, so two sets of cards have one fingerprint only by a rare chance.
    match lapsed.map(|alarm| alarm.id.0.as_u64_pair().1).reduce(|cards, card| cards ^ card) {
        None => board.cursor(),
        Some(cards) => format!("{}~{cards:x}", board.cursor()),
    }
}

/// How long until the cursor changes by time alone; none when only an event can change it.
pub fn lapses_in(board: &Board, now: OffsetDateTime) -> Option<Duration> {
    let next = board.open.iter().filter_map(|alarm| alarm.next_change(now)).min()?;
    // Already due: a duration of nothing.
    Some(Duration::try_from(next - now).unwrap_or(Duration::ZERO))
}

/// Whether someone had it and time alone has given it back to everyone.
fn has_lapsed(alarm: &Alarm, now: OffsetDateTime) -> bool {
    let had = alarm.claim.is_some() || alarm.hold.is_some();
    had && alarm.standing(now) == Standing::Waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::samples::{CLAIMED_AT, LEASE_END, board_of, claimed_alarm, waiting_alarm};
    use telecare_queue::Link;

    #[test]
    fn a_lapsed_claim_changes_the_cursor_at_its_instant() {
        let board = board_of(vec![waiting_alarm(1), claimed_alarm(2)], Link::Connected);
        let just_before = LEASE_END - Duration::from_nanos(1);
        assert_eq!(cursor(&board, CLAIMED_AT), board.cursor());
        assert_eq!(cursor(&board, just_before), board.cursor());
        assert_eq!(cursor(&board, LEASE_END), format!("{}~2", board.cursor()));
        assert_eq!(lapses_in(&board, CLAIMED_AT), Some(Duration::try_from(LEASE_END - CLAIMED_AT).unwrap()));
        assert_eq!(lapses_in(&board, LEASE_END), None);
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
