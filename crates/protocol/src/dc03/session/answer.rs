//! Answers: the one that is owed, and whether the last one arrived.
//!
//! The sender waits for each acknowledgement before it sends anything else, and repeats a block after its wait. So an
//! answer is late after that wait, and void once something else has come: given then, it would be taken for the answer
//! to what came later. Whether an acknowledgement arrived shows what comes next:
//!
//! | next, in the same group | at once | after a wait |
//! |---|---|---|
//! | the same block | another event like it: a press | it was lost: a repeat |
//! | another block, the end | it arrived | it arrived |
//! | anything damaged | it arrived | nothing yet |
//!
//! A new account block without an end is a new group; only where the sender is known to end its groups, and after a
//! wait, may the acknowledgement before it be lost. The bytes compared hold the account.

use std::time::Instant;

use super::{BlockError, Session};
use crate::automation::unread::Copy;
use crate::dc03::ACKNOWLEDGE;
use crate::{Answered, Command, Counted, Delivery, Message, RepeatProof, Report, Token};

/// An answer owed.
#[derive(Debug)]
pub(super) struct Pending {
    token: Token,
    kind: Kind,
    raw: Vec<u8>,
    last_byte: Instant,
    /// From here on it is late.
    pub(super) deadline: Instant,
}

/// What is answered when it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// An account, an end: no signal.
    Sign,
    /// An event, a text.
    Block,
    /// One that is kept and not acknowledged.
    Nothing,
}

/// Whether the sender shows that it had our last acknowledgement.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    /// The block that was acknowledged, until the sender shows it.
    acknowledged: Option<Acknowledged>,
    /// Whether it ends its groups; none before it has shown.
    ends: Option<bool>,
}

#[derive(Debug)]
struct Acknowledged {
    raw: Vec<u8>,
    last_byte: Instant,
    at: Instant,
}

impl Session {
    /// Delivers with an answer owed.
    pub(super) fn deliver_owing(
        &mut self,
        message: Message,
        copy: Copy<BlockError>,
        about: Option<Token>,
        kind: Kind,
    ) -> Token {
        let is_block = kind != Kind::Sign;
        if let Some(copies) = &mut self.copies {
            if is_block && copies.is_possible_repeat(&copy.raw, copy.last_byte) {
                self.count(Counted::PossibleRepeat);
            }
            return self.deliver(message, copy, RepeatProof::None, about, false);
        }
        let repeat = if is_block { self.doubt.proof(copy.last_byte) } else { RepeatProof::None };
        let (raw, last_byte) = (copy.raw.clone(), copy.last_byte);
        let token = self.deliver(message, copy, repeat, about, true);
        let deadline = self.settings.timing.answer_deadline(last_byte);
        self.pending = Some(Pending { token, kind, raw, last_byte, deadline });
        token
    }

    pub(super) fn deliver_own(&mut self, report: Report, now: Instant) {
        let copy = Copy { raw: Vec::new(), first_byte: now, last_byte: now, error: BlockError::NoEnd };
        self.deliver(Message::Report(report), copy, RepeatProof::None, None, false);
    }

    pub(super) fn deliver(
        &mut self,
        message: Message,
        copy: Copy<BlockError>,
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

    /// See [`crate::Session::handle_stored`]: the only way to an acknowledgement.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        self.answer_is_late(now);
        let Some(pending) = self.pending.take_if(|pending| pending.token == token) else { return };
        match pending.kind {
            Kind::Sign => {}
            Kind::Block => {
                self.doubt.answered(pending.last_byte);
                let Pending { raw, last_byte, .. } = pending;
                self.confirmation.acknowledged = Some(Acknowledged { raw, last_byte, at: now });
            }
            Kind::Nothing => {
                self.unanswered(&pending);
                self.commands.push_back(Command::Left(token, Answered::Withheld));
                return;
            }
        }
        self.send(&ACKNOWLEDGE);
        self.commands.push_back(Command::Left(token, Answered::Positive));
    }

    /// See [`crate::Session::handle_refused`]. Silence: a rejection would bring the same block again at once, four times.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        self.answer_is_late(now);
        if let Some(pending) = self.pending.take_if(|pending| pending.token == token) {
            self.unanswered(&pending);
            self.commands.push_back(Command::Left(token, Answered::Withheld));
        }
    }

    /// The sender has stopped waiting.
    pub(super) fn answer_is_late(&mut self, now: Instant) {
        if let Some(pending) = self.pending.take_if(|pending| now >= pending.deadline) {
            self.unanswered(&pending);
            self.count(Counted::LateAnswer);
            self.commands.push_back(Command::Left(pending.token, Answered::Late));
        }
    }

    /// Something comes before the answer: whoever sends does not wait for it.
    pub(super) fn take_back(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.unanswered(&pending);
            self.commands.push_back(Command::Left(pending.token, Answered::Withheld));
        }
    }

    fn unanswered(&mut self, pending: &Pending) {
        if pending.kind != Kind::Sign {
            self.doubt.unanswered(&pending.raw, pending.last_byte);
        }
    }

    /// A block of the same group came; its bytes begin with the account.
    pub(super) fn confirm_by_block(&mut self, raw: &[u8], now: Instant) {
        let at_once = self.is_at_once(now);
        if let Some(acknowledged) = self.confirmation.acknowledged.take()
            && !at_once
            && acknowledged.raw == raw
        {
            self.doubt.unanswered(&acknowledged.raw, acknowledged.last_byte);
        }
    }

    /// A new group begins.
    pub(super) fn confirm_by_account(&mut self, now: Instant) {
        let at_once = self.is_at_once(now);
        let Some(acknowledged) = self.confirmation.acknowledged.take() else { return };
        if at_once {
            self.confirmation.ends = Some(false);
        } else if self.confirmation.ends == Some(true) {
            self.doubt.unanswered(&acknowledged.raw, acknowledged.last_byte);
        }
    }

    /// The group is over.
    pub(super) fn confirm_by_end(&mut self, now: Instant) {
        if self.is_at_once(now) {
            self.confirmation.ends = Some(true);
        }
        self.confirmation.acknowledged = None;
    }

    /// Something came that nobody could read.
    pub(super) fn confirm_by_damage(&mut self, since: Instant) {
        if self.is_at_once(since) {
            self.confirmation.acknowledged = None;
        }
    }

    /// A sender that has its acknowledgement goes on at once; one that has not waits for it first.
    fn is_at_once(&self, now: Instant) -> bool {
        let half = self.settings.timing.ack_wait.div_f64(2.0);
        let acknowledged = self.confirmation.acknowledged.as_ref();
        acknowledged.is_some_and(|acknowledged| now.saturating_duration_since(acknowledged.at) < half)
    }
}
