//! Messages that are right: delivered once, kissed off when stored, and again for each copy. And what never became
//! right.

use std::time::Instant;

use super::copies::{Known, Owing, frame};
use super::{Call, State};
use crate::call::End;
use crate::contact_id::{FrameError, Reading, Run};
use crate::session::after;
use crate::tones::{Note, Sound, Tone};
use crate::{Report, Status, Token, Trigger, Value, call};

/// The tone of the kiss-off.
pub(super) const KISS_OFF: Tone = Tone(1400);

/// What could have been a message.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) error: FrameError,
    pub(super) frame: call::Frame,
    /// Whether the book has it among its faults.
    pub(super) is_counted: bool,
}

impl Call {
    /// A message that is right, or the second copy of one that no checksum proves.
    pub(super) fn message(&mut self, reading: Reading, run: &Run, now: Instant) {
        self.unread = None;
        self.singles.clear();
        let on = if reading.is_fast_format() { self.settings.fast_kiss_off } else { self.settings.kiss_off };
        let window = self.settings.repeat_window;
        let known = self.known.as_mut().filter(|known| known.is_copy(&reading, run, window));
        let token = match known {
            Some(known) => {
                known.copied(run);
                let token = known.token;
                self.book.copy();
                if self.book.is_refused(token) { self.offer_again(token) } else { Some(token) }
            }
            None => self.deliver(reading, run, now),
        };
        let Some(token) = token else { return self.too_many(run) };
        let (from, until) = (self.settings.kiss_off_gap, self.settings.kiss_off_within);
        self.owing = Some(Owing { token, on, from: after(run.ended, from), until: after(run.ended, until) });
        if matches!(self.state, State::Settling { .. } | State::Listening { .. }) {
            self.state = State::Receiving;
        }
    }

    /// A copy came while the store had not spoken, and then it refused: the copy is offered.
    pub(super) fn offer_copy(&mut self, token: Token) {
        let came_since = self.known.as_ref().is_some_and(|known| known.token == token && known.copy.is_some());
        if came_since {
            self.offer_again(token);
        }
    }

    /// Whether a kiss-off can still be given.
    pub(super) fn owes(&self, now: Instant) -> bool {
        self.owing.is_some_and(|owing| now <= owing.until)
    }

    /// Plays the kiss-off that is owed, if its message is stored, the panel still waits and the line is free.
    pub(super) fn kiss_off(&mut self, now: Instant) {
        let Some(owing) = self.owing else { return };
        let Some(stored) = self.book.stored(owing.token) else { return };
        let is_arriving = self.deframer.arriving_until().is_some_and(|until| now < until);
        if now > owing.until {
            self.owing = None;
            self.book.late(owing.token);
        } else if now >= owing.from && !self.book.is_playing() && !is_arriving {
            self.owing = None;
            self.kissing = true;
            if let Some(known) = self.known.as_mut().filter(|known| known.token == owing.token) {
                known.is_kissed_off = true;
            }
            self.book.acknowledge(&stored, vec![Note::alone(Sound::Tone(KISS_OFF), owing.on)], now);
        }
    }

    /// How a call ends that has delivered and hears no more.
    pub(super) fn closing(&self) -> End {
        let Some(known) = &self.known else { return End::NoValidData };
        if self.book.stored(known.token).is_none() {
            End::NotStored
        } else if known.is_kissed_off && self.unread.is_none() {
            End::ClearedDown
        } else {
            End::Unconfirmed
        }
    }

    /// What never became a message, and was followed by none, is something to look at.
    pub(super) fn tell_unread(&mut self, now: Instant) {
        let Some(unread) = self.unread.take() else { return };
        let fault = unread.error.fault();
        if self.book.has_delivered() {
            let mut report = Report::unreadable(self.protocol, fault);
            let digits = String::from_utf8_lossy(&unread.frame.raw).into_owned();
            report.fields.push(("digits".to_owned(), Value::Text(digits)));
            self.book.tell_heard(report, unread.frame, now);
        } else if !unread.is_counted {
            self.book.fault(unread.error.name(), fault);
        }
    }

    fn deliver(&mut self, reading: Reading, run: &Run, now: Instant) -> Option<Token> {
        let report = reading.report(&self.codes);
        let asks = |event: &crate::Event| event.trigger == Trigger::SpeechRequest && event.status != Status::Restored;
        let (protocol, asks) = (report.protocol, report.events.iter().any(asks));
        let is_first = !self.book.has_delivered();
        let token = self.book.deliver(report, frame(run), now)?;
        if is_first {
            self.protocol = protocol;
        }
        self.speech_wanted |= asks;
        self.known = Some(Known::new(token, reading, run));
        Some(token)
    }

    fn offer_again(&mut self, token: Token) -> Option<Token> {
        let window = self.settings.repeat_window;
        let known = self.known.as_mut()?;
        let again = self.book.deliver_again(token, known.copy.take()?, window)?;
        known.token = again;
        if let Some(owing) = self.owing.as_mut().filter(|owing| owing.token == token) {
            owing.token = again;
        }
        Some(again)
    }

    fn too_many(&mut self, run: &Run) {
        let error = FrameError::TooManyMessages;
        self.book.fault(error.name(), error.fault());
        self.unread = Some(Unread { error, frame: frame(run), is_counted: true });
    }
}
