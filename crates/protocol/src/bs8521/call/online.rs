//! Speech: the path, the null that keeps the link, and the way to the next outstanding call.

use std::time::Instant;

use super::exchange::ANY_UNIT;
use super::{Call, State};
use crate::bs8521::Frame;
use crate::bs8521::command::Command;
use crate::call::{Operated, Speech};
use crate::session::after;

impl Call {
    /// The opening frame is acknowledged and the unit has settled.
    pub(super) fn settled(&mut self) {
        let unit =
            self.opening.as_ref().filter(|opening| opening.is_grouped()).map(|opening| opening.local_unit.clone());
        match unit {
            Some(unit) if unit == ANY_UNIT => self.exchange(Command::List(unit)),
            Some(unit) => self.exchange(Command::Select(unit)),
            None => self.speak_with_unit(),
        }
    }

    /// Opens the speech path as the unit said it has one. D: 0 none, 2 switched by the operator, who listens
    /// first (C); anything else is both ways.
    pub(super) fn speak_with_unit(&mut self) {
        self.state = State::Online;
        let speech = self.opening.as_ref().map(|opening| opening.speech.as_str());
        match speech {
            Some("0") => {
                self.book.speech(Speech::None);
                self.book.operated(Operated::Done);
                if self.settings.end_without_speech {
                    let is_scheme = self.opening.as_ref().is_some_and(Frame::is_grouped);
                    self.exchange(if is_scheme { Command::Clear } else { Command::ClearDown });
                }
                return;
            }
            Some("2") => self.book.speech(Speech::Listen),
            Some(_) | None => self.book.speech(Speech::Duplex),
        }
        self.book.operated(Operated::Done);
    }

    pub(super) fn step_online(&mut self, now: Instant) -> bool {
        if self.owes(now) || self.deframer.is_active(now) {
            return false;
        }
        if self.operate() {
            return true;
        }
        let is_due = self.null_due().is_some_and(|due| now >= due);
        if is_due {
            self.exchange(Command::Null);
        }
        is_due
    }

    pub(super) fn null_deadline(&self) -> Option<Instant> {
        let due = self.null_due()?;
        [Some(due), self.deframer.active_until(), self.owing_until()].into_iter().flatten().max()
    }

    pub(super) fn link_deadline(&self) -> Option<Instant> {
        let is_linked = matches!(self.state, State::Settling { .. } | State::Online | State::Exchange(_));
        is_linked.then(|| after(self.last_ack, self.settings.link_lost))
    }

    /// The unit confirmed something, or was confirmed.
    pub(super) fn confirmed(&mut self, now: Instant) {
        self.last_ack = now;
        self.null_failed = false;
    }

    /// After a round of nulls that nobody confirmed there is no other: what confirms is a command, or the link is
    /// lost.
    fn null_due(&self) -> Option<Instant> {
        (!self.null_failed).then(|| after(self.last_ack, self.settings.null_every).max(self.quiet_until))
    }
}
