//! A call of which nobody knows what its unit speaks.
//!
//! ```text
//! guard ─► first method asks ─ nothing ─► next method asks ─ nothing ─► … ─► told as unreadable, left to an operator
//!              │ data                        ▲
//!              ▼                             │ a whole frame of another method: handed to it, sounds and all
//!          that protocol's call, to its end  └─ whoever asks, and while an operator has the line
//! ```
//!
//! The order is the site's; what the caller's unit spoke last time goes first. A unit that has not been understood is
//! told of at once, and the line stays open: somebody may be talking.

mod method;
mod run;
mod voice;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::run::Run;
use self::voice::Voice;
use crate::call::{self, Begun, Book, Command, Request};
use crate::tones::Heard;
use crate::{Codes, Message, Outcome, Protocol, Token, bs8521, contact_id, tunstall};

pub use method::Method;
pub use voice::VOICE_LONGEST;

/// Settings of a line whose callers' protocols are found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is asked for, in this order.
    pub order: Vec<Method>,
}

impl Default for Settings {
    /// The order of a receiver in service (B), each protocol asked twice; Contact ID, which no UK unit need speak, last.
    fn default() -> Settings {
        let bs8521 = bs8521::Settings { requests: 2, ..bs8521::Settings::default() };
        let contact_id = contact_id::Settings { handshakes: 2, ..contact_id::Settings::default() };
        let tunstall = tunstall::Settings::default();
        Settings { order: vec![Method::Bs8521(bs8521), Method::Tunstall(tunstall), Method::ContactId(contact_id)] }
    }
}

/// A call whose protocol is found out.
#[derive(Debug)]
pub struct Call {
    codes: Arc<Codes>,
    /// What is asked for, and whether it has been.
    methods: Vec<(Method, bool)>,
    turn: Turn,
    run: Run,
    /// How late the line may tell of a sound.
    slack: Duration,
    /// A frame was read: the call is its protocol's to the end.
    is_found: bool,
}

/// A call that was just answered, in a protocol that telephones; none for any other.
pub fn usual_call(protocol: Protocol, codes: Arc<Codes>, begun: Begun) -> Option<call::Call> {
    match protocol {
        Protocol::Detect => Some(Call::new(Settings::default(), codes, begun).into()),
        protocol => Method::usual(protocol).map(|method| method.begin(codes, begun)),
    }
}

/// Who has the call.
#[derive(Debug)]
enum Turn {
    Method { place: usize, call: Box<call::Call> },
    Voice(Box<Voice>),
}

impl Call {
    /// Takes a call that was just answered.
    pub fn new(settings: Settings, codes: Arc<Codes>, begun: Begun) -> Call {
        let mut order: Vec<Method> = settings.order.into_iter().map(Method::giving_up).collect();
        if let Some(learnt) = begun.learnt {
            order.sort_by_key(|method| !method.speaks(learnt));
            order = order.into_iter().map(|method| method.asking_first_for(learnt)).collect();
        }
        let (at, slack) = (begun.at, begun.slack);
        let turn = match order.first().cloned() {
            Some(first) => Turn::Method { place: 0, call: Box::new(first.begin(Arc::clone(&codes), begun)) },
            None => Turn::Voice(Box::new(Voice::opened(Book::new(begun), at))),
        };
        let methods = order.into_iter().enumerate().map(|(place, method)| (method, place == 0)).collect();
        Call { codes, methods, turn, run: Run::default(), slack, is_found: false }
    }

