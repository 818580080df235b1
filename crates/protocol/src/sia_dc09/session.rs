//! The conversation with premises units: one connection, or one datagram.
//!
//! ```text
//! frame ─┬─ damaged, malformed ── silence; kept as unreadable, a few for each session
//!        ├─ encrypted ─┬─ no key, wrong key ────── Deliver ── stored ── DUH
//!        │             └─ outside the window ───── NAK with the time; every third in a row is told
//!        ├─ NULL ───────────────────────────────── Deliver a sign of life ── can be stored ── ACK
//!        ├─ read ───────────────────────────────── Deliver ── stored ── ACK, encrypted if the frame was
//!        └─ unknown token, bad content ─────────── Deliver as unreadable ── stored ── DUH
//! ```
//!
//! Invariants: no ACK leaves but in [`Session::handle_stored`]. Answers name their frame by sequence and account, so
//! their order does not matter, and one that is late is still true: the unit takes it or ignores it. At most
//! [`ANSWERS_OWED_MAX`] are owed at once; then no more bytes are looked at, and [`Session::wants_bytes`] says so, until
//! one has left: a sender that floods waits, and loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::content::Content;
use super::crypt::Key;
use super::data::{Data, DataError};
use super::heard::{Heard, may_be_a_frame};
use super::keys::{Keys, Pads};
use super::meaning::{Meaning, meaning, unread};
use super::naks::Naks;
use super::reply::{LONG_PAD_MIN, ack, duh, encrypted_ack, nak};
use super::stamp::Clock;
use super::{Settings, TokenName};
use crate::sia_frame::{Deframer, Frame};
use crate::{Answered, Codes, Command, Counted, Delivery, Message, Protocol, RepeatProof, Report, Token};

/// How long the same sequence with the same content is a repeat of a frame whose ACK was lost (C).
const REPEAT_WINDOW: Duration = Duration::from_secs(60);
/// Answers owed at once.
pub const ANSWERS_OWED_MAX: usize = 8;
/// Bytes taken in and not yet looked at, at most: one read, and what the line task may read before it sees that no more
/// are wanted.
const WAITING_BYTES_MAX: usize = 16 * 1024;
/// Unreadable frames of a session that are kept; further ones are counted only.
const UNREADABLE_KEPT_MAX: u32 = 4;
/// What a session is told of the world, again and again: a connection may stay open for months.
#[derive(Clone, Debug)]
pub struct Outside {
    /// The time of day.
    pub clock: Clock,
    /// The keys in force.
    pub keys: Arc<Keys>,
    /// What all sessions of the line know of clocks that are wrong.
    pub naks: Arc<Naks>,
}

/// A conversation.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    codes: Arc<Codes>,
    outside: Outside,
    pads: Pads,
    deframer: Deframer,
    waiting: VecDeque<u8>,
    came: Instant,
    owed: Vec<Owed>,
    commands: VecDeque<Command>,
    next_token: u64,
    unreadable: u32,
    listens_only: bool,
}

/// An answer that is owed.
#[derive(Debug)]
struct Owed {
    token: Token,
    frame: Frame,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Ack,
    EncryptedAck { key: Key, long_pad: bool },
    Duh,
}

impl Session {
    /// Begins a conversation. `seed` is 16 bytes of chance for its padding.
    pub fn new(settings: Settings, codes: Arc<Codes>, outside: Outside, seed: [u8; 16], now: Instant) -> Session {
        Session {
            settings,
            codes,
            outside,
            pads: Pads::new(seed),
            deframer: Deframer::default(),
            waiting: VecDeque::new(),
            came: now,
            owed: Vec::new(),
            commands: VecDeque::new(),
            next_token: 0,
            unreadable: 0,
            listens_only: false,
        }
    }

    /// Only listens, beside another receiver that answers: delivers everything, sends nothing.
    pub fn listening_only(mut self) -> Session {
        self.listens_only = true;
        self
    }

    /// What has changed outside.
    pub fn set_outside(&mut self, outside: &Outside) {
        self.outside = outside.clone();
    }

