//! What operators want, as commands.

use std::time::Instant;

use super::Call;
use crate::call::{Control, Operated, Operator, Volume};
use crate::tunstall::command::Command;
use crate::tunstall::message;

impl Call {
    /// Begins the next request that waits. True if there was one.
    pub(super) fn operate(&mut self, now: Instant) -> bool {
        let Some(request) = self.book.next_request() else { return false };
        match self.command(&request.wanted) {
            Ok(command) => self.exchange(command, now),
            Err(operated) => self.book.operated(operated),
        }
        true
    }

    fn command(&self, wanted: &Operator) -> Result<Command, Operated> {
        let is_grouped = self.opening.as_ref().is_some_and(|opening| opening.is_grouped);
        match wanted {
            Operator::Speak => Ok(Command::Speak),
            Operator::Listen => Ok(Command::Listen),
            Operator::Duplex if !is_grouped => Ok(Command::Duplex),
            Operator::Simplex if !is_grouped => Ok(Command::Simplex),
            Operator::Duplex | Operator::Simplex => Err(Operated::Unsupported),
            Operator::Volume(Volume::Up) => Ok(Command::Volume(true)),
            Operator::Volume(Volume::Down) => Ok(Command::Volume(false)),
            Operator::Volume(Volume::Quiet | Volume::Normal | Volume::Loud) => Err(Operated::Unsupported),
            Operator::Clear if is_grouped => self.clear(),
            Operator::Clear | Operator::ClearDown | Operator::HangUp => Ok(Command::ClearDown),
            Operator::Next if is_grouped => {
                let next = self.dwellings.next(self.selected.as_deref());
                next.map(Command::Select).ok_or(Operated::Refused("no other call is outstanding"))
            }
            Operator::Select(unit) if is_grouped => {
                let is_unit = message::select(unit).is_some();
                let select = || Command::Select(format!("{unit:0>3}"));
                is_unit.then(select).ok_or(Operated::Refused("a dwelling has one to three digits"))
            }
            Operator::Next | Operator::Select(_) => Err(Operated::Unsupported),
            Operator::Control(_) if !self.settings.allow_control => {
                Err(Operated::Refused("the door release is switched off on this line"))
            }
            Operator::Control(Control::Door(1)) => Ok(Command::Door),
            Operator::Control(_) => Err(Operated::Unsupported),
        }
    }

    /// The system forgets a dwelling that is cleared: not before its alarm is stored here.
    fn clear(&self) -> Result<Command, Operated> {
        let Some(unit) = &self.selected else {
            return Ok(self.dwellings.next(None).map_or(Command::ClearDown, Command::Select));
        };
        let is_stored = self.alarms.of_unit(unit).into_iter().all(|token| self.book.stored(token).is_some());
        if is_stored { Ok(Command::Clear) } else { Err(Operated::Refused("its alarm is not stored yet")) }
    }
}
