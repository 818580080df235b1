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
//! The conversation around the frame is [`Call`] on the receiver's side and [`Unit`] on the other:
//!
//! ```text
//! unit      1850 Hz …            A 24 digits XX #        B
//! receiver            B 600 ms                    B 80 ms   [A]# every minute … [A]D
//! ```
//!
//! Source: `protocols/bs8521/README.md`; layout confidence A/B, checksum B.

mod answer;
mod call;
mod checksum;
mod command;
mod deframe;
mod error;
mod frame;
mod meaning;
pub mod parameter;
mod settings;
mod stream;
mod unit;

pub use answer::Answer;
pub use call::Call;
pub(crate) use call::operator_command;
pub use command::{Command, Expects, read_equipment, read_outstanding};
pub use deframe::{Deframer, Piece, RUN_DIGITS_MAX, Run};
pub use error::FrameError;
pub use frame::{Frame, InvalidField};
pub use meaning::report;
pub(crate) use meaning::stripped;
pub use settings::Settings;
pub use stream::{Read, decode_all};
pub use unit::{Unit, UnitFaults, UnitSettings};
