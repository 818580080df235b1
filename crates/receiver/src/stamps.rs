//! Wall-clock stamps for monotonic instants, and whether the host's clock can be trusted.
//!
//! Line tasks stamp bytes with [`Instant`], which never steps. People and the store need wall time. One
//! anchor is read for each signal, so a clock that has been set is seen by the next signal, and the stamps
//! of one signal keep their distances whatever the clock does.

use std::path::Path;
use std::time::{Instant, SystemTime};

use telecare_alarm::ClockState;
use time::OffsetDateTime;

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Anchor {
    wall: OffsetDateTime,
    monotonic: Instant,
}

impl Anchor {
    /// This moment.
    pub fn now() -> Anchor {
        Anchor { wall: OffsetDateTime::now_utc(), monotonic: Instant::now() }
    }

    /// The wall time (UTC) of an instant near this moment, before or after it.
    pub fn wall(&self, instant: Instant) -> OffsetDateTime {
        if instant >= self.monotonic {
            self.wall.saturating_add(signed(instant - self.monotonic))
        } else {
            self.wall.saturating_sub(signed(self.monotonic - instant))
        }
    }
}

fn signed(duration: std::time::Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

/// Where systemd-timesyncd keeps its state; the file in it is touched at each synchronisation since boot.
const TIMESYNC: &str = "/run/systemd/timesync";

/// Whether the host's clock is disciplined. The kernel's own word needs a system call that no safe crate
/// offers, so only systemd-timesyncd is understood; with another time service the answer is `Unknown`.
pub fn clock_state() -> ClockState {
    clock_state_in(Path::new(TIMESYNC))
}

/// When systemd-timesyncd last set the clock right since boot, if it did.
pub fn synchronised_at() -> Option<SystemTime> {
    Path::new(TIMESYNC).join("synchronized").metadata().and_then(|found| found.modified()).ok()
}

fn clock_state_in(timesync: &Path) -> ClockState {
    if timesync.join("synchronized").exists() {
        ClockState::Synchronised
    } else if timesync.exists() {
        ClockState::Unsynchronised
    } else {
        ClockState::Unknown
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn stamps_keep_their_distances() {
        let anchor = Anchor::now();
        let later = anchor.monotonic + Duration::from_millis(250);
        assert_eq!(anchor.wall(later) - anchor.wall(anchor.monotonic), time::Duration::milliseconds(250));
        assert_eq!(anchor.wall(anchor.monotonic), anchor.wall);
        let before = Anchor { wall: anchor.wall, monotonic: later }.wall(anchor.monotonic);
        assert_eq!(anchor.wall - before, time::Duration::milliseconds(250));
    }

    #[test]
    fn clock_state_follows_the_time_service() {
        let run = tempfile::tempdir().unwrap();
        let timesync = run.path().join("timesync");
        assert_eq!(clock_state_in(&timesync), ClockState::Unknown);
        std::fs::create_dir(&timesync).unwrap();
        assert_eq!(clock_state_in(&timesync), ClockState::Unsynchronised);
        std::fs::write(timesync.join("synchronized"), "").unwrap();
        assert_eq!(clock_state_in(&timesync), ClockState::Synchronised);
    }
}
