//! Sur-Gard automation output: lines of a hardware receiver, each ended by DC4 and answered by one ACK.
//!
//! ```text
//! 5 01 1 _ 18 1234 E 121 01 001 <DC4>
//! │ │  │   │  │    └ what happened, by form
//! │ │  │   │  └ account
//! │ │  │   └ Contact ID
//! │ │  └ line, 1 to 7 characters by setting
//! │ └ receiver
//! └ form
//! ```
//!
//! The conversation is that of every automation output ([`crate::automation`]). Source and confidence: `protocols/surgard/README.md`.

mod encode;
mod forms;
mod line;
mod meaning;
mod read;
mod sender;
mod session;
mod settings;

pub use crate::automation::{
    ACK, LineError, LineNumber, NAK, Sender, SenderCommand, SenderCounts, SenderSettings, Timing,
};
pub(crate) use encode::text;
pub use encode::{DC4, encode};
pub use line::{Body, Header, Line, Make};
pub(crate) use meaning::origin_of;
pub use meaning::report;
pub(crate) use read::read_as;
pub use read::{HEADER_DIGITS, Read, read};
pub use sender::sender_settings;
pub use session::Session;
pub use settings::Settings;
