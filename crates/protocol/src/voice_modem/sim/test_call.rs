//! A unit that telephones through a simulated modem: a test call, from the ring to the end.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{FarEvent, SimCommand, Simulator};
use crate::call::{Unit, UnitCommand, UnitEvent, UnitSettings};
use crate::session::after;
use crate::tones::{Heard, Note};

/// Rings until a caller gives up.
const RINGS_MAX: u32 = 20;
/// From the free line to the first ring: dialling, and time for the receiver to finish its preparation.
const DIALS_FOR: Duration = Duration::from_millis(300);

/// What a test call tells whoever watches it.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Write these bytes to the port; nothing else is asked for.
    Send(Vec<u8>),
    /// The bell rings at the receiver.
    Rings,
    /// The receiver answered.
    Answered,
    /// The unit begins to play these.
    Plays(Vec<Note>),
    /// The unit heard a sound of the receiver's.
    Hears(Heard),
    /// Something happened to the unit.
    Happened(UnitEvent),
    /// The unit hung up.
    HangsUp,
    /// The receiver hung up.
    HungUp,
    /// The call is over; nothing but bytes follows.
    Over(Outcome),
}

/// What became of a test call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What the unit called for was acknowledged.
    Acknowledged,
    /// The call was answered, and nothing was acknowledged.
    NotAcknowledged,
    /// Nobody answered.
    NotAnswered,
}

#[derive(Debug)]
enum State {
    /// Until a receiver has prepared the modem.
    Waiting,
    Dialling {
        until: Instant,
    },
    Ringing {
        until: Instant,
    },
    Call(Box<Unit>),
    Over,
}

/// A test call.
#[derive(Debug)]
pub struct TestCall {
    modem: Simulator,
    unit: UnitSettings,
    caller: Option<String>,
    state: State,
    is_acknowledged: bool,
    told: VecDeque<Told>,
}

impl TestCall {
    /// A call of this unit, which begins when a receiver has prepared the modem and the line is free.
    pub fn new(modem: Simulator, unit: UnitSettings, caller: Option<String>) -> TestCall {
        TestCall { modem, unit, caller, state: State::Waiting, is_acknowledged: false, told: VecDeque::new() }
    }

    /// Another call on the same modem, once this one is over.
    pub fn again(&mut self, unit: UnitSettings, caller: Option<String>, now: Instant) {
        if matches!(self.state, State::Over) {
            (self.unit, self.caller, self.state, self.is_acknowledged) = (unit, caller, State::Waiting, false);
            self.settle(now);
        }
    }

    /// The unit's person hangs up, whatever the unit would do.
    pub fn hang_up(&mut self, now: Instant) {
        if let State::Call(unit) = &mut self.state {
            unit.handle_hung_up();
            self.unit(UnitCommand::HangUp, now);
            self.settle(now);
        }
    }

    /// Takes what the receiver wrote to the port.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.modem.handle_bytes(bytes, now);
        self.settle(now);
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.modem.handle_timeout(now);
        match &mut self.state {
            State::Dialling { until } if now >= *until => self.dialled(now),
            State::Ringing { until } if now >= *until => {
                self.modem.hang_up(now);
                self.over(Outcome::NotAnswered);
            }
            State::Call(unit) if unit.poll_timeout().is_some_and(|due| now >= due) => unit.handle_timeout(now),
            State::Waiting | State::Dialling { .. } | State::Ringing { .. } | State::Call(_) | State::Over => {}
        }
        self.settle(now);
    }

    /// When [`TestCall::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = match &self.state {
            State::Dialling { until } | State::Ringing { until } => Some(*until),
            State::Call(unit) => unit.poll_timeout(),
            State::Waiting | State::Over => None,
        };
        [own, self.modem.poll_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// Whether the line is free for another call.
    pub fn is_on_hook(&self) -> bool {
        self.modem.is_on_hook() && self.modem.is_ready()
    }

    fn settle(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting) && self.is_on_hook() {
            self.state = State::Dialling { until: after(now, DIALS_FOR) };
        }
        loop {
            if let Some(command) = self.modem.next_command() {
                match command {
                    SimCommand::Send(bytes) => self.told.push_back(Told::Send(bytes)),
                    SimCommand::Far(event) => self.far(event, now),
                }
            } else if let State::Call(unit) = &mut self.state
                && let Some(command) = unit.next_command()
            {
                self.unit(command, now);
            } else {
                return;
            }
        }
    }

    fn dialled(&mut self, now: Instant) {
        if !self.is_on_hook() {
            self.state = State::Waiting;
            return;
        }
        let rings = self.modem.settings.ring_every.saturating_mul(RINGS_MAX);
        self.state = State::Ringing { until: after(now, rings) };
        self.modem.ring(self.caller.take(), now);
        self.modem.handle_timeout(now);
        self.told.push_back(Told::Rings);
    }

    fn far(&mut self, event: FarEvent, now: Instant) {
        match (&mut self.state, event) {
            (State::Ringing { .. }, FarEvent::Answered) => {
                self.state = State::Call(Box::new(self.unit.clone().answered(now)));
                self.told.push_back(Told::Answered);
            }
            (State::Call(unit), FarEvent::Heard(heard)) => {
                unit.handle_sound(heard, now);
                self.told.push_back(Told::Hears(heard));
            }
            (State::Call(unit), FarEvent::Played) => unit.handle_played(now),
            (State::Call(_), FarEvent::HungUp) => {
                self.told.push_back(Told::HungUp);
                self.ended();
            }
            _ => {}
        }
    }

    fn unit(&mut self, command: UnitCommand, now: Instant) {
        match command {
            UnitCommand::Play(notes) => {
                self.modem.play(&notes, now);
                self.told.push_back(Told::Plays(notes));
            }
            UnitCommand::HangUp => {
                self.modem.hang_up(now);
                self.told.push_back(Told::HangsUp);
                self.ended();
            }
            UnitCommand::Happened(event) => {
                self.is_acknowledged |= event.is_acknowledgement();
                self.told.push_back(Told::Happened(event));
            }
        }
    }

    fn ended(&mut self) {
        let is_acknowledged = self.is_acknowledged;
        self.over(if is_acknowledged { Outcome::Acknowledged } else { Outcome::NotAcknowledged });
    }

    fn over(&mut self, outcome: Outcome) {
        self.state = State::Over;
        self.told.push_back(Told::Over(outcome));
    }
}
