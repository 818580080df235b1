//! Waiting for an event with a bound: the only way a test waits.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long any single event may take before a test gives up. Generous: a slow machine is not a failure.
pub const BOUND: Duration = Duration::from_secs(60);

/// How often an event that cannot wake us is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until there is something, or fails after [`BOUND`] saying what it waited for.
pub fn until<T>(what: &str, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    until_within(what, BOUND, look)
}

/// As [`until`], with a bound of its own.
pub fn until_within<T>(what: &str, bound: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let give_up = Instant::now() + bound;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() >= give_up {
            bail!("waited {bound:?} in vain for {what}");
        }
        thread::sleep(LOOK_EVERY);
    }
}
