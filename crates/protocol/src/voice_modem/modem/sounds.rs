//! Codes: digits with their times, and the tones that say that nobody is there any more.

use std::time::{Duration, Instant};

use super::{Event, Modem, Shield, State};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Sound};
use crate::voice_modem::Code;

/// The same digit told again so soon without an end between is the same tone: IS-101 lets a modem repeat itself (B),
/// and no two tones begin within this.
const SAME_TONE: Duration = Duration::from_millis(50);

impl Modem {
    pub(super) fn code(&mut self, code: Code, now: Instant) {
        if code == Code::Ring {
            return self.ring(now);
        }
        if self.state != State::Talking {
            return;
        }
        match code {
            Code::ToneBegan => {
                self.tone_ended(now);
                self.tells_both = true;
                self.shield = Some(Shield { began: now, digit: None });
            }
            Code::ToneEnded => self.tone_ended(now),
            Code::Digit(digit) => self.digit(digit, now),
            Code::Busy | Code::DialTone => self.line_tone(code, now),
            Code::LoopBreak => self.happened(Event::HungUp),
            Code::Tone(tone) => self.heard(Sound::Tone(tone), now, Length::Unknown),
            Code::Ring | Code::Other(_) => {}
        }
    }

    fn digit(&mut self, digit: Digit, now: Instant) {
        self.tone = None;
        match self.shield {
            Some(Shield { digit: Some(same), .. }) if same == digit => {}
            Some(Shield { began, digit: told }) => {
                // Two digits without an end between: the first has ended.
                let began = if told.is_some() { now } else { began };
                if told.is_some() {
                    self.tone_ended(now);
                }
                self.shield = Some(Shield { began, digit: Some(digit) });
                self.heard(Sound::Digit(digit), began, Length::StillOn);
            }
            None => {
                let is_same =
                    |(last, at): (Digit, Instant)| last == digit && now.saturating_duration_since(at) < SAME_TONE;
                let is_told = self.last_digit.is_some_and(is_same);
                self.last_digit = Some((digit, now));
                self.quiet_from = after(now, self.settings.digit_rest);
                if !is_told {
                    self.heard(Sound::Digit(digit), now, Length::Unknown);
                }
            }
        }
    }

    /// The end of a tone whose begin was told; one told alone ends what kept us from playing.
    fn tone_ended(&mut self, now: Instant) {
        match self.shield.take() {
            Some(Shield { began, digit: Some(digit) }) => {
                let lasted = now.saturating_duration_since(began);
                self.heard(Sound::Digit(digit), began, Length::Measured(lasted));
            }
            Some(Shield { digit: None, .. }) => {}
            None => {
                self.last_digit = None;
                self.quiet_from = self.quiet_from.min(now);
            }
        }
    }

    fn line_tone(&mut self, code: Code, now: Instant) {
        let Some((_, first)) = self.tone.filter(|(told, _)| *told == code) else {
            self.tone = Some((code, now));
            return;
        };
        let apart = now.saturating_duration_since(first);
        if apart > self.settings.tone_again_before {
            self.tone = Some((code, now));
        } else if apart >= self.settings.tone_again_after {
            self.tone = None;
            self.happened(Event::HungUp);
        }
    }

    fn heard(&mut self, sound: Sound, began: Instant, length: Length) {
        self.happened(Event::Heard(Heard::new(sound, began, length)));
    }
}
