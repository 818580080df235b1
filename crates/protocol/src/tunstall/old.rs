//! TTOLD: an alarm in bursts of one tone, sent at least twice, with no checksum. Confidence B.
//!
//! ```text
//! 1850 Hz for 35 + 51 × (n − 1) ms is digit n, 10 for 0; 50 to 100 ms between them
//! IIII C   identity of 3 or 4 digits, call code; 1000 ms of silence ends a group
//! ```

use std::time::{Duration, Instant};

use super::{FrameError, InvalidField};
use crate::session::after;
use crate::tones::{Heard, Length, Note, Sound, Tone};

/// The tone of the bursts.
pub const BURST: Tone = Tone(1850);

/// Half the width of the window of a digit's length, in milliseconds.
const TOLERANCE_MS: u64 = 20;
const ONE_MS: u64 = 35;
const STEP_MS: u64 = 51;
/// A tone of the line, not a digit: from here to three times as long.
const LINE_TONE_MS: u64 = 750;
/// Silence between two bursts of a group is shorter.
const PAUSE_LONGEST: Duration = Duration::from_millis(230);
/// Silence after a burst when it is played.
const PAUSE: Duration = Duration::from_millis(75);
/// Digits of a group at most; a longer one is none.
const GROUP_DIGITS_MAX: usize = 16;

/// One burst frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldFrame {
    /// 3 or 4 digits, as sent.
    pub identity: String,
    /// 1 digit; `1` is a grouped system.
    pub call: String,
}

impl OldFrame {
    /// Reads one group.
    pub fn decode(digits: &[u8]) -> Result<OldFrame, FrameError> {
        if let Some(index) = digits.iter().position(|digit| !digit.is_ascii_digit()) {
            return Err(FrameError::IllegalDigit { index });
        }
        let text = std::str::from_utf8(digits).unwrap_or_default();
        match (text.len(), text.split_at_checked(text.len().saturating_sub(1))) {
            (4 | 5, Some((identity, call))) => Ok(OldFrame { identity: identity.to_owned(), call: call.to_owned() }),
            (got, _) => Err(FrameError::BadLength { got }),
        }
    }

    /// Its digits as a system sends them, once.
    pub fn encode(&self) -> Result<String, InvalidField> {
        let of = |field: &str, least, most| {
            (least..=most).contains(&field.len()) && field.bytes().all(|digit| digit.is_ascii_digit())
        };
        if !of(&self.identity, 3, 4) {
            return Err(InvalidField("identity"));
        }
        if !of(&self.call, 1, 1) {
            return Err(InvalidField("call"));
        }
        Ok(format!("{}{}", self.identity, self.call))
    }

    /// Whether a system of many dwellings sent it.
    pub fn is_grouped(&self) -> bool {
        self.call == "1"
    }
}

/// One group after the other and what they held: two that are equal are a frame, and every group is in one result.
pub fn decode_copies(digits: &[u8]) -> Vec<(Vec<u8>, Result<OldFrame, FrameError>)> {
    let mut reads: Vec<(Vec<u8>, Result<OldFrame, FrameError>)> = Vec::new();
    let mut before: Option<&[u8]> = None;
    for group in digits.split(u8::is_ascii_whitespace).filter(|group| !group.is_empty()) {
        let read = OldFrame::decode(group);
        match (before.take(), read) {
            (Some(first), Ok(frame)) if first == group => reads.push((group.to_vec(), Ok(frame))),
            (Some(first), Ok(_)) => {
                reads.push((first.to_vec(), Err(FrameError::CopiesDiffer)));
                before = Some(group);
            }
            (None, Ok(_)) => before = Some(group),
            (first, Err(error)) => {
                reads.extend(first.map(|first| (first.to_vec(), Err(FrameError::NoCopy))));
                reads.push((group.to_vec(), Err(error)));
            }
        }
    }
    let is_second_of_two = matches!(reads.last(), Some((_, Err(FrameError::CopiesDiffer))));
    reads.extend(before.filter(|_| !is_second_of_two).map(|first| (first.to_vec(), Err(FrameError::NoCopy))));
    if reads.is_empty() {
        reads.push((Vec::new(), Err(FrameError::BadLength { got: 0 })));
    }
    reads
}

/// The digit of a burst's length; none between two windows.
pub fn digit_of(lasted: Duration) -> Option<u8> {
    let ms = u64::try_from(lasted.as_millis()).ok()?;
    let step = ms.checked_add(TOLERANCE_MS)?.checked_sub(ONE_MS)?.checked_div(STEP_MS)?;
    let middle = step.checked_mul(STEP_MS)?.checked_add(ONE_MS)?;
    let digit = u8::try_from(step).ok().filter(|step| *step < 10)?.checked_add(1)?;
    (ms.abs_diff(middle) <= TOLERANCE_MS).then(|| if digit == 10 { b'0' } else { digit.wrapping_add(b'0') })
}

/// The bursts of some digits, with the usual pause between them and after them.
pub fn bursts(digits: &str) -> Vec<Note> {
    let length = |digit: u32| {
        let n = if digit == 0 { 10 } else { u64::from(digit) };
        Duration::from_millis(n.saturating_sub(1).saturating_mul(STEP_MS).saturating_add(ONE_MS))
    };
    let digits = digits.chars().filter_map(|digit| digit.to_digit(10));
    digits.map(|digit| Note { sound: Sound::Tone(BURST), on: length(digit), off: PAUSE }).collect()
}

