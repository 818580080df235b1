//! Contact ID (SIA DC-05) and the Ademco formats that share its handshake and its kiss-off tone.
//!
//! ```text
//! ACCT MT Q XYZ GG CCC S      18, 98  Contact ID
//! ACCT 17 C S                         Express 4+1
//! ACCT 27 C Z S                       Express 4+2
//! ACCT 55 P1 … P8 X S                 High Speed
//! ACCT 56 P1 … P8 X                   Super Fast, no checksum
//!
//! panel                        digits 55/55 ms          digits …
//! receiver    1400, 2300 Hz                   1400 Hz            1400 Hz   … speech after 606
//! ```
//!
//! What an event means ([`event`], [`Qualifier`]) is the same inside the lines of hardware receivers. [`Call`] takes
//! the tones of all of them, and of the [fast format](crate::fast_format) too; [`Unit`] is the panel.
//!
//! Source: `protocols/contact-id/README.md`.

mod call;
mod checksum;
mod deframe;
mod error;
mod keys;
mod meaning;
mod message;
mod reading;
mod report;
mod settings;
mod stream;
mod unit;

pub use call::Call;
pub use checksum::check_digit;
pub use deframe::{Deframer, RUN_DIGITS_MAX, Run};
pub use error::FrameError;
pub use keys::{keys, letters};
pub use meaning::{Qualifier, event, fields};
pub use message::{InvalidField, Message};
pub use reading::{Reading, read};
pub use report::report;
pub use settings::Settings;
pub use stream::{Read, decode_all};
pub use unit::{Unit, UnitFaults, UnitSettings};

pub(crate) use keys::is_letter;
