//! NOW-IP (BS 8521-2): the digits of BS 8521 in a small XML document, within SIP.
//!
//! ```text
//! <ATM><version>1.5</version><type>1</type><data>010000012345000001901900</data><time>14:05:09</time><mac>…</mac></ATM>
//!                            0 heartbeat          │ 24 digits as in DTMF, without the checksum
//!                            1 alarm              └ type 0: controller and local unit, 12 digits
//!                            2 command → 7 response, A acknowledgement, 5 rejected, 6 busy
//!                            8 programming → 9 programmed
//! ```
//! Each document is the body of a SIP MESSAGE; voice is a call of its own. Here is no SIP: who sent a document is an
//! argument.
//!
//! Source: `protocols/nowip/README.md`; almost all of it confidence B, seen at one gateway.

mod calls;
mod command;
mod document;
mod error;
mod meaning;
mod read;
mod settings;
mod unit;

pub use calls::{CallId, Calls, End, Output, SendId, Sent, Told};
pub use command::{Answer, Command, Program, VALUE_CHARACTERS_MAX};
pub use document::{Document, Kind, NOTHING, OTHERS_MAX, VERSION};
pub use error::ReadError;
pub(crate) use meaning::repeat_key;
pub use read::{BODY_BYTES_MAX, Bad, read, read_with_checksum};
pub use settings::{
    ALARMS_MAX, REFUSED_FOR, REQUESTS_MAX, SESSIONS_MAX, STEPS_MAX, Settings, TELL_AGAIN, TELLS_MAX, UNREAD_MAX,
    WAITING_MAX,
};
pub use unit::{HELD_MAX, Unit, UnitCommand, UnitFaults, UnitSettings};
