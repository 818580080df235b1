//! The conversation with a panel that has connected.
//!
//! ```text
//! bytes ── deframe ─┬─ poll ─ Deliver (sign of life, or what its flags say) ── [P] 00 minutes 06
//!                   ├─ 2, 3 ─ Deliver, one for each account ── all stored in time: 2 06, 3 06
//!                   ├─ +++ ── nothing
//!                   ├─ damaged ── told at once, no answer: TCP damages nothing, so it will never read better
//!                   └─ noise ──── counted; one report per episode
//! ```
//!
//! Invariants: an answer leaves in [`Session::handle_stored`] alone, once everything the message said is stored; one is
//! owed at a time, and whatever comes before it has left takes it back: an answer names its kind of message and no more.
//!
//! A panel may connect for each message, so that the first of a conversation is never in doubt: a press is a press. Only
//! a copy of what this conversation left unanswered is a repeat.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::deframe::{Chunk, Deframer, Found};
use super::{ACK, CR_LF, Flags, Message, MessageError, Read, Settings, poll_report, read, reports};
use crate::automation::ANSWER_TRANSFER;
use crate::automation::copies::Copies;
use crate::automation::doubt::Doubt;
use crate::automation::noise::Noise;
use crate::session::after;
use crate::{
    Answered, Codes, Command, Counted, Delivery, Message as Delivered, Protocol, RepeatProof, Report, Sender, Status,
    Token, Trigger,
};

/// A conversation on one connection.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    codes: Arc<Codes>,
    commands: VecDeque<Command>,
    deframer: Deframer,
    pending: Option<Pending>,
    doubt: Doubt,
    noise: Noise,
    /// The message nobody could read that was told last.
    unread: Option<Vec<u8>>,
    polled: Option<Polled>,
    /// Present when the session only listens.
    copies: Option<Copies>,
    next_token: u64,
}

/// An answer owed.
#[derive(Debug)]
struct Pending {
    /// What must be stored first; the last of them is who owes the answer.
    tokens: Vec<Token>,
    owes: Token,
    kind: Kind,
    raw: Vec<u8>,
    last_byte: Instant,
    deadline: Instant,
}

/// What is answered.
#[derive(Debug)]
enum Kind {
    /// A poll; what its flags were before it, should it not be stored.
    Poll(Option<Polled>),
    /// A message by its first byte.
    Message(u8),
}

/// What a panel's polls have told in this conversation.
#[derive(Clone, Debug, PartialEq)]
struct Polled {
    account: String,
    told: Flags,
    /// Until here another conversation may know the same flags by their key, so that none is taken back.
    known_until: Instant,
}

impl Session {
    /// Begins a conversation.
    pub fn new(settings: Settings, codes: Arc<Codes>) -> Session {
        Session {
            doubt: Doubt::none(settings.retry_window),
            codes,
            commands: VecDeque::new(),
            deframer: Deframer::default(),
            pending: None,
            noise: Noise::default(),
            unread: None,
            polled: None,
            copies: None,
            next_token: 0,
            settings,
        }
    }

    /// Takes over what an earlier conversation on the line has told and not taken back: noise.
    pub fn with_told(mut self, told: &[Trigger], now: Instant) -> Session {
        if told.contains(&Trigger::LineNoise) {
            self.noise = Noise::told(now);
        }
        self
    }

    /// Only listens: delivers everything, sends nothing.
    pub fn listening_only(mut self) -> Session {
        self.copies = Some(Copies::new(self.settings.retry_window));
        self
    }

