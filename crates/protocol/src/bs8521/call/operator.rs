//! What operators want, as commands.

use super::Call;
use super::exchange::ANY_UNIT;
use crate::bs8521::Frame;
use crate::bs8521::command::{Command, equipment, volume};
use crate::call::{Operated, Operator};
use crate::tones::Digit;

impl Call {
    /// Begins the next request that waits. True if there was one.
    pub(super) fn operate(&mut self) -> bool {
        let Some(request) = self.book.next_request() else { return false };
        match self.command(&request.wanted) {
            Ok(command) => self.exchange(command),
            Err(operated) => self.book.operated(operated),
        }
        true
    }

    fn command(&self, wanted: &Operator) -> Result<Command, Operated> {
        let is_scheme = self.opening.as_ref().is_some_and(Frame::is_grouped);
        operator_command(wanted, is_scheme, self.settings.allow_control)
    }
}

/// The command for what an operator wants, of a scheme or a dispersed unit; or why there is none.
pub(crate) fn operator_command(wanted: &Operator, is_scheme: bool, allow_control: bool) -> Result<Command, Operated> {
    match wanted {
        Operator::Speak => Ok(Command::Speak),
        Operator::Listen => Ok(Command::Listen),
        Operator::Duplex => Ok(Command::Speech(Digit::Eight)),
        Operator::Simplex => Ok(Command::Speech(Digit::Nine)),
        Operator::Volume(wanted) => Ok(Command::Speech(volume(*wanted))),
        Operator::Clear if is_scheme => Ok(Command::Clear),
        Operator::Clear | Operator::ClearDown | Operator::HangUp => Ok(Command::ClearDown),
        Operator::Next if is_scheme => Ok(Command::List(ANY_UNIT.to_owned())),
        Operator::Select(unit) if is_scheme => local_unit(unit).map(Command::Select),
        Operator::Next | Operator::Select(_) => Err(Operated::Unsupported),
        Operator::Control(_) if !allow_control => {
            Err(Operated::Refused("doors and relays are switched off on this line"))
        }
        Operator::Control(control) => equipment(*control).map(Command::Equipment).ok_or(Operated::Unsupported),
    }
}

/// A local unit has four digits; fewer are filled up.
fn local_unit(unit: &str) -> Result<String, Operated> {
    let is_unit = (1..=4).contains(&unit.len()) && unit.bytes().all(|digit| digit.is_ascii_digit());
    if is_unit { Ok(format!("{unit:0>4}")) } else { Err(Operated::Refused("a local unit has one to four digits")) }
}
