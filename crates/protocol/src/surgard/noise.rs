//! Episodes of noise: bytes outside lines, and lines nobody can read, told once and counted.

use std::time::Instant;

use super::settings::{NOISE_BYTES_MIN, NOISE_QUIET, UNREADABLE_REPORTS_MAX, after};
use crate::{Report, Status, Trigger, Value};

#[derive(Debug, Default)]
pub(super) struct Noise {
    bytes: u64,
    bad_frames: u64,
    unreadable_reports: u32,
    reported: bool,
    last: Option<Instant>,
}

impl Noise {
    /// Takes notice of bytes outside any line; the report when an episode begins by them.
    pub(super) fn junk(&mut self, bytes: u64, now: Instant) -> Option<Report> {
        self.last = Some(now);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes >= NOISE_BYTES_MIN { self.begin() } else { None }
    }

    /// Takes notice of a line that cannot be read.
    pub(super) fn bad_frame(&mut self, now: Instant) {
        self.last = Some(now);
        self.bad_frames = self.bad_frames.saturating_add(1);
    }

    /// Whether one more unreadable line is delivered in this episode. Where not, [`Noise::begin`] tells.
    pub(super) fn allow_unreadable(&mut self, now: Instant) -> bool {
        self.last = Some(now);
        let allowed = self.unreadable_reports < UNREADABLE_REPORTS_MAX;
        self.unreadable_reports = self.unreadable_reports.saturating_add(u32::from(allowed));
        allowed
    }

    /// A line was read: the episode is over; the report that says so.
    pub(super) fn readable(&mut self) -> Option<Report> {
        let ended = self.reported.then(|| self.report(Status::Restored));
        *self = Noise::default();
        ended
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.last.map(|last| after(last, NOISE_QUIET))
    }

    /// It was quiet long enough: the episode is over.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Report> {
        if self.deadline().is_some_and(|deadline| now >= deadline) { self.readable() } else { None }
    }

    /// The report of an episode, once.
    pub(super) fn begin(&mut self) -> Option<Report> {
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
