//! What the queue needs to know. Read from the daemon's file by the daemon.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Policy, ReceiverId};

/// Settings of the queue.
#[derive(Clone, Debug)]
pub struct QueueConfig {
    /// This receiver's name, unique among the receivers that share a database.
    pub receiver: ReceiverId,
    /// Version of the software, stored with what it stores.
    pub software: String,
    /// The journal.
    pub journal: JournalConfig,
    /// The shared database; without it the receiver stands alone.
    pub database: Option<DatabaseConfig>,
    /// How long after its last byte an answer waits for the database's commit once the journal has the
    /// signal. Skipped when cut off. Default 100 ms.
    pub ack_wait: Duration,
    /// What ranks signals, and the rules.
    pub policy: Arc<Policy>,
}

/// Settings of the journal.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// Directory of the journal's files; made if missing.
    pub directory: PathBuf,
    /// How long forwarded entries are kept. Default 7 days.
    pub keep: Duration,
    /// How large the journal may grow before forwarded entries go earlier, bytes. Default 2 GiB.
    pub bytes_max: u64,
}

/// Settings of the database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `postgres://` URLs, tried in order for the one that can be written.
    pub urls: Vec<String>,
    /// How long a transaction may stall before the receiver goes on without the database. Default 2 s.
    pub stall: Duration,
}
