//! What comes: the blocks of a group in their order, damaged ones, noise.

use std::time::Instant;

use super::answer::Kind as Owes;
use super::{Group, Session};
use crate::automation::unread::Copy;
use crate::dc03::block::ACKNOWLEDGE_REQUESTED;
use crate::dc03::deframe::Chunk;
use crate::dc03::meaning::{BAD_DATA, UNKNOWN_FUNCTION, account};
use crate::dc03::{Block, BlockError, Kind, REJECT, read, report};
use crate::session::after;
use crate::{Counted, Message, Mode, Protocol, RepeatProof, Report};

impl Session {
    pub(super) fn block(&mut self, chunk: &Chunk, now: Instant) {
        let block = match read(&chunk.bytes) {
            Ok(block) => block,
            Err(error) => return self.damaged(chunk, error, now),
        };
        let kind = block.kind();
        if matches!(kind, Kind::Acknowledge | Kind::Reject) {
            // We send no blocks that anybody could answer.
            return;
        }
        self.heard(now);
        self.unread.resolve();
        if let Some(ended) = self.noise.readable() {
            self.deliver_own(ended, now);
        }
        if self.group.as_ref().is_some_and(|group| now >= group.until) {
            self.group = None;
        }
        let until = after(now, self.settings.timing.group());
        self.group.iter_mut().for_each(|group| group.until = until);
        match kind {
            Kind::Account => {
                self.confirm_by_account(now);
                let (account, bytes) = (account(&block), chunk.bytes.clone());
                self.inherits_until = None;
                self.group = Some(Group { account, bytes, event: None, until });
                self.sign(&block, chunk);
            }
            Kind::End => {
                self.confirm_by_end(now);
                self.group = None;
                self.sign(&block, chunk);
            }
            Kind::Abort => {
                self.group = None;
                self.sign(&block, chunk);
            }
            Kind::Wait => self.sign(&block, chunk),
            _ => self.speaks(&block, chunk, now),
        }
    }

    /// What becomes no signal, but is not acknowledged while nothing could be stored.
    fn sign(&mut self, block: &Block, chunk: &Chunk) {
        let copy = copy_of(chunk, BlockError::NoEnd);
        if block.acknowledge && self.is_sure(block, false, chunk) {
            self.deliver_owing(Message::SignOfLife(None), copy, None, Owes::Sign);
        } else {
            self.deliver(Message::SignOfLife(None), copy, RepeatProof::None, None, false);
        }
    }

    fn speaks(&mut self, block: &Block, chunk: &Chunk, now: Instant) {
        let said = self.group.as_ref().and_then(|group| group.account.clone());
        let Ok(Some(report)) = report(block, said.as_deref(), Mode::Tolerant, &self.codes) else { return };
        let unread = report.warnings.iter().any(|warning| warning == BAD_DATA || warning == UNKNOWN_FUNCTION);
        let sure = self.is_sure(block, unread, chunk);
        let mut copy = copy_of(chunk, BlockError::NoEnd);
        let head = self.group.as_ref().map(|group| group.bytes.as_slice()).unwrap_or_default();
        copy.raw = [head, &chunk.bytes].concat();
        self.confirm_by_block(&copy.raw, now);
        let is_text = block.kind() == Kind::Text;
        let about = self.group.as_ref().and_then(|group| group.event).filter(|_| is_text);
        // A group that began before this conversation: whoever sends it has told another session the account, and tells
        // it again once it has given up. Until then the event is kept and shown, and not acknowledged.
        let inherited = self.group.is_none() && self.inherits_until.is_some_and(|until| now < until);
        let message = Message::Report(report);
        let token = match (block.acknowledge, inherited || !sure) {
            (true, false) => self.deliver_owing(message, copy, about, Owes::Block),
            (true, true) => self.deliver_owing(message, copy, about, Owes::Nothing),
            (false, _) => self.deliver(message, copy, RepeatProof::None, about, false),
        };
        if let (Some(group), false) = (&mut self.group, is_text) {
            group.event = Some(token);
        }
    }

    /// Whether it was sent so. One in 256 pieces of noise has the right parity, and an answer to it could be taken for
    /// that to a block which noise has destroyed: what makes no sense is kept, and answered once its sender repeats it.
    fn is_sure(&mut self, block: &Block, unread: bool, chunk: &Chunk) -> bool {
        let data = &block.data;
        let sense = match block.kind() {
            Kind::Account => data.iter().all(u8::is_ascii_alphanumeric),
            Kind::End | Kind::Wait | Kind::Abort => data.is_empty(),
            _ => !unread && !data.iter().any(u8::is_ascii_control),
        };
        if sense {
            return true;
        }
        let again = self.strange.as_ref() == Some(&chunk.bytes);
        self.strange = Some(chunk.bytes.clone());
        again
    }

    pub(super) fn damaged(&mut self, chunk: &Chunk, error: BlockError, now: Instant) {
        self.count(Counted::BadFrame(error.name()));
        self.confirm_by_damage(chunk.first_byte);
        self.noise.bad_frame(now);
        if self.unread.is_full() {
            self.end_unread(now);
        }
        let copy = copy_of(chunk, error);
        let until = after(chunk.last_byte, self.settings.timing.group());
        let told = self.unread.is_told();
        if self.unread.repeats(&copy, until) && !told {
            self.tell_unreadable(copy, now);
        }
        // Where none is requested nobody waits for it, and the bit itself may be what is damaged: silence helps as well.
        if chunk.bytes.first().is_some_and(|header| header & ACKNOWLEDGE_REQUESTED != 0) {
            self.send(&REJECT);
        }
    }

    /// The retries are over: what nobody repeated better is told.
    pub(super) fn end_unread(&mut self, now: Instant) {
        if let Some(copy) = self.unread.end() {
            self.tell_unreadable(copy, now);
        }
    }

    fn tell_unreadable(&mut self, copy: Copy<BlockError>, now: Instant) {
        if self.noise.allow_unreadable(now) {
            let report = Report::unreadable(Protocol::SiaDc03, copy.error.fault());
            self.deliver(Message::Report(report), copy, RepeatProof::None, None, false);
        } else if let Some(begun) = self.noise.begin() {
            self.deliver_own(begun, now);
        }
    }

    /// Bytes that are nothing.
    pub(super) fn junk(&mut self, now: Instant) {
        let Some((bytes, since)) = self.deframer.take_junk() else { return };
        self.confirm_by_damage(since);
        self.count(Counted::JunkBytes(bytes));
        if let Some(begun) = self.noise.junk(bytes, now) {
            self.deliver_own(begun, now);
        }
    }
}

fn copy_of(chunk: &Chunk, error: BlockError) -> Copy<BlockError> {
    Copy { raw: chunk.bytes.clone(), first_byte: chunk.first_byte, last_byte: chunk.last_byte, error }
}
