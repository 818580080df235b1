//! Automation outputs of hardware receivers: one line, one answer, whatever the make writes in the line.
//!
//! ```text
//! Session<D>  deframe ── D::read ── answers, doubt, unread, noise      the host's side, which we are
//! Sender      line ── wait for 06 ── again ── heartbeats only          the hardware receiver's side, for test calls
//! ```
//!
//! Stop-and-wait: the sender repeats a line until it sees 06, and sends nothing else. There is no checksum, so
//! every field is validated and nothing is corrected. What a make writes is its [`Dialect`]; that an answer
//! leaves only for a stored line, what may be a repeat, and what is noise, is the same for all and stands here
//! once.

use std::fmt;

use crate::{Codes, Protocol, Report};

pub(crate) mod answers;
mod characters;
pub(crate) mod copies;
mod decode;
mod deframe;
pub(crate) mod doubt;
mod error;
pub(crate) mod noise;
mod sender;
mod session;
mod timing;
pub(crate) mod unread;

pub(crate) use characters::{characters, is_line_end, unmasked};
pub(crate) use decode::decode_lines;
pub use deframe::Framing;
pub use error::LineError;
pub use sender::{AnswersIn, LINES_HELD_MAX, LineNumber, Sender, SenderCommand, SenderCounts, SenderSettings};
pub use session::Session;
pub use timing::{
    ANSWER_TRANSFER, ANSWERS_OWED_MAX, ATTEMPTS, FAILURE_WINDOW, FRAME_BYTES_MAX, NAMED_REPEAT_WINDOW, NOISE_BYTES_MIN,
    NOISE_QUIET, Timing, UNREADABLE_REPORTS_MAX,
};

/// The answer to a line that is stored.
pub const ACK: u8 = 0x06;
/// The answer this receiver never gives; some hosts do.
pub const NAK: u8 = 0x15;

/// How one make writes its lines.
pub trait Dialect: fmt::Debug {
    /// The protocol its reports are of.
    const PROTOCOL: Protocol;
    /// Whether its lines have a sequence which the answers name, so that a copy is known by it, no answer can be taken for
    /// another line's, and none can be given to a line that cannot be read.
    const NAMES_LINES: bool = false;

    /// Where its lines begin and end.
    fn framing(&self) -> Framing;

    /// The timers of the conversation, as the site has set them.
    fn timing(&self) -> &Timing;

    /// Reads one line without its framing.
    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError>;

    /// The answer to a line that is stored, which came in these bytes, framing included.
    fn answer(&self, _raw: &[u8]) -> Vec<u8> {
        vec![ACK]
    }
}

/// A line that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// How many bytes of noise stood before it.
    pub noise_bytes: usize,
    /// What it says.
    pub said: Said,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "made and taken apart at once")]
pub enum Said {
    /// The link is alive.
    Heartbeat,
    /// Something that becomes a signal.
    Event(Report),
    /// The same, about the event before it: who had called.
    Caller(Report),
    /// Something in no known form, kept as it came.
    Unknown(Report),
}
