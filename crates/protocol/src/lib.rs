//! Telecare alarm protocols: bytes and time in, reports and replies out; and the reverse, for test calls.
//!
//! Pure: no clock, socket, runtime, file or randomness. Time is an argument. No input makes it panic.
//! A protocol is one folder here and one folder of data in `protocols/`. Three steps stay three
//! functions: deframing (which bytes are one frame), decoding (which fields), meaning (which trigger).
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panic"))]

pub mod ademco685;
pub mod automation;
pub mod bs8521;
pub mod call;
pub mod codes;
pub mod contact_id;
pub mod cp220;
pub mod dc03;
pub mod decode;
pub mod detect;
pub mod digital;
pub mod espa;
pub mod fast_format;
pub mod high_speed;
pub mod iti;
pub mod nowip;
pub mod osborne_hoffman;
pub mod radionics;
pub mod report;
pub mod scaip;
pub mod session;
pub mod sia;
pub mod sia_dc07;
pub mod sia_dc09;
pub mod sia_frame;
pub mod sip;
pub mod surgard;
pub mod texecom;
pub mod tones;
pub mod trigger;
pub mod tunstall;
pub mod voice_modem;
mod xml;

pub use codes::{Codes, CodesError};
pub use decode::{DecodeOptions, Decoded, Mode, What, decode};
pub use report::{Caller, Event, Fault, Fields, Location, Origin, Outcome, Protocol, Report, Sender, Status, Value};
pub use session::{Answered, Command, Counted, Delivery, Message, RepeatProof, Session, Token};
pub use trigger::Trigger;
