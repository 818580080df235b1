//! CP-220 automation output: lines like an Ademco 685's between characters that the site sets, each answered by one ACK.
//!
//! ```text
//! <LF> A Z _ 4321 _ 18 _ P101 _ 00 _ C001 <CR>      as a 685; receiver and group 0 to Z, P as qualifier, too
//! <LF> 1 1 1234 A3 <CR>                             Silent Knight forms: no blanks
//!      1 1 _ 3456 _ 244 A                           CAPS: no first character, the letter A ends it
//! ```
//!
//! The layouts and their meaning are those of [`crate::ademco685`], the conversation that of every automation output
//! ([`crate::automation`]). Source and confidence: `protocols/cp-220/README.md`.

mod session;
mod settings;

pub use crate::ademco685::{Body, Header, Line, report};
pub use session::{Session, encode, read, sender_settings};
pub use settings::Settings;
