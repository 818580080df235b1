//! Cutting the digits of a call into groups.
//!
//! ```text
//! digits ─ 230 ms                a group
//! D# 22 digits ─ 110 ms          the same, if they verify: noise may still follow, the unit does not
//! D# 1-21 digits ─ 230 ms        told with the next digit, when the gap is known, or when the call ends
//! D# STMF digits ─ (25 − n) × 160 ms
//! ```

use std::time::{Duration, Instant};

use super::checksum::Map;
use super::frame::BODY_DIGITS;
use super::search::{FRAME_DIGITS, PREFIX, prefixes, search, with_start};
use super::{FrameError, Settings, Signalling};
use crate::session::after;
use crate::tones::{Digit, Heard, Length};

/// Digits of a group at most. Of a longer one the oldest are left out: noise in front of what may be a frame.
pub const GROUP_DIGITS_MAX: usize = 64;

/// A unit's own silences differ by so much at most (C).
const PACE_MARGIN: Duration = Duration::from_millis(30);

/// Symbols that the time for the rest of an STMF frame is reckoned from.
const STMF_SYMBOLS: usize = 25;

/// Digits between two pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// As they came.
    pub digits: Vec<u8>,
    /// Onset of the first.
    pub began: Instant,
    /// End of the last.
    pub ended: Instant,
    /// Whether the line was unsure of one of them.
    pub doubtful: bool,
    /// How most of them were sent: noise in front of a frame may have been heard in the other way.
    pub signalling: Signalling,
    /// Silence inside a frame ended it.
    pub cut: Option<FrameError>,
    /// It is the rest of a frame that silence had cut.
    pub is_rest: bool,
}

impl Group {
    /// Whether a frame begins in it.
    pub fn has_prefix(&self) -> bool {
        self.digits.first() == Some(&b'#') || prefixes(&self.digits).next().is_some()
    }

    /// Digits after the first `D#`.
    fn body_len(&self) -> usize {
        let (digits, _) = with_start(&self.digits);
        let at = prefixes(&digits).next().unwrap_or(digits.len());
        digits.len().saturating_sub(at.saturating_add(PREFIX.len()))
    }

    fn has_frame(&self) -> bool {
        let (digits, _) = with_start(&self.digits);
        digits.len() >= FRAME_DIGITS && search(&digits, &Map::ALL).is_some()
    }
}

/// Cuts the digits of one call.
#[derive(Clone, Debug)]
pub struct Deframer {
    gap_longest: Duration,
    end_grace: Duration,
    tone_longest: Duration,
    digit_on: Duration,
    symbol: Duration,
    /// The longest STMF digit: it is told of at its end.
    stmf_digit: Duration,
    slack: Duration,
    group: Option<Group>,
    /// How the last digit was sent, and how many of the group in STMF.
    last: Signalling,
    stmf_digits: usize,
    /// The group has a frame in it.
    has_frame: bool,
    /// The silence after an unfinished frame is too long; only the next digit can tell how long it was.
    is_expired: bool,
    /// What comes next is the rest of a frame that was cut.
    follows_cut: bool,
    /// The longest silence inside the group; without lengths, the longest time between reports.
    pace: Duration,
    is_told_once: bool,
    on: Option<(Digit, Heard, Signalling)>,
}

impl Deframer {
    /// Begins with silence.
    pub fn new(settings: &Settings, slack: Duration) -> Deframer {
        Deframer {
            gap_longest: settings.gap_longest,
            end_grace: settings.end_grace,
            tone_longest: settings.tone_longest,
            digit_on: settings.digit_on,
            symbol: settings.stmf_symbol,
            stmf_digit: settings.stmf_longest.saturating_mul(2).saturating_add(settings.stmf_gap_longest),
            slack,
            group: None,
            last: Signalling::default(),
            stmf_digits: 0,
            has_frame: false,
            is_expired: false,
            follows_cut: false,
            pace: Duration::ZERO,
            is_told_once: false,
            on: None,
        }
    }

    /// Takes a digit; gives the groups that ended before it, or with it.
    pub fn push(&mut self, digit: Digit, heard: &Heard, signalling: Signalling) -> Vec<Group> {
        let mut groups = Vec::new();
        let is_same = |on: &Heard| on.sound == heard.sound && on.began == heard.began;
        if let Some((lost, on, how)) = self.on.take().filter(|(_, on, _)| !is_same(on)) {
            // Its end was never told: it is a digit all the same.
            groups.extend(self.add(lost, &Heard { length: Length::Unknown, ..on }, how));
        }
        self.is_told_once = heard.length == Length::Unknown;
        groups.extend(self.gap(digit, heard));
        match heard.length {
            Length::StillOn => self.on = Some((digit, *heard, signalling)),
            Length::Measured(lasted) if lasted > self.tone_longest => {}
            Length::Measured(_) | Length::Unknown => groups.extend(self.add(digit, heard, signalling)),
        }
        groups
    }

