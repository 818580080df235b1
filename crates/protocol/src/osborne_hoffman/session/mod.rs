//! The conversation with one panel, from connect to close.
//!
//! ```text
//! connect ── the key, masked
//! bytes ── stream ── read ─┬─ event ──────── Deliver, answer owed ── stored in time ── ACK
//!                          ├─ heartbeat ──── Deliver, answer owed ── refused ───────── NACK
//!                          ├─ unreadable ─── told, no answer: it is not stored as what it says
//!                          └─ version 4 ──── told, NACK: the panel may have another way
//! silence ── close
//! ```
//!
//! Invariants: no ACK leaves but in [`Session::handle_stored`]; each is for a message that is stored and whose sender still
//! waits; answers name no message, so they leave in the order of the messages, and one that could be taken for another
//! message's does not leave (see `automation::answers`).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::Settings;
use super::cipher::{Cipher, Key};
use super::stream::Stream;
use crate::automation::answers::Answers;
use crate::automation::noise::Noise;
use crate::session::after;
use crate::{Codes, Command, Counted, Token, Trigger};

mod answer;
mod hear;

/// One conversation.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    codes: Arc<Codes>,
    commands: VecDeque<Command>,
    cipher: Cipher,
    stream: Stream,
    answers: Answers,
    /// Messages whose answer goes in plain text, because they came so.
    plain: Vec<Token>,
    /// Messages of the fourth version, which are never acknowledged.
    never: Vec<Token>,
    noise: Noise,
    next_token: u64,
    last_heard: Instant,
    closed: bool,
}

impl Session {
    /// Begins a conversation: the key is the first thing that is sent. It is for this connection alone.
    pub fn new(settings: Settings, key: &Key, codes: Arc<Codes>, now: Instant) -> Session {
        Session {
            settings,
            codes,
            commands: VecDeque::from([Command::Send(key.masked().to_vec())]),
            cipher: Cipher::new(key),
            stream: Stream::new(Cipher::new(key)),
            answers: Answers::default(),
            plain: Vec::new(),
            never: Vec::new(),
            noise: Noise::default(),
            next_token: 0,
            last_heard: now,
            closed: false,
        }
    }

    /// Takes over what an earlier conversation on the line has told and not taken back: noise.
    pub fn with_told(mut self, told: &[Trigger], now: Instant) -> Session {
        if told.contains(&Trigger::LineNoise) {
            self.noise = Noise::told(now);
        }
        self
    }

    /// See [`crate::Session::handle_bytes`].
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        if self.closed {
            return;
        }
        if !bytes.is_empty() {
            self.last_heard = now;
        }
        for byte in bytes {
            for chunk in self.stream.push(*byte, now) {
                self.chunk(&chunk, now);
            }
        }
    }

    /// See [`crate::Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.closed {
            return;
        }
        if let Some(chunk) = self.stream.expire(self.settings.partial_message, now) {
            self.chunk(&chunk, now);
        }
        self.junk(now);
        let left = self.answers.expire(now);
        self.settle(left);
        if let Some(quiet) = self.noise.expire(now) {
            self.deliver_own(quiet, now);
        }
        if now >= self.idle_deadline() {
            self.close();
        }
    }

    /// See [`crate::Session::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// See [`crate::Session::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let deadlines = [
            self.stream.deadline(self.settings.partial_message),
            self.answers.deadline(),
            self.noise.deadline(),
            Some(self.idle_deadline()),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn idle_deadline(&self) -> Instant {
        after(self.last_heard, self.settings.idle)
    }

    /// Nothing more is heard or sent. What is owed stays unanswered and comes again on the panel's next connection.
    fn close(&mut self) {
        self.closed = true;
        self.commands.push_back(Command::Close);
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::OsborneHoffman(Box::new(session))
    }
}
