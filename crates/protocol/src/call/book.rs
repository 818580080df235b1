//! What every call owes, whatever its protocol: kept here once, so that no state machine can forget it.
//!
//! * An acknowledgement needs a [`Stored`], and only a delivery that is stored gives one.
//! * Every delivery that was refused and not stored later is offered again when the call ends.
//! * A call that delivered nothing is a report: unreadable, or silent when no digit came.
//! * Every request of the operator is answered once; the end of the call answers the rest.
//! * [`Command::Ended`] comes once, and nothing after it.
//!
//! A protocol that gives a call up hands its book to the next one: [`Book`] goes on, the state machine does not.

mod tell;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::bounds::{FAULTS_MAX, HEARD_MAX, REQUESTS_MAX};
use super::deliveries::{Deliveries, Stored};
use super::playing::Playing;
use super::{Begun, Command, End, Ended, Frame, Operated, Request, RequestId, Side, Speech};
use crate::tones::{Heard, Length, Note};
use crate::{Answered, Counted, Delivery, Fault, Message, Protocol, RepeatProof, Report, Token};

/// The book of one call.
#[derive(Debug)]
pub struct Book {
    begun: Begun,
    commands: VecDeque<Command>,
    playing: Playing,
    speech: Speech,
    heard: Vec<Heard>,
    unkept: u64,
    deliveries: Deliveries,
    asked: VecDeque<Request>,
    busy_with: Option<RequestId>,
    requests: u32,
    faults: Vec<&'static str>,
    last_fault: Option<Fault>,
    copies: u32,
    is_change_told: bool,
    is_told: bool,
    is_over: bool,
}

impl Book {
    /// Opens the book of a call that was just answered.
    pub fn new(begun: Begun) -> Book {
        Book {
            begun,
            commands: VecDeque::new(),
            playing: Playing::default(),
            speech: Speech::None,
            heard: Vec::new(),
            unkept: 0,
            deliveries: Deliveries::default(),
            asked: VecDeque::new(),
            busy_with: None,
            requests: 0,
            faults: Vec::new(),
            last_fault: None,
            copies: 0,
            is_change_told: false,
            is_told: false,
            is_over: false,
        }
    }

    /// Notes a sound. The end of one replaces its onset; one that is told again, to the protocol that goes on with the
    /// call, is kept once.
    pub fn hear(&mut self, heard: &Heard) {
        let is_same = |known: &&mut Heard| known.sound == heard.sound && known.began == heard.began;
        if let Some(known) = self.heard.iter_mut().rev().find(is_same) {
            if known.length == Length::StillOn {
                *known = *heard;
            }
        } else if self.heard.len() < HEARD_MAX {
            self.heard.push(*heard);
        } else if heard.length != Length::StillOn {
            self.unkept = self.unkept.saturating_add(1);
        }
    }

