//! Cutting the sounds of a call into runs of digits and lone `B`s.
//!
//! ```text
//! A ─ digits ─ #        a run with both ends
//! A ─ digits ─ A        the first `A` was a run of its own
//! 26 digits ─ 110 ms    a frame without its `#`, told at once: the checksum decides
//! digits ─ T3           a run that was cut; told with the next sound, when the gap is known
//! B outside a run       an acknowledgement, or a request
//! ```

use std::time::{Duration, Instant};

use super::frame::BODY_DIGITS;
use super::{FrameError, Settings};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Sound};

/// Digits of a run at most; a longer one is cut here and is too long for anything.
pub const RUN_DIGITS_MAX: usize = 64;

/// A unit's own silences differ by so much at most (C).
const PACE_MARGIN: Duration = Duration::from_millis(30);

/// Digits between two pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// As they came, `A` and `#` included.
    pub digits: Vec<u8>,
    /// Onset of the first.
    pub began: Instant,
    /// End of the last.
    pub ended: Instant,
    /// Whether the line was unsure of one of them.
    pub doubtful: bool,
    /// Why it ended, if neither by `#` nor by the next `A`.
    pub cut: Option<FrameError>,
}

impl Run {
    /// The digits between `A` and `#`.
    pub fn body(&self) -> &[u8] {
        let body = self.digits.strip_prefix(b"A").unwrap_or(&self.digits);
        body.strip_suffix(b"#").unwrap_or(body)
    }

    /// Whether it begins with `A`.
    pub fn has_start(&self) -> bool {
        self.digits.first() == Some(&b'A')
    }

    /// Whether it ends with `#`.
    pub fn has_end(&self) -> bool {
        self.digits.last() == Some(&b'#')
    }
}

/// What sounds made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A run of digits.
    Run(Run),
    /// A `B` outside a run.
    LoneB(Heard),
}

/// Cuts the digits of one call.
#[derive(Clone, Debug)]
pub struct Deframer {
    gap_longest: Duration,
    end_grace: Duration,
    tone_longest: Duration,
    digit_on: Duration,
    slack: Duration,
    run: Option<Run>,
    /// The run's silence is over T3; only the next sound can tell how long it was.
    is_expired: bool,
    /// The longest silence inside the run; without lengths, the longest time between reports.
    pace: Duration,
    is_told_once: bool,
    on: Option<Heard>,
}

impl Deframer {
    /// Begins with silence.
    pub fn new(settings: &Settings, slack: Duration) -> Deframer {
        Deframer {
            gap_longest: settings.gap_longest,
            end_grace: settings.end_grace,
            tone_longest: settings.tone_longest,
            digit_on: settings.digit_on,
            slack,
            run: None,
            is_expired: false,
            pace: Duration::ZERO,
            is_told_once: false,
            on: None,
        }
    }

