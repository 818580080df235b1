//! Frames and records that are right: delivered once, acknowledged when stored, and again for each copy.

use std::time::Instant;

use super::alarms::Owing;
use super::exchange::Phase;
use super::{Call, State};
use crate::bs8521::command::acknowledgement;
use crate::bs8521::{Answer, Frame, Run, report};
use crate::session::after;
use crate::{Fault, Token, call};

impl Call {
    /// A frame whose checksum is right.
    pub(super) fn frame(&mut self, frame: Frame, run: &Run, now: Instant) {
        let window = self.settings.repeat_window;
        let token = match self.alarms.of_frame(run.body(), run, window) {
            Some(known) => {
                known.copy = Some(copy(run));
                let token = known.token;
                self.copy(token)
            }
            None => {
                let mut report = report(&frame, &self.codes);
                let missing = [(!run.has_start(), "MissingStart"), (!run.has_end(), "MissingEnd")];
                let warnings = missing.into_iter().filter(|(is_missing, _)| *is_missing);
                report.warnings.splice(0..0, warnings.map(|(_, name)| name.to_owned()));
                let token = self.book.deliver(report, copy(run), now);
                if let Some(token) = token {
                    self.alarms.add_frame(token, run.body(), run.ended);
                }
                token
            }
        };
        let Some(token) = token else { return self.too_many() };
        self.owe(token, run);
        if matches!(self.state, State::Guard { .. } | State::Awaiting { .. } | State::Receiving | State::Requesting) {
            self.data_by.get_or_insert(after(now, self.settings.data_valid));
            self.opening = Some(frame);
            if !matches!(self.state, State::Requesting) {
                self.state = State::Receiving;
            }
        }
    }

    /// A record of a scheme: an alarm of its unit. Gives until when its acknowledgement can be given.
    pub(super) fn take_record(&mut self, opening: &Frame, answer: &Answer, run: &Run, now: Instant) -> Option<Instant> {
        let token = match self.alarms.of_record(run.body()) {
            Some(known) => {
                known.copy = Some(copy(run));
                let token = known.token;
                self.copy(token)
            }
            None => {
                let mut report = report(&answer.within(opening), &self.codes);
                report.warnings.insert(0, "NoChecksum".to_owned());
                let token = self.book.deliver(report, copy(run), now);
                if let Some(token) = token {
                    self.alarms.add_record(token, run.body(), run.ended);
                }
                token
            }
        };
        let Some(token) = token else {
            self.too_many();
            return None;
        };
        Some(self.owe(token, run))
    }

    /// A copy came while the store had not spoken, and then it refused: the copy is offered.
    pub(super) fn offer_copy(&mut self, token: Token) {
        let came_since = self.alarms.of_token(token).is_some_and(|known| known.copy.is_some());
        if came_since {
            self.offer_again(token);
        }
        // A scheme does not send a record again by itself: it is asked at once.
        let is_owed = self.owing.is_some_and(|owing| owing.token == token);
        if let State::Exchange(exchange) = &mut self.state
            && let (Phase::Storing { until }, true) = (&mut exchange.phase, is_owed)
        {
            *until = (*until).min(self.last_digit);
        }
    }

    /// Whether an acknowledgement can still be given.
    pub(super) fn owes(&self, now: Instant) -> bool {
        self.owing.is_some_and(|owing| now <= owing.until)
    }

    /// Plays the acknowledgement that is owed, if its alarm is stored, the unit still waits and the line is free.
    pub(super) fn acknowledge(&mut self, now: Instant) {
        let Some(owing) = self.owing else { return };
        let Some(stored) = self.book.stored(owing.token) else { return };
        if now > owing.until {
            self.owing = None;
            self.book.late(owing.token);
        } else if !self.book.is_playing() && !self.deframer.is_in_frame(now) {
            self.owing = None;
            self.acknowledging = true;
            self.book.acknowledge(&stored, acknowledgement(&self.settings), now);
        }
    }

    /// The token that a copy is acknowledged by: that of its alarm, which is offered again if it was refused.
    fn copy(&mut self, token: Token) -> Option<Token> {
        self.book.copy();
        if self.book.is_refused(token) { self.offer_again(token) } else { Some(token) }
    }

    fn offer_again(&mut self, token: Token) -> Option<Token> {
        let window = self.settings.repeat_window;
        let known = self.alarms.of_token(token)?;
        let again = self.book.deliver_again(token, known.copy.take()?, window)?;
        known.token = again;
        if let Some(owing) = self.owing.as_mut().filter(|owing| owing.token == token) {
            owing.token = again;
        }
        Some(again)
    }

    fn owe(&mut self, token: Token, run: &Run) -> Instant {
        let wait = self.settings.ack_within.saturating_add(self.book.begun().slack);
        let until = after(run.ended, wait);
        self.owing = Some(Owing { token, until });
        until
    }

    fn too_many(&mut self) {
        self.book.fault("TooManyAlarms", Fault { name: "TooManyAlarms".to_owned(), fields: Vec::new() });
    }
}

fn copy(run: &Run) -> call::Frame {
    call::Frame { raw: run.digits.clone(), began: run.began, ended: run.ended }
}
