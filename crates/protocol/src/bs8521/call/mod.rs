//! The receiver's side of a call, from the answer to the record of its end.
//!
//! ```text
//! Guard ─ enquiry tone, or time ─► Requesting ─► Awaiting ─ T1 ─► Requesting …4 times ─► end: no data
//!                                                  │ a digit
//!                                                  ▼
//!                           Receiving ─ T2 ─► end: no valid data, not stored
//!                               │ frame ── Deliver ── stored in time ── B
//!                               ▼
//!                            Settling ─┬─ dispersed ──────────► Online ─ operator ─► clear down
//!                                      ├─ scheme, unit known ─► select ─► Online ─ clear ─► list ─► select …
//!                                      └─ scheme, unit 0000 ──► list ─► select, or clear down
//! ```
//!
//! Invariants: a frame is taken whatever the state, also before a request and during speech. A `B` in answer leaves
//! for a stored frame only, and only while the unit still waits for it; otherwise the unit sends again and the copy
//! is answered. What is heard while a frame arrives postpones what is to be sent.

mod alarms;
mod exchange;
mod hear;
mod online;
mod opening;
mod operator;
mod verify;

use std::sync::Arc;
use std::time::Instant;

use self::alarms::{Alarms, Owing};
use self::exchange::Exchange;
pub(crate) use self::operator::operator_command;
use super::{Deframer, Frame, Settings};
use crate::call::{Begun, Book, Command, End, Operated, Operator, Request, Side};
use crate::session::after;
use crate::tones::Heard;
use crate::{Codes, Protocol, Token};

/// A call in BS 8521.
#[derive(Debug)]
pub struct Call {
    settings: Settings,
    codes: Arc<Codes>,
    book: Book,
    deframer: Deframer,
    state: State,
    /// When it took the call.
    taken_at: Instant,
    requests: u32,
    /// T2, once data began and until a frame is acknowledged.
    data_by: Option<Instant>,
    /// When the last request was out.
    asked_at: Instant,
    /// When the last digit was told of.
    last_digit: Instant,
    /// The frame that opened the call; records of its scheme inherit from it.
    opening: Option<Frame>,
    alarms: Alarms,
    owing: Option<Owing>,
    /// An acknowledgement is playing.
    acknowledging: bool,
    /// The line is left alone until then.
    quiet_until: Instant,
    /// When the unit confirmed something last, or was confirmed.
    last_ack: Instant,
    null_failed: bool,
    /// The local unit whose call is open.
    selected: Option<String>,
    /// Calls of the scheme still outstanding, as it said.
    outstanding: u8,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Guard { ask_at: Instant },
    Requesting,
    Awaiting { until: Instant },
    Receiving,
    Settling { until: Instant },
    Exchange(Exchange),
    Online,
    ClearedDown { until: Instant },
    Ended,
    GivenUp,
}

impl Call {
    /// Takes a call that was just answered.
    pub fn new(settings: Settings, codes: Arc<Codes>, begun: Begun) -> Call {
        let at = begun.at;
        Call::with_book(settings, codes, Book::new(begun), at)
    }

    /// Goes on with a call that another protocol has given up; it asks at once if the guard wait is over.
    pub fn with_book(settings: Settings, codes: Arc<Codes>, book: Book, now: Instant) -> Call {
        let begun = book.begun();
        let (at, slack) = (now, begun.slack);
        let ask_at = after(begun.at, settings.guard_wait).max(now);
        Call {
            deframer: Deframer::new(&settings, slack),
            state: State::Guard { ask_at },
            taken_at: at,
            settings,
            codes,
            book,
            requests: 0,
            data_by: None,
            asked_at: at,
            last_digit: at,
            opening: None,
            alarms: Alarms::default(),
            owing: None,
            acknowledging: false,
            quiet_until: at,
            last_ack: at,
            null_failed: false,
            selected: None,
            outstanding: 0,
        }
    }

    /// See [`crate::call::Call::handle_sound`].
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        if !self.is_ended() {
            self.hear(&heard, now);
            self.advance(now);
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

    /// See [`crate::call::Call::handle_refused`]. Nothing is sent: the unit sends again by itself, a scheme is asked
    /// again.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        if self.book.handle_refused(token) && !self.is_ended() {
            self.offer_copy(token);
            self.advance(now);
        }
    }

    /// See [`crate::call::Call::handle_operator`]. All but releasing the line waits until the call is online.
    pub fn handle_operator(&mut self, request: Request, now: Instant) {
        if self.is_ended() {
            return;
        }
        let release = request.wanted == Operator::HangUp;
        let id = request.id;
        if release {
            self.book.answer(id, Operated::Done);
            self.end(End::Released, Side::Here, now);
        } else {
            self.book.ask(request);
            self.advance(now);
        }
    }

    /// See [`crate::call::Call::handle_hung_up`].
    pub fn handle_hung_up(&mut self, now: Instant) {
        let end = match &self.state {
            State::Ended | State::GivenUp => return,
            State::ClearedDown { .. } => End::ClearedDown,
            State::Exchange(exchange) if exchange.is_clear_down() => End::ClearedDown,
            _ => End::RemoteHangup,
        };
        self.end(end, Side::FarEnd, now);
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

    fn end(&mut self, end: End, hung_up: Side, now: Instant) {
        if let Some(run) = self.deframer.flush(now) {
            self.run(&run, now);
        }
        self.book.end(Protocol::Bs8521, end, hung_up, now);
        self.state = State::Ended;
    }
}
