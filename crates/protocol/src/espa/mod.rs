//! ESPA 4.4.4: how warden-call, nurse-call and fire systems hand calls to a pager system, which we are.
//!
//! ```text
//! control station (1)                 pager system (2), this receiver
//!   1 ENQ 2 ENQ ────────────────────►   "I speak, and to you"
//!               ◄──────────────── ACK   ready: something could be stored
//!   SOH 1 STX 1 US 12 RS 2 US FLAT 18 ETX BCC ─►
//!               ◄──────────────── ACK   stored; 1 NAK damaged, 2 NAK not stored, 3 NAK never acceptable
//!   EOT ────────────────────────────►   idle again
//! ```
//!
//! A block has one check byte, an exclusive or, so every other doubt counts as well: an enquiry behind bytes that
//! nobody could read is not answered, because a sender that waits for the answer to its block would take "ready"
//! for "stored". Source and confidence: `protocols/espa-444/README.md`.

mod block;
mod calls;
mod controller;
mod deframe;
mod error;
mod master;
mod meaning;
mod pattern;
mod read;
mod session;
mod settings;
mod texts;

pub use block::{Block, Record, bcc, encode};
pub use controller::{Controller, ControllerCommand, ControllerSettings, Opening};
pub use error::BlockError;
pub use meaning::report;
pub use read::{Found, Read, decode_all, read};
pub use session::Session;
pub use settings::{Role, STATIONS_MAX, Settings, Timing};
pub use texts::{Call, Texts, TextsError, UnitFrom};

/// Start of header: a block begins.
pub const SOH: u8 = 0x01;
/// Start of text, after the header.
pub const STX: u8 = 0x02;
/// End of text; the check byte follows.
pub const ETX: u8 = 0x03;
/// End of transmission: the line is idle.
pub const EOT: u8 = 0x04;
/// Enquiry: a poll or a selection.
pub const ENQ: u8 = 0x05;
/// Ready, or stored.
pub const ACK: u8 = 0x06;
/// Not ready, or not stored; a digit before it says why.
pub const NAK: u8 = 0x15;
/// Between two records.
pub const RS: u8 = 0x1E;
/// Between a record's identifier and its data.
pub const US: u8 = 0x1F;

/// Before NAK: damaged on its way (A).
const NAK_DAMAGED: u8 = b'1';
/// Before NAK: busy; here: could not be stored, or could not be now (A).
const NAK_BUSY: u8 = b'2';
/// Before NAK: a header or content that is never accepted (A).
const NAK_INVALID: u8 = b'3';

/// Longest block, in bytes: 16 of address and 128 of text (A), and as much again for makes that exceed them.
pub const BLOCK_BYTES_MAX: usize = 512;
