//! STMF: each digit as its two tones one after the other, the low one first. Confidence B.
//!
//! The two groups of tones take turns, so a digit that repeats needs no silence before it.

use std::time::{Duration, Instant};

use super::Settings;
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Note, Sound, Tone};

/// Whether a tone can be part of a digit.
pub fn is_part(tone: Tone) -> bool {
    Digit::all().any(|digit| digit.tones().0 == tone || digit.tones().1 == tone)
}

/// Digits as they are played.
pub fn notes(digits: &str, settings: &Settings) -> Vec<Note> {
    let (on, off) = (settings.stmf_on, settings.stmf_off);
    let digits = digits.chars().filter_map(Digit::from_char);
    let pair = |digit: Digit| {
        let (low, high) = digit.tones();
        [low, high].map(|tone| Note { sound: Sound::Tone(tone), on, off })
    };
    digits.flat_map(pair).collect()
}

/// Makes digits of the tones of one call.
#[derive(Clone, Debug)]
pub struct Pairs {
    shortest: Duration,
    longest: Duration,
    gap_longest: Duration,
    slack: Duration,
    on: Option<Heard>,
    /// The low tone, with its end.
    low: Option<(Tone, Heard)>,
}

impl Pairs {
    /// Begins with silence.
    pub fn new(settings: &Settings, slack: Duration) -> Pairs {
        Pairs {
            shortest: settings.stmf_shortest,
            longest: settings.stmf_longest,
            gap_longest: settings.stmf_gap_longest,
            slack,
            on: None,
            low: None,
        }
    }

    /// Takes a tone that can be part of a digit; gives the digit that its end makes, from the onset of the low tone
    /// to the end of the high one.
    pub fn push(&mut self, tone: Tone, heard: &Heard) -> Option<(Digit, Heard)> {
        let is_same = |on: &Heard| on.sound == heard.sound && on.began == heard.began;
        let made = match self.on.take().filter(|on| !is_same(on)) {
            // Its end was never told: it ended when the next one began.
            Some(Heard { sound: Sound::Tone(lost), began, doubtful, .. }) => {
                let lasted = heard.began.saturating_duration_since(began);
                let lost_one = Heard { doubtful, ..Heard::new(Sound::Tone(lost), began, Length::Measured(lasted)) };
                self.ended(lost, &lost_one)
            }
            Some(_) | None => None,
        };
        if heard.length == Length::StillOn {
            self.on = Some(*heard);
            return made;
        }
        self.ended(tone, heard).or(made)
    }

    /// Whether a tone that begins then would end a digit.
    pub fn goes_on(&self, began: Instant) -> bool {
        let ended = |low: &Heard| low.ended().unwrap_or(low.began);
        let in_time = |low: &Heard| began.saturating_duration_since(ended(low)) <= self.gap_longest;
        self.low.as_ref().is_some_and(|(_, low)| in_time(low))
    }

    /// Until when the rest of a digit is taken to be arriving; it has passed when it is not.
    pub fn active_until(&self) -> Option<Instant> {
        let on = self.on.map(|on| after(on.began, self.longest.saturating_add(self.slack)));
        let rest = self.gap_longest.saturating_add(self.slack);
        let low = self.low.as_ref().map(|(_, low)| after(low.ended().unwrap_or(low.began), rest));
        on.max(low)
    }

    fn ended(&mut self, tone: Tone, heard: &Heard) -> Option<(Digit, Heard)> {
        let low = self.low.take();
        let is_of_length = heard.lasted().is_none_or(|lasted| (self.shortest..=self.longest).contains(&lasted));
        if !is_of_length {
            return None;
        }
        if Digit::all().any(|digit| digit.tones().0 == tone) {
            self.low = Some((tone, *heard));
            return None;
        }
        let (low_tone, low) = low?;
        let digit = Digit::all().find(|digit| digit.tones() == (low_tone, tone))?;
        let gap = heard.began.saturating_duration_since(low.ended().unwrap_or(low.began));
        // Without lengths the times are those of reports: the high tone lies between them.
        let is_told_once = heard.length == Length::Unknown;
        let between = if is_told_once { self.longest.saturating_add(self.slack) } else { Duration::ZERO };
        if gap > self.gap_longest.saturating_add(between) {
            return None;
        }
        let length = match heard.ended() {
            Some(ended) if !is_told_once => Length::Measured(ended.saturating_duration_since(low.began)),
            Some(_) | None => Length::Unknown,
        };
        let began = if is_told_once { heard.began } else { low.began };
        let doubtful = low.doubtful || heard.doubtful;
        Some((digit, Heard { doubtful, ..Heard::new(Sound::Digit(digit), began, length) }))
    }
}

