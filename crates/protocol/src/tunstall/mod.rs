//! Tunstall's tone protocols: TT92, TTNEW and TTOLD, and STMF, which is another way to send the digits of the first two.
//!
//! ```text
//! D # T 0 G C IIIIIIIIIIII XXXX SS       TT92, TTNEW: the opening frame
//! │   │ │ │ │ │            │    └ check digits; which sum matches tells the protocol
//! │   │ │ │ │ │            └ extra: location or other data
//! │   │ │ │ │ └ identity, filled up with *
//! │   │ │ │ └ call code
//! │   │ │ └ equipment class, 2 and 3 are grouped
//! │   │ └ reserved
//! │   └ equipment type
//! └ prefix
//! C UUU B LL D                           a dwelling's alarm, after the frame of a grouped system
//! IIII C, twice                          TTOLD, in bursts of 1850 Hz
//! ```
//!
//! The conversation around them is [`Call`] on the receiver's side and [`Unit`] on the other:
//!
//! ```text
//! unit      1850 Hz …         D# 22 digits        6D27DD7D …           DDDDD27A
//! receiver            0 #                   B 0              D27B               C * … # 2 s
//! ```
//!
//! Proprietary, without a public specification: nearly all comes from one working gateway. Source:
//! `protocols/tunstall/README.md`.

mod call;
mod checksum;
mod command;
mod deframe;
mod error;
mod frame;
mod meaning;
mod message;
mod old;
mod search;
mod settings;
pub mod stmf;
mod unit;

pub use call::Call;
pub use checksum::Map;
pub use command::{Command, Expects, Probe};
pub use deframe::{Deframer, GROUP_DIGITS_MAX, Group};
pub use error::FrameError;
pub use frame::{Body, Frame, InvalidField, Verified};
pub use meaning::{Opened, old_report, report, waiting_report};
pub use message::{Message, Waiting, select};
pub use old::{BurstGroup, Bursts, OldFrame, bursts, decode_copies, digit_of};
pub use search::{Found, Read, What, decode_all, error, search};
pub use settings::Settings;
pub use unit::{Unit, UnitFaults, UnitSettings};

/// How digits are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Signalling {
    /// Both tones of a digit at once.
    #[default]
    Dtmf,
    /// One after the other.
    Stmf,
}

impl Signalling {
    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Signalling::Dtmf => "dtmf",
            Signalling::Stmf => "stmf",
        }
    }
}
