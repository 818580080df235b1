//! The stamp of a frame, `_HH:MM:SS,MM-DD-YYYY` in UTC, and the window in which an encrypted one is taken.

use std::time::{Duration, Instant};

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second],[month]-[day]-[year]");

/// How old an encrypted frame may be (A).
pub const OLDEST: Duration = Duration::from_secs(40);
/// How far ahead of our clock its sender's may be (A).
pub const AHEAD: Duration = Duration::from_secs(20);

/// The stamp of a frame as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// None.
    Missing,
    /// A moment.
    At(OffsetDateTime),
    /// Something else.
    Impossible(String),
}

/// The time of day, which a pure machine must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// One moment,
    pub at: Instant,
    /// and what time it was.
    pub utc: OffsetDateTime,
}

impl Clock {
    /// What time it is at a moment near by.
    pub fn utc(&self, now: Instant) -> OffsetDateTime {
        let signed = |duration| time::Duration::try_from(duration).unwrap_or(time::Duration::MAX);
        match now.checked_duration_since(self.at) {
            Some(later) => self.utc.saturating_add(signed(later)),
            None => self.utc.saturating_sub(signed(self.at.saturating_duration_since(now))),
        }
    }
}

impl Stamp {
    /// Reads what stands behind the underscore.
    pub fn read(text: &str) -> Stamp {
        PrimitiveDateTime::parse(text, FORMAT)
            .ok()
            .map_or_else(|| Stamp::Impossible(text.to_owned()), |read| Stamp::At(read.assume_utc()))
    }

    /// Whether an encrypted frame with this stamp may be taken now. None and an impossible one are outside.
    pub fn is_inside(&self, utc: OffsetDateTime) -> bool {
        let Stamp::At(stamp) = self else { return false };
        // Stamps have whole seconds, and so has the window.
        let age = utc.unix_timestamp().saturating_sub(stamp.unix_timestamp());
        let bound = |bound: Duration| i64::try_from(bound.as_secs()).unwrap_or(i64::MAX);
        (bound(AHEAD).saturating_neg()..=bound(OLDEST)).contains(&age)
    }
}

/// A stamp as it is written behind the underscore.
pub fn stamp(utc: OffsetDateTime) -> String {
    let utc = utc.to_offset(time::UtcOffset::UTC);
    utc.format(FORMAT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn stamps_are_read_and_written_alike_and_the_month_comes_first() {
        let at = datetime!(2025-03-14 10:20:30 UTC);
        assert_eq!(stamp(at), "10:20:30,03-14-2025");
        assert_eq!(Stamp::read("10:20:30,03-14-2025"), Stamp::At(at));
        for wrong in ["25:61:00,13-40-2025", "x10:20:30,03-14-2025", "10:20:30,3-14-2025", "10:20:30,03-14-2025 ", "x"]
        {
            assert_eq!(Stamp::read(wrong), Stamp::Impossible(wrong.to_owned()));
        }
    }

    #[test]
    fn the_window_is_forty_seconds_back_and_twenty_ahead() {
        let sent = Stamp::read("10:20:30,03-14-2025");
        for (now, inside) in [
            (datetime!(2025-03-14 10:21:10 UTC), true),
            (datetime!(2025-03-14 10:21:11 UTC), false),
            (datetime!(2025-03-14 10:20:10 UTC), true),
            (datetime!(2025-03-14 10:20:09 UTC), false),
            (datetime!(2025-03-14 10:21:10.9 UTC), true),
        ] {
            assert_eq!(sent.is_inside(now), inside, "{now}");
        }
        assert!(!Stamp::Missing.is_inside(datetime!(2025-03-14 10:20:30 UTC)));
    }

    #[test]
    fn a_clock_tells_before_and_after() {
        let clock = Clock { at: Instant::now() + Duration::from_secs(60), utc: datetime!(2025-03-14 10:20:30 UTC) };
        let utc = |now| clock.utc(now);
        assert_eq!(utc(clock.at + Duration::from_secs(5)), datetime!(2025-03-14 10:20:35 UTC));
        assert_eq!(utc(clock.at - Duration::from_secs(5)), datetime!(2025-03-14 10:20:25 UTC));
    }
}
