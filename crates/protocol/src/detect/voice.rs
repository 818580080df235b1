//! A call that nobody could read: told of, and left to an operator, who may hear somebody talk.

use std::time::{Duration, Instant};

use crate::call::{Book, Command, End, Operated, Operator, Request, Side, Speech};
use crate::session::after;
use crate::tones::Heard;
use crate::{Protocol, Token};

/// A line is left to a call that nobody could read for so long after an operator's last word on it: lines are few.
pub const VOICE_LONGEST: Duration = Duration::from_secs(15 * 60);

/// A call without a protocol.
#[derive(Debug)]
pub(super) struct Voice {
    book: Book,
    until: Instant,
}

impl Voice {
    /// Tells that the call was not understood, and opens the path.
    pub(super) fn opened(mut book: Book, now: Instant) -> Voice {
        book.tell_unread(Protocol::Detect, End::NoData, now);
        book.speech(Speech::Duplex);
        Voice { book, until: after(now, VOICE_LONGEST) }
    }

    pub(super) fn handle_sound(&mut self, heard: &Heard) {
        self.book.hear(heard);
    }

    pub(super) fn handle_played(&mut self, now: Instant) {
        self.book.played(now);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.book.play_overdue().is_some_and(|overdue| now >= overdue) {
            self.book.played(now);
        }
        if now >= self.until {
            self.end(End::NoData, Side::Here, now);
        }
    }

    pub(super) fn handle_stored(&mut self, token: Token) {
        self.book.handle_stored(token);
    }

    pub(super) fn handle_refused(&mut self, token: Token) {
        self.book.handle_refused(token);
    }

    /// The path is open in both directions, and there is nothing else that a unit could be asked to do.
    pub(super) fn handle_operator(&mut self, request: &Request, now: Instant) {
        self.until = after(now, VOICE_LONGEST);
        match request.wanted {
            Operator::Speak | Operator::Listen | Operator::Duplex => self.book.answer(request.id, Operated::Done),
            Operator::Clear | Operator::ClearDown | Operator::HangUp => {
                self.book.answer(request.id, Operated::Done);
                self.end(End::Released, Side::Here, now);
            }
            Operator::Simplex | Operator::Volume(_) | Operator::Next | Operator::Select(_) | Operator::Control(_) => {
                self.book.answer(request.id, Operated::Unsupported);
            }
        }
    }

    pub(super) fn handle_hung_up(&mut self, now: Instant) {
        self.end(End::RemoteHangup, Side::FarEnd, now);
    }

    pub(super) fn next_command(&mut self) -> Option<Command> {
        self.book.next_command()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let until = (!self.book.is_over()).then_some(self.until)?;
        Some(self.book.play_overdue().map_or(until, |overdue| overdue.min(until)))
    }

    pub(super) fn is_over(&self) -> bool {
        self.book.is_over()
    }

    pub(super) fn into_book(self) -> Book {
        self.book
    }

    fn end(&mut self, end: End, hung_up: Side, now: Instant) {
        self.book.end(Protocol::Detect, end, hung_up, now);
    }
}
