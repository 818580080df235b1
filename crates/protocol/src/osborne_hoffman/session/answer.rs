//! Deliveries, and what becomes of the answers they are owed. The only place that sends.

use std::time::Instant;

use super::Session;
use crate::automation::ANSWER_TRANSFER;
use crate::automation::answers::{How, Left, Owed};
use crate::osborne_hoffman::stream::Chunk;
use crate::osborne_hoffman::{ACK, NACK, PLAIN_END};
use crate::session::after;
use crate::{Answered, Command, Counted, Delivery, Message, RepeatProof, Report, Token};

impl Session {
    /// Delivers with an answer owed. A panel that sends on and on without waiting for answers is not spoken with: which of
    /// its messages an answer is for, it could not tell.
    pub(super) fn deliver_owing(&mut self, message: Message, chunk: &Chunk, repeat: RepeatProof) {
        if !self.answers.has_room() {
            self.count(Counted::BadFrame("AnswersOwed"));
            self.close();
            return;
        }
        let is_report = matches!(message, Message::Report(_));
        let raw = chunk.kept();
        let token = self.deliver(message, raw.clone(), (chunk.first_byte, chunk.last_byte), repeat, true);
        let ack_wait = self.settings.ack_wait;
        let owed = Owed {
            token,
            raw,
            last_byte: chunk.last_byte,
            deadline: after(chunk.last_byte, ack_wait.saturating_sub(ANSWER_TRANSFER)),
            waits_until: after(chunk.last_byte, ack_wait),
            is_report,
            stored: false,
        };
        if self.answers.owe(owed) {
            self.plain.extend(chunk.plain.then_some(token));
        } else {
            self.left(token, Answered::Withheld);
        }
        self.superseded();
    }

    /// Delivers what is kept and never acknowledged; a refusal is owed.
    pub(super) fn deliver_refusing(&mut self, report: Report, chunk: &Chunk, repeat: RepeatProof) {
        let token = Token(self.next_token);
        self.never.push(token);
        self.deliver_owing(Message::Report(report), chunk, repeat);
        if self.next_token == token.0 {
            self.never.retain(|never| *never != token);
        }
    }

    pub(super) fn deliver_own(&mut self, report: Report, now: Instant) {
        self.deliver(Message::Report(report), Vec::new(), (now, now), RepeatProof::None, false);
    }

    /// `times` are those of the first and the last byte.
    pub(super) fn deliver(
        &mut self,
        message: Message,
        raw: Vec<u8>,
        times: (Instant, Instant),
        repeat: RepeatProof,
        owed: bool,
    ) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let (first_byte, last_byte) = times;
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about: None };
        self.commands.push_back(Command::Deliver(Box::new(delivery)));
        token
    }

    /// See [`crate::Session::handle_stored`]: the only way to an ACK.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        if self.closed {
            return;
        }
        if self.never.contains(&token) {
            self.refuse(token, now);
            return;
        }
        let left = self.answers.stored(token, now);
        self.settle(left);
    }

    /// See [`crate::Session::handle_refused`]: NACK, so that the panel tries again or elsewhere.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        if !self.closed {
            self.refuse(token, now);
        }
    }

    /// A NACK leaves only where no other answer is owed: it could be taken for that.
    fn refuse(&mut self, token: Token, now: Instant) {
        let alone = self.answers.is_only(token);
        let left = self.answers.refused(token, now);
        let is_in_time = left.iter().any(|left| left.token == token && left.how == How::Withheld);
        if alone && is_in_time {
            self.send(NACK, token);
        }
        self.settle(left);
    }

    /// Carries out how owed answers left. [`How::Acknowledged`] comes from [`Answers::stored`] alone.
    ///
    /// [`Answers::stored`]: crate::automation::answers::Answers::stored
    pub(super) fn settle(&mut self, left: Vec<Left>) {
        self.superseded();
        for Left { token, how, .. } in left {
            let answered = match how {
                How::Acknowledged => {
                    self.send(ACK, token);
                    Answered::Positive
                }
                How::Late => {
                    self.count(Counted::LateAnswer);
                    Answered::Late
                }
                How::Withheld => Answered::Withheld,
            };
            self.left(token, answered);
        }
    }

    /// The answers that copies get instead.
    fn superseded(&mut self) {
        for token in self.answers.take_superseded() {
            self.left(token, Answered::Withheld);
        }
    }

    fn left(&mut self, token: Token, answered: Answered) {
        self.plain.retain(|plain| *plain != token);
        self.never.retain(|never| *never != token);
        self.commands.push_back(Command::Left(token, answered));
    }

    /// An answer, in plain text to who has sent plain text.
    fn send(&mut self, answer: &[u8], token: Token) {
        let bytes =
            if self.plain.contains(&token) { [answer, &[PLAIN_END]].concat() } else { self.cipher.close(answer) };
        self.commands.push_back(Command::Send(bytes));
    }
}