    /// Notes a frame that could not be read.
    pub fn fault(&mut self, name: &'static str, fault: Fault) {
        self.push(Command::Count(Counted::BadFrame(name)));
        self.last_fault = Some(fault);
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(name);
        }
    }

    /// Plays; the caller has made sure that nothing is playing.
    pub fn play(&mut self, notes: Vec<Note>, now: Instant) {
        if !self.is_over && !notes.is_empty() {
            self.playing.begin(&notes, now);
            self.push(Command::Play(notes));
        }
    }

    /// Plays a request for data.
    pub fn request(&mut self, notes: Vec<Note>, now: Instant) {
        self.requests = self.requests.saturating_add(1);
        self.play(notes, now);
    }

    /// Takes notice that all is out; false if nothing was playing.
    pub fn played(&mut self, now: Instant) -> bool {
        self.playing.end(now)
    }

    /// Delivers a report that came in a frame; none, and not delivered, if the call has had too many.
    pub fn deliver(&mut self, mut report: Report, frame: Frame, now: Instant) -> Option<Token> {
        if self.is_over || self.deliveries.is_full() {
            return None;
        }
        if report.caller.is_none() {
            report.caller.clone_from(&self.begun.caller);
        }
        let Frame { raw, began, ended } = frame;
        let token = self.deliveries.token();
        let change = self.change(&report);
        let token = self.offer(Delivery {
            token,
            message: Message::Report(report),
            raw,
            first_byte: began.min(now),
            last_byte: ended.min(now).max(began.min(now)),
            repeat: RepeatProof::None,
            owed: true,
            about: None,
        });
        if let Some(change) = change {
            self.tell(change, now);
        }
        Some(token)
    }

    /// Offers a refused delivery again, for a copy that came since, within the sender's retry time.
    pub fn deliver_again(&mut self, token: Token, frame: Frame, window: Duration) -> Option<Token> {
        if self.is_over || self.deliveries.is_full() {
            return None;
        }
        let delivery = self.deliveries.take_refused(token)?;
        let Frame { raw, began, ended } = frame;
        let (token, repeat) = (self.deliveries.token(), RepeatProof::PreviousOnLine(window));
        Some(self.offer(Delivery { token, raw, first_byte: began, last_byte: ended.max(began), repeat, ..*delivery }))
    }

    /// Notes that a delivery is stored; false if it is not one that waits.
    pub fn handle_stored(&mut self, token: Token) -> bool {
        self.deliveries.settle(token, true)
    }

    /// Notes that a delivery could not be stored; false if it is not one that waits.
    pub fn handle_refused(&mut self, token: Token) -> bool {
        self.deliveries.settle(token, false)
    }

    /// The witness that a delivery is stored, if it is.
    pub fn stored(&self, token: Token) -> Option<Stored> {
        self.deliveries.stored(token)
    }

    /// Whether a delivery was refused and not offered again since.
    pub fn is_refused(&self, token: Token) -> bool {
        self.deliveries.is_refused(token)
    }

    /// Plays the acknowledgement of a stored delivery, or of a copy of it.
    pub fn acknowledge(&mut self, stored: &Stored, notes: Vec<Note>, now: Instant) {
        self.play(notes, now);
        if self.deliveries.acknowledged(stored.token()) {
            self.push(Command::Left(stored.token(), Answered::Positive));
        }
    }

    /// Notes that a stored delivery was not acknowledged because that came too late. A copy may still be.
    pub fn late(&mut self, token: Token) {
        self.push(Command::Count(Counted::LateAnswer));
        self.deliveries.late(token);
    }

    /// Notes a copy that was not delivered.
    pub fn copy(&mut self) {
        self.copies = self.copies.saturating_add(1);
    }

    /// The speech path is now this.
    pub fn speech(&mut self, speech: Speech) {
        if self.speech != speech {
            self.speech = speech;
            self.push(Command::Speech(speech));
        }
    }

    /// Keeps a request until the call has time for it; refused if too many wait. After the end nobody answers.
    pub fn ask(&mut self, request: Request) {
        if self.asked.len() >= REQUESTS_MAX {
            self.push(Command::Operated(request.id, Operated::Refused("too many requests")));
        } else {
            self.asked.push_back(request);
        }
    }

    /// The next request, if none is being carried out. [`Book::operated`] answers it.
    pub fn next_request(&mut self) -> Option<Request> {
        if self.busy_with.is_some() {
            return None;
        }
        let request = self.asked.pop_front()?;
        self.busy_with = Some(request.id);
        Some(request)
    }

    /// Whether a request waits that can be carried out.
    pub fn has_request(&self) -> bool {
        self.busy_with.is_none() && !self.asked.is_empty()
    }

    /// Answers a request that did not have to wait.
    pub fn answer(&mut self, id: RequestId, operated: Operated) {
        self.push(Command::Operated(id, operated));
    }

    /// Answers the request being carried out, if there is one.
    pub fn operated(&mut self, operated: Operated) {
        if let Some(id) = self.busy_with.take() {
            self.push(Command::Operated(id, operated));
        }
    }

    /// Ends the call. The first end counts.
    pub fn end(&mut self, protocol: Protocol, end: End, hung_up: Side, now: Instant) {
        if self.is_over {
            return;
        }
        self.offer_unstored(protocol, end, now);
        let is_released = matches!(end, End::ClearedDown | End::Unconfirmed | End::Released);
        self.operated(if is_released { Operated::Done } else { Operated::Refused(CALL_ENDED) });
        for request in std::mem::take(&mut self.asked) {
            self.push(Command::Operated(request.id, Operated::Refused(CALL_ENDED)));
        }
        self.speech(Speech::None);
        let deliveries = self.leave();
        if hung_up == Side::Here {
            self.push(Command::HangUp);
        }
        let ended = Ended {
            protocol,
            caller: self.begun.caller.clone(),
            answered: self.begun.at,
            ended: now,
            end,
            hung_up,
            heard: std::mem::take(&mut self.heard),
            unkept: self.unkept,
            deliveries,
            requests: self.requests,
            faults: std::mem::take(&mut self.faults),
            copies: self.copies,
        };
        self.push(Command::Ended(Box::new(ended)));
        self.is_over = true;
    }

    /// See [`super::Call::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// How the call began.
    pub fn begun(&self) -> &Begun {
        &self.begun
    }

    /// Whether the call has ended.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether something is playing.
    pub fn is_playing(&self) -> bool {
        self.playing.is_on()
    }

    /// When to take for played what the line never said was.
    pub fn play_overdue(&self) -> Option<Instant> {
        self.playing.overdue()
    }

    /// Whether a sound may be our own coming back; see [`super::Begun::slack`] for how late it is told.
    pub fn is_echo(&self, heard: &Heard, tail: Duration) -> bool {
        self.playing.is_echo(heard, tail.saturating_add(self.begun.slack))
    }

    /// The sounds so far, for who goes on with the call.
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// The speech path.
    pub fn speech_path(&self) -> Speech {
        self.speech
    }

    /// Whether a valid frame came, stored or not.
    pub fn has_delivered(&self) -> bool {
        !self.deliveries.is_empty()
    }

    fn push(&mut self, command: Command) {
        if !self.is_over {
            self.commands.push_back(command);
        }
    }

    fn offer(&mut self, delivery: Delivery) -> Token {
        let token = delivery.token;
        self.deliveries.offered(&delivery);
        self.push(Command::Deliver(Box::new(delivery)));
        token
    }

    /// What became of the answers; those not given are told of here.
    fn leave(&mut self) -> Vec<(Token, Answered)> {
        let left = self.deliveries.leave();
        for (token, answered, _) in left.iter().filter(|(_, _, is_told)| !is_told) {
            self.push(Command::Left(*token, *answered));
        }
        left.into_iter().map(|(token, answered, _)| (token, answered)).collect()
    }
}

const CALL_ENDED: &str = "the call has ended";
