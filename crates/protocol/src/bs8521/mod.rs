//! BS 8521 over DTMF: the 28-digit alarm frame, both directions, and the 12-digit answer record.
//!
//! ```text
//! A C D TT GGGGGGGG RRRR EEE LL P SS XX #
//! │ │ │ │  │        │    │   │  │ │  │  └ end
//! │ │ │ │  │        │    │   │  │ │  └ checksum over the 24 digits before it, digit 0 counting 10
//! │ │ │ │  │        │    │   │  │ └ status
//! │ │ │ │  │        │    │   │  └ priority, 0 lowest
//! │ │ │ │  │        │    │   └ location
//! │ │ │ │  │        │    └ event
//! │ │ │ │  │        └ local unit; part of the identity of a dispersed unit
//! │ │ │ │  └ controller or scheme
//! │ │ │ └ type, 00 = conforming
//! │ │ └ speech
//! │ └ category of the sending system
//! └ start
//! ```
//!
//! Source: `protocols/bs8521/README.md`; layout confidence A/B, checksum B. The conversation around the frame
//! (request tone, acknowledgement, commands) is a session of the voice line and not here.

mod answer;
mod call;
mod checksum;
mod error;
mod frame;
mod meaning;
mod stream;

pub use answer::Answer;
pub use call::Call;
pub use error::FrameError;
pub use frame::{Frame, InvalidField};
pub use meaning::report;
pub use stream::{Read, decode_all};
