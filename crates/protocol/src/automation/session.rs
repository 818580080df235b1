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

use super::answers::Answers;
use super::characters::unmasked;
use super::copies::Copies;
use super::deframe::Deframer;
use super::doubt::Doubt;
use super::noise::Noise;
use super::unread::Unread;
use super::{ACK, Dialect, NAK};
use crate::session::after;
use crate::{Codes, Command, Counted, Report, Status, Token, Trigger};

mod deliver;
mod hear;

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
    /// Bytes before the next ones may be missing: nobody listened, or they were given up.
    cut_off: bool,
}

impl<D: Dialect> Session<D> {
    /// Begins a conversation; `now` also starts the link watch.
    pub fn new(dialect: D, codes: Arc<Codes>, now: Instant) -> Session<D> {
        Session {
            doubt: Doubt::at_start(dialect.timing().retry_window()),
            deframer: Deframer::new(dialect.framing()),
            dialect,
            codes,
            commands: VecDeque::new(),
            answers: Answers::new(D::NAMES_LINES),
            noise: Noise::default(),
            unread: Unread::default(),
            copies: None,
            next_token: 0,
            last_event: None,
            last_heard: now,
            link_lost: false,
            cut_off: true,
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
            self.cut_off = true;
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

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