    /// Takes notice that time has passed.
    pub fn expire(&mut self, now: Instant) -> Option<Group> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        if self.is_unfinished() {
            self.is_expired = true;
            return None;
        }
        self.take(None)
    }

    /// What is left when the call ends.
    pub fn flush(&mut self) -> Option<Group> {
        self.take(None)
    }

    /// When [`Deframer::expire`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let group = self.group.as_ref().filter(|_| !self.is_expired && self.on.is_none())?;
        let late = if self.last == Signalling::Stmf { self.stmf_digit } else { Duration::ZERO };
        let wait = if self.has_frame { self.grace() } else { self.longest().saturating_add(late) };
        Some(after(group.ended, wait.saturating_add(self.slack)))
    }

    /// Until when digits are taken to be arriving; it has passed when none are.
    pub fn active_until(&self) -> Option<Instant> {
        match &self.on {
            Some((_, on, _)) => Some(after(on.began, self.tone_longest.saturating_add(self.slack))),
            None => self.deadline(),
        }
    }

    /// Whether digits are arriving.
    pub fn is_active(&self, now: Instant) -> bool {
        self.active_until().is_some_and(|until| now < until)
    }

    /// Whether a sound that begins then would go on with a group.
    pub fn goes_on(&self, began: Instant) -> bool {
        let in_time = |group: &Group| began.saturating_duration_since(group.ended) <= self.gap_longest;
        self.on.is_some() || self.group.as_ref().is_some_and(in_time)
    }

    /// Whether what arrives may be a frame.
    pub fn is_in_frame(&self, now: Instant) -> bool {
        let begins = |group: &Group| group.has_prefix() || group.digits.last() == Some(&b'D');
        let is_start = |(digit, ..): &(Digit, Heard, Signalling)| matches!(digit, Digit::D | Digit::Hash);
        self.is_active(now) && (self.group.as_ref().is_some_and(begins) || self.on.as_ref().is_some_and(is_start))
    }

    /// Whether a frame began and is not whole, arriving or cut.
    pub fn is_unfinished(&self) -> bool {
        let is_short = |group: &Group| group.has_prefix() && group.body_len() < BODY_DIGITS;
        !self.has_frame && self.group.as_ref().is_some_and(is_short) && !self.is_lone_hash()
    }

    /// A `#` alone is an echo of this end's, or nothing.
    fn is_lone_hash(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.digits == b"#")
    }

    /// A slow unit's own silences are waited for: while it sends it hears no acknowledgement.
    fn grace(&self) -> Duration {
        let least = self.end_grace.saturating_add(self.between_reports());
        least.max(self.pace.saturating_add(PACE_MARGIN)).min(self.gap_longest.saturating_add(self.between_reports()))
    }

    /// Silence that ends the group.
    fn longest(&self) -> Duration {
        let rest = match &self.group {
            Some(group) if self.last == Signalling::Stmf && self.is_unfinished() => {
                let left = STMF_SYMBOLS.saturating_sub(group.digits.len());
                self.symbol.saturating_mul(u32::try_from(left).unwrap_or(0))
            }
            Some(_) | None => Duration::ZERO,
        };
        rest.max(self.gap_longest).saturating_add(self.between_reports())
    }

    /// Without lengths the times are those of reports: a digit lies between them.
    fn between_reports(&self) -> Duration {
        if self.is_told_once { self.digit_on } else { Duration::ZERO }
    }

    /// Ends the group if the silence before a digit was too long for one.
    fn gap(&mut self, digit: Digit, heard: &Heard) -> Option<Group> {
        let group = self.group.as_ref()?;
        let gap = heard.began.saturating_duration_since(group.ended);
        let delay = if self.is_told_once { self.slack } else { Duration::ZERO };
        if gap <= self.longest().saturating_add(delay) {
            self.pace = self.pace.max(gap);
            return None;
        }
        let begins = matches!(digit, Digit::D | Digit::Hash);
        let ms = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
        let cut = FrameError::GapTooLong { after: group.body_len(), ms };
        let is_cut = self.is_unfinished() && group.body_len() > 0 && !begins;
        self.take(is_cut.then_some(cut))
    }

    fn add(&mut self, digit: Digit, heard: &Heard, signalling: Signalling) -> Option<Group> {
        let ended = heard.ended().unwrap_or(heard.began);
        let is_rest = self.follows_cut;
        let group = self.group.get_or_insert_with(|| Group {
            digits: Vec::new(),
            began: heard.began,
            ended,
            doubtful: false,
            signalling,
            cut: None,
            is_rest,
        });
        self.follows_cut = false;
        group.digits.push(digit.as_byte());
        group.ended = ended;
        group.doubtful |= heard.doubtful;
        self.last = signalling;
        let is_stmf = signalling == Signalling::Stmf;
        self.stmf_digits = self.stmf_digits.saturating_add(usize::from(is_stmf));
        let is_most = self.stmf_digits.saturating_mul(2) > group.digits.len();
        group.signalling = if is_most { Signalling::Stmf } else { Signalling::Dtmf };
        self.is_expired = false;
        let (is_full, found) = (group.digits.len() >= GROUP_DIGITS_MAX, group.has_frame());
        self.has_frame = found;
        if !is_full {
            return None;
        }
        if found {
            return self.take(None);
        }
        if let Some(group) = &mut self.group {
            group.digits.remove(0);
        }
        None
    }

    fn take(&mut self, cut: Option<FrameError>) -> Option<Group> {
        self.is_expired = false;
        self.has_frame = false;
        self.stmf_digits = 0;
        self.pace = Duration::ZERO;
        self.follows_cut = cut.is_some();
        self.group.take().map(|group| Group { cut, ..group })
    }
}
