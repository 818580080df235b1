//! The HTTP API that operators' consoles consume. The only crate with JSON shapes on the wire.
//!
//! ```text
//! server    sockets, their bounds, the orderly stop
//! shares    how many connections one address may have
//! tls       certificate and key, read again when told
//! router    which path is whose; a panic becomes a 500 and nothing else
//! openapi   the document, made of handlers and shapes
//! cors      pages of other origins
//! access    who asks, and whether their role may
//! handlers  one file per endpoint
//! shapes    one file per JSON shape; every field on the wire is named there and nowhere else
//! problem   every refusal, as RFC 9457 problem details
//! sheet     the registry of units as CSV
//! calls     the last calls of every line, in memory
//! tokens    the token file: hashes, roles, expiry
//! ```
//!
//! Invariants: a list or a long-poll never touches a database, only [`telecare_queue::Queue::board`]; the
//! person of an action is the token's person, never the request's; no personal datum in a log or a metric.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panic"))]

mod access;
mod body;
pub mod calls;
pub mod cors;
mod cursor;
mod handlers;
pub mod metrics;
mod openapi;
mod problem;
mod router;
mod server;
mod settings;
pub mod shapes;
mod shares;
mod sheet;
pub mod tls;
pub mod tokens;

pub use server::serve;
pub use settings::Settings;
pub use tokens::TokenStore;
