//! Osborne-Hoffman over TCP: what OH2000E, OHNetRec and UTC or Interlogix panels speak.
//!
//! ```text
//! receiver (listens)                       panel (connects)
//!   24 bytes: 3DES key under a mask ──────►   public: hides nothing, tells damage from sense at best
//!               ◄────────────────────────  SR0001L0001    006969XX    00 [ID00000000] 00      heartbeat
//!   ACK CR ────────────────────────────►
//!               ◄────────────────────────  LF 0101 0034 "SIA-DCS"0009R6666L1234[#005412|Nri04/UA105] CR 00
//!   ACK CR when it is stored ──────────►   NACK CR when it could not be
//! ```
//!
//! Each message, filled with zeros to blocks of 8, goes in 3DES ECB under the connection's key; panels that send plain
//! text are answered in plain text. The session is pure: the line's task draws the key. The fourth version (a key
//! exchange, AES) is known from one source only: its messages are recognised, kept and told, not opened.
//! Source and confidence: `protocols/osborne-hoffman/README.md`.

mod cipher;
mod encode;
mod error;
mod meaning;
mod message;
mod panel;
mod read;
mod session;
mod settings;
mod stream;

pub use cipher::{Cipher, KEY_BYTES, Key};
pub use error::FrameError;
pub(crate) use meaning::repeat_key;
pub use meaning::report;
pub use message::{Event, Heartbeat, Message};
pub use panel::{Panel, PanelSettings};
pub use read::{Found, Read, decode_all, read};
pub use session::Session;
pub use settings::Settings;

/// Longest message, in bytes. The longest seen has 100; a body whose length has three digits has 4095 at most (C).
pub const MESSAGE_BYTES_MAX: usize = 2048;

/// What a stored message is answered.
const ACK: &[u8] = b"ACK\r";
/// What a message is answered that could not be stored.
const NACK: &[u8] = b"NACK\r";
/// Ends an answer in plain text (B).
const PLAIN_END: u8 = b'\n';
