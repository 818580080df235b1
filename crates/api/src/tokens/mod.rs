//! Access tokens: who may ask, as what.
//!
//! A token is a random text that one person or one program carries. The receiver's file holds only its
//! SHA-256, so the file opens nothing; and it is a file, so that signing in needs no database.
//!
//! ```toml
//! [[token]]
//! id = "t-4f1c09aa"
//! person = "Ann Example"
//! role = "operator"
//! sha256 = "…64 hex digits…"
//! created = "2026-03-01T08:00:00Z"
//! expires = "2027-03-01T08:00:00Z"     # optional
//! revoked = "2026-06-01T08:00:00Z"     # when it was
//! ```
//! Instead of `person` a row may have `console = "desk-3"`: a token that stays at its desk, whose every action
//! must name its operator.

mod file;
mod role;
mod secret;
mod store;

pub use file::{Carrier, TOKENS_MAX, Token, TokenFile, TokenFileError};
pub use role::{Permission, Role};
pub use secret::{Digest, Secret};
pub use store::{Denied, TokenStore};
