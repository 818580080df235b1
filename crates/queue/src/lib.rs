//! The durable queue: journal, database, board. The only crate with SQL.
//!
//! ```text
//!            +--------- keeper (ledger, lanes, repeats) ---------+
//! Queue ---> |  entries --> journal (SQLite, one writer)         | ---> Board (watch)
//!            |          \-> database (PostgreSQL, one writer)    | ---> Trouble
//!            +---------------------------------------------------+
//! ```
//! [`Queue`] is what the daemon holds. The keeper is one task and never waits for a store; the two writers
//! are one task each and take whatever waits: one commit, one sync.

mod answered;
pub mod board;
pub mod cards;
pub mod config;
pub mod consoles;
mod database;
mod entry;
pub mod exchange;
pub mod handle;
mod journal;
mod keeper;
mod lanes;
mod learnt;
mod ledger;
pub mod live_calls;
mod meters;
pub mod on_test;
mod record;
pub mod registry;
mod repeats;
#[cfg(test)]
mod sample;
mod told;
pub mod trouble;

pub use board::{Board, Link, OtherReceiver};
pub use cards::Cards;
pub use config::{DatabaseConfig, JournalConfig, QueueConfig};
pub use consoles::Heard;
pub use database::inspect::{DatabaseFacts, database_facts};
pub use exchange::{ActError, Acted, Answer, Detail, Incoming, LoggedAction, OpenError, Overdue, StoredSignal};
pub use handle::Queue;
pub use journal::inspect;
pub use live_calls::{CallHandle, Commanded, LiveCall, LiveCalls, Operate, OperateError, Reach, Supports, Talker};
pub use on_test::TestRecord;
pub use trouble::Trouble;
