//! The list as it goes out: one rendering for all who ask for the same state of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use telecare_queue::Board;
use time::OffsetDateTime;

use super::cards::Cards;
use super::written::Written;
use crate::Settings;
use crate::problem::Problem;

/// How long one rendering of a state of the list serves every console that asks for that state.
const RENDERING_SHARED: Duration = Duration::from_millis(100);
/// Most bytes that are put together once for all consoles that share a state, which saves a fifth of the work; what is
/// longer, each has put together frame by frame, and nobody holds a copy of it.
const WHOLE_MAX: usize = 512 << 10;

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
    /// All of it in one piece, once it is asked for again and is not large.
    whole: Option<Bytes>,
}

impl Renderings {
    /// The list: that of a moment ago if it is of the same state. The lock is held while it is made, so that of many
    /// consoles one does the work.
    pub fn of(&self, seen: Seen<'_>, settings: &Settings) -> Result<Body, Problem> {
        let Seen { board, cursor, all, now } = seen;
        let view = if all { &self.everything } else { &self.shown };
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = view.last.as_mut().filter(|last| last.is_state(cursor, now)) {
            return Ok(last.again());
        }
        let list = view.cards.list(board, cursor, all, now, settings).map_err(|error| {
            tracing::error!(%error, "the list could not be written as JSON");
            Problem::internal()
        })?;
        let list = Arc::new(list);
        let body = Written::body(&list);
        view.last = Some(Rendered { cursor: cursor.to_owned(), at: now, list, whole: None });
        Ok(body)
    }
}

impl Rendered {
    /// Whether it is of this state, and its ages are still right.
    fn is_state(&self, cursor: &str, now: OffsetDateTime) -> bool {
        self.cursor == cursor && (self.at..self.at + RENDERING_SHARED).contains(&now)
    }

    /// For one more console.
    fn again(&mut self) -> Body {
        if self.list.bytes() > WHOLE_MAX {
            return Written::body(&self.list);
        }
        Body::from(self.whole.get_or_insert_with(|| self.list.whole()).clone())
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use telecare_queue::Link;

    use super::*;
    use crate::shapes::samples::{CLAIMED_AT, board_of, settings, waiting_alarm};

    #[tokio::test]
    async fn consoles_share_a_rendering_of_one_state_for_a_moment() {
        let settings = settings();
        let few = board_of(vec![waiting_alarm(1)], Link::Standalone);
        let many = board_of((0..600).map(waiting_alarm).collect(), Link::Standalone);
        for (board, is_whole) in [(few, true), (many, false)] {
            let renderings = Renderings::default();
            let render = async |cursor: &str, now| {
                let body = renderings.of(Seen { board: &board, cursor, all: false, now }, &settings).unwrap();
                to_bytes(body, usize::MAX).await.unwrap()
            };
            let first = render("b:1", CLAIMED_AT).await;
            for _ in 0..2 {
                assert_eq!(first, render("b:1", CLAIMED_AT + RENDERING_SHARED / 2).await);
            }
            let last = &renderings.shown.lock().unwrap().last;
            assert_eq!(last.as_ref().unwrap().whole.is_some(), is_whole, "{} bytes", first.len());
        }
    }

    #[tokio::test]
    async fn a_rendering_is_of_one_state_and_its_ages_are_right() {
        let settings = settings();
        let board = board_of(vec![waiting_alarm(1)], Link::Standalone);
        let renderings = Renderings::default();
        let render = async |cursor: &str, now| {
            let body = renderings.of(Seen { board: &board, cursor, all: false, now }, &settings).unwrap();
            to_bytes(body, usize::MAX).await.unwrap()
        };
        let first = render("b:1", CLAIMED_AT).await;
        assert_ne!(first, render("b:1", CLAIMED_AT + RENDERING_SHARED).await);
        assert_ne!(first, render("b:2", CLAIMED_AT).await);
        assert_ne!(first, render("b:1", CLAIMED_AT - RENDERING_SHARED).await, "a clock that was set back");
    }
}
