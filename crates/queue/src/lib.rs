//! The durable queue: journal, database, board. The only crate with SQL.

pub mod board;
pub mod config;
pub mod handle;

pub use board::{Board, Link, OtherReceiver};
pub use config::{DatabaseConfig, JournalConfig, QueueConfig};
pub use handle::{ActError, Acted, Answer, Detail, Incoming, LoggedAction, OpenError, Queue, StoredSignal};
