//! The other side of a call, whatever its protocol: a simulated unit, for test calls and simulators.

use std::fmt;
use std::time::Instant;

use crate::bs8521;
use crate::tones::{Heard, Note};

/// A unit that is going to telephone.
#[derive(Clone, Debug)]
pub enum UnitSettings {
    /// BS 8521.
    Bs8521(bs8521::UnitSettings),
}

impl UnitSettings {
    /// Its call has been answered.
    pub fn answered(self, now: Instant) -> Unit {
        match self {
            UnitSettings::Bs8521(settings) => Unit::Bs8521(bs8521::Unit::new(settings, now)),
        }
    }
}

/// A simulated unit in a call.
#[derive(Debug)]
pub enum Unit {
    /// BS 8521.
    Bs8521(bs8521::Unit),
}

/// What a unit asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitCommand {
    /// Play these at once, then come back with `handle_played`.
    Play(Vec<Note>),
    /// Hang up; nothing follows.
    HangUp,
    /// Take notice.
    Happened(UnitEvent),
}

/// What happened in a unit's call, in the words of its protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitEvent {
    /// In words.
    pub words: String,
    /// Whether it is the acknowledgement of what the unit called for.
    pub is_acknowledgement: bool,
}

impl fmt::Display for UnitEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// The same of each protocol's unit.
macro_rules! each {
    ($unit:expr, $one:ident => $does:expr) => {
        match $unit {
            Unit::Bs8521($one) => $does,
        }
    };
}

impl Unit {
    /// Takes a sound of the receiver's.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        each!(self, unit => unit.handle_sound(heard, now))
    }

    /// Everything that was asked to be played is out.
    pub fn handle_played(&mut self, now: Instant) {
        each!(self, unit => unit.handle_played(now))
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        each!(self, unit => unit.handle_timeout(now))
    }

    /// The receiver hung up, or the call broke off.
    pub fn handle_hung_up(&mut self) {
        each!(self, unit => unit.handle_hung_up())
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        each!(self, unit => unit.next_command().map(UnitCommand::from))
    }

    /// When [`Unit::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        each!(self, unit => unit.poll_timeout())
    }
}

impl From<bs8521::UnitCommand> for UnitCommand {
    fn from(command: bs8521::UnitCommand) -> UnitCommand {
        use bs8521::UnitEvent as Event;
        let event = match command {
            bs8521::UnitCommand::Play(notes) => return UnitCommand::Play(notes),
            bs8521::UnitCommand::HangUp => return UnitCommand::HangUp,
            bs8521::UnitCommand::Happened(event) => event,
        };
        let words = match &event {
            Event::Asked => "was asked for data".to_owned(),
            Event::Sent(times) => format!("sent its frame, attempt {times}"),
            Event::Acknowledged(times) => format!("was acknowledged, attempts {times}"),
            Event::GaveUp => "gave up: nobody acknowledged".to_owned(),
            Event::Commanded(command) => format!("was told {command}"),
            Event::LinkLost => "heard no command for too long".to_owned(),
        };
        let is_acknowledgement = matches!(event, Event::Acknowledged(_));
        UnitCommand::Happened(UnitEvent { words, is_acknowledgement })
    }
}
