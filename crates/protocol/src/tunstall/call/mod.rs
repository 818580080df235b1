//! The receiver's side of a call, from the answer to the record of its end.
//!
//! ```text
//! Guard ─ guard tone, or time ─► Asking ─► Awaiting ─ nothing ─► Asking … each protocol twice ─► end: no data
//!                                             │ a digit
//!                                             ▼
//!                           Receiving ─ silence ─► Asking, or end: no valid data, not stored
//!                               │ frame ── Deliver ── stored in time ── B 0, D B, 1400 Hz
//!                               ▼
//!                            Settling ─┬─ dispersed ─► Online ─ operator ─► clear down ─► Closing
//!                                      └─ grouped ───► Catalogue ─► select ─► Online ─ clear ─► Catalogue …
//! ```
//!
//! Invariants: a frame is taken whatever the state, also before an enquiry and during speech. An acknowledgement
//! leaves for a stored frame only, and only while the unit still waits for it; otherwise the unit sends again and the
//! copy is answered. A dwelling is cleared only when its alarm is stored: the system forgets it then. What is heard
//! while digits arrive postpones what is to be sent. A sound alone never makes the call ask: sounds of earlier may be
//! told again to a call that goes on with another protocol's book.

mod alarms;
mod catalogue;
mod dwellings;
mod exchange;
mod hear;
mod messages;
mod online;
mod opening;
mod operator;
mod verify;

use std::sync::Arc;
use std::time::Instant;

use self::alarms::{Alarms, Owing};
use self::dwellings::Dwellings;
use self::exchange::Exchange;
use super::{Bursts, Deframer, Opened, Probe, Settings, Signalling, stmf::Pairs};
use crate::call::{Begun, Book, Command, End, Operated, Operator, Request, Side};
use crate::session::after;
use crate::tones::Heard;
use crate::{Codes, Protocol, Token};

/// A call in TT92, TTNEW or TTOLD.
#[derive(Debug)]
pub struct Call {
    settings: Settings,
    codes: Arc<Codes>,
    book: Book,
    deframer: Deframer,
    pairs: Pairs,
    bursts: Bursts,
    /// The burst group before, which its copy has to equal.
    last_bursts: Option<Vec<u8>>,
    state: State,
    /// Enquiries sent.
    asked: u32,
    /// When the last of them was out.
    asked_at: Instant,
    /// An STMF digit was heard before a frame.
    is_stmf: bool,
    /// Onset of a `#` that may be this end's own.
    doubted_hash: Option<Instant>,
    /// Since the last enquiry something came that began as a frame does.
    had_prefix: bool,
    /// The same, since the answer.
    ever_had_prefix: bool,
    /// Until when data may take, once it began and until a frame is acknowledged.
    data_by: Option<Instant>,
    /// When the last digit was told of.
    last_digit: Instant,
    /// When the operator last wanted something.
    last_request: Instant,
    /// What the frame that opened the call says of it.
    opening: Option<Opened>,
    alarms: Alarms,
    dwellings: Dwellings,
    /// Messages that a digit of was in doubt.
    doubted: Vec<Vec<u8>>,
    owing: Option<Owing>,
    /// An acknowledgement is playing.
    acknowledging: bool,
    /// The line is left alone until then.
    quiet_until: Instant,
    /// When something was last played that the unit hears as a command.
    last_alive: Instant,
    /// The unit knows that this end can do both ways.
    told_duplex: bool,
    /// No dwelling was selected yet: a system that tells of none does not end the call.
    is_first_catalogue: bool,
    /// The dwelling whose path is open.
    selected: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Guard { ask_at: Instant },
    Asking,
    Awaiting { until: Instant },
    Receiving,
    Settling { until: Instant },
    Catalogue { until: Instant },
    Exchange(Exchange),
    Online,
    Closing { until: Instant },
    Ended,
    GivenUp,
}

impl Call {
    /// Takes a call that was just answered.
    pub fn new(settings: Settings, codes: Arc<Codes>, begun: Begun) -> Call {
        let ask_at = after(begun.at, settings.first_wait());
        Call::begin(settings, codes, Book::new(begun), ask_at)
    }

    /// Goes on with a call that another protocol has given up: asks at once, unless sounds that it is told of first
    /// hold a frame.
    pub fn with_book(settings: Settings, codes: Arc<Codes>, book: Book) -> Call {
        let ask_at = book.begun().at;
        Call::begin(settings, codes, book, ask_at)
    }

    fn begin(settings: Settings, codes: Arc<Codes>, book: Book, ask_at: Instant) -> Call {
        let begun = book.begun();
        let (at, slack) = (begun.at, begun.slack);
        Call {
            deframer: Deframer::new(&settings, slack),
            pairs: Pairs::new(&settings, slack),
            bursts: Bursts::new(settings.ttold_silence, slack),
            last_bursts: None,
            state: State::Guard { ask_at },
            settings,
            codes,
            book,
            asked: 0,
            asked_at: at,
            is_stmf: false,
            doubted_hash: None,
            had_prefix: false,
            ever_had_prefix: false,
            data_by: None,
            last_digit: at,
            last_request: at,
            opening: None,
            alarms: Alarms::default(),
            dwellings: Dwellings::default(),
            doubted: Vec::new(),
            owing: None,
            acknowledging: false,
            quiet_until: at,
            last_alive: at,
            told_duplex: false,
            is_first_catalogue: true,
            selected: None,
        }
    }

    /// See [`crate::call::Call::handle_sound`]. What follows from it is due at once, see [`Call::poll_timeout`].
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        if !self.is_ended() {
            self.hear(&heard, now);
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

    /// See [`crate::call::Call::handle_refused`]. Nothing is sent: the unit sends again by itself.
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
        self.last_request = now;
        if request.wanted == Operator::HangUp {
            self.book.answer(request.id, Operated::Done);
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
            State::Closing { .. } => End::ClearedDown,
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
        let pieces = [self.deframer.deadline(), self.bursts.deadline()];
        [self.book.play_overdue(), self.deadline()].into_iter().chain(pieces).flatten().min()
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

    /// Whether the call is before its first acknowledgement.
    fn is_opening(&self) -> bool {
        matches!(self.state, State::Guard { .. } | State::Asking | State::Awaiting { .. } | State::Receiving)
    }

    /// The protocol that was asked for last.
    fn probe(&self) -> Option<Probe> {
        self.asked.checked_sub(1).and_then(|last| self.settings.probe(last))
    }

    /// The protocol of the call as far as is known.
    fn protocol(&self) -> Protocol {
        let opened = self.opening.as_ref().map(|opening| opening.protocol);
        let first = self.settings.probes.first().copied();
        opened.unwrap_or_else(|| self.probe().or(first).map_or(Protocol::Tt92, Probe::protocol))
    }

    /// How the unit is spoken to.
    fn signalling(&self) -> Signalling {
        let opened = self.opening.as_ref().and_then(|opening| opening.signalling);
        opened.unwrap_or(if self.is_stmf { Signalling::Stmf } else { Signalling::Dtmf })
    }

    fn end(&mut self, end: End, hung_up: Side, now: Instant) {
        if let Some(group) = self.deframer.flush() {
            self.group(&group, now);
        }
        if let Some(group) = self.bursts.flush() {
            self.burst_group(&group, now);
        }
        let protocol = self.protocol();
        self.book.end(protocol, end, hung_up, now);
        self.state = State::Ended;
    }
}
