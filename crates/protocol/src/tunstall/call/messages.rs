//! The 8-digit messages of a grouped system. Nothing protects them: every digit has to be where it belongs, none may
//! be in doubt unless the message comes twice.

use std::time::Instant;

use super::verify::copy_of;
use super::{Call, State};
use crate::Fault;
use crate::tunstall::command::Expects;
use crate::tunstall::message::MESSAGE_DIGITS;
use crate::tunstall::{FrameError, Group, Message, Opened, Waiting, waiting_report};

/// Doubtful messages remembered until they come again; of more, the oldest are forgotten.
const DOUBTED_MAX: usize = 16;

impl Call {
    /// Messages, one or several without a pause between them. False if the group is none, or nobody sends any.
    pub(super) fn messages(&mut self, group: &Group, now: Instant) -> bool {
        let Some(opening) = self.opening.clone().filter(|opening| opening.is_grouped) else { return false };
        let chunks: Vec<&[u8]> = group.digits.chunks(MESSAGE_DIGITS).collect();
        let decode = |digits: &[u8]| match opening.protocol {
            crate::Protocol::TtOld => Message::decode_old(digits),
            _ => Message::decode(digits),
        };
        let read: Result<Vec<Message>, FrameError> = chunks.iter().map(|digits| decode(digits)).collect();
        let Ok(read) = read else { return false };
        for (message, digits) in read.into_iter().zip(chunks) {
            if group.doubtful && !self.is_doubt_settled(digits) {
                self.book.fault("DoubtfulMessage", fault("DoubtfulMessage"));
            } else {
                self.message(message, digits, group, &opening, now);
            }
        }
        true
    }

    /// Whether messages are waited for: during speech digits may be anything.
    pub(super) fn hears_messages(&self) -> bool {
        let is_grouped = self.opening.as_ref().is_some_and(|opening| opening.is_grouped);
        let waits = match &self.state {
            State::Settling { .. } | State::Catalogue { .. } => true,
            State::Exchange(exchange) => matches!(exchange.waits_for(), Some(Expects::Selected | Expects::Cleared)),
            _ => false,
        };
        is_grouped && waits
    }

    fn message(&mut self, message: Message, digits: &[u8], group: &Group, opening: &Opened, now: Instant) {
        let waits_for = match &self.state {
            State::Exchange(exchange) => exchange.waits_for(),
            _ => None,
        };
        match message {
            Message::Waiting(waiting) => self.waiting(&waiting, digits, group, opening, now),
            Message::Selected { unit, is_duplex } if waits_for == Some(Expects::Selected) => {
                self.select_answered(unit, is_duplex);
            }
            Message::Cleared if waits_for == Some(Expects::Cleared) => self.answered(now),
            // Nothing here asks for one: it is counted, and its digits are in the record of the call.
            Message::Special(_) => self.book.fault("SpecialFunction", fault("SpecialFunction")),
            Message::Selected { .. } | Message::Cleared | Message::Identity(_) => {}
        }
    }

    /// A dwelling's alarm: delivered once, until it is cleared; which of them is spoken with first, the list says.
    fn waiting(&mut self, waiting: &Waiting, digits: &[u8], group: &Group, opening: &Opened, now: Instant) {
        let is_known = match self.alarms.of_message(digits) {
            Some(known) => {
                known.copy = Some(copy_of(group));
                let token = known.token;
                self.copied(token).is_some()
            }
            None => {
                let report = waiting_report(waiting, opening, &self.codes);
                let token = self.book.deliver(report, copy_of(group), now);
                if let Some(token) = token {
                    self.alarms.add(token, digits, Some(&waiting.unit), group.ended);
                }
                token.is_some()
            }
        };
        if !is_known {
            self.too_many();
        }
        self.dwellings.hear(&waiting.unit);
        if let State::Exchange(exchange) = &mut self.state {
            exchange.heard_waiting = true;
        }
    }

    /// The same doubtful digits twice are no accident.
    fn is_doubt_settled(&mut self, digits: &[u8]) -> bool {
        let place = self.doubted.iter().position(|doubted| doubted == digits);
        match place {
            Some(place) => drop(self.doubted.remove(place)),
            None => {
                if self.doubted.len() >= DOUBTED_MAX {
                    self.doubted.remove(0);
                }
                self.doubted.push(digits.to_vec());
            }
        }
        place.is_some()
    }
}

fn fault(name: &str) -> Fault {
    Fault { name: name.to_owned(), fields: Vec::new() }
}
