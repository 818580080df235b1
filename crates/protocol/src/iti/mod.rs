//! ITI generic automation output: records between LF and CR, each answered by one ACK.
//!
//! ```text
//! <LF> 00 OKAY @ <CR>        the link is alive
//! <LF> IT IRCV 234A <CR>     a test of the receiver
//! <LF> ...       <CR>        a report; numbers in base 62: 0-9, A-Z from 10, a-z from 36
//! ```
//!
//! Which field of a report says what is not known to us, so a report is kept as it came, each a signal of its own with
//! an unknown code: never dropped, never guessed. The conversation is that of every automation output
//! ([`crate::automation`]). Source and confidence: `protocols/iti/README.md`.

mod read;
mod session;

pub use read::{Record, read, report};
pub use session::{OKAY, Session, Settings, TEST, encode, sender_settings};
