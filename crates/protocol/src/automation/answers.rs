//! The answers owed, in the order of their lines.
//!
//! An ACK names no line: the sender takes each for the oldest line it waits for. So answers leave strictly in
//! order, and once the front one leaves unanswered (refused or late), the lines behind it that the sender sent
//! without waiting stay unanswered too: their ACK would be taken for the line that is not stored. They come
//! again.

use std::collections::VecDeque;
use std::time::Instant;

use super::timing::ANSWERS_OWED_MAX;
use crate::Token;

/// One answer owed.
#[derive(Debug)]
pub(crate) struct Owed {
    pub(crate) token: Token,
    /// The line as it came: copies of one line are one message to the sender.
    pub(crate) raw: Vec<u8>,
    pub(crate) last_byte: Instant,
    /// From here on the answer is late.
    pub(crate) deadline: Instant,
    /// Until here its sender may take any ACK for it.
    pub(crate) waits_until: Instant,
    pub(crate) is_report: bool,
    pub(crate) stored: bool,
}

/// How an owed answer left.
#[derive(Debug, PartialEq)]
pub(crate) struct Left {
    pub(crate) token: Token,
    pub(crate) how: How,
    pub(crate) is_report: bool,
    pub(crate) raw: Vec<u8>,
    pub(crate) last_byte: Instant,
}

/// Why, for the counters and for doubt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// The ACK is to be sent.
    Acknowledged,
    /// The sender has stopped waiting.
    Late,
    /// It could not be stored, or an ACK could be taken for another line.
    Withheld,
}

#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// An answer names its line: none can be taken for another's.
    named: bool,
    owed: VecDeque<Owed>,
    open: Option<Open>,
    superseded: Vec<Token>,
}

/// Lines that left unanswered and whose sender may still take any ACK for them.
#[derive(Debug)]
struct Open {
    /// The line; none where several different ones are open.
    raw: Option<Vec<u8>>,
    /// The latest of them.
    token: Token,
    until: Instant,
}

impl Answers {
    pub(crate) fn new(named: bool) -> Answers {
        Answers { named, owed: VecDeque::new(), open: None, superseded: Vec::new() }
    }

    /// Whether one more answer can be owed.
    pub(crate) fn has_room(&self) -> bool {
        self.owed.len() < ANSWERS_OWED_MAX
    }

    /// Whether nobody else waits for an answer.
    pub(crate) fn is_only(&self, token: Token) -> bool {
        self.owed.iter().all(|owed| owed.token == token)
    }

    /// A line for which there was no room: its sender may wait for an answer to it all the same. `next` is the
    /// token of the next delivery.
    pub(crate) fn skip(&mut self, raw: &[u8], next: Token, last_byte: Instant, waits_until: Instant) {
        self.leave_open(raw, next, last_byte, waits_until);
    }

    /// Owes an answer; false if its ACK could be taken for a line that is not stored, so that none is owed.
    pub(crate) fn owe(&mut self, owed: Owed) -> bool {
        let ambiguous = self.is_ambiguous(&owed.raw, owed.last_byte);
        if ambiguous {
            self.leave_open(&owed.raw, owed.token, owed.last_byte, owed.waits_until);
        } else {
            // A copy that came before its forerunner was answered: its sender waits for one answer, and a second
            // one would be taken for its next line.
            if self.owed.back().is_some_and(|back| back.raw == owed.raw) {
                self.superseded.extend(self.owed.pop_back().map(|copy| copy.token));
            }
            self.owed.push_back(owed);
        }
        !ambiguous
    }

    /// Copies whose answer a later copy gets, since the last call.
    pub(crate) fn take_superseded(&mut self) -> Vec<Token> {
        std::mem::take(&mut self.superseded)
    }

