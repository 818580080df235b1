//! What comes: enquiries, blocks, the end of a turn; damaged blocks and noise.
//!
//! A damaged block is met with 1 NAK and comes again. Its copies are kept until a block that can be read shows that it
//! was the retry; else, at the end of the retries or when the same bytes come twice, one unreadable report tells of
//! them. It is never acknowledged.

use std::time::Instant;

use super::answer::Kind;
use super::{Session, Turn};
use crate::automation::unread::Copy;
use crate::espa::deframe::{Chunk, Sign};
use crate::espa::{BlockError, NAK, NAK_DAMAGED, NAK_INVALID, Read, Role, read, report};
use crate::session::after;
use crate::{Counted, Message, Mode, Protocol, RepeatProof, Report};

impl Session {
    pub(super) fn sign(&mut self, sign: Sign, now: Instant) {
        match sign {
            Sign::Enquiry { address, clean } => self.enquiry(address, clean, now),
            Sign::End => self.end(now),
            Sign::Positive => self.master_answer(None, now),
            Sign::Negative(reason) => self.master_answer(Some(reason), now),
            Sign::Block(chunk) => self.block(&chunk, now),
            Sign::Broken(chunk, error) => self.damaged(&chunk, error, false, now),
        }
    }

    fn enquiry(&mut self, address: Option<u8>, clean: bool, now: Instant) {
        let until = after(now, self.settings.timing.turn);
        let ours = address.is_none_or(|address| address == self.settings.address);
        if !ours && !self.is_control_address(address) {
            self.turn = Turn::Others { until };
            self.heard(now);
            return;
        }
        // A bare one in the turn of a sender that ends its turns is its EOT with one damaged bit.
        let is_end = address.is_none() && matches!(self.turn, Turn::Selected { .. }) && self.ends_its_turns();
        if !clean || is_end {
            return;
        }
        self.confirm(false, None, now);
        if !ours {
            // The control station polls itself: it has something to say.
            self.turn = Turn::Idle { control_speaks: true };
            self.heard(now);
            return;
        }
        if let Turn::Polling { station, .. } = self.turn {
            self.is_there(station, now);
        }
        self.heard(now);
        let is_idle = matches!(self.turn, Turn::Idle { control_speaks: false });
        let polled = matches!(self.settings.role, Role::Station { polled: true, .. });
        let kind = if polled && is_idle && address.is_some() { Kind::Poll } else { Kind::Selection };
        if let Turn::Ours(_) | Turn::Others { .. } = self.turn {
            self.idle();
        }
        if self.is_listening() {
            self.turn = Turn::Selected { until: after(now, self.settings.timing.selection) };
        }
        let digits = address.into_iter().chain([crate::espa::ENQ]).collect();
        let copy = Copy { raw: digits, first_byte: now, last_byte: now, error: BlockError::NoEnd };
        self.deliver_owing(Message::SignOfLife(None), copy, kind);
    }

    fn is_control_address(&self, address: Option<u8>) -> bool {
        match &self.settings.role {
            Role::Station { control, .. } => address == Some(*control),
            Role::Control { .. } => false,
        }
    }

    fn end(&mut self, now: Instant) {
        self.confirm(true, None, now);
        if let Turn::Polling { station, .. } = self.turn {
            self.is_there(station, now);
            let copy = Copy { raw: vec![crate::espa::EOT], first_byte: now, last_byte: now, error: BlockError::NoEnd };
            self.deliver(Message::SignOfLife(None), copy, RepeatProof::None, false);
        }
        self.heard(now);
        self.idle();
    }

    fn block(&mut self, chunk: &Chunk, now: Instant) {
        match self.turn {
            Turn::Others { .. } => {
                // Another station answers it.
                self.turn = Turn::Others { until: after(now, self.settings.timing.turn) };
                self.count(Counted::BadFrame("OtherStation"));
                return;
            }
            Turn::Idle { .. } if self.settings.needs_selection => {
                self.count(Counted::BadFrame("NotSelected"));
                return;
            }
            Turn::Ours(_) => self.idle(),
            Turn::Idle { .. } | Turn::Selected { .. } | Turn::Polling { .. } => {}
        }
        match read(&chunk.bytes, Mode::Tolerant) {
            Ok(found) if found.warnings.contains(&"MaskedBcc") && !self.came_before(chunk) => {
                let received = chunk.bytes.last().copied().unwrap_or_default();
                self.damaged(chunk, BlockError::BadChecksum { computed: received | 0x80, received }, true, now);
            }
            Ok(found) => self.readable(found, chunk, now),
            Err(error) if error.is_damage() => self.damaged(chunk, error, true, now),
            Err(error) => self.invalid(chunk, &error, now),
        }
    }

