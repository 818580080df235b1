//! The receiver's side of a call: only its book so far.

use std::time::Instant;

use crate::call::{Book, Command, End, Request, Side};
use crate::tones::Heard;
use crate::{Protocol, Token};

/// A call in BS 8521.
#[derive(Debug)]
pub struct Call {
    book: Book,
}

impl Call {
    /// Goes on with a call that was answered.
    pub fn new(book: Book) -> Call {
        Call { book }
    }

    /// See [`crate::call::Call::handle_sound`].
    pub fn handle_sound(&mut self, heard: Heard, _now: Instant) {
        self.book.hear(&heard);
    }

    /// See [`crate::call::Call::handle_played`].
    pub fn handle_played(&mut self, now: Instant) {
        self.book.played(now);
    }

    /// See [`crate::call::Call::handle_timeout`].
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// See [`crate::call::Call::handle_stored`].
    pub fn handle_stored(&mut self, token: Token, _now: Instant) {
        self.book.handle_stored(token);
    }

    /// See [`crate::call::Call::handle_refused`].
    pub fn handle_refused(&mut self, token: Token, _now: Instant) {
        self.book.handle_refused(token);
    }

    /// See [`crate::call::Call::handle_operator`].
    pub fn handle_operator(&mut self, request: Request, _now: Instant) {
        self.book.ask(request);
    }

    /// See [`crate::call::Call::handle_hung_up`].
    pub fn handle_hung_up(&mut self, now: Instant) {
        self.book.end(Protocol::Bs8521, End::RemoteHangup, Side::FarEnd, now);
    }

    /// See [`crate::call::Call::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.book.next_command()
    }

    /// See [`crate::call::Call::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
