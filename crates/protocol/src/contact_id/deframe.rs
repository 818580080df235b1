//! Cutting the digits of a call into runs. Nothing in the digits marks a message's ends: only silence does.
//!
//! ```text
//! digits ─ silence            a run, cut after the gap that settings allow
//! a whole message ─ 110 ms    told at once; what comes sooner makes it longer, and wrong
//! ```

use std::time::{Duration, Instant};

use super::{FrameError, Settings, letters};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Sound};

/// Digits of a run at most; a longer one is cut here and is too long for anything.
pub const RUN_DIGITS_MAX: usize = 64;

/// A unit's own silences differ by so much at most (C).
const PACE_MARGIN: Duration = Duration::from_millis(30);

/// Digits between two silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Keys as they came.
    pub digits: Vec<u8>,
    /// Onset of the first.
    pub began: Instant,
    /// End of the last.
    pub ended: Instant,
    /// Whether the line was unsure of one of them.
    pub doubtful: bool,
    /// Why it ended, if not by silence.
    pub cut: Option<FrameError>,
}

impl Run {
    /// Its digits in the protocol's letters.
    pub fn letters(&self) -> Vec<u8> {
        letters(&self.digits)
    }
}

/// Cuts the digits of one call.
#[derive(Clone, Debug)]
pub struct Deframer {
    gap_longest: Duration,
    digit_gap: Duration,
    end_grace: Duration,
    tone_longest: Duration,
    digit_on: Duration,
    slack: Duration,
    run: Option<Run>,
    /// The run is a whole message.
    is_whole: bool,
    /// The longest silence inside the run; without lengths, the longest time between reports.
    pace: Duration,
    is_told_once: bool,
    on: Option<Heard>,
}

impl Deframer {
    /// Begins with silence.
    pub fn new(settings: &Settings, slack: Duration) -> Deframer {
        Deframer {
            gap_longest: if settings.takes_fast_format { settings.group_end } else { settings.digit_gap },
            digit_gap: settings.digit_gap,
            end_grace: settings.end_grace,
            tone_longest: settings.tone_longest,
            digit_on: settings.digit_on,
            slack,
            run: None,
            is_whole: false,
            pace: Duration::ZERO,
            is_told_once: false,
            on: None,
        }
    }

    /// Takes a digit; tones are not for here. Gives the runs it ended.
    pub fn push(&mut self, digit: Digit, heard: &Heard) -> Vec<Run> {
        let mut runs = Vec::new();
        let is_same = |on: &Heard| on.sound == heard.sound && on.began == heard.began;
        if let Some(lost) = self.on.take().filter(|on| !is_same(on)) {
            // Its end was never told: it is a digit all the same.
            if let Sound::Digit(digit) = lost.sound {
                runs.extend(self.add(digit, &Heard { length: Length::Unknown, ..lost }));
            }
        }
        self.is_told_once = heard.length == Length::Unknown;
        runs.extend(self.gap(heard));
        match heard.length {
            Length::StillOn => self.on = Some(*heard),
            Length::Measured(lasted) if lasted > self.tone_longest => runs.extend(self.too_long(lasted)),
            Length::Measured(_) | Length::Unknown => runs.extend(self.add(digit, heard)),
        }
        runs
    }

    /// The digits of the run that is arriving, in letters.
    pub fn letters(&self) -> Vec<u8> {
        self.run.as_ref().map(Run::letters).unwrap_or_default()
    }

    /// Says whether the run that is arriving is a whole message as it stands.
    pub fn is_whole(&mut self, is_whole: bool) {
        self.is_whole = is_whole;
    }

    /// Takes notice that time has passed: a run whose silence is over is told.
    pub fn expire(&mut self, now: Instant) -> Option<Run> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        match self.on.take() {
            // A digit that never ends is none.
            Some(on) => self.too_long(now.saturating_duration_since(on.began)),
            None => self.end(None),
        }
    }

    /// What is left when the call ends.
    pub fn flush(&mut self) -> Option<Run> {
        self.end(None)
    }

    /// When [`Deframer::expire`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        match (&self.on, &self.run) {
            (Some(on), _) => Some(after(on.began, self.tone_longest.saturating_add(self.slack))),
            (None, Some(run)) => Some(after(run.ended, self.silence().saturating_add(self.slack))),
            (None, None) => None,
        }
    }

    /// Until when the unit may be sending: digits at its own pace, not the silence after which a run is over.
    pub fn arriving_until(&self) -> Option<Instant> {
        match (&self.on, &self.run) {
            (None, Some(run)) => Some(after(run.ended, self.grace().saturating_add(self.slack))),
            _ => self.deadline(),
        }
    }

    fn silence(&self) -> Duration {
        if self.is_whole { self.grace() } else { self.longest() }
    }

    /// A slow unit's next digit is waited for as long as its digits were apart, but for no pause of a group: the
    /// kiss-off would be late.
    fn grace(&self) -> Duration {
        let pace = self.pace.saturating_add(PACE_MARGIN);
        let (least, most) = (self.end_grace, self.digit_gap);
        least.saturating_add(self.between_reports()).max(pace).min(most.saturating_add(self.between_reports()))
    }

    fn longest(&self) -> Duration {
        self.gap_longest.saturating_add(self.between_reports())
    }

    /// Without lengths the times are those of reports: a digit lies between them.
    fn between_reports(&self) -> Duration {
        if self.is_told_once { self.digit_on } else { Duration::ZERO }
    }

    /// Ends the run if the silence before a sound was too long for one.
    fn gap(&mut self, heard: &Heard) -> Option<Run> {
        let gap = heard.began.saturating_duration_since(self.run.as_ref()?.ended);
        let delay = if self.is_told_once { self.slack } else { Duration::ZERO };
        if gap > self.silence().saturating_add(delay) {
            return self.end(None);
        }
        self.pace = self.pace.max(gap);
        None
    }

    fn too_long(&mut self, lasted: Duration) -> Option<Run> {
        let after = self.run.as_ref()?.digits.len();
        let ms = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        self.end(Some(FrameError::ToneTooLong { after, ms }))
    }

    fn add(&mut self, digit: Digit, heard: &Heard) -> Option<Run> {
        let ended = heard.ended().unwrap_or(heard.began);
        let run = self.run.get_or_insert_with(|| Run {
            digits: Vec::new(),
            began: heard.began,
            ended,
            doubtful: false,
            cut: None,
        });
        run.digits.push(digit.as_byte());
        run.ended = run.ended.max(ended);
        run.doubtful |= heard.doubtful;
        self.is_whole = false;
        if run.digits.len() >= RUN_DIGITS_MAX { self.end(None) } else { None }
    }

    fn end(&mut self, cut: Option<FrameError>) -> Option<Run> {
        self.is_whole = false;
        self.pace = Duration::ZERO;
        self.run.take().map(|run| Run { cut, ..run })
    }
}
