//! What is due: handshakes, the time data may take, the quiet after a kiss-off.

use std::time::{Duration, Instant};

use super::take::KISS_OFF;
use super::{Call, State};
use crate::call::{End, Side};
use crate::session::after;
use crate::tones::{Note, Sound, Tone};

/// The second tone of the handshake; the first is that of the kiss-off.
const HANDSHAKE_END: Tone = Tone(2300);

impl Call {
    /// Does what is due, until nothing is.
    pub(super) fn advance(&mut self, now: Instant) {
        if let Some(run) = self.deframer.expire(now) {
            self.run(&run, now);
        }
        self.steps(now);
    }

    pub(super) fn steps(&mut self, now: Instant) {
        // Each step plays something, waits for something, or ends: a few at most.
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
        self.kiss_off(now);
        if self.book.is_playing() || self.owes(now) || self.is_active() {
            return false;
        }
        match self.state {
            State::Settling { ask_at } if now >= ask_at => self.shake(now),
            State::Listening { until } if now >= until => self.shake_or_end(now),
            State::Receiving if now >= self.again_at() => self.shake_or_end(now),
            State::Between { talk_at, .. } if now >= talk_at && self.may_talk() => self.talk(now),
            State::Between { until, .. } if now >= until => self.end(self.closing(), Side::Here, now),
            State::Speech { .. } => return self.operate(now),
            State::Settling { .. }
            | State::Shaking
            | State::Listening { .. }
            | State::Receiving
            | State::Between { .. }
            | State::Ended
            | State::GivenUp => return false,
        }
        true
    }

    /// When something is due, whatever is playing.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = if self.book.is_playing() { None } else { self.step_deadline() };
        [due, self.data_deadline(), self.owed_deadline(), self.speech_deadline()].into_iter().flatten().min()
    }

    /// All that was asked to be played is out.
    pub(super) fn played(&mut self, now: Instant) {
        if std::mem::take(&mut self.kissing) {
            return self.kissed_off(now);
        }
        if self.state == State::Shaking {
            self.asked_at = now;
            let wait = self.settings.first_digit.saturating_add(self.book.begun().slack);
            let has_begun = self.is_active() || self.book.has_delivered();
            self.state = if has_begun { State::Receiving } else { State::Listening { until: after(now, wait) } };
        }
    }

    fn kissed_off(&mut self, now: Instant) {
        self.data_by = None;
        if !matches!(self.state, State::Speech { .. }) {
            let slack = self.book.begun().slack;
            let wait = |wait: Duration| after(now, wait.saturating_add(slack));
            let (talk_at, until) = (wait(self.settings.speech_after), wait(self.settings.quiet_after));
            self.state = State::Between { talk_at, until };
        }
    }

    /// Digits are arriving, or what arrived was not looked at yet.
    fn is_active(&self) -> bool {
        self.deframer.deadline().is_some()
    }

    fn shake(&mut self, now: Instant) {
        self.handshakes = self.handshakes.saturating_add(1);
        self.state = State::Shaking;
        let on = self.settings.handshake;
        let first = Note { sound: Sound::Tone(KISS_OFF), on, off: on };
        self.book.request(vec![first, Note::alone(Sound::Tone(HANDSHAKE_END), on)], now);
    }

    /// A message that came and was not kissed off in time is repeated without a handshake, or the panel has gone.
    fn shake_or_end(&mut self, now: Instant) {
        if self.book.has_delivered() {
            let end = self.closing();
            if end == End::Unconfirmed && self.may_talk() { self.talk(now) } else { self.end(end, Side::Here, now) }
        } else if self.handshakes < self.settings.handshakes {
            self.shake(now);
        } else {
            self.without_data(if self.data_by.is_some() { End::NoValidData } else { End::NoData }, now);
        }
    }

    fn again_at(&self) -> Instant {
        after(self.last_digit.max(self.asked_at), self.settings.ask_again.saturating_add(self.book.begun().slack))
    }

    /// The limits of data and of speech end a call whatever else goes on.
    fn is_out_of_time(&mut self, now: Instant) -> bool {
        if self.data_deadline().is_some_and(|deadline| now >= deadline) {
            self.without_data(End::NoValidData, now);
            return true;
        }
        if self.speech_deadline().is_some_and(|deadline| now >= deadline) {
            self.end(End::LinkLost, Side::Here, now);
            return true;
        }
        false
    }

    fn without_data(&mut self, end: End, now: Instant) {
        self.flush(now);
        if self.book.has_delivered() {
            self.end(self.closing(), Side::Here, now);
        } else if self.settings.hang_up_without_data {
            self.end(end, Side::Here, now);
        } else {
            self.tell_unread(now);
            self.state = State::GivenUp;
        }
    }

    /// What is arriving when the time for data is over may still end.
    fn data_deadline(&self) -> Option<Instant> {
        let by = self.data_by?;
        let latest = after(by, self.settings.data_grace);
        Some(self.deframer.deadline().map_or(by, |active| active.clamp(by, latest)))
    }

    fn speech_deadline(&self) -> Option<Instant> {
        match self.state {
            State::Speech { until } => Some(until),
            _ => None,
        }
    }

    fn step_deadline(&self) -> Option<Instant> {
        let due = match self.state {
            State::Settling { ask_at } => Some(ask_at),
            State::Listening { until } => Some(until),
            State::Receiving => Some(self.again_at()),
            State::Between { talk_at, .. } if self.may_talk() => Some(talk_at),
            State::Between { until, .. } => Some(until),
            // A request is carried out at once, or when what keeps it waiting is over.
            State::Speech { .. } if self.is_wanted => None,
            State::Shaking | State::Speech { .. } | State::Ended | State::GivenUp => return None,
        };
        let owing_until = self.owing.map(|owing| just_after(owing.until));
        [due, self.deframer.deadline(), owing_until].into_iter().flatten().max()
    }

    /// A kiss-off whose message is stored waits for its time, and for what arrives to end, or it is late.
    fn owed_deadline(&self) -> Option<Instant> {
        let owing = self.owing.filter(|_| !self.book.is_playing())?;
        self.book.stored(owing.token)?;
        let free = self.deframer.arriving_until().map_or(owing.from, |until| until.max(owing.from));
        Some(free.min(just_after(owing.until)))
    }
}

/// The first instant at which a kiss-off would be late.
fn just_after(instant: Instant) -> Instant {
    after(instant, Duration::from_millis(1))
}

/// Steps of one call of a handler; a state machine that goes round in circles stops here.
const STEPS_MAX: usize = 16;
