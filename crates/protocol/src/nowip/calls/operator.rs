//! What operators want, as commands.

use std::sync::Arc;
use std::time::Instant;

use super::Calls;
use super::exchange::{ANY_UNIT, After};
use super::output::{End, Output};
use super::session::{Asked, Session, Wanted};
use crate::bs8521;
use crate::call::{Operated, Operator, RequestId};
use crate::nowip::command::Command;
use crate::nowip::settings::REQUESTS_MAX;

impl Calls {
    pub(super) fn ask(&mut self, user: &str, asked: Asked, now: Instant) {
        let id = asked.id;
        let is_known = self.with(user, now, |calls, session| calls.ask_session(session, asked, now));
        if !is_known {
            let (user, operated) = (Arc::from(user), Operated::Refused("nothing was heard of this unit"));
            self.push(Output::Operated { user, id, operated });
        }
    }

    fn ask_session(&mut self, session: &mut Session, asked: Asked, now: Instant) {
        session.last = now;
        if matches!(asked.wanted, Wanted::Operator(Operator::HangUp)) {
            self.operated(session, asked.id, Operated::Done);
            self.end_call(session, End::Released, now);
        } else if session.asked.len() >= REQUESTS_MAX {
            self.operated(session, asked.id, Operated::Refused("too many requests"));
        } else {
            session.asked.push_back(asked);
            self.operate(session, now);
        }
    }

    /// Begins the next request that waits, if no command is under way.
    pub(super) fn operate(&mut self, session: &mut Session, now: Instant) {
        while session.exchange.is_none() {
            let Some(asked) = session.asked.pop_front() else { return };
            match self.command(session, &asked.wanted) {
                Ok((command, after)) => self.begin(session, command, Some(asked.id), after, now),
                Err(operated) => self.operated(session, asked.id, operated),
            }
        }
    }

    pub(super) fn operated(&mut self, session: &Session, id: RequestId, operated: Operated) {
        self.push(Output::Operated { user: Arc::clone(&session.user), id, operated });
    }

    fn command(&self, session: &Session, wanted: &Wanted) -> Result<(Command, After), Operated> {
        let wanted = match wanted {
            Wanted::Program(program) if self.settings.allow_programming => {
                return Ok((Command::Program(program.clone()), After::Asked));
            }
            Wanted::Program(_) => return Err(Operated::Refused("programming is switched off on this line")),
            Wanted::Operator(wanted) => wanted,
        };
        // A unit that has nothing selected does not answer "clear" (B).
        if *wanted == Operator::Clear && session.is_scheme() && session.selected.is_none() {
            return Ok((Command::Unit(bs8521::Command::List(ANY_UNIT.to_owned())), After::Cleared));
        }
        bs8521::operator_command(wanted, session.is_scheme(), self.settings.allow_control)
            .map(|command| (Command::Unit(command), After::Asked))
    }
}
