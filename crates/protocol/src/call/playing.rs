//! What this end plays, and what of that comes back as echo.

use std::time::{Duration, Instant};

use super::bounds::PLAY_GRACE;
use crate::session::after;
use crate::tones::{Heard, Note, playing_time};

/// The last notes asked for.
#[derive(Debug, Default)]
pub(super) struct Playing {
    notes: Vec<Note>,
    overdue: Option<Instant>,
    played: Option<Instant>,
}

impl Playing {
    pub(super) fn begin(&mut self, notes: &[Note], now: Instant) {
        let overdue = after(after(now, playing_time(notes)), PLAY_GRACE);
        *self = Playing { notes: notes.to_vec(), overdue: Some(overdue), played: None };
    }

    /// Takes notice that all is out; false if nothing was playing.
    pub(super) fn end(&mut self, now: Instant) -> bool {
        let was = self.overdue.take().is_some();
        if was {
            self.played = Some(now);
        }
        was
    }

    pub(super) fn is_on(&self) -> bool {
        self.overdue.is_some()
    }

    pub(super) fn overdue(&self) -> Option<Instant> {
        self.overdue
    }

    /// Whether a sound may be our own coming back: one of those playing while they play, and the last of them
    /// until the tail after it is over.
    pub(super) fn is_echo(&self, heard: &Heard, tail: Duration) -> bool {
        match self.played {
            None => self.is_on() && self.notes.iter().any(|note| note.sound == heard.sound),
            Some(played) if heard.began <= played => self.notes.iter().any(|note| note.sound == heard.sound),
            Some(played) => {
                self.notes.last().is_some_and(|note| note.sound == heard.sound) && heard.began < after(played, tail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tones::{Digit, Length, Sound, notes};

    #[test]
    fn only_our_own_sounds_at_their_time_are_echo() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut playing = Playing::default();
        playing.begin(&notes("A7", ms(80), ms(80)), start);
        let heard = |digit, at| Heard::new(Sound::Digit(digit), start + ms(at), Length::StillOn);
        assert!(playing.is_echo(&heard(Digit::A, 60), ms(300)));
        assert!(!playing.is_echo(&heard(Digit::B, 60), ms(300)));
        assert!(playing.end(start + ms(240)));
        assert!(!playing.end(start + ms(241)), "once");
        assert!(playing.is_echo(&heard(Digit::Seven, 400), ms(300)), "the last of them, a round trip late");
        assert!(!playing.is_echo(&heard(Digit::A, 400), ms(300)), "the first of them would have come back by then");
        assert!(!playing.is_echo(&heard(Digit::Seven, 600), ms(300)));
    }
}
