//! The answers owed, in the order of their lines.
//!
//! An ACK names no line: the sender takes each for the oldest line it waits for. So answers leave strictly in
//! order, and once the front one leaves unanswered (refused or late), the lines behind it that the sender sent
//! without waiting stay unanswered too: their ACK would be taken for the line that is not stored. They come
//! again.

use std::collections::VecDeque;
use std::time::Instant;

use super::settings::ANSWERS_OWED_MAX;
use crate::Token;

/// One answer owed.
#[derive(Debug)]
pub(super) struct Owed {
    pub(super) token: Token,
    /// The line as it came: copies of one line are one message to the sender.
    pub(super) raw: Vec<u8>,
    pub(super) last_byte: Instant,
    /// From here on the answer is late.
    pub(super) deadline: Instant,
    pub(super) is_report: bool,
    pub(super) stored: bool,
}

/// How an owed answer left.
#[derive(Debug, PartialEq)]
pub(super) struct Left {
    pub(super) how: How,
    pub(super) is_report: bool,
    pub(super) raw: Vec<u8>,
    pub(super) last_byte: Instant,
}

/// Why, for the counters and for doubt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum How {
    /// The ACK is to be sent.
    Acknowledged,
    /// The sender has stopped waiting.
    Late,
    /// It could not be stored, or an ACK could be taken for another line.
    Withheld,
}

#[derive(Debug, Default)]
pub(super) struct Answers {
    owed: VecDeque<Owed>,
    /// The last line that left unanswered, and until when its sender may take any ACK for it.
    open: Option<(Vec<u8>, Instant)>,
}

impl Answers {
    /// Whether one more answer can be owed.
    pub(super) fn has_room(&self) -> bool {
        self.owed.len() < ANSWERS_OWED_MAX
    }

    /// Whether an ACK for this line could be taken for one that is not stored.
    pub(super) fn is_ambiguous(&self, raw: &[u8], last_byte: Instant) -> bool {
        self.open.as_ref().is_some_and(|(open, until)| last_byte < *until && open != raw)
    }

    pub(super) fn owe(&mut self, owed: Owed) {
        self.owed.push_back(owed);
    }

    /// The instant at which the front answer becomes late.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.owed.front().map(|front| front.deadline)
    }

    /// The delivery is stored: the only way to [`How::Acknowledged`].
    pub(super) fn stored(&mut self, token: Token, now: Instant) -> Vec<Left> {
        let mut left = self.expire(now);
        if let Some(at) = self.owed.iter().position(|owed| owed.token == token) {
            // Earlier copies of the same line are answered by this one.
            let raw = self.owed.get(at).map(|owed| owed.raw.clone()).unwrap_or_default();
            self.owed.retain(|owed| owed.token >= token || owed.raw != raw);
            self.owed.iter_mut().filter(|owed| owed.token == token).for_each(|owed| owed.stored = true);
        }
        while self.owed.front().is_some_and(|front| front.stored)
            && let Some(front) = self.owed.pop_front()
        {
            self.open = None;
            left.push(front.left(How::Acknowledged));
        }
        left
    }

    /// The delivery could not be stored.
    pub(super) fn refused(&mut self, token: Token, now: Instant) -> Vec<Left> {
        let mut left = self.expire(now);
        if let Some(at) = self.owed.iter().position(|owed| owed.token == token)
            && let Some(refused) = self.owed.remove(at)
        {
            self.leave_open(refused, How::Withheld, &mut left);
        }
        left
    }

    /// Drops the answers that are late.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Left> {
        let mut left = Vec::new();
        while self.owed.front().is_some_and(|front| now >= front.deadline)
            && let Some(front) = self.owed.pop_front()
        {
            self.leave_open(front, How::Late, &mut left);
        }
        left
    }

    fn leave_open(&mut self, unanswered: Owed, how: How, left: &mut Vec<Left>) {
        left.push(unanswered.left(how));
        let ambiguous = |owed: &Owed| {
            owed.token > unanswered.token && owed.last_byte < unanswered.deadline && owed.raw != unanswered.raw
        };
        left.extend(self.owed.iter().filter(|owed| ambiguous(owed)).map(|owed| owed.left(How::Withheld)));
        self.owed.retain(|owed| !ambiguous(owed));
        self.open = Some((unanswered.raw, unanswered.deadline));
    }
}

impl Owed {
    fn left(&self, how: How) -> Left {
        Left { how, is_report: self.is_report, raw: self.raw.clone(), last_byte: self.last_byte }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answers(lines: &[(u64, &str)], start: Instant) -> Answers {
        let mut answers = Answers::default();
        for (token, raw) in lines {
            let last_byte = start + Duration::from_millis(*token);
            let deadline = last_byte + Duration::from_secs(4);
            let raw = raw.as_bytes().to_vec();
            answers.owe(Owed { token: Token(*token), raw, last_byte, deadline, is_report: true, stored: false });
        }
        answers
    }

    fn hows(left: &[Left]) -> Vec<How> {
        left.iter().map(|left| left.how).collect()
    }

    #[test]
    fn answers_leave_in_order() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (2, "b")], start);
        assert_eq!(hows(&answers.stored(Token(2), start)), []);
        assert_eq!(hows(&answers.stored(Token(1), start)), [How::Acknowledged, How::Acknowledged]);
    }

    #[test]
    fn no_ack_can_be_taken_for_a_refused_line() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (2, "b"), (3, "a")], start);
        assert_eq!(hows(&answers.stored(Token(2), start)), []);
        assert_eq!(hows(&answers.refused(Token(1), start)), [How::Withheld, How::Withheld]);
        assert!(answers.is_ambiguous(b"b", start) && !answers.is_ambiguous(b"a", start));
        assert!(!answers.is_ambiguous(b"b", start + Duration::from_secs(5)));
        assert_eq!(hows(&answers.stored(Token(3), start)), [How::Acknowledged]);
        assert!(!answers.is_ambiguous(b"b", start));
    }

    #[test]
    fn a_copy_answers_for_the_ones_before_it() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (2, "a")], start);
        assert_eq!(hows(&answers.stored(Token(2), start)), [How::Acknowledged]);
        assert_eq!(hows(&answers.stored(Token(1), start)), []);
    }

    #[test]
    fn a_late_answer_does_not_block_the_next() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (6000, "b")], start);
        let later = start + Duration::from_secs(7);
        assert_eq!(hows(&answers.stored(Token(6000), later)), [How::Late, How::Acknowledged]);
    }
}
