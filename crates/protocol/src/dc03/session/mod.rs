//! The conversation on a line of DC-03 blocks.
//!
//! ```text
//! bytes ── deframe ─┬─ account, end, wait, abort ─ Deliver (sign of life) ── could be stored: acknowledged
//!                   ├─ event ── Deliver at once ── stored in time: acknowledged; not stored: silence
//!                   ├─ text ─── Deliver, about the event before it ── the same
//!                   ├─ acknowledgement ── an echo, or another host's; means nothing
//!                   ├─ damaged ── rejected once the line is quiet; told when no better copy comes
//!                   └─ noise ──── counted; one report per episode
//! ```
//!
//! Invariants: an acknowledgement leaves in [`Session::handle_stored`] alone and only where one was requested; one is
//! owed at a time, and whatever comes before it has left takes it back, because who sends does not wait. An event waits
//! for no text: text is a delivery of its own, stored and acknowledged by itself. Bytes kept of a delivery begin with
//! the account block, so that the same event of two accounts is never the same bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::deframe::{Deframer, Found};
use super::{BlockError, Settings};
use crate::automation::copies::Copies;
use crate::automation::doubt::Doubt;
use crate::automation::noise::Noise;
use crate::automation::unread::Unread;
use crate::session::after;
use crate::{Codes, Command, Counted, Report, Status, Token, Trigger};

mod answer;
mod hear;

use answer::{Confirmation, Pending};

/// A conversation on one line, from connect to disconnect.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    codes: Arc<Codes>,
    commands: VecDeque<Command>,
    deframer: Deframer,
    group: Option<Group>,
    /// Until here a group that an earlier conversation began may still go on: its account is not known.
    inherits_until: Option<Instant>,
    /// The answer owed; one at most.
    pending: Option<Pending>,
    doubt: Doubt,
    confirmation: Confirmation,
    noise: Noise,
    unread: Unread<BlockError>,
    /// The block last heard that reads right and makes no sense.
    strange: Option<Vec<u8>>,
    /// Present when the session only listens.
    copies: Option<Copies>,
    next_token: u64,
    last_heard: Instant,
    link_lost: bool,
}

/// What an account block begins.
#[derive(Debug)]
struct Group {
    account: Option<String>,
    /// The account block as it came.
    bytes: Vec<u8>,
    /// The last event, for the text that may follow it.
    event: Option<Token>,
    /// Without another block it is over then.
    until: Instant,
}

impl Session {
    /// Begins a conversation; `now` also starts the link watch.
    pub fn new(settings: Settings, codes: Arc<Codes>, now: Instant) -> Session {
        Session {
            // A copy of what an earlier conversation left unanswered comes without its account.
            doubt: Doubt::none(settings.timing.group()),
            codes,
            commands: VecDeque::new(),
            deframer: Deframer::new(),
            group: None,
            inherits_until: Some(after(now, settings.timing.group())),
            pending: None,
            confirmation: Confirmation::default(),
            noise: Noise::default(),
            unread: Unread::default(),
            strange: None,
            copies: None,
            next_token: 0,
            last_heard: now,
            link_lost: false,
            settings,
        }
    }

    /// Takes over what an earlier conversation on the line has told and not taken back: a lost link, noise.
    pub fn with_told(mut self, told: &[Trigger], now: Instant) -> Session {
        self.link_lost = told.contains(&Trigger::LinkLost);
        if told.contains(&Trigger::LineNoise) {
            self.noise = Noise::told(now);
        }
        self
    }

    /// Only listens, beside the host that answers: delivers everything, sends nothing.
    pub fn listening_only(mut self) -> Session {
        self.copies = Some(Copies::new(self.settings.timing.group()));
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
        if let Some(found) = self.deframer.expire(self.settings.timing.partial_block, now) {
            self.found(found, now);
        }
        self.junk(now);
        self.answer_is_late(now);
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

    /// See [`crate::Session::next_command`].
    pub fn next_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// See [`crate::Session::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [
            self.deframer.deadline(self.settings.timing.partial_block),
            self.pending.as_ref().map(|pending| pending.deadline),
            self.unread.deadline(),
            self.noise.deadline(),
            self.link_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn found(&mut self, found: Found, now: Instant) {
        match found {
            Found::Block(chunk) => self.block(&chunk, now),
            Found::Broken(chunk, error) => self.damaged(&chunk, error, now),
        }
    }

    /// Somebody is there.
    fn heard(&mut self, now: Instant) {
        self.last_heard = now;
        if std::mem::take(&mut self.link_lost) {
            self.deliver_own(Report::own(Trigger::LinkLost, Status::Restored, "link"), now);
        }
    }

    fn link_deadline(&self) -> Option<Instant> {
        let silence = self.settings.timing.link_watch;
        let watched = !self.link_lost && !silence.is_zero();
        watched.then(|| after(self.last_heard, silence))
    }

    fn send(&mut self, bytes: &[u8]) {
        if self.copies.is_none() {
            self.commands.push_back(Command::Send(bytes.to_vec()));
        }
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::SiaDc03(Box::new(session))
    }
}
