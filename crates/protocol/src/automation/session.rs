//! The conversation with a hardware receiver: stop-and-wait, one ACK per stored line, silence otherwise.
//!
//! ```text
//! bytes ── deframe ── read ─┬─ line ─────── Deliver, answer owed ── stored in time ── 06
//!                           ├─ heartbeat ── Deliver, answer owed ── stored late, refused ── silence
//!                           ├─ unreadable ─ silence first; see `unread`
//!                           └─ noise ────── counted; one report per episode; see `noise`
//! ```
//!
//! Invariants: no ACK leaves but in [`Session::handle_stored`]; each is for a copy that is stored and whose
//! sender still waits; none can be taken for a line that is not stored (see `answers`). A line left unanswered
//! comes again, because its sender repeats it and then keeps it until the link is back.
//!
//! A session that only listens beside another host owes no answers and sends nothing, whatever is stored. What
//! it hears of the other host's answers means nothing to it: which of them the sender took cannot be known.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::answers::{Answers, How, Left, Owed};
use super::characters::unmasked;
use super::copies::Copies;
use super::deframe::{Chunk, Deframer};
use super::doubt::Doubt;
use super::noise::Noise;
use super::timing::after;
use super::unread::{Copy, Unread};
use super::{ACK, Dialect, Heard, LineError, NAK, Said};
use crate::{Answered, Codes, Command, Counted, Delivery, Message, RepeatProof, Report, Status, Token, Trigger};

/// A conversation on one line, from connect to disconnect.
#[derive(Debug)]
pub struct Session<D> {
    dialect: D,
    codes: Arc<Codes>,
    commands: VecDeque<Command>,
    deframer: Deframer,
    answers: Answers,
    doubt: Doubt,
    noise: Noise,
    unread: Unread,
    /// Present when the session only listens.
    copies: Option<Copies>,
    next_token: u64,
    last_event: Option<Token>,
    last_heard: Instant,
    link_lost: bool,
}

impl<D: Dialect> Session<D> {
    /// Begins a conversation; `now` also starts the link watch.
    pub fn new(dialect: D, codes: Arc<Codes>, now: Instant) -> Session<D> {
        Session {
            doubt: Doubt::at_start(dialect.timing().retry_window()),
            dialect,
            codes,
            commands: VecDeque::new(),
            deframer: Deframer::new(D::FRAMING),
            answers: Answers::default(),
            noise: Noise::default(),
            unread: Unread::default(),
            copies: None,
            next_token: 0,
            last_event: None,
            last_heard: now,
            link_lost: false,
        }
    }

    /// Takes over what an earlier conversation on the line has told and not taken back: a lost link, noise.
    /// The first line that is read, or quiet for the noise, takes it back.
    pub fn with_told(mut self, told: &[Trigger], now: Instant) -> Session<D> {
        self.link_lost = told.contains(&Trigger::LinkLost);
        if told.contains(&Trigger::LineNoise) {
            self.noise = Noise::told(now);
        }
        self
    }

    /// Only listens, beside the host that answers: delivers everything, sends nothing.
    pub fn listening_only(mut self) -> Session<D> {
        self.copies = Some(Copies::new(self.dialect.timing().retry_window()));
        self
    }

