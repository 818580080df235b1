//! The floors: what the disk and the database do by themselves, measured beside the product, on the same stores, with
//! the same pacing and the same client library. A figure of the product means something only beside one of these.

mod claim;
mod commit;
mod fold;
mod listen;
mod naive;
mod poll;
mod storm;
mod sync;

use std::future::Future;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

pub use claim::{Queue, together};
pub use commit::closed;
pub use fold::Fold;
pub use listen::insert_to_listener;
pub use naive::Naive;
pub use poll::poll_every_second;
pub use storm::Storm;
pub use sync::Sync;

/// Runs a probe to its end, on this thread. Connections that a probe leaves live on for the next.
pub fn block_on<T>(probe: impl Future<Output = Result<T>>) -> Result<T> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| Builder::new_current_thread().enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?.block_on(probe)
}

/// Instants at an even pace from now on, each told when it has come: a thread that sleeps, as the load's does.
pub fn paced(rate: f64, seconds: f64) -> mpsc::UnboundedReceiver<Instant> {
    let (tell, told) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let begun = Instant::now();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let count = (rate * seconds) as u32;
        for n in 0..count {
            let due = begun + Duration::from_secs_f64(f64::from(n) / rate);
            if let Some(wait) = due.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero()) {
                thread::sleep(wait);
            }
            if tell.send(due).is_err() {
                return;
            }
        }
    });
    told
}