    /// Whether it looks at more bytes now. What is given all the same waits, up to a bound, and is junk beyond it.
    pub fn wants_bytes(&self) -> bool {
        self.owed.len() < ANSWERS_OWED_MAX && self.waiting.is_empty()
    }

    /// See [`crate::Session::handle_bytes`].
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        let room = WAITING_BYTES_MAX.saturating_sub(self.waiting.len());
        let (taken, junk) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.waiting.extend(taken);
        self.came = now;
        self.count_junk(u64::try_from(junk.len()).unwrap_or(u64::MAX));
        self.look(now);
    }

    /// Takes one datagram: what it does not hold in whole never comes.
    pub fn handle_datagram(&mut self, bytes: &[u8], now: Instant) {
        self.handle_bytes(bytes, now);
        while let Some(byte) = self.waiting.pop_front() {
            self.byte(byte, now);
        }
        self.deframer.expire(Duration::ZERO, now);
        self.pieces(now);
    }

    /// See [`crate::Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        self.deframer.expire(self.settings.partial_frame, now);
        self.pieces(now);
    }

    /// See [`crate::Session::handle_stored`]: the only way to an ACK.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        if let Some(owed) = self.take(token) {
            let utc = self.outside.clock.utc(now);
            let (answer, positive) = match owed.answer {
                Answer::Ack => (Some(ack(&owed.frame)), Answered::Positive),
                Answer::EncryptedAck { key, long_pad } => {
                    (encrypted_ack(&owed.frame, &key, long_pad, &mut self.pads, utc), Answered::Positive)
                }
                Answer::Duh => (Some(duh(&owed.frame)), Answered::Withheld),
            };
            self.commands.extend(answer.map(Command::Send));
            self.commands.push_back(Command::Left(token, positive));
        }
        self.look(now);
    }

    /// See [`crate::Session::handle_refused`]: silence, so that the unit repeats or goes elsewhere.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        if self.take(token).is_some() {
            self.commands.push_back(Command::Left(token, Answered::Withheld));
        }
        self.look(now);
    }

    /// See [`crate::Session::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// See [`crate::Session::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deframer.deadline(self.settings.partial_frame)
    }

    fn take(&mut self, token: Token) -> Option<Owed> {
        let at = self.owed.iter().position(|owed| owed.token == token)?;
        Some(self.owed.swap_remove(at))
    }

    /// Looks at bytes while there is room for what they may owe.
    fn look(&mut self, now: Instant) {
        while self.owed.len() < ANSWERS_OWED_MAX
            && let Some(byte) = self.waiting.pop_front()
        {
            self.byte(byte, now);
        }
    }

    fn byte(&mut self, byte: u8, now: Instant) {
        self.deframer.push(byte, self.came);
        self.pieces(now);
    }

    fn pieces(&mut self, now: Instant) {
        while let Some(piece) = self.deframer.next_piece() {
            match Heard::read(piece) {
                Ok(heard) => self.frame(&heard, now),
                Err((error, piece)) => {
                    self.count(Counted::BadFrame(error.name()));
                    if may_be_a_frame(&piece.bytes) && self.unreadable < UNREADABLE_KEPT_MAX {
                        self.unreadable = self.unreadable.saturating_add(1);
                        let report = Report::unreadable(Protocol::SiaDc09, error.fault());
                        let times = (piece.first_byte, piece.last_byte);
                        self.deliver(Message::Report(report), piece.bytes, times, RepeatProof::None, None);
                    }
                }
            }
        }
        let junk = self.deframer.take_junk();
        self.count_junk(junk);
    }

    fn frame(&mut self, heard: &Heard, now: Instant) {
        let head = heard.head();
        if TokenName::of(&head.token) == TokenName::Reply {
            return self.count(Counted::BadFrame("UnexpectedReply"));
        }
        if !head.enciphered {
            return match Content::read(&heard.frame.content) {
                Some(content) => self.content(heard, &content, Answer::Ack),
                None => self.unread(heard, None, "NoBracket"),
            };
        }
        let keys = Arc::clone(&self.outside.keys);
        let account = head.address.account.as_deref().unwrap_or_default();
        let Some(key) = keys.of(account) else {
            return self.unread(heard, None, "NoKey");
        };
        let clear = key.decrypt(&heard.frame.content);
        let Some((content, pad)) = clear.and_then(|clear| Content::read_padded(&clear)) else {
            return self.unread(heard, None, "Undecryptable");
        };
        if !content.stamp.is_inside(self.outside.clock.utc(now)) {
            return self.outside_window(heard, &content, now);
        }
        self.outside.naks.forget(account);
        self.content(heard, &content, Answer::EncryptedAck { key: key.clone(), long_pad: pad >= LONG_PAD_MIN });
    }

    fn content(&mut self, heard: &Heard, content: &Content, answer: Answer) {
        let head = heard.head();
        let found: Vec<&'static str> = heard.warnings.iter().chain(&content.warnings).copied().collect();
        match Data::read(TokenName::of(&head.token), &content.data) {
            Ok(data) => match meaning(head, content, &data, &found, &self.codes) {
                Meaning::Alive(sender) => {
                    self.owe(Message::SignOfLife(sender), heard, RepeatProof::None, answer);
                }
                Meaning::Report(report) => {
                    let repeat = self.proof(&report);
                    self.owe(Message::Report(*report), heard, repeat, answer);
                }
            },
            // Its layout is known to nobody here, so its text goes to people as it is: it was taken in.
            Err(error @ DataError::UnknownLayout) => {
                self.count(Counted::BadFrame(error.name()));
                let report = unread(head, Some(content), error.name(), &found);
                let repeat = self.proof(&report);
                self.owe(Message::Report(report), heard, repeat, answer);
            }
            Err(error) => self.unread(heard, Some(content), error.name()),
        }
    }

    /// A good frame whose content cannot be used: kept, and its unit told.
    fn unread(&mut self, heard: &Heard, content: Option<&Content>, name: &'static str) {
        self.count(Counted::BadFrame(name));
        let report = unread(heard.head(), content, name, &heard.warnings);
        let repeat = self.proof(&report);
        self.owe(Message::Report(report), heard, repeat, Answer::Duh);
    }

    fn outside_window(&mut self, heard: &Heard, content: &Content, now: Instant) {
        self.count(Counted::BadFrame("OutsideWindow"));
        if !self.listens_only {
            self.commands.push_back(Command::Send(nak(self.outside.clock.utc(now))));
        }
        let account = heard.head().address.account.as_deref().unwrap_or_default();
        if self.outside.naks.count(account, now) {
            let report = unread(heard.head(), Some(content), "OutsideWindow", &heard.warnings);
            let repeat = self.proof(&report);
            let times = (heard.first_byte, heard.last_byte);
            self.deliver(Message::Report(report), heard.raw.clone(), times, repeat, None);
        }
    }

    /// Who only listens cannot know what the other receiver answered.
    fn proof(&self, report: &Report) -> RepeatProof {
        let key = report.repeat_key().filter(|_| !self.listens_only);
        key.map_or(RepeatProof::None, |key| RepeatProof::Key { key, window: REPEAT_WINDOW })
    }

    fn owe(&mut self, message: Message, heard: &Heard, repeat: RepeatProof, answer: Answer) {
        let owed = (!self.listens_only).then(|| (heard.frame.clone(), answer));
        self.deliver(message, heard.raw.clone(), (heard.first_byte, heard.last_byte), repeat, owed);
    }

    fn deliver(
        &mut self,
        message: Message,
        raw: Vec<u8>,
        (first_byte, last_byte): (Instant, Instant),
        repeat: RepeatProof,
        answer: Option<(Frame, Answer)>,
    ) {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let owed = answer.is_some();
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about: None };
        self.commands.push_back(Command::Deliver(Box::new(delivery)));
        self.owed.extend(answer.map(|(frame, answer)| Owed { token, frame, answer }));
    }

    fn count_junk(&mut self, bytes: u64) {
        if bytes > 0 {
            self.count(Counted::JunkBytes(bytes));
        }
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> crate::Session {
        crate::Session::SiaDc09(Box::new(session))
    }
}