    /// The instant at which the front answer becomes late.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.owed.front().map(|front| front.deadline)
    }

    /// The delivery is stored: the only way to [`How::Acknowledged`].
    pub(crate) fn stored(&mut self, token: Token, now: Instant) -> Vec<Left> {
        let mut left = self.expire(now);
        if let Some(at) = self.owed.iter().position(|owed| owed.token == token) {
            // Earlier copies of the same line are answered by this one.
            let raw = self.owed.get(at).map(|owed| owed.raw.clone()).unwrap_or_default();
            let is_answered_by_it = |owed: &Owed| owed.token < token && owed.raw == raw;
            self.superseded.extend(self.owed.iter().filter(|owed| is_answered_by_it(owed)).map(|owed| owed.token));
            self.owed.retain(|owed| !is_answered_by_it(owed));
            self.owed.iter_mut().filter(|owed| owed.token == token).for_each(|owed| owed.stored = true);
        }
        while self.owed.front().is_some_and(|front| front.stored)
            && let Some(front) = self.owed.pop_front()
        {
            // A later copy of the one open line: its sender waits no longer.
            self.open =
                self.open.take().filter(|open| open.raw.as_ref() != Some(&front.raw) || front.token < open.token);
            left.push(front.left(How::Acknowledged));
        }
        left
    }

    /// The delivery could not be stored.
    pub(crate) fn refused(&mut self, token: Token, now: Instant) -> Vec<Left> {
        let mut left = self.expire(now);
        if let Some(at) = self.owed.iter().position(|owed| owed.token == token)
            && let Some(refused) = self.owed.remove(at)
        {
            self.unanswered(&refused, How::Withheld, &mut left);
        }
        left
    }

    /// Drops the answers that are late.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Left> {
        let mut left = Vec::new();
        while self.owed.front().is_some_and(|front| now >= front.deadline)
            && let Some(front) = self.owed.pop_front()
        {
            self.unanswered(&front, How::Late, &mut left);
        }
        left
    }

    /// The line leaves unanswered, and with it those behind it whose ACK could be taken for it.
    fn unanswered(&mut self, line: &Owed, how: How, left: &mut Vec<Left>) {
        left.push(line.left(how));
        self.leave_open(&line.raw, line.token, line.last_byte, line.waits_until);
        for owed in std::mem::take(&mut self.owed) {
            if owed.token > line.token && self.is_ambiguous(&owed.raw, owed.last_byte) {
                left.push(owed.left(How::Withheld));
                self.leave_open(&owed.raw, owed.token, owed.last_byte, owed.waits_until);
            } else {
                self.owed.push_back(owed);
            }
        }
    }

    fn is_ambiguous(&self, raw: &[u8], last_byte: Instant) -> bool {
        !self.named && self.open.as_ref().is_some_and(|open| last_byte < open.until && open.raw.as_deref() != Some(raw))
    }

    fn leave_open(&mut self, raw: &[u8], token: Token, last_byte: Instant, waits_until: Instant) {
        let held = self.open.take().filter(|open| last_byte < open.until);
        let same = held.as_ref().is_none_or(|open| open.raw.as_deref() == Some(raw));
        self.open = Some(Open {
            raw: same.then(|| raw.to_vec()),
            token: held.as_ref().map_or(token, |open| open.token.max(token)),
            until: held.as_ref().map_or(waits_until, |open| open.until.max(waits_until)),
        });
    }
}

impl Owed {
    fn left(&self, how: How) -> Left {
        Left { token: self.token, how, is_report: self.is_report, raw: self.raw.clone(), last_byte: self.last_byte }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answers(lines: &[(u64, &str)], start: Instant) -> Answers {
        let mut answers = Answers::new(false);
        lines.iter().for_each(|(token, raw)| owe(&mut answers, *token, raw, start));
        answers
    }

    /// The token is also the time of the last byte in milliseconds.
    fn owe(answers: &mut Answers, token: u64, raw: &str, start: Instant) {
        let last_byte = start + Duration::from_millis(token);
        let deadline = last_byte + Duration::from_secs(4);
        let waits_until = deadline + Duration::from_millis(200);
        let (token, raw) = (Token(token), raw.as_bytes().to_vec());
        assert!(answers.owe(Owed { token, raw, last_byte, deadline, waits_until, is_report: true, stored: false }));
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
        let mut answers = answers(&[(1, "a")], start);
        assert_eq!(hows(&answers.refused(Token(1), start)), [How::Withheld]);
        assert!(answers.is_ambiguous(b"b", start) && !answers.is_ambiguous(b"a", start));
        assert!(!answers.is_ambiguous(b"b", start + Duration::from_secs(5)));
        owe(&mut answers, 2, "a", start);
        assert_eq!(hows(&answers.stored(Token(2), start)), [How::Acknowledged]);
        assert!(!answers.is_ambiguous(b"b", start), "a later copy was answered");
    }

    #[test]
    fn an_answer_that_names_its_line_waits_for_no_other() {
        let start = Instant::now();
        let mut answers = Answers::new(true);
        [(1, "a"), (2, "b"), (3, "c")].into_iter().for_each(|(token, raw)| owe(&mut answers, token, raw, start));
        assert_eq!(hows(&answers.refused(Token(1), start)), [How::Withheld]);
        assert_eq!(hows(&answers.stored(Token(2), start)), [How::Acknowledged]);
        assert_eq!(hows(&answers.stored(Token(3), start)), [How::Acknowledged]);
    }

    #[test]
    fn lines_behind_an_unanswered_one_stay_unanswered() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (2, "b"), (3, "a")], start);
        assert_eq!(hows(&answers.stored(Token(2), start)), []);
        assert_eq!(hows(&answers.refused(Token(1), start)), [How::Withheld; 3]);
        assert!(answers.is_ambiguous(b"a", start), "b is open as well");
        assert_eq!(hows(&answers.stored(Token(3), start)), []);
    }

    #[test]
    fn a_copy_answers_for_the_ones_before_it() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (2, "a"), (3, "b"), (4, "a")], start);
        assert_eq!(hows(&answers.stored(Token(1), start)), [], "one answer for two copies, by the second");
        assert_eq!(hows(&answers.stored(Token(4), start)), []);
        assert_eq!(hows(&answers.stored(Token(3), start)), [How::Acknowledged, How::Acknowledged]);
        assert_eq!(hows(&answers.stored(Token(2), start)), [], "the fourth line answered for it");
    }

    #[test]
    fn a_late_answer_does_not_block_the_next() {
        let start = Instant::now();
        let mut answers = answers(&[(1, "a"), (6000, "b")], start);
        let later = start + Duration::from_secs(7);
        assert_eq!(hows(&answers.stored(Token(6000), later)), [How::Late, How::Acknowledged]);
    }
}
