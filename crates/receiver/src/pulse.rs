//! Signs of life of the core tasks, for the watchdog.
//!
//! Every core task ticks at least every [`TICK_EVERY`] while it is well, also when it has nothing to do. The
//! watchdog is fed only while none is later than [`LATE_AFTER`]; a task that hangs without ending is then
//! ended with the process. A task that waits for a slow disk or database still ticks: those waits are not
//! in the tasks that hold a pulse.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How often a task that is well ticks at the least.
pub const TICK_EVERY: Duration = Duration::from_secs(5);

/// How late a tick may be before the task counts as hung. Longer than any bounded wait of a core task.
pub const LATE_AFTER: Duration = Duration::from_secs(20);

/// All pulses of the process. Cheap to clone.
#[derive(Clone)]
pub struct Pulses {
    started: Instant,
    all: Arc<Mutex<Vec<Weak<Beat>>>>,
}

/// One task's pulse. It counts as long as it lives: a task that has ended is the supervisor's business.
pub struct Pulse {
    started: Instant,
    beat: Arc<Beat>,
}

struct Beat {
    name: String,
    /// Milliseconds from the start of the process to the last tick.
    ticked: AtomicU64,
}

impl Pulses {
    /// No pulse yet.
    pub fn new() -> Pulses {
        Pulses { started: Instant::now(), all: Arc::default() }
    }

    /// A pulse for a new task, ticked once.
    pub fn pulse(&self, name: &str) -> Pulse {
        let beat = Arc::new(Beat { name: name.to_owned(), ticked: AtomicU64::new(0) });
        let pulse = Pulse { started: self.started, beat };
        pulse.tick();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|beat| beat.strong_count() > 0);
        all.push(Arc::downgrade(&pulse.beat));
        pulse
    }

    /// The name of a task that has not ticked lately, if there is one.
    pub fn hung(&self, now: Instant) -> Option<String> {
        let limit = millis(now.saturating_duration_since(self.started).saturating_sub(LATE_AFTER));
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut alive = all.iter().filter_map(Weak::upgrade);
        alive.find(|beat| beat.ticked.load(Ordering::Relaxed) < limit).map(|beat| beat.name.clone())
    }
}

impl Default for Pulses {
    fn default() -> Self {
        Pulses::new()
    }
}

impl Pulse {
    /// The task is well.
    pub fn tick(&self) {
        self.beat.ticked.store(millis(self.started.elapsed()), Ordering::Relaxed);
    }

    /// Waits for something that is bounded elsewhere, ticking meanwhile.
    pub async fn during<T>(&self, wait: impl Future<Output = T>) -> T {
        self.during_every(TICK_EVERY, wait).await
    }

    async fn during_every<T>(&self, every: Duration, wait: impl Future<Output = T>) -> T {
        let mut wait = std::pin::pin!(wait);
        loop {
            match tokio::time::timeout(every, &mut wait).await {
                Ok(done) => {
                    self.tick();
                    return done;
                }
                Err(_) => self.tick(),
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_living_task_that_ticks_late_is_hung() {
        let pulses = Pulses::new();
        let well = pulses.pulse("well");
        let now = Instant::now();
        assert_eq!(pulses.hung(now), None);
        assert_eq!(pulses.hung(now + LATE_AFTER + Duration::from_secs(1)), Some("well".to_owned()));
        drop(well);
        assert_eq!(pulses.hung(now + LATE_AFTER * 2), None);
    }

    #[tokio::test]
    async fn a_long_wait_ticks() {
        let pulses = Pulses::new();
        let pulse = pulses.pulse("waits");
        let beat = pulse.beat.clone();
        beat.ticked.store(u64::MAX, Ordering::Relaxed);
        // The wait ends when it has seen a tick, and not before.
        let ticked = async {
            while beat.ticked.load(Ordering::Relaxed) == u64::MAX {
                tokio::task::yield_now().await;
            }
        };
        pulse.during_every(Duration::from_millis(1), ticked).await;
    }
}
