//! Sounds: which are our own, which are data, what groups of digits and of bursts say.

use std::time::Instant;

use super::{Call, State};
use crate::session::after;
use crate::tones::{Digit, Heard, Sound, Tone};
use crate::tunstall::command::Expects;
use crate::tunstall::old::BURST;
use crate::tunstall::search::{FRAME_DIGITS, body_of, error, prefixes, search, with_start};
use crate::tunstall::{BurstGroup, FrameError, Group, Map, Message, OldFrame, Probe, Signalling, Verified, stmf};

/// So many decimal digits without anything else are another protocol's data; fewer may be the room's (C).
const FOREIGN_DIGITS: usize = 8;

impl Call {
    pub(super) fn hear(&mut self, heard: &Heard, now: Instant) {
        let is_echo = self.book.is_echo(heard, self.settings.echo_tail);
        match heard.sound {
            Sound::Digit(digit) => self.hear_digit(digit, heard, is_echo, now),
            Sound::Tone(_) if is_echo && !self.goes_on(heard.began) => {}
            Sound::Tone(tone) => {
                self.book.hear(heard);
                self.tone(tone, heard, now);
            }
        }
    }

    /// Whether a sound that begins then belongs to what is arriving, and is no echo.
    fn goes_on(&self, began: Instant) -> bool {
        self.deframer.goes_on(began) || self.pairs.goes_on(began)
    }

    /// The enquiry ends with the `#` that a frame has as its second digit, and the unit's first one may have come
    /// while we still sent: a `#` at its time can be either. It stands in front of what follows and counts for
    /// nothing itself.
    fn hear_digit(&mut self, digit: Digit, heard: &Heard, is_echo: bool, now: Instant) {
        let is_doubted = self.doubted_hash == Some(heard.began) && digit == Digit::Hash;
        if is_doubted || (is_echo && !self.goes_on(heard.began)) {
            if digit == Digit::Hash {
                self.doubted_hash = Some(heard.began);
                for group in self.deframer.push(digit, heard, Signalling::Dtmf) {
                    self.group(&group, now);
                }
            }
            return;
        }
        self.book.hear(heard);
        self.digit(digit, heard, Signalling::Dtmf, now);
    }

    fn tone(&mut self, tone: Tone, heard: &Heard, now: Instant) {
        if self.settings.guard_tones.contains(&tone) {
            self.guard(heard, now);
        }
        if tone == BURST
            && self.settings.probes.contains(&Probe::TtOld)
            && let Some(group) = self.bursts.push(heard)
        {
            self.burst_group(&group, now);
        }
        if stmf::is_part(tone)
            && let Some((digit, made)) = self.pairs.push(tone, heard)
        {
            self.is_stmf |= self.is_opening();
            self.digit(digit, &made, Signalling::Stmf, now);
        }
    }

    fn digit(&mut self, digit: Digit, heard: &Heard, signalling: Signalling, now: Instant) {
        self.last_digit = now;
        self.began(heard, now);
        for group in self.deframer.push(digit, heard, signalling) {
            self.group(&group, now);
        }
    }

    /// Quiet is counted from the end of what was heard; a sound that goes on may be as long as one can be.
    fn guard(&mut self, heard: &Heard, now: Instant) {
        let longest = after(self.book.begun().at, self.settings.guard_longest);
        let end = heard.ended().unwrap_or(after(now, self.settings.tone_longest));
        if let State::Guard { ask_at } = &mut self.state {
            *ask_at = after(end, self.settings.guard_quiet).min(longest);
        }
    }

    /// A digit while data is waited for is the start of it.
    fn began(&mut self, heard: &Heard, now: Instant) {
        let by = after(now, self.settings.data_valid);
        match self.state {
            State::Guard { .. } => {
                self.data_by.get_or_insert(by);
                self.guard(heard, now);
            }
            State::Awaiting { .. } => {
                self.state = State::Receiving;
                self.data_by.get_or_insert(by);
            }
            State::Asking | State::Receiving => {
                self.data_by.get_or_insert(by);
            }
            _ => {}
        }
    }

