//! The board as consoles see it, made anew when something changed.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::{JournalState, Keeper};
use crate::board::{Board, Derived};

/// A board costs by its cards, to make and to look at: ten thousand are made anew at most every 20 ms, so that a
/// storm's boards do not take the time of its signals.
const PUBLISH_PER_CARD: Duration = Duration::from_micros(2);
/// A small board is made at once, and before the acknowledgement of what it shows leaves.
const PUBLISH_WAIT_MIN: Duration = Duration::from_millis(1);
/// Longest that a change waits to be seen.
const PUBLISH_WAIT_MAX: Duration = Duration::from_millis(25);
/// How late a board is that says anew how much waits for the database, and nothing of any card: a console that is told
/// of nothing new is not there to be told of what is.
pub(super) const STALE_MAX: Duration = Duration::from_millis(25);

impl Keeper {
    /// Shows what changed, unless it is too early for so many cards.
    pub(super) fn publish(&mut self) {
        let now = Instant::now();
        self.dirty |= self.stale_at.take_if(|at| *at <= now).is_some();
        // An answer comes after the board that shows what it says.
        if !self.dirty || (now < self.publish_at && self.outbox.is_empty()) {
            return;
        }
        (self.dirty, self.stale_at) = (false, None);
        self.version += 1;
        self.board.send_replace(Arc::new(Board {
            boot: self.boot,
            receiver: self.receiver.clone(),
            version: self.version,
            as_of: OffsetDateTime::now_utc(),
            link: self.link,
            link_since: self.link_since,
            journal_ok: self.journal_state != JournalState::Down,
            can_store: self.can_store(),
            backlog: if self.database.is_some() { self.backlog.len() } else { 0 },
            backlog_since: self.backlog.iter().next().filter(|_| self.database.is_some()).map(|entry| entry.at),
            open: self.ledger.open().clone(),
            closed: self.ledger.closed().clone(),
            aliases: self.ledger.aliases().clone(),
            calls: self.calls.clone(),
            derived: Derived::default(),
            silent: self.silent.clone(),
            registry: self.registry.clone(),
            policy: self.duty.policy().clone(),
            expected: self.duty.expected_count(),
            overdue: self.duty.overdue_count(),
            operator_heard_at: self.watch.last_heard(),
        }));
        self.publish_at = if self.is_board_small() { now } else { now + self.board_wait() };
    }

    /// Whether a board is made at once, so that an acknowledgement can leave after it.
    pub(super) fn is_board_small(&self) -> bool {
        self.board_wait() < PUBLISH_WAIT_MIN
    }

    fn board_wait(&self) -> Duration {
        let cards = u32::try_from(self.ledger.count()).unwrap_or(u32::MAX);
        PUBLISH_PER_CARD.saturating_mul(cards).min(PUBLISH_WAIT_MAX)
    }
}
