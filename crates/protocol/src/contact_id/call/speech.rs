//! Speech, and what operators want. A panel takes no commands: the path is all there is to switch.

use std::time::Instant;

use super::{Call, State};
use crate::call::{End, Operated, Operator, Request, Side, Speech};
use crate::session::after;

impl Call {
    /// Takes a request; what has to wait for the panel is kept.
    pub(super) fn operator(&mut self, request: Request, now: Instant) {
        match request.wanted {
            Operator::HangUp => {
                self.book.answer(request.id, Operated::Done);
                self.end(End::Released, Side::Here, now);
            }
            Operator::Speak | Operator::Listen | Operator::Duplex | Operator::Clear | Operator::ClearDown => {
                self.is_wanted = true;
                self.book.ask(request);
            }
            Operator::Simplex | Operator::Volume(_) | Operator::Next | Operator::Select(_) | Operator::Control(_) => {
                self.book.answer(request.id, Operated::Unsupported)
            }
        }
    }

    /// Whether speech follows the last kiss-off: the panel asked for it, the site has it so, or an operator waits.
    pub(super) fn may_talk(&self) -> bool {
        self.speech_wanted || self.settings.always_speech || self.is_wanted
    }

    /// Opens speech, the operator's way where one is waiting.
    pub(super) fn talk(&mut self, now: Instant) {
        self.data_by = None;
        self.state = State::Speech { until: after(now, self.settings.speech_longest) };
        if !self.operate(now) {
            self.book.speech(Speech::Duplex);
        }
    }

    /// Carries out the next request that waits. True if there was one.
    pub(super) fn operate(&mut self, now: Instant) -> bool {
        let Some(request) = self.book.next_request() else {
            self.is_wanted = false;
            return false;
        };
        let path = match request.wanted {
            Operator::Speak => Speech::Speak,
            Operator::Listen => Speech::Listen,
            Operator::Duplex => Speech::Duplex,
            _ => {
                self.end(End::Released, Side::Here, now);
                return true;
            }
        };
        self.book.speech(path);
        self.book.operated(Operated::Done);
        true
    }
}
