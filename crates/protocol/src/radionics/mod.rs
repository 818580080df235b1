//! Radionics D6500, and Bosch D6600 and D6100 in 6500 mode: lines like Sur-Gard's, each answered by one ACK.
//!
//! ```text
//! h a 01 1 _ 1234 18 1 131 01 015 t
//! │ │ │  │   │    │  └ qualifier 1, 3, 6 (Bosch) or E, R, P (VisorALARM); code, group, zone
//! │ │ │  │   │    └ Contact ID
//! │ │ │  │   └ account
//! │ │ │  └ line, 1 to 9, then A = 10 and on
//! │ │ └ receiver, 01 to 99
//! │ └ form
//! └ header character, by setting; and a trailer, DC4 unless set otherwise
//! ```
//!
//! The layouts are those of [`crate::surgard`] but for form `a`, the conversation that of every automation output
//! ([`crate::automation`]). Source and confidence: `protocols/radionics-6500/README.md`.

mod session;
mod settings;

pub use crate::surgard::{Body, Header, Line};
pub use session::{Session, encode, read, sender_settings};
pub use settings::{HEADER_DIGITS, LINK_CHECK_EVERY, Settings};
