//! Texecom's wrapper over TCP: how alarm panels of one UK maker report to a receiver they connect to.
//!
//! ```text
//! panel                                   this receiver
//!   POLL 1000 # flags 00 00 00 CR LF ──►            sign of life, and what is wrong with the panel
//!          ◄── [P] 00 minutes 06 CR LF              poll again in so many minutes
//!   2 1AAA181100010039 CR LF ──────────►            Contact ID, zeros of the account written A
//!          ◄──────────────── 2 06 CR LF             stored
//!   3 DC-03 blocks ... 40 30 8F CR LF ─►            events and texts of an account, in one piece
//!          ◄──────────────── 3 06 CR LF             stored
//!   +++ ───────────────────────────────►            the connection is over
//! ```
//!
//! Blocks are cut by their own lengths, because a parity byte may be CR or LF. Nothing is answered but what is stored;
//! there is no negative answer. Source and confidence: `protocols/texecom/README.md`.

mod deframe;
mod error;
mod meaning;
mod message;
mod panel;
mod session;
mod settings;

pub use error::MessageError;
pub use meaning::{Flags, poll_report, reports};
pub use message::{Message, Read, decode_all, encode, read};
pub use panel::{Panel, PanelCommand, PanelSettings};
pub use session::Session;
pub use settings::Settings;

/// Most bytes of a message: the blocks of one group, and what is around them.
pub const MESSAGE_BYTES_MAX: usize = crate::dc03::GROUP_BYTES_MAX + 3;
/// Most accounts in one message that are answered together; one is usual.
pub const ACCOUNTS_MAX: usize = 8;

/// After every message and answer but `+++`.
const CR_LF: [u8; 2] = [0x0D, 0x0A];
/// In every answer: taken.
const ACK: u8 = 0x06;
