//! Telephone events (RFC 4733): one press out of all the packets that tell of it.
//!
//! A press is known by its timestamp, never by its marker: packets are lost, repeated and late. The first that comes
//! tells of it; the longest duration told is its length.

use telecare_protocol::tones::{Digit, Sound};

use crate::digits::Sounded;

/// Bytes of an event's payload.
pub const EVENT_BYTES: usize = 4;
/// Samples without a word of an event after which it is over: 150 ms (as one widely used server has it, B).
const SILENT: u64 = 1200;
/// Presses whose late packets are known for what they are.
const ENDED_MAX: usize = 8;
/// A press longer than this field's most goes on with a new timestamp (RFC 4733, clause 2.5.1.3).
const SEGMENT: u64 = 0xFFFF;

/// Presses as events tell of them.
#[derive(Clone, Debug, Default)]
pub struct Pressed {
    on: Option<On>,
    ended: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct On {
    told: Sounded,
    /// Where the segment began that is told of now.
    segment: u64,
    /// Its end so far.
    until: u64,
    /// When a packet told of it last.
    heard: u64,
}

impl Pressed {
    /// Takes a payload whose timestamp is that place of the timeline, when the timeline has come to `now`.
    pub fn push(&mut self, payload: &[u8], began: u64, now: u64) -> Vec<Sounded> {
        let Some([event, flags, high, low]) = payload.first_chunk::<EVENT_BYTES>() else { return Vec::new() };
        let Some(digit) = digit(*event) else { return Vec::new() };
        let sound = Sound::Digit(digit);
        let until = began.saturating_add(u64::from(u16::from_be_bytes([*high, *low])));
        let mut told = Vec::new();
        if self.ended.contains(&began) || self.on.is_some_and(|on| began < on.segment) {
            return told;
        }
        match &mut self.on {
            Some(on) if on.segment == began => {
                on.until = on.until.max(until);
                on.heard = now;
            }
            Some(on) if on.told.sound == sound && began == on.segment.saturating_add(SEGMENT) => {
                (on.segment, on.until, on.heard) = (began, on.until.max(until), now);
            }
            _ => {
                told.extend(self.end());
                let dbm0 = -f32::from(flags & 0x3F);
                let press = Sounded { sound, began, ended: None, dbm0, doubtful: false };
                self.on = Some(On { told: press, segment: began, until, heard: now });
                told.push(press);
            }
        }
        let is_segment = until.saturating_sub(began) >= SEGMENT;
        if flags & 0x80 != 0 && !is_segment {
            told.extend(self.end());
        }
        told
    }

    /// Ends what nobody tells of any more.
    pub fn expire(&mut self, now: u64) -> Option<Sounded> {
        let is_over = |on: &On| now.saturating_sub(on.heard) >= SILENT;
        if self.on.as_ref().is_some_and(is_over) { self.end() } else { None }
    }

    fn end(&mut self) -> Option<Sounded> {
        let on = self.on.take()?;
        if self.ended.len() >= ENDED_MAX {
            self.ended.remove(0);
        }
        self.ended.push(on.segment);
        // Some senders never tell a length: then how long they told of it.
        let until = if on.until > on.told.began { on.until } else { on.heard.max(on.told.began) };
        Some(Sounded { ended: Some(until), ..on.told })
    }
}

fn digit(event: u8) -> Option<Digit> {
    let key = b"0123456789*#ABCD".get(usize::from(event))?;
    Digit::from_char(char::from(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(event: u8, is_end: bool, duration: u16) -> [u8; 4] {
        let [high, low] = duration.to_be_bytes();
        [event, if is_end { 0x8A } else { 10 }, high, low]
    }

    fn told(packets: &[(u8, bool, u16, u64, u64)]) -> Vec<(char, u64, Option<u64>)> {
        let mut pressed = Pressed::default();
        let mut all = Vec::new();
        for (event, is_end, duration, began, now) in packets {
            all.extend(pressed.expire(*now));
            all.extend(pressed.push(&payload(*event, *is_end, *duration), *began, *now));
        }
        all.extend(pressed.expire(1 << 40));
        let row = |told: Sounded| match told.sound {
            Sound::Digit(digit) => (digit.as_char(), told.began, told.ended),
            Sound::Tone(_) => unreachable!("events are digits"),
        };
        all.into_iter().map(row).collect()
    }

    #[test]
    fn one_press_is_told_once_whatever_comes() {
        let press = [('5', 800, None), ('5', 800, Some(1440))];
        let all = [(5, false, 160, 800, 960), (5, false, 320, 800, 1120), (5, true, 640, 800, 1440)];
        assert_eq!(told(&all), press);
        let repeated = [&all[..], &[all[2], all[2], all[0]]].concat();
        assert_eq!(told(&repeated), press, "repeated and late");
        assert_eq!(told(&all[2..]), press, "the last one alone");
        assert_eq!(told(&all[..2]), [('5', 800, None), ('5', 800, Some(1120))], "its end lost");
        assert_eq!(
            told(&[(11, false, 0, 800, 800), (11, false, 0, 800, 1200)])[1],
            ('#', 800, Some(1200)),
            "no length"
        );
    }

    #[test]
    fn a_new_timestamp_is_a_new_press_and_a_segment_is_not() {
        let two = told(&[(1, false, 160, 800, 960), (1, false, 160, 2400, 2560)]);
        assert_eq!(two.iter().filter(|(_, _, ended)| ended.is_some()).count(), 2);
        let long = told(&[(12, false, 0xFFFF, 800, 66_000), (12, true, 4000, 800 + 0xFFFF, 67_000)]);
        assert_eq!(long, [('A', 800, None), ('A', 800, Some(800 + 0xFFFF + 4000))]);
        assert_eq!(told(&[(16, false, 160, 0, 160)]), [], "a flash is no digit");
    }
}
