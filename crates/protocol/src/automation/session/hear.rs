//! What came between two ends: a line, a damaged line, or noise.

use std::time::Instant;

use super::{Session, count};
use crate::automation::characters::unmasked;
use crate::automation::deframe::Chunk;
use crate::automation::unread::Copy;
use crate::automation::{Dialect, Heard, LineError, Said};
use crate::session::after;
use crate::{Counted, Message, RepeatProof, Report, Status, Trigger};

impl<D: Dialect> Session<D> {
    pub(super) fn chunk(&mut self, chunk: &Chunk, now: Instant) {
        let framing = self.dialect.framing();
        let line = chunk.line(&framing);
        let read = chunk.fault().map_or_else(|| self.dialect.read(line, &self.codes), Err);
        let cut_off = std::mem::take(&mut self.cut_off) && framing.start.is_none();
        match read {
            // What is left of a line whose front is missing: its ACK would be taken for the whole of it.
            Ok(Heard { said: Said::Unknown(_), .. }) if cut_off => self.bad_frame(chunk, LineError::UnknownForm, now),
            Ok(_) if cut_off && framing.tail_reads => self.bad_frame(chunk, LineError::NoStart, now),
            Ok(heard) => {
                if heard.noise_bytes > 0 {
                    self.junk(count(heard.noise_bytes), now);
                }
                self.line(heard, chunk, now);
            }
            Err(error) if is_line_like(line) && (chunk.started || chunk.ended) && !chunk.overflowed => {
                self.bad_frame(chunk, error, now);
            }
            Err(_) => self.junk(count(chunk.bytes.len()), now),
        }
    }

    fn line(&mut self, heard: Heard, chunk: &Chunk, now: Instant) {
        let raw = chunk.bytes.get(heard.noise_bytes..).unwrap_or_default().to_vec();
        let copy = Copy { raw, first_byte: chunk.first_byte, last_byte: chunk.last_byte, error: LineError::Empty };
        match heard.said {
            Said::Unknown(report) => {
                if self.allow_unreadable(now) {
                    self.event(report, copy);
                }
            }
            Said::Heartbeat => {
                self.readable(now);
                // The sender is idle or has given its line up: no retry comes.
                self.end_unread(now);
                self.end_noise(now);
                self.doubt.heartbeat();
                self.deliver_owing(Message::SignOfLife(None), copy, None);
            }
            Said::Event(report) => {
                self.readable(now);
                self.unread.resolve();
                self.end_noise(now);
                self.event(report, copy);
            }
            Said::Caller(report) => {
                self.readable(now);
                self.unread.resolve();
                self.end_noise(now);
                let about = self.last_event;
                self.deliver_owing(Message::Report(report), copy, about);
            }
        }
    }

    /// A line was read: the link is there.
    fn readable(&mut self, now: Instant) {
        if self.link_lost {
            self.link_lost = false;
            self.deliver_own(Report::own(Trigger::LinkLost, Status::Restored, "link"), now);
        }
    }

    fn end_noise(&mut self, now: Instant) {
        if let Some(ended) = self.noise.readable() {
            self.deliver_own(ended, now);
        }
    }

    fn event(&mut self, report: Report, copy: Copy) {
        let token = self.deliver_owing(Message::Report(report), copy, None);
        if token.is_some() {
            self.last_event = token;
        }
    }

    fn bad_frame(&mut self, chunk: &Chunk, error: LineError, now: Instant) {
        self.count(Counted::BadFrame(error.name()));
        self.noise.bad_frame(now);
        if self.unread.is_full() {
            self.end_unread(now);
        }
        let copy = Copy { raw: chunk.bytes.clone(), first_byte: chunk.first_byte, last_byte: chunk.last_byte, error };
        let until = after(chunk.last_byte, self.dialect.timing().retry_window());
        if self.unread.repeats(&copy, until) && self.allow_unreadable(now) {
            let report = Message::Report(Report::unreadable(D::PROTOCOL, copy.error.fault()));
            if D::NAMES_LINES {
                // Nobody knows what to write into its answer.
                self.deliver(report, copy, RepeatProof::None, None, false);
            } else {
                self.deliver_owing(report, copy, None);
            }
        }
    }

    /// Ends the retry sequence of unreadable lines: what nobody repeated is told without an answer owed.
    pub(super) fn end_unread(&mut self, now: Instant) {
        let Some(copy) = self.unread.end() else { return };
        if self.allow_unreadable(now) {
            let report = Report::unreadable(D::PROTOCOL, copy.error.fault());
            self.deliver(Message::Report(report), copy, RepeatProof::None, None, false);
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

    /// Counts at once what the bound dropped: noise without a DC4 would otherwise look like quiet.
    pub(super) fn dropped(&mut self, now: Instant) {
        let dropped = self.deframer.take_dropped();
        if dropped > 0 {
            self.junk(dropped, now);
        }
    }

    pub(super) fn junk(&mut self, bytes: u64, now: Instant) {
        self.count(Counted::JunkBytes(bytes));
        if let Some(begun) = self.noise.junk(bytes, now) {
            self.deliver_own(begun, now);
        }
    }
}

/// Whether unreadable bytes before a DC4 are a damaged line rather than noise: all printable, or at least eight
/// of which three in four are. Random bytes hold a DC4 now and then, too; the figures are ours (C).
fn is_line_like(frame: &[u8]) -> bool {
    const BYTES_MIN: usize = 8;
    let printable = frame.iter().filter(|b| unmasked(**b).is_some_and(|b| matches!(b, b' '..=b'~'))).count();
    let most = printable.saturating_mul(4) >= frame.len().saturating_mul(3);
    printable > 0 && (printable == frame.len() || (frame.len() >= BYTES_MIN && most))
}
