//! Ademco 685 automation output: lines of a hardware receiver between LF and CR, each answered by one ACK.
//!
//! ```text
//! <LF> 1 1 _ 4321 _ 18 _ E101 _ 00 _ C001 <CR>
//!      │ │   │      └ Contact ID: qualifier and code, group, C contact or U user
//!      │ │   └ account, or who of the receiver itself speaks
//!      │ └ group or line
//!      └ receiver
//! ```
//!
//! The conversation is that of every automation output ([`crate::automation`]). Fields stand between blanks, so
//! a form is told by their number and width. Source and confidence: `protocols/ademco-685/README.md`.

mod encode;
mod forms;
mod line;
mod meaning;
mod read;
mod sender;
mod session;
mod settings;

pub use crate::automation::LineError;
pub(crate) use encode::text;
pub use encode::{CR, LF, encode};
pub use line::{Body, Header, Line, Make};
pub(crate) use meaning::pulse_event;
pub use meaning::report;
pub(crate) use read::read_as;
pub use read::{HEADER_DIGITS, Read, read};
pub use sender::sender_settings;
pub use session::Session;
pub use settings::{ACK_WAIT, Settings};