    /// A group of digits: frames, an answer that is waited for, messages of a grouped system, or nothing.
    pub(super) fn group(&mut self, group: &Group, now: Instant) {
        let (digits, is_assumed) = with_start(&group.digits);
        let mut rest: &[u8] = &digits;
        while let Some(found) = search(rest, &self.maps()) {
            let is_missing = is_assumed && found.at == 0 && rest.len() == digits.len();
            let body = body_of(rest, &found).to_vec();
            self.frame(&found.verified, &body, group, is_missing, now);
            rest = rest.get(found.end..).unwrap_or_default();
        }
        let is_nothing = rest.len() < digits.len() || group.digits == b"#";
        if is_nothing || self.echoed(group, now) || self.messages(group, now) || self.unverified(group, &digits, now) {
            return;
        }
        self.unread(group, &digits, now);
    }

    /// Where both sums match, once in a hundred frames, the protocol that was asked for is the likelier.
    fn maps(&self) -> [Map; 3] {
        let is_new = self.protocol() == crate::Protocol::TtNew;
        if is_new { [Map::TtNew, Map::Tt92, Map::TtNewAlternate] } else { Map::ALL }
    }

    fn echoed(&mut self, group: &Group, now: Instant) -> bool {
        let State::Exchange(exchange) = &self.state else { return false };
        let is_it = |digits: &str| group.digits == digits.as_bytes() && !group.doubtful;
        let is_answer = matches!(exchange.waits_for(), Some(Expects::Echo(digits)) if is_it(digits));
        if is_answer {
            self.answered(now);
        }
        is_answer
    }

    /// A frame that no sum matches, where the site takes one; its prefix has exactly 22 digits behind it.
    fn unverified(&mut self, group: &Group, digits: &[u8], now: Instant) -> bool {
        if !self.settings.accept_unverified || group.doubtful {
            return false;
        }
        let Some(at) = prefixes(digits).find(|at| digits.len().checked_sub(*at) == Some(FRAME_DIGITS)) else {
            return false;
        };
        let body = digits.get(at.saturating_add(2)..).unwrap_or_default();
        let Some(verified) = Verified::unverified(body) else { return false };
        self.frame(&verified, body, group, false, now);
        true
    }

    /// Faults of what could have been data; what a detector makes of speech is none.
    fn unread(&mut self, group: &Group, digits: &[u8], now: Instant) {
        let has_prefix = group.has_prefix();
        self.had_prefix |= has_prefix;
        self.ever_had_prefix |= has_prefix;
        let is_waited_for = self.is_opening() || self.hears_messages();
        if has_prefix || (is_waited_for && !group.is_rest) {
            let error = group.cut.clone().unwrap_or_else(|| match Message::decode(&group.digits) {
                Err(error) if self.hears_messages() && !has_prefix => error,
                _ => error(digits),
            });
            self.book.fault(error.name(), error.fault());
        }
        let is_foreign = group.digits.len() >= FOREIGN_DIGITS && group.digits.iter().all(u8::is_ascii_digit);
        if is_foreign && !self.ever_had_prefix {
            self.foreign(now);
        }
    }

    /// A group of bursts: a frame when it is the same as the one before.
    pub(super) fn burst_group(&mut self, group: &BurstGroup, now: Instant) {
        let before = self.last_bursts.take();
        // A guard tone is as long as a digit can be.
        if group.digits.len() <= 1 && group.illegal.is_none() {
            self.last_bursts = before;
            return;
        }
        let error = match (group.illegal.clone(), OldFrame::decode(&group.digits)) {
            (Some(error), _) | (None, Err(error)) => error,
            (None, Ok(frame)) if before.as_ref() == Some(&group.digits) => {
                self.last_bursts = before;
                return self.old_frame(&frame, group, now);
            }
            (None, Ok(_)) => {
                self.last_bursts = Some(group.digits.clone());
                if before.is_none() {
                    return self.burst_began(now);
                }
                FrameError::CopiesDiffer
            }
        };
        self.burst_began(now);
        if self.is_opening() {
            self.book.fault(error.name(), error.fault());
        }
    }

    /// The first of two copies: the second is waited for.
    fn burst_began(&mut self, now: Instant) {
        if self.is_opening() {
            self.last_digit = now;
            self.had_prefix = true;
            self.ever_had_prefix = true;
            self.data_by.get_or_insert(after(now, self.settings.data_valid));
            if matches!(self.state, State::Awaiting { .. }) {
                self.state = State::Receiving;
            }
        }
    }
}
