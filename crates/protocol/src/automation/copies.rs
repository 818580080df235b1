//! Copies among what is only listened to: which lines may be repeats. Another host answers, so nothing is proven
//! and every copy is kept as a press of its own; it is counted, no more.

use std::time::{Duration, Instant};

use crate::session::after;

/// The line heard last.
#[derive(Debug)]
pub(crate) struct Copies {
    retry_window: Duration,
    last: Option<(Vec<u8>, Instant)>,
}

impl Copies {
    pub(crate) fn new(retry_window: Duration) -> Copies {
        Copies { retry_window, last: None }
    }

    /// Whether the line before was the same and its sender may still be repeating it; remembers this one.
    pub(crate) fn is_possible_repeat(&mut self, raw: &[u8], last_byte: Instant) -> bool {
        let repeats = self
            .last
            .as_ref()
            .is_some_and(|(held, since)| held == raw && last_byte <= after(*since, self.retry_window));
        if !repeats {
            self.last = Some((raw.to_vec(), last_byte));
        }
        repeats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_again_within_its_retry_time() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut copies = Copies::new(second * 16);
        assert!(!copies.is_possible_repeat(b"a", now));
        assert!(copies.is_possible_repeat(b"a", now + second * 4));
        assert!(copies.is_possible_repeat(b"a", now + second * 16));
        assert!(!copies.is_possible_repeat(b"a", now + second * 17), "its sender has given up");
        assert!(!copies.is_possible_repeat(b"b", now + second * 18));
        assert!(!copies.is_possible_repeat(b"a", now + second * 19), "another line came between");
    }
}