    /// Takes a digit; tones are not for here.
    pub fn push(&mut self, digit: Digit, heard: &Heard) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let is_same = |on: &Heard| on.sound == heard.sound && on.began == heard.began;
        if let Some(lost) = self.on.take().filter(|on| !is_same(on)) {
            // Its end was never told: it is a digit all the same.
            self.take(&Heard { length: Length::Unknown, ..lost }, &mut pieces);
        }
        self.gap(heard, &mut pieces);
        match heard.length {
            Length::StillOn => self.on = Some(*heard),
            Length::Measured(lasted) if lasted > self.tone_longest => self.too_long(lasted, &mut pieces),
            Length::Measured(_) | Length::Unknown => self.add(digit, heard, &mut pieces),
        }
        pieces
    }

    /// Takes notice that time has passed: a body that is full is told at once.
    pub fn expire(&mut self, now: Instant) -> Option<Run> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        if self.run.as_ref()?.body().len() == BODY_DIGITS {
            self.pace = Duration::ZERO;
            return self.run.take();
        }
        self.is_expired = true;
        None
    }

    /// What is left when the call ends.
    pub fn flush(&mut self, now: Instant) -> Option<Run> {
        let mut run = self.run.take()?;
        if std::mem::take(&mut self.is_expired) {
            run.cut = Some(gap_too_long(&run, now.saturating_duration_since(run.ended)));
        }
        Some(run)
    }

    /// When [`Deframer::expire`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let run = self.run.as_ref().filter(|_| !self.is_expired && self.on.is_none())?;
        let wait = if run.body().len() == BODY_DIGITS { self.grace() } else { self.longest() };
        Some(after(run.ended, wait.saturating_add(self.slack)))
    }

    /// Until when digits are taken to be arriving; it has passed when none are.
    pub fn active_until(&self) -> Option<Instant> {
        let limit = self.tone_longest.saturating_add(self.slack);
        match &self.on {
            Some(on) => Some(after(on.began, limit)),
            None => self.deadline(),
        }
    }

    /// Whether digits are arriving.
    pub fn is_active(&self, now: Instant) -> bool {
        self.active_until().is_some_and(|until| now < until)
    }

    /// Whether what arrives began as a frame does.
    pub fn is_in_frame(&self, now: Instant) -> bool {
        let is_start = |on: &Heard| on.sound == Sound::Digit(Digit::A);
        self.is_active(now) && (self.run.as_ref().is_some_and(Run::has_start) || self.on.as_ref().is_some_and(is_start))
    }

    /// A slow unit's `#` is waited for as long as its digits were apart: while it sends it hears no acknowledgement.
    fn grace(&self) -> Duration {
        let least = self.end_grace.saturating_add(self.between_reports());
        least.max(self.pace.saturating_add(PACE_MARGIN)).min(self.longest())
    }

    /// T3.
    fn longest(&self) -> Duration {
        self.gap_longest.saturating_add(self.between_reports())
    }

    /// Without lengths the times are those of reports: a digit lies between them.
    fn between_reports(&self) -> Duration {
        if self.is_told_once { self.digit_on } else { Duration::ZERO }
    }

    /// Ends the run if the silence before a sound was too long for one.
    fn gap(&mut self, heard: &Heard, pieces: &mut Vec<Piece>) {
        self.is_told_once = heard.length == Length::Unknown;
        let Some(run) = &self.run else { return };
        let gap = heard.began.saturating_duration_since(run.ended);
        let delay = if self.is_told_once { self.slack } else { Duration::ZERO };
        if gap > self.longest().saturating_add(delay) {
            let cut = gap_too_long(run, gap);
            self.end(Some(cut), pieces);
        } else {
            self.pace = self.pace.max(gap);
        }
    }

    fn take(&mut self, heard: &Heard, pieces: &mut Vec<Piece>) {
        if let Sound::Digit(digit) = heard.sound {
            self.add(digit, heard, pieces);
        }
    }

    fn too_long(&mut self, lasted: Duration, pieces: &mut Vec<Piece>) {
        let index = self.run.as_ref().map_or(0, |run| run.body().len());
        if self.run.is_some() {
            self.end(Some(FrameError::ToneTooLong { index, ms: ms(lasted) }), pieces);
        }
    }

    fn add(&mut self, digit: Digit, heard: &Heard, pieces: &mut Vec<Piece>) {
        let in_frame = self.run.as_ref().is_some_and(Run::has_start);
        match digit {
            Digit::B if !in_frame => {
                pieces.push(Piece::LoneB(*heard));
                return;
            }
            Digit::A => self.end(None, pieces),
            _ => {}
        }
        let ended = heard.ended().unwrap_or(heard.began);
        let run = self.run.get_or_insert_with(|| Run {
            digits: Vec::new(),
            began: heard.began,
            ended,
            doubtful: false,
            cut: None,
        });
        run.digits.push(digit.as_byte());
        run.ended = ended;
        run.doubtful |= heard.doubtful;
        self.is_expired = false;
        if digit == Digit::Hash || run.digits.len() >= RUN_DIGITS_MAX {
            self.end(None, pieces);
        }
    }

    fn end(&mut self, cut: Option<FrameError>, pieces: &mut Vec<Piece>) {
        self.is_expired = false;
        self.pace = Duration::ZERO;
        if let Some(run) = self.run.take() {
            pieces.push(Piece::Run(Run { cut, ..run }));
        }
    }
}

fn gap_too_long(run: &Run, gap: Duration) -> FrameError {
    FrameError::GapTooLong { after: run.body().len(), ms: ms(gap) }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
