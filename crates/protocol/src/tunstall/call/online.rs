//! Speech: the path, and the tone that keeps the link.

use std::time::Instant;

use super::{Call, State};
use crate::call::Speech;
use crate::session::after;
use crate::tunstall::command::Command;

impl Call {
    /// Opens the speech path as the unit has one: both ways if it can, else the operator listens first (C).
    pub(super) fn speak_with_unit(&mut self) {
        self.state = State::Online;
        let is_duplex = self.opening.as_ref().is_some_and(|opening| opening.is_duplex);
        self.book.speech(if is_duplex { Speech::Duplex } else { Speech::Listen });
    }

    pub(super) fn step_online(&mut self, now: Instant) -> bool {
        if !self.is_free(now) {
            return false;
        }
        if self.operate(now) {
            return true;
        }
        if self.calls_unheard() {
            return self.select_next(now);
        }
        if now >= self.idle_until() {
            self.exchange(Command::ClearDown, now);
            return true;
        }
        let is_due = now >= after(self.last_alive, self.settings.keep_alive);
        if is_due {
            self.keep_alive(now);
        }
        is_due
    }

    pub(super) fn online_due(&self) -> Option<Instant> {
        let keep_alive = after(self.last_alive, self.settings.keep_alive);
        let is_due = self.calls_unheard() || self.book.has_request();
        Some(if is_due { self.last_digit } else { keep_alive.min(self.idle_until()) })
    }

    pub(super) fn select_next(&mut self, now: Instant) -> bool {
        let next = self.dwellings.next(self.selected.as_deref());
        let is_any = next.is_some();
        if let Some(unit) = next {
            self.exchange(Command::Select(unit), now);
        }
        is_any
    }

    /// A dwelling's message came when nobody was selected.
    fn calls_unheard(&self) -> bool {
        self.selected.is_none() && self.dwellings.is_any_waiting()
    }

    fn idle_until(&self) -> Instant {
        after(self.last_digit.max(self.last_request), self.settings.idle_longest)
    }
}
