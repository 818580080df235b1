//! Events and in-band sounds on one timeline, each press once.
//!
//! A gateway that sends events cuts the tone out of the audio, but often late, so that its beginning leaks; some send
//! both whole. The same digit overlapping or within 60 ms is one press. It keeps the onset it was told with first; what
//! the other source says of it afterwards is dropped. Two different digits in one place are both told: the check digits
//! decide.

use std::collections::VecDeque;

use crate::digits::Sounded;

/// Two sources' sounds are one if they are as near as this: 60 ms (C).
pub const MERGE_SAMPLES: u64 = 480;
/// Presses remembered.
const KEPT: usize = 8;

/// Which of the two told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Audio,
    Events,
}

/// Merges them.
#[derive(Clone, Debug, Default)]
pub struct Merge {
    known: VecDeque<(Source, Sounded)>,
}

impl Merge {
    /// A sound of the audio.
    pub fn audio(&mut self, told: Sounded) -> Option<Sounded> {
        self.take(Source::Audio, told)
    }

    /// A press of the events.
    pub fn event(&mut self, told: Sounded) -> Option<Sounded> {
        self.take(Source::Events, told)
    }

    fn take(&mut self, source: Source, told: Sounded) -> Option<Sounded> {
        let own = self
            .known
            .iter_mut()
            .find(|(known, sound)| *known == source && sound.sound == told.sound && sound.began == told.began);
        if let Some((_, own)) = own {
            // Its end may come while nothing is on: once is enough.
            let is_news = own.ended.is_none();
            *own = told;
            return is_news.then_some(told);
        }
        if self.known.iter().any(|(known, sound)| *known != source && is_same(sound, &told)) {
            return None;
        }
        if self.known.len() >= KEPT {
            self.known.pop_front();
        }
        self.known.push_back((source, told));
        Some(told)
    }
}

fn is_same(one: &Sounded, other: &Sounded) -> bool {
    let end = |told: &Sounded| told.ended.unwrap_or(u64::MAX).saturating_add(MERGE_SAMPLES);
    one.sound == other.sound && one.began <= end(other) && other.began <= end(one)
}

#[cfg(test)]
mod tests {
    use telecare_protocol::tones::{Digit, Sound};

    use super::*;

    fn told(digit: Digit, began: u64, ended: Option<u64>) -> Sounded {
        Sounded { sound: Sound::Digit(digit), began, ended, dbm0: -10.0, doubtful: false }
    }

    #[test]
    fn a_leak_and_its_event_are_one_press() {
        let mut merge = Merge::default();
        assert!(merge.audio(told(Digit::Five, 800, None)).is_some());
        assert!(merge.event(told(Digit::Five, 900, None)).is_none());
        assert!(merge.audio(told(Digit::Five, 800, Some(1080))).is_some());
        assert!(merge.event(told(Digit::Five, 900, Some(1600))).is_none());
        // The next press of the same key.
        assert!(merge.event(told(Digit::Five, 2400, None)).is_some());
        assert!(merge.event(told(Digit::Five, 2400, Some(3000))).is_some());
        assert!(merge.event(told(Digit::Five, 2400, Some(3000))).is_none());
        assert!(merge.audio(told(Digit::Five, 2420, Some(2700))).is_none());
    }

    #[test]
    fn different_digits_are_both_told() {
        let mut merge = Merge::default();
        assert!(merge.audio(told(Digit::Five, 800, None)).is_some());
        assert!(merge.event(told(Digit::Six, 800, None)).is_some());
    }
}
