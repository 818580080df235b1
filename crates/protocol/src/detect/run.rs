//! The digits that came last, with their times: a frame in a protocol that did not ask is handed to the one it is of.

use std::time::{Duration, Instant};

use crate::session::after;
use crate::tones::{Heard, Length, Sound};

/// Silence after which the digits so far may be all. Short: the unit waits for its acknowledgement.
const PAUSE: Duration = Duration::from_millis(110);

/// Silence that ends a run: longer than the longest pause within a frame of any protocol.
const SILENCE: Duration = Duration::from_millis(300);

/// Digits kept, the last ones. The longest frame has 29.
const DIGITS_MAX: usize = 64;

/// Digits one after the other.
#[derive(Debug, Default)]
pub(super) struct Run {
    digits: Vec<Heard>,
    look_at: Option<Instant>,
    last: Option<Instant>,
}

impl Run {
    /// Notes a digit; the end of one replaces its onset. `slack` is how late the line may tell.
    pub(super) fn hear(&mut self, heard: &Heard, slack: Duration, now: Instant) {
        let Sound::Digit(_) = heard.sound else { return };
        let known = self.digits.last_mut().filter(|known| known.sound == heard.sound && known.began == heard.began);
        if let Some(known) = known {
            *known = *heard;
        } else {
            if self.last.is_some_and(|last| heard.began > after(last, SILENCE.saturating_add(slack))) {
                self.digits.clear();
            }
            self.digits.push(*heard);
        }
        if self.digits.len() > DIGITS_MAX {
            self.digits.remove(0);
        }
        self.last = Some(now);
        self.look_at = (heard.length != Length::StillOn).then(|| after(now, PAUSE.saturating_add(slack)));
    }

    /// When the digits may be all, if any came.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at
    }

    /// The digits so far, once a pause has come after them.
    pub(super) fn look(&mut self, now: Instant) -> Option<Vec<Heard>> {
        self.look_at.take_if(|at| now >= *at)?;
        Some(self.digits.clone())
    }
}
