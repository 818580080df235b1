//! How long to wait before a line is tried again.

use std::time::Duration;

/// Waits that double from [`Backoff::FIRST`] to [`Backoff::LONGEST`], for ever: a line is never given up.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Short enough that a plug pulled and put back costs nobody a repeat.
    pub const FIRST: Duration = Duration::from_millis(200);

    /// Long enough not to flood a log or a peer, short enough for the 16 s in which a hardware receiver
    /// repeats.
    pub const LONGEST: Duration = Duration::from_secs(5);

    /// The first wait is next.
    pub fn new() -> Backoff {
        Backoff { next: Backoff::FIRST }
    }

    /// The wait before the next attempt.
    pub fn wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(Backoff::LONGEST);
        wait
    }

    /// The attempt worked: begin again with the first wait.
    pub fn reset(&mut self) {
        self.next = Backoff::FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_its_bound_and_resets() {
        let mut backoff = Backoff::new();
        let waits: Vec<u128> = (0..7).map(|_| backoff.wait().as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.wait(), Backoff::FIRST);
    }
}
