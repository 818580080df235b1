//! From what is heard to what a session takes, with nothing told twice.
//!
//! ```text
//! digit path      each sound as it comes, unless the frame path has spoken first
//! arriving        the first digit of something that only the frame path hears, as going on, again with each symbol:
//!                 the session waits for its end instead of asking again
//! frame           its digits, unless the digit path told the same; a first digit that was told as going on ends
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use telecare_protocol::tones::{Heard, Length, Sound};

use crate::digits::{Sounded, duration};
use crate::ear::Told;
use crate::frames::{Arriving, Frame};

/// Sounds of the digit path that are remembered: two per symbol of the longest STMF message, and some before it.
const KEPT: usize = 96;
/// The two paths' times differ by so much at most: 30 ms.
const NEAR: u64 = 240;
/// A digit that lasted so long is data in no protocol: what was told as going on is taken back.
const WITHDRAWN: Duration = Duration::from_secs(3);

/// Feeds the session of one call.
#[derive(Clone, Debug)]
pub struct Feed {
    origin: Instant,
    sounds: VecDeque<Sounded>,
    /// What was told as going on.
    arriving: Option<Arriving>,
    /// Sounds that began before are told by a frame.
    told_until: u64,
}

impl Feed {
    /// Of a call whose first sample was then.
    pub fn new(origin: Instant) -> Feed {
        Feed { origin, sounds: VecDeque::new(), arriving: None, told_until: 0 }
    }

    /// What to hand to the session, in this order.
    pub fn take(&mut self, told: &Told) -> Vec<Heard> {
        match told {
            Told::Sound(sound) => self.sound(sound),
            Told::Arriving(arriving) => self.arriving(arriving),
            Told::Frame(frame) => self.frame(frame),
            Told::Refused(_) => Vec::new(),
        }
    }

    fn sound(&mut self, sound: &Sounded) -> Vec<Heard> {
        let known = self.sounds.iter_mut().rev().find(|known| (known.sound, known.began) == (sound.sound, sound.began));
        match known {
            Some(known) => *known = *sound,
            None => {
                if self.sounds.len() >= KEPT {
                    self.sounds.pop_front();
                }
                self.sounds.push_back(*sound);
            }
        }
        // What the frame path has begun to tell it goes on telling.
        let is_known = sound.began < self.told_until
            || self.arriving.is_some_and(|arriving| sound.began.saturating_add(NEAR) > arriving.began);
        if is_known { Vec::new() } else { vec![sound.heard(self.origin)] }
    }

    fn arriving(&mut self, arriving: &Arriving) -> Vec<Heard> {
        if arriving.is_over {
            return self.withdraw();
        }
        let is_heard = |sound: &Sounded| sound.began.saturating_add(NEAR) > arriving.began;
        if self.arriving.is_none() && self.sounds.iter().any(is_heard) {
            return Vec::new();
        }
        self.arriving = Some(*arriving);
        vec![self.first_of(arriving, Length::StillOn)]
    }

    fn first_of(&self, arriving: &Arriving, length: Length) -> Heard {
        let began = self.origin.checked_add(duration(arriving.began)).unwrap_or(self.origin);
        Heard { doubtful: true, ..Heard::new(Sound::Digit(arriving.digit), began, length) }
    }

    /// Nothing came of it. What the digit path heard meanwhile is told.
    fn withdraw(&mut self) -> Vec<Heard> {
        let Some(arriving) = self.arriving.take() else { return Vec::new() };
        let mut told = vec![self.first_of(&arriving, Length::Measured(WITHDRAWN))];
        let meanwhile = self.sounds.iter().filter(|sound| sound.began.saturating_add(NEAR) > arriving.began);
        told.extend(meanwhile.filter(|sound| sound.began >= self.told_until).map(|sound| sound.heard(self.origin)));
        told
    }

    fn frame(&mut self, frame: &Frame) -> Vec<Heard> {
        let arriving = self.arriving.take();
        let is_within =
            |sound: &&Sounded| sound.began.saturating_add(NEAR) > frame.began() && sound.began < frame.ended();
        let mut digits = frame.heard(self.origin);
        let same = self.sounds.iter().filter(is_within).map(|sound| sound.sound).eq(digits.iter().map(|it| it.sound));
        if arriving.is_none() && same {
            return Vec::new();
        }
        self.told_until = frame.ended();
        let mut told = Vec::with_capacity(digits.len().saturating_add(1));
        if let Some(arriving) = arriving {
            let is_first = |first: &&mut Heard| {
                first.sound == Sound::Digit(arriving.digit) && arriving.began.abs_diff(frame.began()) <= NEAR
            };
            match digits.first_mut().filter(is_first) {
                Some(first) => first.began = self.first_of(&arriving, Length::StillOn).began,
                None => told.push(self.first_of(&arriving, Length::Measured(WITHDRAWN))),
            }
        }
        told.extend(digits);
        told
    }
}

#[cfg(test)]
mod tests {
    use telecare_protocol::tones::Digit;

    use super::*;

    fn sound(digit: Digit, began: u64, ended: Option<u64>) -> Told {
        Told::Sound(Sounded { sound: Sound::Digit(digit), began, ended, dbm0: -10.0, doubtful: false })
    }

    fn arriving(is_over: bool) -> Told {
        Told::Arriving(Arriving { digit: Digit::A, began: 8000, is_over })
    }

    #[test]
    fn what_only_the_frame_path_hears_goes_on_until_it_is_taken_back() {
        let mut feed = Feed::new(Instant::now());
        let told = [arriving(false), arriving(false)].map(|told| feed.take(&told));
        assert_eq!(told[0], told[1], "the same digit, still on");
        assert_eq!((told[0].len(), told[0][0].length), (1, Length::StillOn));
        assert_eq!(feed.take(&sound(Digit::Five, 9300, Some(9900))), [], "held");
        let after = feed.take(&arriving(true));
        assert_eq!((after[0].began, after[0].length), (told[0][0].began, Length::Measured(WITHDRAWN)));
        assert_eq!(after.iter().map(|heard| heard.sound).collect::<Vec<_>>()[1..], [Sound::Digit(Digit::Five)]);
        assert_eq!(feed.take(&sound(Digit::Six, 12_000, None)).len(), 1, "told as it comes again");
    }

    #[test]
    fn where_the_digit_path_hears_digits_nothing_is_announced() {
        let mut feed = Feed::new(Instant::now());
        assert_eq!(feed.take(&sound(Digit::A, 8010, None)).len(), 1);
        assert_eq!(feed.take(&arriving(false)), []);
        assert_eq!(feed.take(&arriving(true)), []);
    }
}
