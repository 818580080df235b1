//! What came: an event, a heartbeat, or what nobody can read.

use std::time::Instant;

use super::Session;
use crate::osborne_hoffman::stream::Chunk;
use crate::osborne_hoffman::{Event, FrameError, Message as Sent, Read, read, report};
use crate::{Counted, Message, Mode, Protocol, RepeatProof, Report};

/// A sequence that says nothing: such a message has no number of its own.
const NO_SEQUENCE: &str = "0000";

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
        match (&found.message, report(found, Some(&self.cipher), &self.codes)) {
            (Sent::Event(event), Some(report)) => {
                let repeat = self.repeat(event);
                self.deliver_owing(Message::Report(report), chunk, repeat);
            }
            (Sent::Event(_) | Sent::Heartbeat(_), _) => {
                self.deliver_owing(Message::SignOfLife, chunk, RepeatProof::None);
            }
        }
    }

    /// Everything that a panel sends alike when it sends a message again: its identity goes under another key on another
    /// connection.
    fn repeat(&self, event: &Event) -> RepeatProof {
        if event.sequence == NO_SEQUENCE {
            return RepeatProof::None;
        }
        let none = String::new();
        let or_none = |text: &'_ Option<String>| text.as_ref().unwrap_or(&none).clone();
        let parts = [
            event.token.clone(),
            event.sequence.clone(),
            event.receiver.clone(),
            event.line.clone(),
            or_none(&event.account),
            event.data.clone(),
            or_none(&event.system_account),
            or_none(&event.time),
            event.rest.clone(),
        ];
        RepeatProof::Key { key: parts.join("\0").into_bytes(), window: self.settings.retry_window }
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