    /// See [`crate::Session::handle_bytes`]. Take the commands after each call: a call makes at most a
    /// few for every two bytes given, so the reads of the line task bound them.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        for byte in bytes {
            if self.is_other_hosts_answer(*byte) {
                continue;
            }
            self.last_heard = now;
            if let Some(chunk) = self.deframer.push(*byte, now) {
                self.dropped(now);
                self.chunk(&chunk, now);
            }
        }
        self.dropped(now);
    }

    /// See [`crate::Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(partial) = self.deframer.expire(self.dialect.timing().partial_message, now) {
            self.junk(count(partial.bytes.len()), now);
        }
        let left = self.answers.expire(now);
        self.settle(left, now);
        if self.unread.deadline().is_some_and(|deadline| now >= deadline) {
            self.end_unread(now);
        }
        if let Some(quiet) = self.noise.expire(now) {
            self.deliver_own(quiet, now);
        }
        if self.link_deadline().is_some_and(|deadline| now >= deadline) {
            self.link_lost = true;
            self.deliver_own(Report::own(Trigger::LinkLost, Status::Active, "link"), now);
        }
    }

    /// See [`crate::Session::handle_stored`]: the only way to an ACK.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        let left = self.answers.stored(token, now);
        self.settle(left, now);
    }

    /// Nothing is sent: the sender's silence timer makes it repeat, and its own failure alarm rings if that goes
    /// on. A NAK would make some receivers repeat at once, up to 25 times (System III, confidence B).
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        let left = self.answers.refused(token, now);
        self.settle(left, now);
    }

    /// See [`crate::Session::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// See [`crate::Session::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [
            self.deframer.deadline(self.dialect.timing().partial_message),
            self.answers.deadline(),
            self.unread.deadline(),
            self.noise.deadline(),
            self.link_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn chunk(&mut self, chunk: &Chunk, now: Instant) {
        let line = chunk.line(&D::FRAMING);
        let read = chunk.fault().map_or_else(|| self.dialect.read(line, &self.codes), Err);
        match read {
            Ok(heard) => {
                if heard.noise_bytes > 0 {
                    self.junk(count(heard.noise_bytes), now);
                }
                self.line(heard, chunk, now);
            }
            Err(error) if is_line_like(line) && (chunk.started || chunk.ended) && !chunk.overflowed => {
                self.bad_frame(chunk, error, now);
            }
            Err(_) => self.junk(count(chunk.bytes.len()), now),
        }
    }

    fn line(&mut self, heard: Heard, chunk: &Chunk, now: Instant) {
        let raw = chunk.bytes.get(heard.noise_bytes..).unwrap_or_default().to_vec();
        let copy = Copy { raw, first_byte: chunk.first_byte, last_byte: chunk.last_byte, error: LineError::Empty };
        match heard.said {
            Said::Unknown(report) => {
                if self.allow_unreadable(now) {
                    self.event(report, copy);
                }
            }
            Said::Heartbeat => {
                self.readable(now);
                // The sender is idle or has given its line up: no retry comes.
                self.end_unread(now);
                self.end_noise(now);
                self.doubt.heartbeat();
                self.deliver_owing(Message::SignOfLife, copy, None);
            }
            Said::Event(report) => {
                self.readable(now);
                self.unread.resolve();
                self.end_noise(now);
                self.event(report, copy);
            }
            Said::Caller(report) => {
                self.readable(now);
                self.unread.resolve();
                self.end_noise(now);
                let about = self.last_event;
                self.deliver_owing(Message::Report(report), copy, about);
            }
        }
    }

    /// A line was read: the link is there.
    fn readable(&mut self, now: Instant) {
        if self.link_lost {
            self.link_lost = false;
            self.deliver_own(Report::own(Trigger::LinkLost, Status::Restored, "link"), now);
        }
    }

    fn end_noise(&mut self, now: Instant) {
        if let Some(ended) = self.noise.readable() {
            self.deliver_own(ended, now);
        }
    }

    fn event(&mut self, report: Report, copy: Copy) {
        let token = self.deliver_owing(Message::Report(report), copy, None);
        if token.is_some() {
            self.last_event = token;
        }
    }

    fn bad_frame(&mut self, chunk: &Chunk, error: LineError, now: Instant) {
        self.count(Counted::BadFrame(error.name()));
        self.noise.bad_frame(now);
        if self.unread.is_full() {
            self.end_unread(now);
        }
        let copy = Copy { raw: chunk.bytes.clone(), first_byte: chunk.first_byte, last_byte: chunk.last_byte, error };
        let until = after(chunk.last_byte, self.dialect.timing().retry_window());
        if self.unread.repeats(&copy, until) && self.allow_unreadable(now) {
            let report = Report::unreadable(D::PROTOCOL, copy.error.fault());
            self.deliver_owing(Message::Report(report), copy, None);
        }
    }

    /// Ends the retry sequence of unreadable lines: what nobody repeated is told without an answer owed.
    fn end_unread(&mut self, now: Instant) {
        let Some(copy) = self.unread.end() else { return };
        if self.allow_unreadable(now) {
            let report = Report::unreadable(D::PROTOCOL, copy.error.fault());
            self.deliver(Message::Report(report), copy, RepeatProof::None, None, false);
        }
    }

    fn allow_unreadable(&mut self, now: Instant) -> bool {
        if self.noise.allow_unreadable(now) {
            return true;
        }
        if let Some(begun) = self.noise.begin() {
            self.deliver_own(begun, now);
        }
        false
    }

    /// Counts at once what the bound dropped: noise without a DC4 would otherwise look like quiet.
    fn dropped(&mut self, now: Instant) {
        let dropped = self.deframer.take_dropped();
        if dropped > 0 {
            self.junk(dropped, now);
        }
    }

    fn junk(&mut self, bytes: u64, now: Instant) {
        self.count(Counted::JunkBytes(bytes));
        if let Some(begun) = self.noise.junk(bytes, now) {
            self.deliver_own(begun, now);
        }
    }

    /// Delivers with an answer owed; none, and not delivered, if too many are owed already.
    fn deliver_owing(&mut self, message: Message, copy: Copy, about: Option<Token>) -> Option<Token> {
        let is_report = message != Message::SignOfLife;
        if let Some(copies) = &mut self.copies {
            if is_report && copies.is_possible_repeat(&copy.raw, copy.last_byte) {
                self.count(Counted::PossibleRepeat);
            }
            return Some(self.deliver(message, copy, RepeatProof::None, about, false));
        }
        if !self.answers.has_room() {
            self.count(Counted::BadFrame("AnswersOwed"));
            if is_report {
                self.doubt.unanswered(&copy.raw, copy.last_byte);
            }
            let waits_until = after(copy.last_byte, self.dialect.timing().ack_wait);
            self.answers.skip(&copy.raw, Token(self.next_token), copy.last_byte, waits_until);
            return None;
        }
        let (raw, last_byte) = (copy.raw.clone(), copy.last_byte);
        let repeat = if is_report { self.doubt.proof(last_byte) } else { RepeatProof::None };
        let token = self.deliver(message, copy, repeat, about, true);
        let deadline = self.dialect.timing().answer_deadline(last_byte);
        let waits_until = after(last_byte, self.dialect.timing().ack_wait);
        let owed = Owed { token, raw: raw.clone(), last_byte, deadline, waits_until, is_report, stored: false };
        if !self.answers.owe(owed) {
            self.commands.push_back(Command::Left(token, Answered::Withheld));
            if is_report {
                // Stored all the same; its sender will repeat it.
                self.doubt.unanswered(&raw, last_byte);
            }
        }
        self.superseded();
        Some(token)
    }

    fn deliver_own(&mut self, report: Report, now: Instant) {
        let copy = Copy { raw: Vec::new(), first_byte: now, last_byte: now, error: LineError::Empty };
        self.deliver(Message::Report(report), copy, RepeatProof::None, None, false);
    }

    fn deliver(
        &mut self,
        message: Message,
        copy: Copy,
        repeat: RepeatProof,
        about: Option<Token>,
        owed: bool,
    ) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let Copy { raw, first_byte, last_byte, .. } = copy;
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about };
        self.commands.push_back(Command::Deliver(Box::new(delivery)));
        token
    }

    /// Carries out how owed answers left. [`How::Acknowledged`] comes from [`Answers::stored`] alone.
    fn settle(&mut self, left: Vec<Left>, now: Instant) {
        self.superseded();
        for Left { token, how, is_report, raw, last_byte } in left {
            match (how, is_report) {
                (How::Acknowledged, true) => self.doubt.answered(),
                (How::Acknowledged, false) => self.doubt.heartbeat_answered(now),
                (How::Late | How::Withheld, true) => self.doubt.unanswered(&raw, last_byte),
                (How::Late | How::Withheld, false) => {}
            }
            let answered = match how {
                How::Acknowledged => {
                    self.commands.push_back(Command::Send(vec![ACK]));
                    Answered::Positive
                }
                How::Late => {
                    self.count(Counted::LateAnswer);
                    Answered::Late
                }
                How::Withheld => Answered::Withheld,
            };
            self.commands.push_back(Command::Left(token, answered));
        }
    }

    /// The answers that copies get instead.
    fn superseded(&mut self) {
        let superseded = self.answers.take_superseded();
        self.commands.extend(superseded.into_iter().map(|token| Command::Left(token, Answered::Withheld)));
    }

    /// A splitter may give the other host's answers, too. They come between lines.
    fn is_other_hosts_answer(&self, byte: u8) -> bool {
        self.copies.is_some() && self.deframer.is_idle() && matches!(unmasked(byte), Some(ACK | NAK))
    }

    fn link_deadline(&self) -> Option<Instant> {
        let silence = self.dialect.timing().link_watch;
        let watched = !self.link_lost && !silence.is_zero();
        watched.then(|| after(self.last_heard, silence))
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }
}

/// Whether unreadable bytes before a DC4 are a damaged line rather than noise: all printable, or at least eight
/// of which three in four are. Random bytes hold a DC4 now and then, too; the figures are ours (C).
fn is_line_like(frame: &[u8]) -> bool {
    const BYTES_MIN: usize = 8;
    let printable = frame.iter().filter(|b| unmasked(**b).is_some_and(|b| matches!(b, b' '..=b'~'))).count();
    let most = printable.saturating_mul(4) >= frame.len().saturating_mul(3);
    printable > 0 && (printable == frame.len() || (frame.len() >= BYTES_MIN && most))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
