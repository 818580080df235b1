//! How a unit takes commands and answers them.

use std::time::{Duration, Instant};

use super::{Unit, UnitEvent};
use crate::session::after;
use crate::tones::{Digit, Note, Sound};
use crate::tunstall::message::selected_digits;
use crate::tunstall::{Message, Signalling};

/// Digits of a command at most.
const COMMAND_DIGITS_MAX: usize = 4;
/// Digits further apart are of two commands (C).
const COMMAND_GAP: Duration = Duration::from_millis(500);
/// A digit from this length on is a command of its own (C).
const HELD: Duration = Duration::from_millis(300);

impl Unit {
    /// Takes a digit of a command, DTMF or STMF; without lengths a held digit comes three times.
    pub(super) fn command_digit(&mut self, digit: Digit, lasted: Option<Duration>, now: Instant) {
        if lasted.is_some_and(|lasted| lasted >= HELD) {
            self.digits.clear();
            return self.held(digit, now);
        }
        self.keep_digit(digit, now);
        let digits = self.digits.clone();
        let repeated = ["CCC", "***", "111", "222", "333", "##"].into_iter().find(|times| digits.ends_with(times));
        let is_stmf = self.settings.signalling == Signalling::Stmf;
        if let (Some(times), true) = (repeated, is_stmf) {
            let digit = times.chars().next().and_then(Digit::from_char);
            self.digits.clear();
            if let Some(digit) = digit {
                self.held(digit, now);
            }
        } else if digits == "0" && is_stmf {
            self.held(Digit::Zero, now);
        } else if digits.ends_with("701") || digits.ends_with("702") {
            let mode = digits.get(digits.len().saturating_sub(3)..).unwrap_or_default().to_owned();
            self.commanded(&mode, now);
            self.reply(&mode, now);
        } else if digits == "DDDA" {
            self.commanded(&digits, now);
        } else if let Some(unit) = selects(&digits) {
            self.commanded(&digits, now);
            self.replies.clear();
            if !self.settings.faults.ignores_select {
                self.reply(&selected_digits(&unit, self.settings.is_duplex), now);
            }
            self.selected = Some(unit);
        }
    }

    /// Notes of a digit that was heard, for what is made of several.
    pub(super) fn keep_digit(&mut self, digit: Digit, now: Instant) {
        if now.saturating_duration_since(self.last_digit) > COMMAND_GAP || self.digits.len() >= COMMAND_DIGITS_MAX {
            self.digits.clear();
        }
        self.digits.push(digit.as_char());
        self.last_digit = now;
    }

    /// The messages that wait are to be sent.
    pub(super) fn tell_waiting(&mut self) {
        let repeats = usize::try_from(self.settings.repeats).unwrap_or(1);
        let waiting = self.settings.waiting.clone();
        for message in waiting.iter().flat_map(|message| std::iter::repeat_n(message, repeats)) {
            let notes = self.digit_notes(message).into_iter().flatten().collect();
            self.replies.push_back((self.settings.waiting_gap, notes));
        }
    }

    /// When the next reply is due.
    pub(super) fn next_reply(&mut self, now: Instant) {
        if let Some((wait, _)) = self.replies.front() {
            self.reply_at = after(now, *wait);
        }
    }

    /// Digits as they are played, the notes of each together.
    pub(super) fn digit_notes(&self, digits: &str) -> Vec<Vec<Note>> {
        let (on, off) = (self.settings.digit_on, self.settings.digit_off);
        let note = |sound| Note { sound, on, off };
        let digits = digits.chars().filter_map(Digit::from_char);
        let notes = |digit: Digit| match self.settings.signalling {
            Signalling::Dtmf => vec![note(Sound::Digit(digit))],
            Signalling::Stmf => {
                let (low, high) = digit.tones();
                vec![note(Sound::Tone(low)), note(Sound::Tone(high))]
            }
        };
        digits.map(notes).collect()
    }

    fn held(&mut self, digit: Digit, now: Instant) {
        self.commanded(&digit.as_char().to_string(), now);
        match digit {
            Digit::Zero => self.clear(now),
            Digit::Hash => {
                self.replies.clear();
                self.leaves_at = Some(after(now, self.settings.hangs_up));
            }
            _ => {}
        }
    }

    fn clear(&mut self, now: Instant) {
        let Some(selected) = self.selected.take() else { return };
        let is_of = |message: &String| matches!(Message::decode_old(message.as_bytes()), Ok(Message::Waiting(waiting)) if waiting.unit == selected);
        self.settings.waiting.retain(|message| !is_of(message));
        if self.settings.tells_again {
            self.tell_waiting();
        }
        if !self.settings.faults.ignores_clear {
            self.reply("DDDDDDDB", now);
        }
    }

    fn commanded(&mut self, command: &str, now: Instant) {
        self.happened(UnitEvent::Commanded(command.to_owned()));
        self.digits.clear();
        self.last_command = now;
    }

    fn reply(&mut self, digits: &str, now: Instant) {
        let notes = self.digit_notes(digits).into_iter().flatten().collect();
        self.replies.push_back((self.settings.delay, notes));
        if !self.is_playing {
            self.next_reply(now);
        }
    }
}

/// The dwelling that digits select: three digits, `D` for 0, and `B`.
fn selects(digits: &str) -> Option<String> {
    let unit = digits.strip_suffix('B').filter(|unit| unit.len() == 3)?;
    let unit = unit.replace('D', "0");
    unit.bytes().all(|digit| digit.is_ascii_digit()).then_some(unit)
}
