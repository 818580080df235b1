//! The other side of a call, whatever its protocol: a simulated unit, for test calls and tests.

use std::fmt;
use std::time::Instant;

use crate::tones::{Heard, Note};
use crate::{bs8521, contact_id, tunstall};

/// A unit that is going to telephone.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a call has one")]
pub enum UnitSettings {
    /// BS 8521 over DTMF.
    Bs8521(bs8521::UnitSettings),
    /// A panel of Contact ID or its relatives, or a unit of the fast format.
    ContactId(contact_id::UnitSettings),
    /// Tunstall TT92, TTNEW and TTOLD.
    Tunstall(tunstall::UnitSettings),
}

impl UnitSettings {
    /// Its call has been answered.
    pub fn answered(self, now: Instant) -> Unit {
        match self {
            UnitSettings::Bs8521(settings) => bs8521::Unit::new(settings, now).into(),
            UnitSettings::ContactId(settings) => contact_id::Unit::new(settings, now).into(),
            UnitSettings::Tunstall(settings) => tunstall::Unit::new(settings, now).into(),
        }
    }
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

/// What happened in a unit's call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitEvent {
    /// It was asked for data.
    Asked,
    /// Its frame is out for the nth time.
    Sent(u32),
    /// Its frame was acknowledged after so many sends.
    Acknowledged(u32),
    /// Nobody acknowledged its frame.
    GaveUp,
    /// It was given this command, as its protocol writes it.
    Commanded(String),
    /// No command came for too long.
    LinkLost,
}

impl UnitEvent {
    /// Whether it is the acknowledgement of what the unit called for.
    pub fn is_acknowledgement(&self) -> bool {
        matches!(self, UnitEvent::Acknowledged(_))
    }
}

impl fmt::Display for UnitEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitEvent::Asked => f.write_str("was asked for data"),
            UnitEvent::Sent(times) => write!(f, "sent its frame, attempt {times}"),
            UnitEvent::Acknowledged(times) => write!(f, "was acknowledged, attempts {times}"),
            UnitEvent::GaveUp => f.write_str("gave up: nobody acknowledged"),
            UnitEvent::Commanded(command) => write!(f, "was told {command}"),
            UnitEvent::LinkLost => f.write_str("heard no command for too long"),
        }
    }
}

/// A simulated unit of one of the tone protocols. Others are added here, as a variant and a line of `each`.
#[derive(Debug)]
pub enum Unit {
    /// BS 8521 over DTMF.
    Bs8521(bs8521::Unit),
    /// A panel of Contact ID or its relatives, or a unit of the fast format.
    ContactId(contact_id::Unit),
    /// Tunstall TT92, TTNEW and TTOLD.
    Tunstall(tunstall::Unit),
}

impl From<bs8521::Unit> for Unit {
    fn from(unit: bs8521::Unit) -> Unit {
        Unit::Bs8521(unit)
    }
}

impl From<contact_id::Unit> for Unit {
    fn from(unit: contact_id::Unit) -> Unit {
        Unit::ContactId(unit)
    }
}

impl From<tunstall::Unit> for Unit {
    fn from(unit: tunstall::Unit) -> Unit {
        Unit::Tunstall(unit)
    }
}

/// The same of each protocol's unit.
macro_rules! each {
    ($unit:expr, $one:ident => $does:expr) => {
        match $unit {
            Unit::Bs8521($one) => $does,
            Unit::ContactId($one) => $does,
            Unit::Tunstall($one) => $does,
        }
    };
}

impl Unit {
    /// Takes a sound of the receiver's. Its end counts; its onset, where it is told, keeps a unit from sending over it.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        each!(self, unit => unit.handle_sound(heard, now))
    }

    /// Everything that was asked to be played is out.
    pub fn handle_played(&mut self, now: Instant) {
        each!(self, unit => unit.handle_played(now))
    }

    /// Takes notice that time has passed; call it no earlier than [`Unit::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        each!(self, unit => unit.handle_timeout(now))
    }

    /// The receiver hung up, or the call broke off.
    pub fn handle_hung_up(&mut self) {
        each!(self, unit => unit.handle_hung_up())
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        each!(self, unit => unit.next_command())
    }

    /// When [`Unit::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        each!(self, unit => unit.poll_timeout())
    }
}