    fn readable(&mut self, mut found: Read, chunk: &Chunk, now: Instant) {
        self.confirm(false, Some(&chunk.bytes), now);
        if matches!(self.turn, Turn::Idle { .. }) {
            found.warnings.push("NoSelection");
        }
        let mut said = match report(&found, &self.codes, &self.settings.texts, Mode::Tolerant) {
            Ok(said) => said,
            Err(error) => return self.invalid(chunk, &error, now),
        };
        if let Turn::Polling { station, .. } = self.turn {
            self.is_there(station, now);
            self.idle();
        }
        self.heard(now);
        self.unread.resolve();
        if let Some(ended) = self.noise.readable() {
            self.deliver_own(ended, now);
        }
        self.calls.join(&found.block, &mut said);
        let address = said.identity.clone().unwrap_or_default();
        let message = found.block.data("2").unwrap_or_default().trim().to_owned();
        if found.block.header == '3' {
            self.asked(&address, &message);
        }
        let copy = copy_of(chunk, BlockError::NoEnd);
        self.deliver_owing(Message::Report(said), copy, Kind::Block(address, message));
    }

    /// Content that is never accepted: kept, and refused for good.
    fn invalid(&mut self, chunk: &Chunk, error: &BlockError, now: Instant) {
        self.heard(now);
        self.count(Counted::BadFrame(error.name()));
        self.noise.bad_frame(now);
        if !self.allow_unreadable(now) {
            self.send(vec![NAK_INVALID, NAK]);
            return;
        }
        let report = Report::unreadable(Protocol::Espa444, error.fault());
        self.deliver_owing(Message::Report(report), copy_of(chunk, error.clone()), Kind::Invalid);
    }

    fn damaged(&mut self, chunk: &Chunk, error: BlockError, whole: bool, now: Instant) {
        if matches!(self.turn, Turn::Others { .. }) {
            return;
        }
        self.count(Counted::BadFrame(error.name()));
        self.noise.bad_frame(now);
        if self.unread.is_full() {
            self.end_unread(now);
        }
        let copy = copy_of(chunk, error);
        let until = after(chunk.last_byte, self.settings.timing.retry_window);
        let told = self.unread.is_told();
        if self.unread.repeats(&copy, until) && !told {
            self.tell_unreadable(copy, now);
        }
        if whole {
            self.deframer.distrust();
            self.send(vec![NAK_DAMAGED, NAK]);
        }
    }

    fn came_before(&self, chunk: &Chunk) -> bool {
        self.unread.has(&chunk.bytes)
    }

    /// The retries are over: what nobody repeated better is told.
    pub(super) fn end_unread(&mut self, now: Instant) {
        if let Some(copy) = self.unread.end() {
            self.tell_unreadable(copy, now);
        }
    }

    fn tell_unreadable(&mut self, copy: Copy<BlockError>, now: Instant) {
        if self.allow_unreadable(now) {
            let report = Report::unreadable(Protocol::Espa444, copy.error.fault());
            self.deliver(Message::Report(report), copy, RepeatProof::None, false);
        }
    }

    fn allow_unreadable(&mut self, now: Instant) -> bool {
        if self.noise.allow_unreadable(now) {
            return true;
        }
        if let Some(begun) = self.noise.begin() {
            self.deliver_own(begun, now);
        }
        false
    }

    /// Bytes that are nothing.
    pub(super) fn junk(&mut self, now: Instant) {
        let bytes = self.deframer.take_junk();
        if bytes == 0 {
            return;
        }
        self.count(Counted::JunkBytes(bytes));
        if let Some(begun) = self.noise.junk(bytes, now) {
            self.deliver_own(begun, now);
        }
    }
}

fn copy_of(chunk: &Chunk, error: BlockError) -> Copy<BlockError> {
    Copy { raw: chunk.bytes.clone(), first_byte: chunk.first_byte, last_byte: chunk.last_byte, error }
}
