//! Episodes of noise: bytes outside lines, and lines nobody can read, told once and counted.

use std::time::Instant;

use super::timing::{NOISE_BYTES_MIN, NOISE_QUIET, UNREADABLE_REPORTS_MAX};
use crate::session::after;
use crate::{Report, Status, Trigger, Value};

#[derive(Debug, Default)]
pub(crate) struct Noise {
    bytes: u64,
    bad_frames: u64,
    unreadable_reports: u32,
    reported: bool,
    last: Option<Instant>,
}

impl Noise {
    /// An episode that an earlier conversation has told.
    pub(crate) fn told(now: Instant) -> Noise {
        Noise { reported: true, last: Some(now), ..Noise::default() }
    }

    /// Takes notice of bytes outside any line; the report when an episode begins by them.
    pub(crate) fn junk(&mut self, bytes: u64, now: Instant) -> Option<Report> {
        self.last = Some(now);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes >= NOISE_BYTES_MIN { self.begin() } else { None }
    }

    /// Takes notice of a line that cannot be read.
    pub(crate) fn bad_frame(&mut self, now: Instant) {
        self.last = Some(now);
        self.bad_frames = self.bad_frames.saturating_add(1);
    }

    /// Whether one more unreadable line is delivered in this episode. Where not, [`Noise::begin`] tells.
    pub(crate) fn allow_unreadable(&mut self, now: Instant) -> bool {
        self.last = Some(now);
        let allowed = self.unreadable_reports < UNREADABLE_REPORTS_MAX;
        self.unreadable_reports = self.unreadable_reports.saturating_add(u32::from(allowed));
        allowed
    }

    /// A line was read: the episode is over; the report that says so.
    pub(crate) fn readable(&mut self) -> Option<Report> {
        let ended = self.reported.then(|| self.report(Status::Restored));
        *self = Noise::default();
        ended
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.last.map(|last| after(last, NOISE_QUIET))
    }

    /// It was quiet long enough: the episode is over.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Report> {
        if self.deadline().is_some_and(|deadline| now >= deadline) { self.readable() } else { None }
    }

    /// The report of an episode, once.
    pub(crate) fn begin(&mut self) -> Option<Report> {
        if self.reported {
            return None;
        }
        self.reported = true;
        Some(self.report(Status::Active))
    }

    fn report(&self, status: Status) -> Report {
        let number = |n: u64| Value::Number(i64::try_from(n).unwrap_or(i64::MAX));
        let mut report = Report::own(Trigger::LineNoise, status, "noise");
        report.fields =
            vec![("junk_bytes".to_owned(), number(self.bytes)), ("bad_frames".to_owned(), number(self.bad_frames))];
        report
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::surgard::{Session, Settings};
    use crate::{Codes, Command, Message};

    /// Own reports that a session delivers for some bytes.
    fn told(session: &mut Session, bytes: &[u8], now: Instant) -> Vec<(Trigger, Status)> {
        session.handle_bytes(bytes, now);
        let mut told = Vec::new();
        while let Some(command) = session.next_command() {
            if let Command::Deliver(delivery) = command
                && let Message::Report(report) = delivery.message
            {
                told.extend(report.events.iter().map(|event| (event.trigger, event.status)));
            }
        }
        told
    }

    #[test]
    fn what_an_earlier_conversation_told_is_taken_back_by_the_first_line() {
        let now = Instant::now();
        let new = || Session::new(Settings::default(), Arc::new(Codes::builtin()), now);
        let heartbeat = b"1011           @    \x14";
        assert_eq!(told(&mut new(), heartbeat, now), []);
        let mut session = new().with_told(&[Trigger::LinkLost, Trigger::LineNoise, Trigger::Mains], now);
        let restored = [(Trigger::LinkLost, Status::Restored), (Trigger::LineNoise, Status::Restored)];
        assert_eq!(told(&mut session, heartbeat, now), restored);
        assert_eq!(told(&mut session, heartbeat, now), []);
        let mut session = new().with_told(&[Trigger::LineNoise], now);
        session.handle_timeout(now + NOISE_QUIET);
        assert_eq!(told(&mut session, b"", now + NOISE_QUIET), [(Trigger::LineNoise, Status::Restored)]);
    }
}
