//! The list as it goes out: one rendering for all who ask for the same state of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use telecare_queue::Board;
use time::OffsetDateTime;

use super::cards::Cards;
use crate::Settings;
use crate::problem::Problem;

/// How long one rendering of a state of the list serves every console that asks for that state.
const RENDERING_SHARED: Duration = Duration::from_millis(100);

/// A large rendering serves consoles that come back for so long a MiB, although there is a newer state: with ten thousand
/// cards each of hundreds of consoles would have one of its own, megabytes until it is sent.
const SERVES_PER_MIB: Duration = Duration::from_millis(20);
/// A smaller one is made for each state, so that what a console sees is the present.
const SMALL: usize = 1 << 20;
/// Longest that it does so once it is written.
const SERVES_MAX: Duration = Duration::from_millis(200);

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
    pub board: &'a Arc<Board>,
    /// Its cursor at that instant.
    pub cursor: &'a str,
    /// The cursor that the console has.
    pub known: Option<&'a str>,
    /// What is aside, too.
    pub all: bool,
    /// The instant.
    pub now: OffsetDateTime,
}

/// A state of the list as it goes out. Two hundred consoles that wake for one change share it.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The board that it shows.
    pub board: Arc<Board>,
    /// Its cursor.
    pub cursor: String,
    at: OffsetDateTime,
    /// Until when it serves those who come back, and have seen an older state.
    serves_until: OffsetDateTime,
    /// JSON.
    pub body: Bytes,
}

impl Renderings {
    /// The list's bytes: those of a moment ago if they are of the same state, or if they are large and whoever asks has
    /// seen an older one. The lock is held while they are made, so that of many consoles one does the work.
    pub fn of(&self, seen: Seen<'_>, settings: &Settings) -> Result<Rendered, Problem> {
        let Seen { board, cursor, known, all, now } = seen;
        let view = if all { &self.everything } else { &self.shown };
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = view.last.as_ref()
            && (last.is_state(cursor, now) || last.is_news(board, known, now))
        {
            return Ok(last.clone());
        }
        let begun = Instant::now();
        let body = view.cards.list(board, cursor, all, now, settings).map_err(|error| {
            tracing::error!(%error, "the list could not be written as JSON");
            Problem::internal()
        })?;
        let cost = begun.elapsed();
        let made = Rendered {
            board: Arc::clone(board),
            cursor: cursor.to_owned(),
            at: now,
            serves_until: now + cost + serves(body.len()),
            body: body.into(),
        };
        view.last = Some(made.clone());
        Ok(made)
    }
}

impl Rendered {
    /// Whether it is of this state, and its ages are still right.
    fn is_state(&self, cursor: &str, now: OffsetDateTime) -> bool {
        self.cursor == cursor && (self.at..self.at + RENDERING_SHARED).contains(&now)
    }

    /// Whether it is news to a console that comes back, of a moment ago, and its standing is the present one. Who comes
    /// without a state gets the present: it may have just acted.
    fn is_news(&self, present: &Board, known: Option<&str>, now: OffsetDateTime) -> bool {
        let has_older =
            known.and_then(|known| version_of(present, known)).is_some_and(|known| known < self.board.version);
        has_older
            && self.board.boot == present.boot
            && self.board.link == present.link
            && (self.at..self.serves_until).contains(&now)
    }
}

/// How long a rendering of so many bytes serves those who come back.
fn serves(bytes: usize) -> Duration {
    let mib = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
    if bytes < SMALL { Duration::ZERO } else { SERVES_PER_MIB.saturating_mul(mib).min(SERVES_MAX) }
}

/// The version that a cursor of this run names.
fn version_of(board: &Board, cursor: &str) -> Option<u64> {
    let version = cursor.strip_prefix(&board.boot.to_string())?.strip_prefix(':')?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).map_or(version, |end| version.split_at(end).0);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use telecare_queue::Link;

    use super::*;
    use crate::TokenStore;
    use crate::shapes::samples::{CLAIMED_AT, board_of, waiting_alarm};

    #[test]
    fn consoles_share_a_rendering_of_one_state_for_a_moment() {
        let settings = Settings {
            receiver: "r".to_owned(),
            site: String::new(),
            tokens: TokenStore::load("/nonexistent/tokens.toml".as_ref()),
            lease: Duration::from_secs(120),
            calls: crate::calls::Calls::default(),
            choices: Arc::new(telecare_alarm::Choices::builtin()),
            origins: Vec::new(),
            tls: None,
            software: "0".to_owned(),
        };
        let board = Arc::new(board_of(vec![waiting_alarm(1)], Link::Standalone));
        let renderings = Renderings::default();
        let render = |cursor: &str, now| {
            renderings.of(Seen { board: &board, cursor, known: None, all: false, now }, &settings).unwrap().body
        };
        let first = render("b:1", CLAIMED_AT);
        assert_eq!(first, render("b:1", CLAIMED_AT + RENDERING_SHARED / 2));
        assert_ne!(first, render("b:1", CLAIMED_AT + RENDERING_SHARED));
        assert_ne!(first, render("b:2", CLAIMED_AT));
        assert_ne!(first, render("b:1", CLAIMED_AT - RENDERING_SHARED), "a clock that was set back");
    }

    #[test]
    fn a_rendering_serves_by_its_size() {
        let ms = Duration::from_millis;
        for (bytes, expected) in [
            (0, ms(0)),
            (SMALL - 1, ms(0)),
            (SMALL, ms(20)),
            (5 << 20, ms(100)),
            (13 << 20, ms(200)),
            (usize::MAX, ms(200)),
        ] {
            assert_eq!(serves(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn a_large_rendering_serves_who_comes_back_and_nobody_else() {
        let of = |version, link| Arc::new(Board { version, ..board_of(vec![waiting_alarm(1)], link) });
        let (old, present) = (of(7, Link::Connected), of(9, Link::Connected));
        let later = |ms| CLAIMED_AT + Duration::from_millis(ms);
        let rendered = Rendered {
            board: Arc::clone(&old),
            cursor: old.cursor(),
            at: CLAIMED_AT,
            serves_until: later(100),
            body: Bytes::new(),
        };
        let known = |version: u64| format!("{}:{version}", old.boot);
        let table = [
            (Some(known(6)), 50, true, "it has seen an older state"),
            (Some(format!("{}d~a1", known(6))), 50, true, "whatever else its cursor says"),
            (Some(known(7)), 50, false, "it has seen this one: it would not get on"),
            (Some(known(8)), 50, false, "it has seen a newer one"),
            (None, 50, false, "it may have just acted"),
            (Some("another:6".to_owned()), 50, false, "of another run"),
            (Some(known(6)), 100, false, "too old"),
        ];
        for (known, ms, expected, why) in table {
            assert_eq!(rendered.is_news(&present, known.as_deref(), later(ms)), expected, "{why}");
        }
        assert!(!rendered.is_news(&of(9, Link::CutOff), Some(&known(6)), later(50)), "what consoles must say at once");
    }
}
