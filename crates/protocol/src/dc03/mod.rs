//! SIA DC-03 blocks on a serial line: how an alarm panel, or a hardware receiver that passes its calls on, reports.
//!
//! ```text
//! panel                                    this receiver
//!   44 #1234 9C ──────────────────────────►            account of what follows
//!               ◄────────────────── 40 38 87           acknowledged: something could be stored
//!   49 N ri1/QA001 DC ────────────────────►            event
//!               ◄────────────────── 40 38 87           stored; 40 39 86 rejected: damaged, once more
//!   4A A FRONT ROOM 8A ───────────────────►            text about it
//!   40 0 8F ──────────────────────────────►            end of data
//! ```
//!
//! A block has no start sign and no end sign, only its length and one exclusive or: what reads wrong is given up until
//! the line is quiet. What a block says is [`crate::sia`]. Source and confidence: `protocols/sia-dc03/README.md`.

mod block;
mod deframe;
mod error;
mod meaning;
mod panel;
mod read;
mod session;
mod settings;

pub use block::{Block, Kind, encode, parity};
pub use error::BlockError;
pub use meaning::{account, group_report, report};
pub use panel::{Panel, PanelCommand, PanelSettings};
pub use read::{Found, decode_all, read, split};
pub use session::Session;
pub use settings::{Settings, Timing};

/// The block that says "stored": acknowledgement requested, no data, function 8 (captured).
pub const ACKNOWLEDGE: [u8; 3] = [0x40, b'8', 0x87];
/// The block that says "damaged, once more" (captured).
pub const REJECT: [u8; 3] = [0x40, b'9', 0x86];

/// Most data in a block, bytes: six bits of length (A).
pub const DATA_BYTES_MAX: usize = 63;
/// Most bytes of one group of blocks (B).
pub const GROUP_BYTES_MAX: usize = 500;