/// A group of bursts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BurstGroup {
    /// Its digits, up to one that is none.
    pub digits: Vec<u8>,
    /// Onset of the first burst.
    pub began: Instant,
    /// End of the last.
    pub ended: Instant,
    /// Whether the line was unsure of one of them.
    pub doubtful: bool,
    /// A burst as long as no digit: the group is none.
    pub illegal: Option<FrameError>,
}

/// Cuts the bursts of one call into groups.
#[derive(Clone, Debug)]
pub struct Bursts {
    silence: Duration,
    slack: Duration,
    group: Option<BurstGroup>,
    on: Option<Heard>,
}

impl Bursts {
    /// Begins with silence; `silence` ends a group.
    pub fn new(silence: Duration, slack: Duration) -> Bursts {
        Bursts { silence, slack, group: None, on: None }
    }

    /// Takes a sound of the bursts' tone. Without its length it says nothing.
    pub fn push(&mut self, heard: &Heard) -> Option<BurstGroup> {
        let silence = self.silence;
        let is_over = |group: &mut BurstGroup| heard.began.saturating_duration_since(group.ended) >= silence;
        let told = self.group.take_if(is_over);
        self.on = (heard.length == Length::StillOn).then_some(*heard);
        if let Some(lasted) = heard.lasted() {
            self.add(lasted, heard);
        }
        told
    }

    /// Takes notice that time has passed.
    pub fn expire(&mut self, now: Instant) -> Option<BurstGroup> {
        let is_due = self.deadline().is_some_and(|deadline| now >= deadline);
        if is_due { self.group.take() } else { None }
    }

    /// What is left when the call ends.
    pub fn flush(&mut self) -> Option<BurstGroup> {
        self.group.take()
    }

    /// When [`Bursts::expire`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let group = self.group.as_ref().filter(|_| self.on.is_none())?;
        Some(after(group.ended, self.silence.saturating_add(self.slack)))
    }

    /// Until when bursts are taken to be arriving; it has passed when none are.
    pub fn active_until(&self) -> Option<Instant> {
        let longest = Duration::from_millis(LINE_TONE_MS).saturating_add(self.slack);
        match &self.on {
            Some(on) => Some(after(on.began, longest)),
            None => self.group.as_ref().map(|group| after(group.ended, PAUSE_LONGEST.saturating_add(self.slack))),
        }
    }

    fn add(&mut self, lasted: Duration, heard: &Heard) {
        let ms = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        if ms >= LINE_TONE_MS {
            return;
        }
        let ended = heard.ended().unwrap_or(heard.began);
        let group = self.group.get_or_insert_with(|| BurstGroup {
            digits: Vec::new(),
            began: heard.began,
            ended,
            doubtful: false,
            illegal: None,
        });
        group.ended = ended;
        group.doubtful |= heard.doubtful;
        match digit_of(lasted) {
            Some(digit) if group.digits.len() < GROUP_DIGITS_MAX => group.digits.push(digit),
            Some(_) => {}
            None => group.illegal = group.illegal.take().or(Some(FrameError::IllegalPulse { ms })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_of_the_table() {
        for (digit, least, most) in
            [(b'1', 15, 55), (b'2', 66, 106), (b'5', 219, 259), (b'9', 423, 463), (b'0', 474, 514)]
        {
            for ms in [least, most] {
                assert_eq!(digit_of(Duration::from_millis(ms)), Some(digit), "{ms}");
            }
            for ms in [least - 1, most + 1] {
                assert_eq!(digit_of(Duration::from_millis(ms)), None, "{ms}");
            }
        }
        for note in bursts("1234567890").iter().zip(b"1234567890") {
            assert_eq!(digit_of(note.0.on), Some(*note.1));
        }
    }

    #[test]
    fn two_equal_groups_are_a_frame() {
        let frame = OldFrame { identity: "1234".into(), call: "1".into() };
        assert!(frame.is_grouped());
        assert_eq!(frame.encode().unwrap(), "12341");
        assert_eq!(decode_copies(b"12341 12341"), [(b"12341".to_vec(), Ok(frame.clone()))]);
        assert_eq!(decode_copies(b"12341"), [(b"12341".to_vec(), Err(FrameError::NoCopy))]);
        let three = decode_copies(b"12351 12341 12341");
        assert_eq!(three[0], (b"12351".to_vec(), Err(FrameError::CopiesDiffer)));
        assert_eq!(three[1].1, Ok(frame));
        assert_eq!(
            decode_copies(b"123 1234"),
            [(b"123".to_vec(), Err(FrameError::BadLength { got: 3 })), (b"1234".to_vec(), Err(FrameError::NoCopy)),]
        );
    }

    #[test]
    fn silence_ends_a_group_and_tones_of_the_line_are_none() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let heard = |at, lasts| Heard::new(Sound::Tone(BURST), start + ms(at), Length::Measured(ms(lasts)));
        let mut bursts = Bursts::new(ms(1000), ms(0));
        for (at, lasts) in [(0, 35), (110, 86), (270, 60), (2000, 900)] {
            let group = bursts.push(&heard(at, lasts));
            assert_eq!(group.is_some(), at == 2000);
            if let Some(group) = group {
                assert_eq!((group.digits, group.illegal), (b"12".to_vec(), Some(FrameError::IllegalPulse { ms: 60 })));
            }
        }
        assert_eq!(bursts.flush(), None);
    }
}