/// Fills in the repeats of a line that tells of a digit only when it changes: each digit with its time. Gives the
/// digits and how many were filled in; the last digit stands for itself.
///
/// The time of a digit is measured between the `D` and the `#` of the prefix if that is plausible, else it is 160 ms.
pub fn backfill(told: &[(Digit, Duration)], settings: &Settings) -> (Vec<u8>, usize) {
    let pairs = told.iter().zip(told.iter().skip(1));
    let mut symbol = settings.stmf_symbol;
    for ((one, began), (two, next)) in pairs.clone() {
        let measured = next.saturating_sub(*began);
        if (*one, *two) == (Digit::D, Digit::Hash) && SYMBOL_PLAUSIBLE.contains(&measured) {
            symbol = measured;
            break;
        }
    }
    let mut digits = Vec::new();
    let mut filled = 0_usize;
    for ((digit, began), (_, next)) in pairs {
        let elapsed = next.saturating_sub(*began).saturating_add(symbol.checked_div(2).unwrap_or_default());
        let times = elapsed.as_millis().checked_div(symbol.as_millis()).unwrap_or(1);
        let times = usize::try_from(times).unwrap_or(usize::MAX).clamp(1, REPEATS_MAX);
        digits.extend(std::iter::repeat_n(digit.as_byte(), times));
        filled = filled.saturating_add(times.saturating_sub(1));
    }
    digits.extend(told.last().map(|(digit, _)| digit.as_byte()));
    (digits, filled)
}

const SYMBOL_PLAUSIBLE: std::ops::RangeInclusive<Duration> = Duration::from_millis(40)..=Duration::from_millis(320);
/// A digit comes so often in a row at most: a frame has no more.
const REPEATS_MAX: usize = super::search::FRAME_DIGITS;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tones::Digit::{A, D, Five};

    fn played(notes: &[(Tone, u64, u64)], onsets: bool) -> String {
        let settings = Settings::default();
        let mut pairs = Pairs::new(&settings, Duration::ZERO);
        let mut at = Instant::now();
        let mut digits = String::new();
        for (tone, on, off) in notes {
            let on = Duration::from_millis(*on);
            let heard = Heard::new(Sound::Tone(*tone), at, Length::Measured(on));
            if onsets {
                let made = pairs.push(*tone, &Heard { length: Length::StillOn, ..heard });
                digits.extend(made.map(|(digit, _)| digit.as_char()));
            }
            digits.extend(pairs.push(*tone, &heard).map(|(digit, _)| digit.as_char()));
            at += on + Duration::from_millis(*off);
        }
        digits
    }

    #[test]
    fn a_tone_alone_is_no_digit() {
        let (low, high) = Five.tones();
        for notes in [
            vec![(low, 75, 5)],
            vec![(high, 75, 5)],
            vec![(high, 75, 5), (low, 75, 5)],
            vec![(low, 75, 200), (high, 75, 5)],
            vec![(low, 59, 5), (high, 75, 5)],
            vec![(low, 75, 5), (high, 121, 5)],
            vec![(low, 75, 5), (A.tones().0, 75, 5)],
        ] {
            assert_eq!(played(&notes, true), "", "{notes:?}");
        }
        assert_eq!(played(&[(low, 75, 5), (high, 75, 5), (high, 75, 5)], true), "5", "a low tone is used once");
        // A low tone that lost its high one costs one digit, not two.
        let (d_low, d_high) = D.tones();
        assert_eq!(played(&[(low, 75, 5), (d_low, 75, 5), (d_high, 75, 5)], true), "D");
    }

    proptest! {
        #[test]
        fn any_timing_within_tolerance_gives_the_digits(
            digits in "[0-9A-D*#]{1,30}",
            times in proptest::collection::vec((60u64..=120, 0u64..=60), 60),
            onsets: bool,
        ) {
            let tones = digits.chars().flat_map(|digit| {
                let (low, high) = Digit::from_char(digit).unwrap().tones();
                [low, high]
            });
            let notes: Vec<_> = tones.zip(times).map(|(tone, (on, off))| (tone, on, off)).collect();
            prop_assert_eq!(played(&notes, onsets), digits);
        }
    }
}
