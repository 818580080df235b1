//! A grouped system tells which dwellings call: they are collected, then the oldest is selected.

use std::time::{Duration, Instant};

use super::{Call, State};
use crate::session::after;
use crate::tunstall::command::Command;
use crate::{Fault, Protocol, Report};

impl Call {
    /// The opening frame is acknowledged and the unit has settled.
    pub(super) fn settled(&mut self, now: Instant) {
        if self.opening.as_ref().is_some_and(|opening| opening.is_grouped) {
            self.collect(self.settings.catalogue_wait, now);
        } else {
            self.speak_with_unit();
        }
    }

    pub(super) fn collect(&mut self, wait: Duration, now: Instant) {
        self.state = State::Catalogue { until: after(now, wait.saturating_add(self.book.begun().slack)) };
    }

    /// After a clear the first message comes sooner from a TTNEW system.
    pub(super) fn clear_wait(&self) -> Duration {
        let is_new = self.protocol() == Protocol::TtNew;
        if is_new { self.settings.ttnew_clear_wait } else { self.settings.catalogue_wait }
    }

    pub(super) fn step_catalogue(&mut self, until: Instant, now: Instant) -> bool {
        if now < until || !self.is_free(now) {
            return false;
        }
        if !self.is_duplex_told() {
            self.told_duplex = true;
            self.exchange(Command::CanDuplex, now);
            return true;
        }
        let next = self.dwellings.next(None);
        match next {
            Some(unit) => self.exchange(Command::Select(unit), now),
            None if self.is_first_catalogue => {
                self.operator_event("UnitUnknown", None, now);
                self.speak_with_unit();
            }
            None => self.exchange(Command::ClearDown, now),
        }
        self.is_first_catalogue = false;
        true
    }

    /// A system that can do both ways was told that this end can. Not before its messages had their time: one that
    /// begins meanwhile would be lost. Who is known to wait does not wait for more.
    pub(super) fn duplex_told(&mut self, now: Instant) {
        let is_any = self.dwellings.is_any_waiting();
        let settle = self.settings.after_ack(self.protocol());
        self.collect(if is_any { settle } else { self.settings.catalogue_wait }, now);
    }

    /// Somebody waits and the call does not tell who, or cannot reach them: that is for an operator to know.
    pub(super) fn operator_event(&mut self, name: &'static str, unit: Option<&str>, now: Instant) {
        let fault = Fault { name: name.to_owned(), fields: Vec::new() };
        self.book.fault(name, fault.clone());
        let mut report = Report::unreadable(self.protocol(), fault);
        report.identity = self.opening.as_ref().and_then(|opening| opening.identity.clone());
        report.local_unit = unit.map(str::to_owned);
        self.book.tell(report, now);
    }

    fn is_duplex_told(&self) -> bool {
        self.told_duplex || !self.opening.as_ref().is_some_and(|opening| opening.is_duplex)
    }
}
