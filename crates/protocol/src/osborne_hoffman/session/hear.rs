//! What came: an event, a heartbeat, or what nobody can read.

use std::time::Instant;

use super::Session;
use crate::osborne_hoffman::stream::Chunk;
use crate::osborne_hoffman::{FrameError, Heartbeat, Message as Sent, Read, read, report};
use crate::{Counted, Message, Mode, Protocol, RepeatProof, Report, Sender};

impl Session {
    pub(super) fn chunk(&mut self, chunk: &Chunk, now: Instant) {
        if self.closed {
            return;
        }
        let found = chunk.fault.clone().map_or_else(|| read(&chunk.text, Mode::Tolerant), Err);
        match found {
            Ok(found) => self.readable(&found, chunk, now),
            Err(error) => self.unreadable(&error, chunk, now),
        }
    }

    fn readable(&mut self, found: &Read, chunk: &Chunk, now: Instant) {
        if let Some(ended) = self.noise.readable() {
            self.deliver_own(ended, now);
        }
        let (message, repeat) = match (&found.message, report(found, Some(&self.cipher), &self.codes)) {
            (_, Some(report)) => {
                let window = self.settings.retry_window;
                let key = report.repeat_key().map(|key| RepeatProof::Key { key, window });
                (Message::Report(report), key.unwrap_or(RepeatProof::None))
            }
            (Sent::Heartbeat(Heartbeat { account, .. }), None) => {
                let sender = Sender { protocol: Protocol::OsborneHoffman, identity: account.clone() };
                (Message::SignOfLife(Some(sender)), RepeatProof::None)
            }
            (Sent::Event(_), None) => (Message::SignOfLife(None), RepeatProof::None),
        };
        self.deliver_owing(message, chunk, repeat);
    }

    /// Kept at once: TCP damages nothing, so it would not read better a second time. No answer says that it is understood.
    fn unreadable(&mut self, error: &FrameError, chunk: &Chunk, now: Instant) {
        self.count(Counted::BadFrame(error.name()));
        self.noise.bad_frame(now);
        if !self.noise.allow_unreadable(now) {
            if let Some(begun) = self.noise.begin() {
                self.deliver_own(begun, now);
            }
            return;
        }
        let mut report = Report::unreadable(Protocol::OsborneHoffman, error.fault());
        // The same bytes again are the same message.
        let repeat = RepeatProof::PreviousOnLine(self.settings.retry_window);
        match error {
            FrameError::Version4 { from: Some((_, _, account)) } => {
                report.identity = Some(account.clone());
                self.deliver_refusing(report, chunk, repeat);
            }
            _ => {
                self.deliver(Message::Report(report), chunk.kept(), (chunk.first_byte, chunk.last_byte), repeat, false);
            }
        }
    }

    /// Counts what is in no message.
    pub(super) fn junk(&mut self, now: Instant) {
        let bytes = self.stream.take_junk();
        if bytes == 0 {
            return;
        }
        self.count(Counted::JunkBytes(bytes));
        if let Some(begun) = self.noise.junk(bytes, now) {
            self.deliver_own(begun, now);
        }
    }
}
