//! The other side: a unit or scheme, for test calls and simulators.
//!
//! ```text
//! alarm ── speech ──► Invite ── 18x, or 5 s ──► Send ── A ──► acknowledged; commands, until cleared down
//!   └─ no speech ─────────────────────────────► Send ── nothing in 5 s: again, 4 times in all, then given up
//! ```

mod commands;
mod settings;

use std::collections::VecDeque;
use std::time::Instant;

pub use settings::{UnitFaults, UnitSettings};

use super::document::{Document, Kind};
use super::read::read;
use crate::bs8521::{Answer, Frame};
use crate::session::after;
use crate::sia_dc09::Clock;

/// Alarms that a unit holds, and calls that are outstanding at a scheme. It takes no more.
pub const HELD_MAX: usize = 64;

/// What a unit asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitCommand {
    /// Call the receiver, and come back with `handle_progress`.
    Invite,
    /// Send this body in a MESSAGE.
    Send(Vec<u8>),
    /// End the call.
    HangUp,
    /// Its alarm was acknowledged after so many sends.
    Acknowledged(u32),
    /// Nobody acknowledged its alarm.
    GaveUp,
    /// Its heartbeat was acknowledged.
    Polled,
    /// Nobody acknowledged its heartbeat.
    Unpolled,
    /// It was given this command, as its document has it.
    Commanded(String),
}

/// A simulated unit.
#[derive(Debug)]
pub struct Unit {
    settings: UnitSettings,
    clock: Clock,
    held: VecDeque<Frame>,
    state: State,
    is_calling: bool,
    /// Calls of a scheme that are outstanding, the one that was alarmed first.
    outstanding: VecDeque<Answer>,
    selected: Option<String>,
    commands: VecDeque<UnitCommand>,
}

#[derive(Clone, Debug)]
enum State {
    Idle { since: Instant },
    Calling { until: Instant },
    Waiting { alarm: bool, body: Vec<u8>, sent: u32, until: Instant },
}

impl Unit {
    /// Begins idle.
    pub fn new(settings: UnitSettings, clock: Clock) -> Unit {
        Unit {
            settings,
            state: State::Idle { since: clock.at },
            clock,
            held: VecDeque::new(),
            is_calling: false,
            outstanding: VecDeque::new(),
            selected: None,
            commands: VecDeque::new(),
        }
    }

    /// Takes an alarm to send; false when it holds as many as it can.
    pub fn alarm(&mut self, frame: Frame, now: Instant) -> bool {
        if self.held.len() >= HELD_MAX {
            return false;
        }
        if frame.is_grouped()
            && let Some(record) = frame.data().ok().and_then(|data| Answer::decode(data.get(12..)?.as_bytes()).ok())
        {
            self.wait_too(record);
        }
        self.held.push_back(frame);
        self.next(now);
        true
    }

    /// Another call waits at the scheme, which is told of when it is asked.
    pub fn wait_too(&mut self, record: Answer) {
        if self.outstanding.len() < HELD_MAX {
            self.outstanding.push_back(record);
        }
    }

    /// Sends a heartbeat when it is idle.
    pub fn heartbeat(&mut self, now: Instant) {
        if matches!(self.state, State::Idle { .. }) {
            let body = self.document(Kind::Heartbeat, &self.settings.identity.clone(), now).write();
            self.transmit(false, body, 1, now);
        }
    }

    /// Its call is under way: a 18x, or it was answered.
    pub fn handle_progress(&mut self, now: Instant) {
        if matches!(self.state, State::Calling { .. }) {
            self.send_alarm(now);
        }
    }

    /// Its call is over, or was turned away.
    pub fn handle_ended(&mut self, now: Instant) {
        self.is_calling = false;
        self.selected = None;
        if matches!(self.state, State::Calling { .. }) {
            self.send_alarm(now);
        }
    }

    /// Takes the body of a MESSAGE.
    pub fn handle_body(&mut self, body: &[u8], now: Instant) {
        let Ok(document) = read(body) else { return };
        match document.kind {
            Kind::Acknowledgement => self.acknowledged(now),
            Kind::Command | Kind::Programming => {
                self.commands.push_back(UnitCommand::Commanded(document.data.clone()));
                self.obey(&document, now);
            }
            Kind::Heartbeat | Kind::Alarm | Kind::Rejected | Kind::Busy | Kind::Response | Kind::Programmed => {}
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|until| now < until) {
            return;
        }
        match self.state.clone() {
            State::Idle { .. } => self.heartbeat(now),
            State::Calling { .. } => self.send_alarm(now),
            State::Waiting { alarm, body, sent, .. } if sent < self.settings.attempts => {
                self.transmit(alarm, body, sent.saturating_add(1), now);
            }
            State::Waiting { alarm, .. } => {
                self.commands.push_back(if alarm { UnitCommand::GaveUp } else { UnitCommand::Unpolled });
                self.done(alarm, now);
            }
        }
    }

    /// When it wants to be woken, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Calling { until } | State::Waiting { until, .. } => Some(*until),
            State::Idle { since } => {
                let every = self.settings.heartbeat_every;
                (!every.is_zero()).then(|| after(*since, every))
            }
        }
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        self.commands.pop_front()
    }

    /// Alarms not yet acknowledged.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn next(&mut self, now: Instant) {
        let State::Idle { .. } = self.state else { return };
        let Some(frame) = self.held.front() else { return };
        let faults = self.settings.faults;
        let calls = frame.speech != "0" && !faults.no_call && !self.is_calling;
        if calls && !faults.message_first {
            self.is_calling = true;
            self.commands.push_back(UnitCommand::Invite);
            self.state = State::Calling { until: after(now, self.settings.ack_wait) };
            return;
        }
        self.send_alarm(now);
        if calls {
            self.is_calling = true;
            self.commands.push_back(UnitCommand::Invite);
        }
    }

    fn send_alarm(&mut self, now: Instant) {
        let Some(mut data) = self.held.front().and_then(|frame| frame.data().ok()) else {
            return self.done(true, now);
        };
        if self.settings.faults.is_short {
            data.pop();
        }
        let body = self.document(Kind::Alarm, &data, now).write();
        let body = match self.settings.faults.without_element {
            Some(name) => without(&body, name),
            None => body,
        };
        if self.settings.faults.is_doubled {
            self.commands.push_back(UnitCommand::Send(body.clone()));
        }
        self.transmit(true, body, 1, now);
    }

    fn transmit(&mut self, alarm: bool, body: Vec<u8>, sent: u32, now: Instant) {
        self.commands.push_back(UnitCommand::Send(body.clone()));
        self.state = State::Waiting { alarm, body, sent, until: after(now, self.settings.ack_wait) };
    }

    fn acknowledged(&mut self, now: Instant) {
        let State::Waiting { alarm, sent, .. } = self.state else { return };
        self.commands.push_back(if alarm { UnitCommand::Acknowledged(sent) } else { UnitCommand::Polled });
        self.done(alarm, now);
    }

    fn done(&mut self, alarm: bool, now: Instant) {
        if alarm {
            self.held.pop_front();
        }
        self.state = State::Idle { since: now };
        self.next(now);
    }

    fn document(&self, kind: Kind, data: &str, now: Instant) -> Document {
        Document::new(kind, data, &self.settings.mac, self.clock.utc(now).time())
    }
}

/// A document without one of its elements.
fn without(body: &[u8], name: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let cut = text.split_once(&open).and_then(|(head, tail)| Some((head, tail.split_once(&close)?.1)));
    cut.map_or_else(|| body.to_vec(), |(head, tail)| format!("{head}{tail}").into_bytes())
}
