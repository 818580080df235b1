//! From the answer to the first acknowledgement: guard, requests, and the time data may take.

use std::time::Instant;

use super::exchange::{Phase, just_after};
use super::{Call, State};
use crate::bs8521::command::request;
use crate::call::{End, Side};
use crate::session::after;

impl Call {
    /// Does what is due, until nothing is.
    pub(super) fn advance(&mut self, now: Instant) {
        if let Some(run) = self.deframer.expire(now) {
            self.run(&run, now);
        }
        // Each step sends something, waits for something, or ends: a few at most.
        for _ in 0..STEPS_MAX {
            if self.is_ended() || !self.step(now) {
                return;
            }
        }
    }

    fn step(&mut self, now: Instant) -> bool {
        if self.is_out_of_time(now) {
            return true;
        }
        self.acknowledge(now);
        if self.book.is_playing() {
            return false;
        }
        let is_free = !self.owes(now) && !self.deframer.is_active(now);
        match self.state.clone() {
            State::Guard { ask_at } if now >= ask_at && is_free => self.ask(now),
            State::Awaiting { until } if now >= until && is_free => self.ask_or_end(now),
            State::Receiving if self.may_ask_again() && now >= self.ask_again_at() && is_free => self.ask(now),
            State::Settling { until } if now >= until && is_free => self.settled(),
            State::Exchange(exchange) => return self.step_exchange(exchange, now),
            State::Online => return self.step_online(now),
            State::ClearedDown { until } if now >= until => self.end(End::ClearedDown, Side::Here, now),
            State::Guard { .. }
            | State::Requesting
            | State::Awaiting { .. }
            | State::Receiving
            | State::Settling { .. }
            | State::ClearedDown { .. }
            | State::Ended
            | State::GivenUp => return false,
        }
        true
    }

    /// When something is due, whatever is playing.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = if self.book.is_playing() { None } else { self.step_deadline() };
        [due, self.data_deadline(), self.link_deadline(), self.owed_deadline()].into_iter().flatten().min()
    }

    /// All that was asked to be played is out.
    pub(super) fn played(&mut self, now: Instant) {
        let wait = self.settings.data_start.saturating_add(self.book.begun().slack);
        if std::mem::take(&mut self.acknowledging) {
            return self.acknowledged(now);
        }
        if self.state == State::Requesting {
            self.asked_at = now;
            let has_begun = self.deframer.is_active(now) || self.alarms.is_any();
            self.state = if has_begun { State::Receiving } else { State::Awaiting { until: after(now, wait) } };
        }
        self.exchange_played(now);
    }

    fn acknowledged(&mut self, now: Instant) {
        self.data_by = None;
        self.quiet_until = after(now, self.settings.settle);
        let is_record =
            matches!(&self.state, State::Exchange(exchange) if matches!(exchange.phase, Phase::Storing { .. }));
        if is_record {
            return self.answered(now);
        }
        self.confirmed(now);
        let is_opening = matches!(
            self.state,
            State::Guard { .. }
                | State::Requesting
                | State::Awaiting { .. }
                | State::Receiving
                | State::Settling { .. }
        );
        if is_opening {
            self.state = State::Settling { until: self.quiet_until };
        }
    }

    fn ask(&mut self, now: Instant) {
        self.requests = self.requests.saturating_add(1);
        if matches!(self.state, State::Guard { .. }) {
            self.data_by = None;
        }
        self.state = State::Requesting;
        self.book.request(request(&self.settings), now);
    }

    fn ask_or_end(&mut self, now: Instant) {
        if self.requests < self.settings.requests {
            self.ask(now);
        } else if self.data_by.is_some() {
            self.state = State::Receiving;
        } else {
            self.without_data(End::NoData, now);
        }
    }

    /// A request may have been drowned by what was taken for data.
    fn may_ask_again(&self) -> bool {
        self.requests < self.settings.requests
    }

    fn ask_again_at(&self) -> Instant {
        after(self.last_digit.max(self.asked_at), self.settings.ask_again.saturating_add(self.book.begun().slack))
    }

    /// T2 and the loss of the link end a call whatever else goes on.
    fn is_out_of_time(&mut self, now: Instant) -> bool {
        if self.data_deadline().is_some_and(|deadline| now >= deadline) {
            let end = match (self.book.has_delivered(), self.alarms.is_any_stored(&self.book)) {
                (_, true) => End::Unconfirmed,
                (true, false) => End::NotStored,
                (false, false) => End::NoValidData,
            };
            self.without_data(end, now);
            return true;
        }
        if self.link_deadline().is_some_and(|deadline| now >= deadline) {
            self.end(End::LinkLost, Side::Here, now);
            return true;
        }
        false
    }

    fn without_data(&mut self, end: End, now: Instant) {
        if self.settings.hang_up_without_data || self.book.has_delivered() {
            self.end(end, Side::Here, now);
        } else {
            self.state = State::GivenUp;
        }
    }

    /// T2; a frame that is arriving then may still end.
    fn data_deadline(&self) -> Option<Instant> {
        let by = self.data_by?;
        let latest = after(by, self.settings.data_grace);
        Some(self.deframer.active_until().map_or(by, |active| active.clamp(by, latest)))
    }

    fn step_deadline(&self) -> Option<Instant> {
        let due = match &self.state {
            State::Guard { ask_at } => *ask_at,
            State::Awaiting { until } | State::Settling { until } => *until,
            State::Receiving if self.may_ask_again() => self.ask_again_at(),
            State::ClearedDown { until } => return Some(*until),
            State::Exchange(exchange) => return self.exchange_deadline(exchange),
            State::Online => return self.null_deadline(),
            State::Requesting | State::Receiving | State::Ended | State::GivenUp => return None,
        };
        [Some(due), self.deframer.active_until(), self.owing_until()].into_iter().flatten().max()
    }

    /// The first instant at which nothing is owed for a frame that is not stored.
    pub(super) fn owing_until(&self) -> Option<Instant> {
        self.owing.map(|owing| just_after(owing.until))
    }

    /// An acknowledgement whose alarm is stored waits for what arrives to end, or to be late.
    fn owed_deadline(&self) -> Option<Instant> {
        let owing = self.owing.filter(|_| !self.book.is_playing())?;
        self.book.stored(owing.token)?;
        Some(self.deframer.active_until().unwrap_or(owing.until).min(just_after(owing.until)))
    }
}

/// Steps of one call of a handler; a state machine that goes round in circles stops here.
const STEPS_MAX: usize = 16;
