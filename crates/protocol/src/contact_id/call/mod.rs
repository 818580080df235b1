//! The receiver's side of a call, from the answer to the record of its end.
//!
//! ```text
//! Settling ─ settle ─► Shaking ─► Listening ─ first digit ─► Shaking … so often ─► end: no data
//!                                     │ a digit
//!                                     ▼
//!                                 Receiving ─ nothing right ─► Shaking … ─► end: no valid data, not stored
//!                                     │ message ── Deliver ── stored in time ── kiss-off
//!                                     ▼
//!            ┌─ next message ───── Between ─┬─ speech was asked for ─► Speech ─ either end hangs up
//!            └──── kiss-off ─────────►      └─ nothing more ─────────► end: cleared down
//! ```
//!
//! Invariants: a message is taken whatever the state, also before a handshake and during speech. The kiss-off leaves
//! for a stored message only, and only while the panel still waits for it; otherwise the panel sends again and the copy
//! is kissed off. What is no message is never answered. What is heard while digits arrive postpones what is to be
//! played.

mod copies;
mod hear;
mod opening;
mod speech;
mod take;

use std::sync::Arc;
use std::time::Instant;

use self::copies::{Known, Owing, Single};
use self::take::Unread;
use super::{Deframer, Settings};
use crate::call::{Begun, Book, Command, End, Request, Side};
use crate::session::after;
use crate::tones::Heard;
use crate::{Codes, Protocol, Token};

/// A call with the handshake of Contact ID.
#[derive(Debug)]
pub struct Call {
    settings: Settings,
    codes: Arc<Codes>,
    book: Book,
    deframer: Deframer,
    state: State,
    handshakes: u32,
    /// Once data began and until a message is kissed off.
    data_by: Option<Instant>,
    /// When the last handshake was out.
    asked_at: Instant,
    /// When the last digit was told of.
    last_digit: Instant,
    /// The format of the first message; until then, that of the handshake.
    protocol: Protocol,
    /// The message that came last: a panel goes on to the next only when it is kissed off.
    known: Option<Known>,
    /// Messages without a checksum that came once.
    singles: Vec<Single>,
    /// What could not be read and was not followed by a message.
    unread: Option<Unread>,
    owing: Option<Owing>,
    /// A kiss-off is playing.
    kissing: bool,
    /// The panel asked for speech.
    speech_wanted: bool,
    /// An operator's request waits.
    is_wanted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Settling { ask_at: Instant },
    Shaking,
    Listening { until: Instant },
    Receiving,
    Between { talk_at: Instant, until: Instant },
    Speech { until: Instant },
    Ended,
    GivenUp,
}

impl Call {
    /// Takes a call that was just answered.
    pub fn new(settings: Settings, codes: Arc<Codes>, begun: Begun) -> Call {
        let at = begun.at;
        Call::with_book(settings, codes, Book::new(begun), at)
    }

    /// Goes on with a call that another protocol has given up; the line has settled by then.
    pub fn with_book(settings: Settings, codes: Arc<Codes>, book: Book, now: Instant) -> Call {
        let begun = book.begun();
        let (at, slack) = (now, begun.slack);
        let ask_at = after(begun.at, settings.settle).max(now);
        Call {
            deframer: Deframer::new(&settings, slack),
            state: State::Settling { ask_at },
            settings,
            codes,
            book,
            handshakes: 0,
            data_by: None,
            asked_at: at,
            last_digit: at,
            protocol: Protocol::ContactId,
            known: None,
            singles: Vec::new(),
            unread: None,
            owing: None,
            kissing: false,
            speech_wanted: false,
            is_wanted: false,
        }
    }

    /// See [`crate::call::Call::handle_sound`]. Sounds of the past are welcome: whether their silence is over is seen
    /// when time is told of, not here.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        if !self.is_ended() {
            self.hear(&heard, now);
            self.steps(now);
        }
    }

    /// See [`crate::call::Call::handle_played`].
    pub fn handle_played(&mut self, now: Instant) {
        if !self.is_ended() && self.book.played(now) {
            self.played(now);
            self.advance(now);
        }
    }

    /// See [`crate::call::Call::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_ended() {
            return;
        }
        if self.book.play_overdue().is_some_and(|overdue| now >= overdue) {
            self.handle_played(now);
        }
        self.advance(now);
    }

    /// See [`crate::call::Call::handle_stored`].
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        if self.book.handle_stored(token) && !self.is_ended() {
            self.advance(now);
        }
    }

    /// See [`crate::call::Call::handle_refused`]. Nothing is played: the panel sends again by itself.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        if self.book.handle_refused(token) && !self.is_ended() {
            self.offer_copy(token);
            self.advance(now);
        }
    }

    /// See [`crate::call::Call::handle_operator`]. All but releasing the line waits until the panel has said all.
    pub fn handle_operator(&mut self, request: Request, now: Instant) {
        if !self.is_ended() {
            self.operator(request, now);
            self.advance(now);
        }
    }

    /// See [`crate::call::Call::handle_hung_up`]. Hanging up after the last kiss-off is how a panel ends a call.
    pub fn handle_hung_up(&mut self, now: Instant) {
        if self.is_ended() {
            return;
        }
        self.flush(now);
        let is_done = matches!(self.state, State::Between { .. }) && self.closing() == End::ClearedDown;
        self.end(if is_done { End::ClearedDown } else { End::RemoteHangup }, Side::FarEnd, now);
    }

    /// See [`crate::call::Call::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.book.next_command()
    }

    /// See [`crate::call::Call::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_ended() {
            return None;
        }
        [self.book.play_overdue(), self.deframer.deadline(), self.deadline()].into_iter().flatten().min()
    }

    /// Whether nothing valid came and the settings leave the call to another protocol.
    pub fn is_given_up(&self) -> bool {
        self.state == State::GivenUp
    }

    /// The call's book, for the protocol that goes on with it.
    pub fn into_book(self) -> Book {
        self.book
    }

    fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended | State::GivenUp)
    }

    /// What was arriving when the call ended may be a message, too.
    fn flush(&mut self, now: Instant) {
        if let Some(run) = self.deframer.flush() {
            self.run(&run, now);
        }
    }

    fn end(&mut self, end: End, hung_up: Side, now: Instant) {
        self.flush(now);
        self.tell_unread(now);
        self.book.end(self.protocol, end, hung_up, now);
        self.state = State::Ended;
    }
}
