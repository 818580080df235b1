//! Voice modems (class 8, V.253 and its American elder IS-101): a telephone line on a serial port.
//!
//! ```text
//! us     ATZ … AT+FCLASS=8        AT+VLS=1        AT+VTS=[770,1633,60]                    ATH
//! modem                OK  RING…           OK                          OK  DLE/ DLE5 DLE~     OK
//! ```
//!
//! [`Modem`] is our side: it prepares the modem, tells of calls and sounds, answers, plays and hangs up; one command
//! at a time, each with its time limit. [`Simulator`] is the modem, and [`TestCall`] a unit that telephones through
//! one.
//!
//! How far a digit's times are to be trusted depends on the modem. One that reports where a tone begins and ends
//! (`DLE /`, `DLE ~`) gives both; one that reports the digit alone gives a moment, and no length.
//!
//! Source: `protocols/voice-modem/README.md`; confidence is marked there and at each constant.

mod caller;
mod code;
mod modem;
mod play;
mod settings;
mod sim;
mod stream;

pub use caller::{CallerLines, NotTold};
pub use code::{Code, DLE};
pub use modem::{Event, Modem, ModemCommand, Trouble};
pub use play::{Element, Line, lines, read};
pub use settings::Settings;
pub use sim::{FarEvent, HangUpTold, Outcome, Reports, SimCommand, SimFaults, SimSettings, Simulator, TestCall, Told};
pub use stream::{Item, LINE_BYTES_MAX, Stream};
