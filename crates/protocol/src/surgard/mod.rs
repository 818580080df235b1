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
//! Stop-and-wait: the sender repeats a line until it sees 06, and sends nothing else. There is no checksum, so
//! every field is validated and nothing is corrected. Source and confidence: `protocols/surgard/README.md`.

mod answers;
mod deframe;
mod doubt;
mod encode;
mod error;
mod forms;
mod line;
mod meaning;
mod noise;
mod read;
mod sender;
mod session;
mod settings;
mod unread;

pub use encode::{ACK, DC4, NAK, encode};
pub use error::LineError;
pub use line::{Body, Header, Line};
pub use meaning::report;
pub use read::{HEADER_DIGITS, Read, read};
pub use sender::{LineNumber, Sender, SenderCommand, SenderCounts, SenderSettings};
pub use session::Session;
pub use settings::{
    ANSWER_TRANSFER, ANSWERS_OWED_MAX, FAILURE_WINDOW, FRAME_BYTES_MAX, NOISE_BYTES_MIN, NOISE_QUIET, Settings,
    UNREADABLE_REPORTS_MAX,
};
