//! From the answer to the first acknowledgement: guard, enquiries, and the time data may take.

use std::time::{Duration, Instant};

use super::{Call, State};
use crate::call::{End, Side};
use crate::session::after;
use crate::tunstall::command::enquiry;

impl Call {
    /// Does what is due, until nothing is.
    pub(super) fn advance(&mut self, now: Instant) {
        if let Some(group) = self.deframer.expire(now) {
            self.group(&group, now);
        }
        if let Some(group) = self.bursts.expire(now) {
            self.burst_group(&group, now);
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
        let is_free = self.is_free(now);
        match self.state.clone() {
            State::Guard { ask_at } if now >= ask_at && is_free => self.ask_or_end(now),
            State::Awaiting { until } if now >= until && is_free => self.ask_or_end(now),
            State::Receiving if self.gives_up_at().is_some_and(|at| now >= at) && is_free => self.ask_or_end(now),
            State::Settling { until } if now >= until && is_free => self.settled(now),
            State::Catalogue { until } => return self.step_catalogue(until, now),
            State::Exchange(exchange) => return self.step_exchange(exchange, now),
            State::Online => return self.step_online(now),
            State::Closing { until } if now >= until => self.end(End::Unconfirmed, Side::Here, now),
            State::Guard { .. }
            | State::Asking
            | State::Awaiting { .. }
            | State::Receiving
            | State::Settling { .. }
            | State::Closing { .. }
            | State::Ended
            | State::GivenUp => return false,
        }
        true
    }

    /// When something is due, whatever is playing.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = if self.book.is_playing() { None } else { self.step_deadline() };
        [due, self.data_deadline(), self.owed_deadline()].into_iter().flatten().min()
    }

    /// All that was asked to be played is out.
    pub(super) fn played(&mut self, now: Instant) {
        self.last_alive = now;
        if std::mem::take(&mut self.acknowledging) {
            return self.acknowledged(now);
        }
        if self.state == State::Asking {
            self.asked_at = now;
            let has_begun = self.data_by.is_some() || self.alarms.is_any();
            let wait = self.probe().map_or(Duration::ZERO, |probe| self.settings.wait(probe));
            let until = after(now, wait.saturating_add(self.book.begun().slack));
            self.state = if has_begun { State::Receiving } else { State::Awaiting { until } };
        }
        self.exchange_played(now);
    }

    /// Another protocol's digits: its turn at once, or that of the next protocol here.
    pub(super) fn foreign(&mut self, now: Instant) {
        if !self.is_opening() || self.book.has_delivered() {
            return;
        }
        if !self.settings.hang_up_without_data {
            self.state = State::GivenUp;
            return;
        }
        let of_this = self.asked.checked_rem(self.settings.enquiries).unwrap_or(0);
        if of_this > 0 {
            self.asked = self.asked.saturating_add(self.settings.enquiries).saturating_sub(of_this);
        }
        self.last_digit = now;
    }

    /// Whether nothing arrives and no acknowledgement is owed.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        !self.owes(now) && self.arriving_until().is_none_or(|until| now >= until)
    }

    /// Whether an acknowledgement would not be heard, for the unit is sending.
    pub(super) fn is_in_frame(&self, now: Instant) -> bool {
        self.deframer.is_in_frame(now) || self.tones_until().is_some_and(|until| now < until)
    }

    /// Until when sounds are taken to be arriving.
    pub(super) fn arriving_until(&self) -> Option<Instant> {
        self.deframer.active_until().max(self.tones_until())
    }

    /// The first instant at which nothing is owed for a frame that is not stored.
    pub(super) fn owing_until(&self) -> Option<Instant> {
        self.owing.map(|owing| just_after(owing.until))
    }

    fn tones_until(&self) -> Option<Instant> {
        self.pairs.active_until().max(self.bursts.active_until())
    }

    fn acknowledged(&mut self, now: Instant) {
        self.data_by = None;
        self.quiet_until = after(now, self.settings.after_ack(self.protocol()));
        if self.is_opening() || matches!(self.state, State::Settling { .. }) {
            self.state = State::Settling { until: self.quiet_until };
        }
    }

    fn ask_or_end(&mut self, now: Instant) {
        let Some(probe) = self.settings.probe(self.asked).filter(|_| !self.alarms.is_any()) else {
            let has_data = self.data_by.is_some() || self.ever_had_prefix;
            return self.without_data(if has_data { End::NoValidData } else { End::NoData }, now);
        };
        self.asked = self.asked.saturating_add(1);
        self.data_by = None;
        self.had_prefix = false;
        self.state = State::Asking;
        let notes = enquiry(probe, &self.settings, self.is_stmf);
        self.book.request(notes, now);
    }

    /// When silence has lasted so long that nothing more will come: not while a frame waits for the store.
    fn gives_up_at(&self) -> Option<Instant> {
        let is_frame = self.had_prefix || self.deframer.is_unfinished();
        let wait = if is_frame { self.settings.resend_wait } else { self.settings.ask_again };
        let at = after(self.last_digit.max(self.asked_at), wait.saturating_add(self.book.begun().slack));
        (!self.alarms.is_any()).then_some(at)
    }

    /// The time for data ends a call whatever else goes on.
    fn is_out_of_time(&mut self, now: Instant) -> bool {
        let is_out = self.data_deadline().is_some_and(|deadline| now >= deadline);
        if is_out {
            let end = match (self.book.has_delivered(), self.alarms.is_any_stored(&self.book)) {
                (_, true) => End::Unconfirmed,
                (true, false) => End::NotStored,
                (false, false) => End::NoValidData,
            };
            self.without_data(end, now);
        }
        is_out
    }

    fn without_data(&mut self, end: End, now: Instant) {
        if self.settings.hang_up_without_data || self.book.has_delivered() {
            self.end(end, Side::Here, now);
        } else {
            self.state = State::GivenUp;
        }
    }

    /// A frame that is arriving when the time is over may still end.
    fn data_deadline(&self) -> Option<Instant> {
        let by = self.data_by?;
        let latest = after(by, self.settings.data_grace);
        Some(self.arriving_until().map_or(by, |arriving| arriving.clamp(by, latest)))
    }

    fn step_deadline(&self) -> Option<Instant> {
        let due = match &self.state {
            State::Guard { ask_at } => *ask_at,
            State::Awaiting { until } | State::Settling { until } | State::Catalogue { until } => *until,
            State::Receiving => self.gives_up_at()?,
            State::Closing { until } => return Some(*until),
            State::Exchange(exchange) => return self.exchange_deadline(exchange),
            State::Online => self.online_due()?,
            State::Asking | State::Ended | State::GivenUp => return None,
        };
        [Some(due), self.arriving_until(), self.owing_until()].into_iter().flatten().max()
    }

    /// An acknowledgement whose alarm is stored waits for what arrives to end, or to be late.
    fn owed_deadline(&self) -> Option<Instant> {
        let owing = self.owing.filter(|_| !self.book.is_playing())?;
        self.book.stored(owing.token)?;
        Some(self.arriving_until().unwrap_or(owing.until).min(just_after(owing.until)))
    }
}

/// The first instant at which an answer would be late.
fn just_after(instant: Instant) -> Instant {
    after(instant, Duration::from_millis(1))
}

/// Steps of one call of a handler; a state machine that goes round in circles stops here.
const STEPS_MAX: usize = 16;
