//! Sounds: which are our own, which are data, what runs of digits say.

use std::time::Instant;

use super::exchange::Phase;
use super::{Call, State};
use crate::Fault;
use crate::bs8521::command::{Expects, read_equipment, read_outstanding};
use crate::bs8521::{Answer, Frame, FrameError, Piece, Run};
use crate::call::Operated;
use crate::session::after;
use crate::tones::{Heard, Sound, Tone};

impl Call {
    pub(super) fn hear(&mut self, heard: &Heard, now: Instant) {
        if self.book.is_echo(heard, self.settings.echo_tail) {
            return;
        }
        self.book.hear(heard);
        match heard.sound {
            Sound::Tone(tone) => self.tone(tone, heard, now),
            Sound::Digit(digit) => {
                self.last_digit = now;
                self.began(heard, now);
                for piece in self.deframer.push(digit, heard) {
                    match piece {
                        Piece::Run(run) => self.run(&run, now),
                        Piece::LoneB(heard) => self.lone_b(&heard, now),
                    }
                }
            }
        }
    }

    fn tone(&mut self, tone: Tone, heard: &Heard, now: Instant) {
        if self.settings.enquiry_tones.contains(&tone) {
            self.guard(heard, now);
        }
    }

    /// Quiet is counted from the end of what was heard; a sound that goes on may be as long as one can be.
    fn guard(&mut self, heard: &Heard, now: Instant) {
        let longest = after(self.taken_at, self.settings.guard_longest);
        let end = heard.ended().unwrap_or(after(now, self.settings.tone_longest));
        if let State::Guard { ask_at } = &mut self.state {
            *ask_at = after(end, self.settings.guard_quiet).min(longest);
        }
    }

    /// A digit while data is waited for is the start of it.
    fn began(&mut self, heard: &Heard, now: Instant) {
        match self.state {
            State::Guard { .. } => {
                // Digits without a pause keep the request back: that has an end, too.
                let longest = self.settings.guard_longest.saturating_add(self.settings.data_valid);
                self.data_by.get_or_insert(after(self.taken_at, longest));
                self.guard(heard, now);
            }
            State::Awaiting { .. } => {
                self.state = State::Receiving;
                self.data_by.get_or_insert(after(self.asked_at, self.settings.data_valid));
            }
            State::Requesting => {
                self.data_by.get_or_insert(after(now, self.settings.data_valid));
            }
            _ => {}
        }
    }

    fn lone_b(&mut self, heard: &Heard, now: Instant) {
        let is_short = heard.lasted().is_none_or(|lasted| lasted <= self.settings.ack_longest);
        let State::Exchange(exchange) = &self.state else { return };
        if is_short && exchange.waits_for(Expects::Acknowledge) {
            self.answered(now);
        }
    }

    /// A run of digits: an answer that is waited for, a record, a frame, or nothing that can be read.
    pub(super) fn run(&mut self, run: &Run, now: Instant) {
        if self.short_answer(run, now) || self.record(run, now) {
            return;
        }
        match Frame::decode_body(run.body()) {
            Ok(frame) => self.frame(frame, run, now),
            Err(error) => self.unread(&run.cut.clone().unwrap_or(error), run),
        }
    }

    fn short_answer(&mut self, run: &Run, now: Instant) -> bool {
        let State::Exchange(exchange) = &self.state else { return false };
        if !run.has_start() || !run.has_end() || run.doubtful {
            return false;
        }
        if exchange.waits_for(Expects::Outstanding)
            && let Some(outstanding) = read_outstanding(run.body())
        {
            self.outstanding = outstanding;
            self.confirm(now);
            self.answered(now);
            return true;
        }
        if exchange.waits_for(Expects::Equipment)
            && let Some(code) = read_equipment(run.body())
        {
            if code == 0 {
                self.book.operated(Operated::Unsupported);
            }
            self.confirm(now);
            self.answered(now);
            return true;
        }
        false
    }

    /// A record has no checksum: it is taken from a scheme only, whole, and not when a digit of it is doubtful.
    fn record(&mut self, run: &Run, now: Instant) -> bool {
        let Some(opening) = self.opening.clone().filter(Frame::is_grouped) else { return false };
        if !run.has_start() || !run.has_end() {
            return false;
        }
        let Ok(answer) = Answer::decode(run.body()) else { return false };
        if run.doubtful {
            self.book.fault("DoubtfulRecord", Fault { name: "DoubtfulRecord".to_owned(), fields: Vec::new() });
            return true;
        }
        let is_waited_for = matches!(&self.state, State::Exchange(exchange) if exchange.waits_for(Expects::Record));
        if answer.is_none() {
            if is_waited_for {
                self.confirm(now);
                self.answered(now);
            }
            return true;
        }
        let until = self.take_record(&opening, &answer, run, now);
        if let (State::Exchange(exchange), Some(until), true) = (&mut self.state, until, is_waited_for) {
            exchange.phase = Phase::Storing { until };
            exchange.answer = Some(answer);
        }
        true
    }

    /// Faults of what could have been data; what a detector makes of speech is none.
    fn unread(&mut self, error: &FrameError, run: &Run) {
        let in_speech = matches!(self.state, State::Online | State::Exchange(_) | State::ClearedDown { .. });
        let nothing = run.body().is_empty() || in_speech;
        if run.has_start() || !nothing {
            self.book.fault(error.name(), error.fault());
        }
    }
}
