//! Sounds: which are our own, which are data, what runs of digits say.

use std::time::Instant;

use super::copies::{frame, keep};
use super::take::Unread;
use super::{Call, State};
use crate::contact_id::message::SHORTEST_DIGITS;
use crate::contact_id::{FrameError, Reading, Run, read};
use crate::session::after;
use crate::tones::{Heard, Sound};

impl Call {
    pub(super) fn hear(&mut self, heard: &Heard, now: Instant) {
        if self.book.is_echo(heard, self.settings.echo_tail) {
            return;
        }
        self.book.hear(heard);
        let Sound::Digit(digit) = heard.sound else { return };
        self.last_digit = now;
        self.began(now);
        for run in self.deframer.push(digit, heard) {
            self.run(&run, now);
        }
        let is_whole = self.is_whole();
        self.deframer.is_whole(is_whole);
    }

    /// A digit while data is waited for is the start of it; between messages it may be that of the next.
    fn began(&mut self, now: Instant) {
        let quiet = after(now, self.settings.quiet_after);
        match &mut self.state {
            State::Settling { .. } | State::Shaking | State::Receiving => {}
            State::Listening { .. } => self.state = State::Receiving,
            State::Between { until, .. } => *until = quiet.max(*until),
            State::Speech { .. } | State::Ended | State::GivenUp => return,
        }
        self.data_by.get_or_insert(after(now, self.settings.data_valid));
    }

    /// Whether the digits that are arriving are a message as they stand: nothing but silence is waited for.
    fn is_whole(&self) -> bool {
        let letters = self.deframer.letters();
        if letters.len() < SHORTEST_DIGITS {
            return false;
        }
        read(&letters, &self.settings).is_ok_and(|reading| {
            let is_known = self.known.as_ref().is_some_and(|known| known.says(&reading));
            reading.is_verified() || is_known || self.singles.iter().any(|single| single.says(&reading))
        })
    }

    /// A run of digits: a message, the first copy of one, or nothing that can be read.
    pub(super) fn run(&mut self, run: &Run, now: Instant) {
        match read(&run.letters(), &self.settings) {
            Ok(reading) if reading.is_verified() => self.message(reading, run, now),
            Ok(_) if run.doubtful => self.not_read(&FrameError::DoubtfulCopy, run),
            Ok(reading) => self.copy_of_two(reading, run, now),
            Err(error) => self.not_read(run.cut.as_ref().unwrap_or(&error), run),
        }
    }

    /// Without a checksum it takes two equal copies; what was taken already needs no second one.
    fn copy_of_two(&mut self, reading: Reading, run: &Run, now: Instant) {
        let window = self.settings.repeat_window;
        let is_known = self.known.as_ref().is_some_and(|known| known.is_copy(&reading, run, window));
        if is_known || self.singles.iter().any(|single| single.is_first_of(&reading, run.began, window)) {
            return self.message(reading, run, now);
        }
        self.unread = Some(Unread { error: FrameError::SingleCopy, frame: frame(run), is_counted: false });
        self.postpone(run);
        keep(&mut self.singles, reading, run);
    }

    /// Faults of what could have been data; what a detector makes of speech is none.
    fn not_read(&mut self, error: &FrameError, run: &Run) {
        if matches!(self.state, State::Speech { .. }) {
            return;
        }
        self.book.fault(error.name(), error.fault());
        if run.digits.len() >= SHORTEST_DIGITS {
            self.unread = Some(Unread { error: error.clone(), frame: frame(run), is_counted: true });
            self.postpone(run);
        }
    }

    /// The panel is about to repeat what was not kissed off: no speech before that.
    fn postpone(&mut self, run: &Run) {
        let again = after(run.ended, self.settings.ask_again);
        if let State::Between { talk_at, .. } = &mut self.state {
            *talk_at = again.max(*talk_at);
        }
    }
}
