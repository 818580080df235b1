//! The BSIA fast format, "Scancom" in unit manuals: an account, channels and a status digit.
//!
//! ```text
//! AAAA… NNNNNNNN S      account of 4, 5 or 6 digits, 8, 16 or 24 channels, status
//!
//! unit        group … group                 group … group
//! receiver  1400, 2300 Hz      1400 Hz 750 ms             1400 Hz 750 ms
//! ```
//!
//! It has no checksum: two equal copies are a message. Its handshake and its acknowledgement are Contact ID's, so one
//! state machine takes both: [`crate::contact_id::Call`] with [`crate::contact_id::Settings::fast_format`].
//!
//! Source: `protocols/fast-format/README.md`, confidence B.

mod group;
mod meaning;
mod stream;

pub use crate::contact_id::{FrameError, InvalidField};
pub use group::{ACCOUNT_DIGITS, Group};
pub use meaning::report;
pub use stream::{Read, decode_all};
