//! SIA DC-09: alarms over TCP and UDP, one text frame each, answered by ACK, NAK or DUH.
//!
//! ```text
//! \n 6A56 003A "SIA-DCS" 0001 R1 L0 #1234 [ #1234|Nri1/QA001 ] [TM] _10:20:30,03-14-2025 \r
//!    CRC  len  token     seq  │  │  └ account      data          │    stamp, UTC
//!                             │  └ prefix                        └ extended data
//!                             └ receiver, may be left out
//! ```
//! The frame itself is read by [`crate::sia_frame`], which other carriers share. Here: what is in it, encrypted or not
//! ([`Content`], [`Key`]), what that means, what is answered ([`Session`]), and the unit that says it ([`Unit`]).
//!
//! Source: `protocols/sia-dc09/README.md`.

mod content;
mod crypt;
mod data;
mod heard;
mod keys;
mod meaning;
mod naks;
mod position;
mod read;
mod reply;
mod session;
mod settings;
mod stamp;
mod token;
mod unit;

pub use content::{Content, Extended};
pub use crypt::{Key, KeyError};
pub use data::{Data, DataError, Said};
pub use heard::Heard;
pub use keys::{Keys, Pads};
pub use meaning::extended_name;
pub(crate) use meaning::{repeat_key, said};
pub use naks::Naks;
pub use position::position;
pub use read::{Found, decode_all};
pub use reply::{Padding, ack, clear, duh, encrypted, encrypted_ack, nak};
pub use session::{ANSWERS_OWED_MAX, Outside, Session};
pub use settings::Settings;
pub use stamp::{AHEAD, Clock, OLDEST, Stamp, stamp};
pub use token::TokenName;
pub use unit::{Unit, UnitCommand, UnitMessage, UnitSettings};