    /// See [`call::Call::handle_sound`].
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        if !self.is_found {
            self.run.hear(&heard, self.slack, now);
        }
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_sound(heard, now),
            Turn::Voice(voice) => voice.handle_sound(&heard),
        }
        self.advance(now);
    }

    /// See [`call::Call::handle_played`].
    pub fn handle_played(&mut self, now: Instant) {
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_played(now),
            Turn::Voice(voice) => voice.handle_played(now),
        }
        self.advance(now);
    }

    /// See [`call::Call::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_timeout(now),
            Turn::Voice(voice) => voice.handle_timeout(now),
        }
        self.advance(now);
    }

    /// See [`call::Call::handle_stored`].
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_stored(token, now),
            Turn::Voice(voice) => voice.handle_stored(token),
        }
        self.advance(now);
    }

    /// See [`call::Call::handle_refused`].
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_refused(token, now),
            Turn::Voice(voice) => voice.handle_refused(token),
        }
        self.advance(now);
    }

    /// See [`call::Call::handle_operator`].
    pub fn handle_operator(&mut self, request: Request, now: Instant) {
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_operator(request, now),
            Turn::Voice(voice) => voice.handle_operator(&request, now),
        }
        self.advance(now);
    }

    /// See [`call::Call::handle_hung_up`].
    pub fn handle_hung_up(&mut self, now: Instant) {
        match &mut self.turn {
            Turn::Method { call, .. } => call.handle_hung_up(now),
            Turn::Voice(voice) => voice.handle_hung_up(now),
        }
    }

    /// See [`call::Call::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        let command = match &mut self.turn {
            Turn::Method { call, .. } => call.next_command(),
            Turn::Voice(voice) => voice.next_command(),
        };
        if let Some(Command::Deliver(delivery)) = &command
            && let Message::Report(report) = &delivery.message
            && report.outcome == Outcome::Decoded
        {
            self.is_found = true;
        }
        command
    }

    /// See [`call::Call::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = match &self.turn {
            Turn::Method { call, .. } => call.poll_timeout(),
            Turn::Voice(voice) => voice.poll_timeout(),
        }?;
        Some(self.run.look_at().filter(|_| !self.is_found).map_or(due, |look_at| look_at.min(due)))
    }

    /// Never: what no method reads is left to an operator.
    pub fn is_given_up(&self) -> bool {
        false
    }

    /// The call's book.
    pub fn into_book(self) -> Book {
        match self.turn {
            Turn::Method { call, .. } => call.into_book(),
            Turn::Voice(voice) => voice.into_book(),
        }
    }

    /// Goes on until whoever has the call wants it: one that has given up would let a hang-up pass without a record.
    fn advance(&mut self, now: Instant) {
        loop {
            while matches!(&self.turn, Turn::Method { call, .. } if call.is_given_up()) {
                self.next_method(now);
                // Something may be overdue that the one before began.
                match &mut self.turn {
                    Turn::Method { call, .. } => call.handle_timeout(now),
                    Turn::Voice(voice) => voice.handle_timeout(now),
                }
            }
            if self.is_found {
                return;
            }
            let Some(run) = self.run.look(now) else { return };
            self.read(&run, now);
        }
    }

    /// The next method that has not asked yet; after the last one the call is an operator's.
    fn next_method(&mut self, now: Instant) {
        let next = self.methods.iter().position(|(_, has_asked)| !has_asked);
        match next {
            Some(place) => self.give_to(place, now),
            None => self.with_book(now, |book| Turn::Voice(Box::new(Voice::opened(book, now)))),
        }
    }

    fn give_to(&mut self, place: usize, now: Instant) {
        let Some((method, has_asked)) = self.methods.get_mut(place) else { return };
        *has_asked = true;
        let (method, codes) = (method.clone(), Arc::clone(&self.codes));
        self.with_book(now, |book| Turn::Method { place, call: Box::new(method.take_up(codes, book, now)) });
    }

    fn with_book(&mut self, now: Instant, turn: impl FnOnce(Book) -> Turn) {
        // Nobody sees the empty call that stands here meanwhile.
        let begun = Begun { caller: None, at: now, slack: Duration::ZERO, learnt: None };
        let empty = Turn::Voice(Box::new(Voice::opened(Book::new(begun), now)));
        let book = match std::mem::replace(&mut self.turn, empty) {
            Turn::Method { call, .. } => call.into_book(),
            Turn::Voice(voice) => voice.into_book(),
        };
        self.turn = turn(book);
    }

    /// A run of digits that whoever has the call made nothing of: is it a frame of another method?
    fn read(&mut self, run: &[Heard], now: Instant) {
        let asking = match &self.turn {
            Turn::Method { place, .. } => Some(*place),
            Turn::Voice(voice) if voice.is_over() => return,
            Turn::Voice(_) => None,
        };
        let digits = call::digits(run);
        let others = self.methods.iter().enumerate().filter(|(place, _)| Some(*place) != asking);
        let reader = others.map(|(place, (method, _))| (place, method)).find(|(_, m)| m.reads(&digits, &self.codes));
        let Some((place, _)) = reader else { return };
        self.give_to(place, now);
        if let Turn::Method { call, .. } = &mut self.turn {
            for heard in run {
                call.handle_sound(*heard, heard.ended().unwrap_or(heard.began));
            }
            call.handle_timeout(now);
        }
    }
}
