//! The list as it goes out: one rendering for all who ask for the same state of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use telecare_queue::Board;
use time::OffsetDateTime;

use super::cards::Cards;
use super::written::Written;
use crate::Settings;
use crate::problem::Problem;

/// How long one rendering of a state of the list serves every console that asks for that state.
const RENDERING_SHARED: Duration = Duration::from_millis(100);

/// What is shown, and everything: consoles that ask for the one do not undo the work for the other.
#[derive(Debug, Default)]
pub struct Renderings {
    shown: Mutex<View>,
    everything: Mutex<View>,
}

/// The cards of a view as last written, and the state of it that was.
#[derive(Debug, Default)]
struct View {
    cards: Cards,
    last: Option<Rendered>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The present board.
    pub board: &'a Board,
    /// Its cursor at that instant.
    pub cursor: &'a str,
    /// What is aside, too.
    pub all: bool,
    /// The instant.
    pub now: OffsetDateTime,
}

/// A state of the list as it goes out. Two hundred consoles that wake for one change share it.
#[derive(Debug)]
struct Rendered {
    cursor: String,
    at: OffsetDateTime,
    list: Arc<Written>,
}

impl Renderings {
    /// The list: that of a moment ago if it is of the same state. The lock is held while it is made, so that of many
    /// consoles one does the work.
    pub fn of(&self, seen: Seen<'_>, settings: &Settings) -> Result<Arc<Written>, Problem> {
        let Seen { board, cursor, all, now } = seen;
        let view = if all { &self.everything } else { &self.shown };
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = view.last.as_ref().filter(|last| last.is_state(cursor, now)) {
            return Ok(Arc::clone(&last.list));
        }
        let list = view.cards.list(board, cursor, all, now, settings).map_err(|error| {
            tracing::error!(%error, "the list could not be written as JSON");
            Problem::internal()
        })?;
        let list = Arc::new(list);
        view.last = Some(Rendered { cursor: cursor.to_owned(), at: now, list: Arc::clone(&list) });
        Ok(list)
    }
}

impl Rendered {
    /// Whether it is of this state, and its ages are still right.
    fn is_state(&self, cursor: &str, now: OffsetDateTime) -> bool {
        self.cursor == cursor && (self.at..self.at + RENDERING_SHARED).contains(&now)
    }
}

#[cfg(test)]
mod tests {
    use telecare_queue::Link;

    use super::*;
    use crate::shapes::samples::{CLAIMED_AT, board_of, settings, waiting_alarm};

    #[test]
    fn consoles_share_a_rendering_of_one_state_for_a_moment() {
        let settings = settings();
        let board = Arc::new(board_of(vec![waiting_alarm(1)], Link::Standalone));
        let renderings = Renderings::default();
        let render =
            |cursor: &str, now| renderings.of(Seen { board: &board, cursor, all: false, now }, &settings).unwrap();
        let first = render("b:1", CLAIMED_AT);
        let is_first = |cursor, now| Arc::ptr_eq(&first, &render(cursor, now));
        assert!(is_first("b:1", CLAIMED_AT + RENDERING_SHARED / 2));
        assert!(!is_first("b:1", CLAIMED_AT + RENDERING_SHARED));
        assert!(!is_first("b:2", CLAIMED_AT));
        assert!(!is_first("b:1", CLAIMED_AT - RENDERING_SHARED), "a clock that was set back");
    }
}
