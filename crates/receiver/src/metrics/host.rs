//! What the host tells of itself: the journal's disk and the clock. Looked at beside everything else, because
//! a disk that hangs must hold up nobody; the numbers then stay as they were.
//!
//! The kernel's own estimate of the clock's error needs a system call that no safe crate offers and that the
//! service's sandbox forbids; node_exporter's timex collector has it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use metrics::gauge;

use super::flag;
use crate::stamps::{self, clock_state};

/// How often the host is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Looks at the host again and again. Never ends by itself.
pub async fn watch(journal: PathBuf) {
    loop {
        let journal = journal.clone();
        if tokio::task::spawn_blocking(move || look(&journal)).await.is_err() {
            tracing::error!("looking at the host broke off");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn look(journal: &Path) {
    gauge!("telecare_journal_bytes").set(journal_bytes(journal));
    if let Ok(disk) = rustix::fs::statvfs(journal) {
        gauge!("telecare_journal_free_bytes").set(bytes(disk.f_bavail.saturating_mul(disk.f_frsize)));
    }
    let now = clock_state().as_str();
    for state in ["synchronised", "unsynchronised", "unknown"] {
        gauge!("telecare_clock", "state" => state).set(flag(state == now));
    }
    let set_at = stamps::synchronised_at().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    gauge!("telecare_clock_synchronised_timestamp_seconds").set(set_at.unwrap_or_default().as_secs_f64());
}

/// The file and its write-ahead log; what was set aside is not the journal any more.
fn journal_bytes(journal: &Path) -> f64 {
    let names = ["journal.sqlite", "journal.sqlite-wal"];
    bytes(names.iter().filter_map(|name| journal.join(name).metadata().ok()).map(|found| found.len()).sum())
}

fn bytes(number: u64) -> f64 {
    // Far below the 2^53 that a gauge counts exactly.
    number as f64
}
