//! RTP in: packets to samples, losses and events on one timeline. Pure: whoever has the socket hands packets over.
//!
//! ```text
//! V=2 P X CC | M PT | sequence | timestamp | SSRC | CSRC… | extension | payload | padding
//! telephone-event: event | E R volume | duration
//! ```
//!
//! The timeline is that of the audio: sample 0 is the first packet's first. What does not come is lost, not silent. A
//! packet may come late by as much as [`Settings::reorder`]; then what is missing is given up.

mod event;
mod merge;
mod packet;
mod receiver;

pub use event::{EVENT_BYTES, Pressed};
pub use merge::{MERGE_SAMPLES, Merge};
pub use packet::{Packet, PacketError};
pub use receiver::{Media, Receiver, Settings};
