//! The alarm receiver daemon. `main` reads the command line; everything else is here.
//!
//! ```text
//! config     one file to final types, or an error with its line and remedy
//! daemon     start in order, run until something core ends, stop in order
//! line       port or socket -> session, one supervised task each
//! intake     what a session delivers -> unit key, rank, stamps -> the queue -> the answer
//! callout    tells the webhooks of escalations, and the cards what became of it
//! sockets    listening sockets that systemd holds
//! stamps     monotonic instants to wall time
//! stored     one line in the log for each stored signal
//! trouble    what ails the queue itself, as technical alarms
//! web        the API's and the metrics' listeners, on threads of their own
//! metrics    every number Prometheus reads
//! pulse      which core tasks are well; systemd feeds the watchdog by it
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panic"))]

mod callout;
pub mod config;
pub mod daemon;
pub mod files;
mod intake;
mod line;
pub mod logging;
mod metrics;
mod pulse;
#[cfg(test)]
mod rig;
mod sockets;
mod stamps;
mod stored;
mod systemd;
mod trouble;
mod web;

pub use metrics::catalogue;

/// The software that signals are stored with.
pub const SOFTWARE: &str = concat!("telecare-receiver ", env!("CARGO_PKG_VERSION"));
