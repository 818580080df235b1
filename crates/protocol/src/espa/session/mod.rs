//! The conversation on an ESPA line, as a station that is selected or as the control station that polls.
//!
//! ```text
//! bytes ── deframe ─┬─ selection, poll ─ Deliver (sign of life) ── ready: ACK, EOT or our statuses; else 2 NAK
//!                   ├─ block ── read ─┬─ Deliver, answer owed ── stored in time: ACK; not stored: 2 NAK
//!                   │                 ├─ damaged ── 1 NAK; told when no better copy comes; see `hear`
//!                   │                 └─ never acceptable ── Deliver ── 3 NAK
//!                   ├─ EOT ── the line is idle; it also shows that our last answer arrived; see `answer`
//!                   └─ noise ── counted; one report per episode
//! ```
//!
//! Invariants: ACK leaves in [`Session::handle_stored`] alone; one answer is owed at a time, and whatever the other
//! side sends before it has come takes it back, because who sends does not wait; what is for another station is never
//! answered. A session that only listens owes nothing and sends nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::calls::Calls;
use super::deframe::Deframer;
use super::master::Master;
use super::{BlockError, Role, Settings};
use crate::automation::copies::Copies;
use crate::automation::doubt::Doubt;
use crate::automation::noise::Noise;
use crate::automation::unread::Unread;
use crate::session::after;
use crate::{Codes, Command, Counted, Report, Status, Trigger, Value};

mod answer;
mod control;
mod hear;
mod statuses;

use answer::{Confirmation, Pending};
use control::Rounds;

/// A conversation on one line, from connect to disconnect.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    codes: Arc<Codes>,
    commands: VecDeque<Command>,
    deframer: Deframer,
    turn: Turn,
    /// The answer owed; one at most.
    pending: Option<Pending>,
    doubt: Doubt,
    confirmation: Confirmation,
    noise: Noise,
    unread: Unread<BlockError>,
    calls: Calls,
    /// Statuses that were asked for.
    statuses: VecDeque<Vec<u8>>,
    /// Present in the control station.
    rounds: Option<Rounds>,
    /// Present when the session only listens.
    copies: Option<Copies>,
    next_token: u64,
    last_heard: Instant,
    link_lost: bool,
}

/// Whose turn it is.
#[derive(Debug)]
enum Turn {
    /// Nobody's, since EOT. Whether the control station has polled itself: what it enquires next is a selection.
    Idle { control_speaks: bool },
    /// We are selected, until then.
    Selected { until: Instant },
    /// Another station's, until then.
    Others { until: Instant },
    /// We have polled this station and wait until then.
    Polling { station: u8, until: Instant },
    /// Ours: we send statuses.
    Ours(Master),
}

impl Session {
    /// Begins a conversation; `now` also starts the link watch.
    pub fn new(settings: Settings, codes: Arc<Codes>, now: Instant) -> Session {
        let rounds = match &settings.role {
            Role::Control { stations } => Some(Rounds::new(stations, now)),
            Role::Station { .. } => None,
        };
        Session {
            doubt: Doubt::at_start(settings.timing.retry_window),
            codes,
            commands: VecDeque::new(),
            deframer: Deframer::new(),
            turn: Turn::Idle { control_speaks: false },
            pending: None,
            confirmation: Confirmation::default(),
            noise: Noise::default(),
            unread: Unread::default(),
            calls: Calls::default(),
            statuses: VecDeque::new(),
            rounds,
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

    /// Only listens, beside the station that answers: delivers what is sent to its address, sends nothing.
    pub fn listening_only(mut self) -> Session {
        self.copies = Some(Copies::new(self.settings.timing.retry_window));
        self.rounds = None;
        self
    }

    /// See [`crate::Session::handle_bytes`].
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.handle_timeout(now);
        for byte in bytes {
            if !self.deframer.is_filler(*byte) {
                self.take_back();
            }
            if let Some(sign) = self.deframer.push(*byte, now) {
                self.junk(now);
                self.sign(sign, now);
            }
        }
        self.junk(now);
    }

    /// See [`crate::Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(sign) = self.deframer.expire(self.settings.timing.partial_block, now) {
            self.sign(sign, now);
        }
        self.junk(now);
        self.answer_is_late(now);
        if self.unread.deadline().is_some_and(|deadline| now >= deadline) {
            self.end_unread(now);
        }
        if let Some(quiet) = self.noise.expire(now) {
            self.deliver_own(quiet, now);
        }
        self.turn_is_over(now);
        self.link_is_quiet(now);
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
            self.turn_deadline(),
            self.link_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// When the turn that is under way ends by itself, or the next poll is due. Not while a block comes or our answer
    /// is owed: both belong to the turn.
    fn turn_deadline(&self) -> Option<Instant> {
        if self.pending.is_some() || self.deframer.deadline(self.settings.timing.partial_block).is_some() {
            return None;
        }
        match &self.turn {
            Turn::Selected { until } | Turn::Others { until } | Turn::Polling { until, .. } => Some(*until),
            Turn::Ours(master) => Some(master.deadline()),
            Turn::Idle { .. } => self.rounds.as_ref().map(Rounds::due),
        }
    }

    fn turn_is_over(&mut self, now: Instant) {
        if self.turn_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match &mut self.turn {
            Turn::Idle { .. } => self.poll_next(now),
            Turn::Polling { .. } => self.not_there(now),
            Turn::Selected { .. } | Turn::Others { .. } => {
                if self.rounds.is_some() {
                    self.send(vec![super::EOT]);
                }
                self.idle();
            }
            Turn::Ours(master) => {
                let step = master.silence(now);
                self.master_step(step, now);
            }
        }
    }

    fn idle(&mut self) {
        self.turn = Turn::Idle { control_speaks: false };
    }

    /// Somebody is there.
    fn heard(&mut self, now: Instant) {
        self.last_heard = now;
        let silence = self.settings.timing.link_watch;
        let there = |rounds: &Rounds| silence.is_zero() || rounds.silent(silence, now).is_empty();
        let all_there = self.rounds.as_ref().is_none_or(there);
        if self.link_lost && all_there {
            self.link_lost = false;
            self.deliver_own(Report::own(Trigger::LinkLost, Status::Restored, "link"), now);
        }
    }

    fn link_deadline(&self) -> Option<Instant> {
        let silence = self.settings.timing.link_watch;
        let watched = !self.link_lost && !silence.is_zero();
        let since = self.rounds.as_ref().map_or(self.last_heard, |rounds| rounds.longest_silent());
        watched.then(|| after(since, silence))
    }

    fn link_is_quiet(&mut self, now: Instant) {
        if self.link_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        self.link_lost = true;
        let mut report = Report::own(Trigger::LinkLost, Status::Active, "link");
        if let Some(rounds) = &self.rounds {
            let silent = rounds.silent(self.settings.timing.link_watch, now);
            report.fields = vec![("stations".to_owned(), Value::Text(silent))];
        }
        self.deliver_own(report, now);
    }

    fn is_listening(&self) -> bool {
        self.copies.is_some()
    }

    fn send(&mut self, bytes: Vec<u8>) {
        if !self.is_listening() {
            self.commands.push_back(Command::Send(bytes));
        }
    }

    fn count(&mut self, counted: Counted) {
        self.commands.push_back(Command::Count(counted));
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::Espa444(Box::new(session))
    }
}
