//! Answers: the one that is owed, and whether the last one arrived.
//!
//! The other side waits for each answer before it sends anything else. So an answer is late after its wait, and void
//! once it has sent again: given then, it would be taken for the answer to what came later. Whether an ACK arrived
//! shows what comes after it: EOT or another block at once means yes; anything else, later, means that it may be lost,
//! and the same block again is a repeat of a stored one.

use std::time::Instant;

use super::{Session, Turn};
use crate::automation::ANSWER_TRANSFER;
use crate::automation::unread::Copy;
use crate::espa::{ACK, BlockError, EOT, NAK, NAK_BUSY, NAK_INVALID};
use crate::session::after;
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
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A selection: ready.
    Selection,
    /// A poll: what we have to say.
    Poll,
    /// A block, with its call address and text.
    Block(String, String),
    /// A block that is kept and never accepted.
    Invalid,
}

/// Whether the sender shows that it had our last ACK.
#[derive(Debug, Default)]
pub(super) struct Confirmation {
    /// The block that was acknowledged, until the sender shows it.
    acknowledged: Option<Acknowledged>,
    /// Whether it ends its turns with EOT; none before it has shown.
    ends: Option<bool>,
}

#[derive(Debug)]
struct Acknowledged {
    raw: Vec<u8>,
    last_byte: Instant,
    at: Instant,
    /// Whether an enquiry came since, without EOT before it.
    enquired: bool,
}

impl Session {
    /// Delivers with an answer owed.
    pub(super) fn deliver_owing(&mut self, message: Message, copy: Copy<BlockError>, kind: Kind) {
        let is_block = matches!(kind, Kind::Block(..) | Kind::Invalid);
        if let Some(copies) = &mut self.copies {
            if is_block && copies.is_possible_repeat(&copy.raw, copy.last_byte) {
                self.count(Counted::PossibleRepeat);
            }
            self.deliver(message, copy, RepeatProof::None, false);
            return;
        }
        let repeat = if is_block { self.doubt.proof(copy.last_byte) } else { RepeatProof::None };
        let (raw, last_byte) = (copy.raw.clone(), copy.last_byte);
        let token = self.deliver(message, copy, repeat, true);
        let wait = self.settings.timing.ack_wait.saturating_sub(ANSWER_TRANSFER);
        self.pending = Some(Pending { token, kind, raw, last_byte, deadline: after(last_byte, wait) });
    }

    pub(super) fn deliver_own(&mut self, report: Report, now: Instant) {
        let copy = Copy { raw: Vec::new(), first_byte: now, last_byte: now, error: BlockError::NoEnd };
        self.deliver(Message::Report(report), copy, RepeatProof::None, false);
    }

    pub(super) fn deliver(
        &mut self,
        message: Message,
        copy: Copy<BlockError>,
        repeat: RepeatProof,
        owed: bool,
    ) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        let Copy { raw, first_byte, last_byte, .. } = copy;
        let delivery = Delivery { token, message, raw, first_byte, last_byte, repeat, owed, about: None };
        self.commands.push_back(Command::Deliver(Box::new(delivery)));
        token
    }

    /// See [`crate::Session::handle_stored`]: the only way to an ACK.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        self.answer_is_late(now);
        let Some(pending) = self.pending.take_if(|pending| pending.token == token) else { return };
        let timing = &self.settings.timing;
        let selected = Turn::Selected { until: after(now, timing.selection) };
        match pending.kind {
            Kind::Selection => {
                self.turn = selected;
                self.send(vec![ACK]);
            }
            Kind::Poll => self.answer_poll(now),
            Kind::Block(address, message) => {
                if matches!(self.turn, Turn::Selected { .. }) {
                    self.turn = selected;
                }
                self.calls.stored(&address, &message);
                self.doubt.answered(pending.last_byte);
                self.confirmation.acknowledged =
                    Some(Acknowledged { raw: pending.raw, last_byte: pending.last_byte, at: now, enquired: false });
                self.send(vec![ACK]);
            }
            Kind::Invalid => {
                self.doubt.unanswered(&pending.raw, pending.last_byte);
                self.send(vec![NAK_INVALID, NAK]);
                self.commands.push_back(Command::Left(token, Answered::Withheld));
                return;
            }
        }
        self.commands.push_back(Command::Left(token, Answered::Positive));
    }

    /// See [`crate::Session::handle_refused`]: busy, so that the sender tries again or elsewhere.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        self.answer_is_late(now);
        let Some(pending) = self.pending.take_if(|pending| pending.token == token) else { return };
        self.unanswered(&pending);
        // A poll is met with silence: there is no busy answer to it.
        if pending.kind != Kind::Poll {
            self.send(vec![NAK_BUSY, NAK]);
        }
        self.commands.push_back(Command::Left(token, Answered::Withheld));
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
        if matches!(pending.kind, Kind::Block(..) | Kind::Invalid) {
            self.doubt.unanswered(&pending.raw, pending.last_byte);
        }
    }

    /// What came after our ACK: `ends` for EOT, the block for a block, neither for an enquiry.
    pub(super) fn confirm(&mut self, ends: bool, block: Option<&[u8]>, now: Instant) {
        let Some(mut acknowledged) = self.confirmation.acknowledged.take() else { return };
        // A sender that has its ACK goes on at once; one that has not waits for it first.
        let at_once = now.saturating_duration_since(acknowledged.at) < self.settings.timing.ack_wait.div_f64(2.0);
        if at_once && ends {
            self.confirmation.ends = Some(true);
            return;
        }
        if block.is_some_and(|block| block != acknowledged.raw) {
            if acknowledged.enquired && self.confirmation.ends.is_none() {
                self.confirmation.ends = Some(false);
            }
            return;
        }
        // One that never ends its turns shows nothing by not doing so: in doubt it is a press. An end that comes late
        // shows that it waited.
        if ends || self.confirmation.ends != Some(false) {
            self.doubt.unanswered(&acknowledged.raw, acknowledged.last_byte);
        }
        if block.is_none() && !ends {
            // An enquiry tells nothing yet: what follows it does.
            acknowledged.enquired = true;
            self.confirmation.acknowledged = Some(acknowledged);
        }
    }

    /// Whether the sender is known to end its turns with EOT.
    pub(super) fn ends_its_turns(&self) -> bool {
        self.confirmation.ends == Some(true)
    }

    /// What a polled station says: nothing, or its statuses.
    fn answer_poll(&mut self, now: Instant) {
        match self.statuses.front().cloned() {
            Some(block) => self.begin_turn(block, now),
            None => self.send(vec![EOT]),
        }
    }
}
