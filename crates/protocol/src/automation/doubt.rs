//! Whether the sender may repeat a line that is stored: the proof a copy carries.
//!
//! After an ACK in time the sender is done with its line, and an identical one is a new press. After an answer
//! that was refused, late or not sent, and at the start of a session (our last answer may not have arrived),
//! the next line may be a copy. The proof then covers signals no older than the first unanswered copy, so a
//! press that was answered before it is never taken for the original.

use std::time::{Duration, Instant};

use super::timing::FAILURE_WINDOW;
use crate::RepeatProof;
use crate::session::after;

/// Stamps of two copies are compared by another clock later on; this covers their difference. Never so far back that it
/// reaches the line before, which may have the same bytes and was another press.
const STAMP_SLACK: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Doubt {
    retry_window: Duration,
    state: State,
    /// Last bytes of the two lines that were answered last.
    answered: [Option<Instant>; 2],
}

#[derive(Debug)]
enum State {
    /// The last line was answered in time.
    None,
    /// A copy may come.
    Open {
        /// Last byte of the first unanswered copy; none at the start of a session.
        since: Option<Instant>,
        /// The unanswered line; none until one is.
        raw: Option<Vec<u8>>,
        /// Only heartbeats came since: the sender holds its buffer back.
        heartbeats: bool,
        /// The first heartbeat answered since: the buffer follows it at once.
        link_back: Option<Instant>,
    },
}

impl Doubt {
    pub(crate) fn at_start(retry_window: Duration) -> Doubt {
        let state = State::Open { since: None, raw: None, heartbeats: false, link_back: None };
        Doubt { retry_window, state, answered: [None; 2] }
    }

    /// Where what an earlier conversation left unanswered could not be told from something new.
    pub(crate) fn none(retry_window: Duration) -> Doubt {
        Doubt { retry_window, state: State::None, answered: [None; 2] }
    }

    /// The proof for a line with this last byte.
    pub(crate) fn proof(&self, last_byte: Instant) -> RepeatProof {
        let State::Open { since, heartbeats, link_back, .. } = &self.state else {
            return RepeatProof::None;
        };
        let buffer_is_empty = link_back.is_some_and(|back| last_byte > after(back, self.retry_window));
        let window = if *heartbeats { FAILURE_WINDOW.max(self.retry_window) } else { self.retry_window };
        let elapsed = since.map(|since| last_byte.saturating_duration_since(since));
        match elapsed {
            _ if buffer_is_empty => RepeatProof::None,
            Some(elapsed) if elapsed > window => RepeatProof::None,
            Some(elapsed) => RepeatProof::PreviousOnLine(elapsed.saturating_add(self.slack(*since))),
            None => RepeatProof::PreviousOnLine(window),
        }
    }

    /// Half the way to the line before at most.
    fn slack(&self, since: Option<Instant>) -> Duration {
        let before = self.answered.into_iter().flatten().filter(|answered| Some(*answered) < since).max();
        let apart = before.zip(since).map(|(before, since)| since.saturating_duration_since(before).div_f64(2.0));
        apart.map_or(STAMP_SLACK, |apart| apart.min(STAMP_SLACK))
    }

    /// The line with this last byte was answered in time.
    pub(crate) fn answered(&mut self, last_byte: Instant) {
        self.state = State::None;
        let [_, before] = self.answered;
        self.answered = [before, Some(last_byte)];
    }

    /// A line was left unanswered. Another line than the one in doubt begins a doubt of its own.
    pub(crate) fn unanswered(&mut self, line: &[u8], last_byte: Instant) {
        let in_window = self.proof(last_byte) != RepeatProof::None;
        if let State::Open { raw, .. } = &mut self.state
            && in_window
            && raw.as_ref().is_none_or(|held| held == line)
        {
            *raw = Some(line.to_vec());
        } else {
            let raw = Some(line.to_vec());
            self.state = State::Open { since: Some(last_byte), raw, heartbeats: false, link_back: None };
        }
    }

    /// A heartbeat came: the sender is idle, or holds its buffer back.
    pub(crate) fn heartbeat(&mut self) {
        if let State::Open { heartbeats, .. } = &mut self.state {
            *heartbeats = true;
        }
    }

    /// A heartbeat was answered: the sender's link is back.
    pub(crate) fn heartbeat_answered(&mut self, now: Instant) {
        if let State::Open { link_back, .. } = &mut self.state {
            link_back.get_or_insert(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(16);

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn at_the_start_the_whole_window_and_none_after_an_answer() {
        let now = Instant::now();
        let mut doubt = Doubt::at_start(WINDOW);
        assert_eq!(doubt.proof(now), RepeatProof::PreviousOnLine(WINDOW));
        doubt.answered(now);
        assert_eq!(doubt.proof(now), RepeatProof::None);
    }

    #[test]
    fn the_proof_reaches_back_to_the_first_unanswered_copy_only() {
        let now = Instant::now();
        let mut doubt = Doubt::at_start(WINDOW);
        doubt.answered(now);
        doubt.unanswered(b"a", now);
        assert_eq!(doubt.proof(now + seconds(4)), RepeatProof::PreviousOnLine(seconds(4) + STAMP_SLACK));
        doubt.unanswered(b"a", now + seconds(4));
        assert_eq!(doubt.proof(now + seconds(8)), RepeatProof::PreviousOnLine(seconds(8) + STAMP_SLACK));
        assert_eq!(doubt.proof(now + seconds(17)), RepeatProof::None, "the sender has given up");
        doubt.unanswered(b"b", now + seconds(8));
        assert_eq!(doubt.proof(now + seconds(12)), RepeatProof::PreviousOnLine(seconds(4) + STAMP_SLACK));
    }

    #[test]
    fn the_proof_never_reaches_the_line_before() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        let mut doubt = Doubt::none(WINDOW);
        doubt.answered(now);
        doubt.answered(now + ms(100));
        // The same bytes 40 ms later: another press, which could not be stored.
        doubt.unanswered(b"a", now + ms(140));
        assert_eq!(doubt.proof(now + ms(4140)), RepeatProof::PreviousOnLine(ms(4020)));
        // Its copy is stored, and its answer lost: a copy of that one reaches it, and not the line before.
        doubt.answered(now + ms(4140));
        doubt.unanswered(b"a", now + ms(4140));
        assert_eq!(doubt.proof(now + ms(8140)), RepeatProof::PreviousOnLine(ms(4000) + STAMP_SLACK));
    }

    #[test]
    fn heartbeats_alone_keep_the_window_open_until_the_buffer_had_its_chance() {
        let now = Instant::now();
        let mut doubt = Doubt::at_start(WINDOW);
        doubt.answered(now);
        doubt.unanswered(b"a", now);
        doubt.heartbeat();
        assert_eq!(doubt.proof(now + seconds(300)), RepeatProof::PreviousOnLine(seconds(300) + STAMP_SLACK));
        assert_eq!(doubt.proof(now + seconds(601)), RepeatProof::None);
        doubt.heartbeat_answered(now + seconds(100));
        doubt.heartbeat_answered(now + seconds(130));
        assert!(doubt.proof(now + seconds(116)) != RepeatProof::None);
        assert_eq!(doubt.proof(now + seconds(117)), RepeatProof::None, "a press long after the link came back");
    }
}
