//! The frame that SIA DC-07 and DC-09 share: one text between LF and CR, with its CRC and length before it.
//!
//! ```text
//! <LF> 6A56 003A "SIA-DCS" 0001 R0 L0 #1234 [#1234|Nri1/QA001] [X..] _10:20:30,03-14-2025 <CR>
//!      │    │    │         │    │  │  │      │                  │     └ timestamp
//!      │    │    │         │    │  │  │      │                  └ extended data
//!      │    │    │         │    │  │  │      └ data
//!      │    │    │         │    │  │  └ account
//!      │    │    │         │    │  └ line of the receiver (DC-07), account prefix (DC-09)
//!      │    │    │         │    └ receiver
//!      │    │    │         └ sequence
//!      │    │    └ token; * after its first quote: the content is enciphered
//!      │    └ bytes from the first quote to the byte before CR, in hex
//!      └ CRC-16 over the same bytes, in hex
//! ```
//!
//! Three steps: [`Deframer`] finds the bytes of one frame, [`read`] checks CRC and length and takes the head apart,
//! [`Content::read`] takes apart what follows the opening bracket: at once, or once it is deciphered. What the
//! data means is for the protocols. Source and confidence: `protocols/sia-dc07/README.md`.

mod content;
mod crc;
mod deframe;
mod encode;
mod error;
mod head;
mod read;

pub use content::Content;
pub use crc::crc;
pub use deframe::{Deframer, End, FRAME_BYTES_MAX, Piece};
pub use encode::{encode, frame_of};
pub use error::FrameError;
pub use head::{Address, Head, SEQUENCE_MAX, TAB};
pub use read::{Check, Frame, Read, read, read_body};

/// Line feed, before every frame.
pub const LF: u8 = 0x0A;
/// Carriage return, the end of every frame.
pub const CR: u8 = 0x0D;
