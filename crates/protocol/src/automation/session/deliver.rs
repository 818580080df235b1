//! Deliveries, and what becomes of the answers they are owed. The only place that sends.

use std::time::Instant;

use super::Session;
use crate::automation::answers::{How, Left, Owed};
use crate::automation::timing::NAMED_REPEAT_WINDOW;
use crate::automation::unread::Copy;
use crate::automation::{Dialect, LineError};
use crate::session::after;
use crate::{Answered, Command, Counted, Delivery, Message, RepeatProof, Report, Token};

impl<D: Dialect> Session<D> {
    /// Delivers with an answer owed; none, and not delivered, if too many are owed already.
    pub(super) fn deliver_owing(&mut self, message: Message, copy: Copy, about: Option<Token>) -> Option<Token> {
        let is_report = matches!(message, Message::Report(_));
        if let Some(copies) = &mut self.copies {
            if is_report && copies.is_possible_repeat(&copy.raw, copy.last_byte) {
                self.count(Counted::PossibleRepeat);
            }
            return Some(self.deliver(message, copy, RepeatProof::None, about, false));
        }
        if !self.answers.has_room() {
            self.count(Counted::BadFrame("AnswersOwed"));
            if is_report {
                self.doubt.unanswered(&copy.raw, copy.last_byte);
            }
            let waits_until = after(copy.last_byte, self.dialect.timing().ack_wait);
            self.answers.skip(&copy.raw, Token(self.next_token), copy.last_byte, waits_until);
            return None;
        }
        let (raw, last_byte) = (copy.raw.clone(), copy.last_byte);
        let repeat = match is_report {
            true if D::NAMES_LINES => RepeatProof::Key { key: raw.clone(), window: NAMED_REPEAT_WINDOW },
            true => self.doubt.proof(last_byte),
            false => RepeatProof::None,
        };
        let token = self.deliver(message, copy, repeat, about, true);
        let deadline = self.dialect.timing().answer_deadline(last_byte);
        let waits_until = after(last_byte, self.dialect.timing().ack_wait);
        let owed = Owed { token, raw: raw.clone(), last_byte, deadline, waits_until, is_report, stored: false };
        if !self.answers.owe(owed) {
            self.commands.push_back(Command::Left(token, Answered::Withheld));
            if is_report {
                // Stored all the same; its sender will repeat it.
                self.doubt.unanswered(&raw, last_byte);
            }
        }
        self.superseded();
        Some(token)
    }

    pub(super) fn deliver_own(&mut self, report: Report, now: Instant) {
        let copy = Copy { raw: Vec::new(), first_byte: now, last_byte: now, error: LineError::Empty };
        self.deliver(Message::Report(report), copy, RepeatProof::None, None, false);
    }

    pub(super) fn deliver(
        &mut self,
        message: Message,
        copy: Copy,
        repeat: RepeatProof,
        about: Option<Token>,
        owed: bool,
    ) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let Copy { raw, first_byte, last_byte, .. } = copy;
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about };
        self.commands.push_back(Command::Deliver(Box::new(delivery)));
        token
    }

    /// Carries out how owed answers left. [`How::Acknowledged`] comes from [`Answers::stored`] alone.
    pub(super) fn settle(&mut self, left: Vec<Left>, now: Instant) {
        self.superseded();
        for Left { token, how, is_report, raw, last_byte } in left {
            match (how, is_report) {
                (How::Acknowledged, true) => self.doubt.answered(last_byte),
                (How::Acknowledged, false) => self.doubt.heartbeat_answered(now),
                (How::Late | How::Withheld, true) => self.doubt.unanswered(&raw, last_byte),
                (How::Late | How::Withheld, false) => {}
            }
            let answered = match how {
                How::Acknowledged => {
                    self.commands.push_back(Command::Send(self.dialect.answer(&raw)));
                    Answered::Positive
                }
                How::Late => {
                    self.count(Counted::LateAnswer);
                    Answered::Late
                }
                How::Withheld => Answered::Withheld,
            };
            self.commands.push_back(Command::Left(token, answered));
        }
    }

    /// The answers that copies get instead.
    fn superseded(&mut self) {
        let superseded = self.answers.take_superseded();
        self.commands.extend(superseded.into_iter().map(|token| Command::Left(token, Answered::Withheld)));
    }
}
