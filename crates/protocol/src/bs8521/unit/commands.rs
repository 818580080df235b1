//! How a unit takes commands and answers them.

use std::time::Instant;

use super::{Reply, State, Unit, UnitEvent};
use crate::session::after;
use crate::tones::{Digit, Note, Sound, notes};

/// Digits of a command at most: that of a parameter.
const COMMAND_DIGITS_MAX: usize = 40;

/// How a long `A` is written in a command that is arriving.
const LONG_A: &str = "[A]";

impl Unit {
    /// Takes a digit of a command. `A` begins one wherever it stands.
    pub(super) fn command_digit(&mut self, digit: Digit, is_long: bool, now: Instant) {
        match digit {
            Digit::A => self.digits = if is_long { LONG_A.to_owned() } else { "A".to_owned() },
            _ if self.digits.is_empty() || self.digits.len() >= COMMAND_DIGITS_MAX => self.digits.clear(),
            _ => self.digits.push(digit.as_char()),
        }
        let command = self.digits.clone();
        // A line without lengths cannot tell a long A: no command with data begins with these.
        let quick = command.strip_prefix(LONG_A).filter(|key| matches!(*key, "7" | "8" | "9" | "D" | "#"));
        if let Some(key) = quick {
            self.commanded(&command, now);
            self.quick(key, now);
        } else if command.ends_with('#') {
            self.commanded(&command, now);
            let plain = command.replace(LONG_A, "A");
            self.with_data(&plain, now);
        }
    }

    fn commanded(&mut self, command: &str, now: Instant) {
        self.happened(UnitEvent::Commanded(command.to_owned()));
        self.digits.clear();
        self.last_command = now;
        self.reply = None;
    }

    fn quick(&mut self, key: &str, now: Instant) {
        match key {
            "9" => {
                // Who pressed again while the call was open is still outstanding.
                let selected = self.selected.take();
                let calls = &mut self.settings.outstanding;
                let place = calls.iter().position(|call| selected.as_ref() == Some(&call.local_unit));
                if let Some(place) = place {
                    calls.remove(place);
                }
                let left = self.settings.outstanding.len().min(99);
                self.answer(&format!("A0000{left:02}#"), now);
            }
            "D" => self.acknowledge(true, now),
            _ => self.acknowledge(false, now),
        }
    }

    fn with_data(&mut self, command: &str, now: Instant) {
        let digits = command.trim_end_matches('#');
        if let Some(unit) = digits.strip_prefix("A0") {
            self.selected = Some(unit.to_owned());
            let record = self.record(|call| call == unit).unwrap_or_else(|| format!("A{unit}00000000#"));
            self.answer(&record, now);
        } else if let Some(unit) = digits.strip_prefix("A1") {
            let record = self.record(|call| unit == "0000" || call == unit);
            self.answer(&record.unwrap_or_else(|| "A000000000000#".to_owned()), now);
        } else if let Some(code) = digits.strip_prefix("A200").and_then(|code| code.parse().ok()) {
            let done = if self.settings.equipment.contains(&code) { code } else { 0 };
            self.answer(&format!("A00{done:02}#"), now);
        } else if digits.starts_with("A3") {
            self.acknowledge(false, now);
        }
    }

    fn record(&self, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
        let call = self.settings.outstanding.iter().find(|call| is_wanted(&call.local_unit));
        call.map(crate::bs8521::Answer::encode)
    }

    fn acknowledge(&mut self, hang_up: bool, now: Instant) {
        let notes = vec![Note::alone(Sound::Digit(Digit::B), self.settings.digit_on)];
        self.reply_with(notes, 0, hang_up, now);
    }

    fn answer(&mut self, digits: &str, now: Instant) {
        let notes = notes(digits, self.settings.digit_on, self.settings.digit_off);
        self.reply_with(notes, self.settings.sends.saturating_sub(1), false, now);
    }

    fn reply_with(&mut self, notes: Vec<Note>, again: u32, hang_up: bool, now: Instant) {
        if self.state == State::Online {
            self.reply = Some(Reply { notes, at: after(now, self.settings.delay), again, hang_up });
        }
    }
}