    /// See [`crate::Session::handle_bytes`].
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        for byte in bytes {
            self.take_back();
            if let Some(found) = self.deframer.push(*byte, now) {
                self.found(found, now);
            }
        }
        self.junk(now);
    }

    /// See [`crate::Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(found) = self.deframer.expire(self.settings.partial_message, now) {
            self.found(found, now);
        }
        self.junk(now);
        self.answer_is_late(now);
        if let Some(quiet) = self.noise.expire(now) {
            self.deliver_own(quiet, now);
        }
    }

    /// See [`crate::Session::handle_stored`]: the only way to an answer.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        self.answer_is_late(now);
        if let Some(pending) = &mut self.pending {
            pending.tokens.retain(|waits| *waits != token);
        }
        let Some(pending) = self.pending.take_if(|pending| pending.tokens.is_empty()) else { return };
        let answer = match pending.kind {
            Kind::Poll(_) => [b"[P]", &[0, self.settings.poll_minutes, ACK][..], &CR_LF].concat(),
            Kind::Message(kind) => {
                self.doubt.answered(pending.last_byte);
                [&[kind, ACK][..], &CR_LF].concat()
            }
        };
        self.commands.push_back(Command::Send(answer));
        self.commands.push_back(Command::Left(pending.owes, Answered::Positive));
    }

    /// See [`crate::Session::handle_refused`]. There is no negative answer: the panel's own wait makes it try again.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        self.answer_is_late(now);
        if let Some(pending) = self.pending.take_if(|pending| pending.tokens.contains(&token)) {
            let owes = pending.owes;
            self.unanswered(pending);
            self.commands.push_back(Command::Left(owes, Answered::Withheld));
        }
    }

    /// See [`crate::Session::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// See [`crate::Session::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [
            self.deframer.deadline(self.settings.partial_message),
            self.pending.as_ref().map(|pending| pending.deadline),
            self.noise.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn found(&mut self, found: Found, now: Instant) {
        match found {
            Found::Message(chunk) => match read(&chunk.bytes) {
                Ok(read) => self.message(read, &chunk, now),
                Err(error) => self.damaged(&chunk, &error, now),
            },
            Found::Broken(chunk, error) => self.damaged(&chunk, &error, now),
        }
    }

    fn message(&mut self, read: Read, chunk: &Chunk, now: Instant) {
        self.unread = None;
        if let Some(ended) = self.noise.readable() {
            self.deliver_own(ended, now);
        }
        match &read.message {
            Message::Close => {}
            Message::Poll { account, flags } => self.poll(account, Flags(*flags), chunk),
            message => {
                let reports = reports(message, &read.warnings, &self.codes);
                let kind = Kind::Message(chunk.bytes.first().copied().unwrap_or_default());
                // Of several accounts the bytes are the same: what is stored last proves nothing of the others.
                let repeat = if reports.len() == 1 { self.doubt.proof(chunk.last_byte) } else { RepeatProof::None };
                let mut said: Vec<_> =
                    reports.into_iter().map(|said| (Delivered::Report(said), repeat.clone())).collect();
                if said.is_empty() {
                    said.push((Delivered::SignOfLife(None), RepeatProof::None));
                }
                self.deliver_owing(said, kind, chunk);
            }
        }
    }

    /// A poll says what its flags say only where that is news: at the first of a conversation, where the key tells what
    /// another conversation has said within the time between two polls, and when they change. That something is over is
    /// told once no other conversation can know it by its key.
    fn poll(&mut self, account: &str, flags: Flags, chunk: &Chunk) {
        let telling = flags.telling(&self.codes);
        let before = self.polled.clone();
        let window = self.settings.poll_window();
        let held = before.clone().filter(|held| held.account == account);
        let (report, repeat) = match held {
            None => {
                let began = (telling, Status::Present);
                let report = poll_report(account, flags, began, Flags::default(), &self.codes);
                let key = format!("texecom poll {}\n{account}\n{:02X}", self.settings.line, telling.0).into_bytes();
                let known_until =
                    if telling == Flags::default() { chunk.last_byte } else { after(chunk.last_byte, window) };
                self.polled = Some(Polled { account: account.to_owned(), told: telling, known_until });
                (report, RepeatProof::Key { key, window })
            }
            Some(held) => {
                let began = Flags(telling.0 & !held.told.0);
                let over = if chunk.last_byte < held.known_until { 0 } else { held.told.0 & !telling.0 };
                let told = Flags((held.told.0 | began.0) & !over);
                self.polled = Some(Polled { told, ..held });
                (poll_report(account, flags, (began, Status::Active), Flags(over), &self.codes), RepeatProof::None)
            }
        };
        let said = match report {
            Some(report) => (Delivered::Report(report), repeat),
            None => {
                let sender = Sender { protocol: Protocol::Texecom, identity: account.to_owned() };
                (Delivered::SignOfLife(Some(sender)), RepeatProof::None)
            }
        };
        self.deliver_owing(vec![said], Kind::Poll(before), chunk);
    }

    fn damaged(&mut self, chunk: &Chunk, error: &MessageError, now: Instant) {
        self.count(Counted::BadFrame(error.name()));
        self.noise.bad_frame(now);
        if self.unread.as_ref() == Some(&chunk.bytes) {
            return;
        }
        self.unread = Some(chunk.bytes.clone());
        if self.noise.allow_unreadable(now) {
            let report = Report::unreadable(Protocol::Texecom, error.fault());
            self.deliver(Delivered::Report(report), RepeatProof::None, chunk, false);
        } else if let Some(begun) = self.noise.begin() {
            self.deliver_own(begun, now);
        }
    }

    /// Bytes that are nothing.
    fn junk(&mut self, now: Instant) {
        let bytes = self.deframer.take_junk();
        if bytes == 0 {
            return;
        }
        self.count(Counted::JunkBytes(bytes));
        if let Some(begun) = self.noise.junk(bytes, now) {
            self.deliver_own(begun, now);
        }
    }

    fn deliver_owing(&mut self, said: Vec<(Delivered, RepeatProof)>, kind: Kind, chunk: &Chunk) {
        if let Some(copies) = &mut self.copies {
            if matches!(kind, Kind::Message(_)) && copies.is_possible_repeat(&chunk.bytes, chunk.last_byte) {
                self.count(Counted::PossibleRepeat);
            }
            said.into_iter().for_each(|(message, _)| {
                self.deliver(message, RepeatProof::None, chunk, false);
            });
            return;
        }
        let count = said.len();
        let deliver = |(at, (message, repeat)): (usize, (Delivered, RepeatProof))| {
            self.deliver(message, repeat, chunk, at.saturating_add(1) == count)
        };
        let tokens: Vec<Token> = said.into_iter().enumerate().map(deliver).collect();
        let Some(owes) = tokens.last().copied() else { return };
        let wait = self.settings.ack_wait.saturating_sub(ANSWER_TRANSFER);
        let (raw, last_byte, deadline) = (chunk.bytes.clone(), chunk.last_byte, after(chunk.last_byte, wait));
        self.pending = Some(Pending { tokens, owes, kind, raw, last_byte, deadline });
    }

    fn deliver_own(&mut self, report: Report, now: Instant) {
        let chunk = Chunk { bytes: Vec::new(), first_byte: now, last_byte: now };
        self.deliver(Delivered::Report(report), RepeatProof::None, &chunk, false);
    }

    fn deliver(&mut self, message: Delivered, repeat: RepeatProof, chunk: &Chunk, owed: bool) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let Chunk { bytes: raw, first_byte, last_byte } = chunk.clone();
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about: None };
        self.commands.push_back(Command::Deliver(Box::new(delivery)));
        token
    }

    /// The panel has stopped waiting.
    fn answer_is_late(&mut self, now: Instant) {
        if let Some(pending) = self.pending.take_if(|pending| now >= pending.deadline) {
            let owes = pending.owes;
            self.unanswered(pending);
            self.count(Counted::LateAnswer);
            self.commands.push_back(Command::Left(owes, Answered::Late));
        }
    }

    /// Something comes before the answer.
    fn take_back(&mut self) {
        if let Some(pending) = self.pending.take() {
            let owes = pending.owes;
            self.unanswered(pending);
            self.commands.push_back(Command::Left(owes, Answered::Withheld));
        }
    }

    fn unanswered(&mut self, pending: Pending) {
        match pending.kind {
            Kind::Message(_) => self.doubt.unanswered(&pending.raw, pending.last_byte),
            // It may not be stored: the next one tells again.
            Kind::Poll(before) => self.polled = before,
        }
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::Texecom(Box::new(session))
    }
}
