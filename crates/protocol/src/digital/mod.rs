//! A listener for digital units: SIP below, SCAIP and NOW-IP documents in it, each known by its root.
//!
//! One [`Session`] serves a whole listener, because what SIP remembers (transactions, registrations, calls) is known
//! by more than the connection it came over.

mod invites;
mod messages;
mod nowip;
mod scaip;
mod session;
mod settings;
mod unit;
mod units;

/// What is counted of a line beside documents and SIP messages that cannot be read, by name.
pub const COUNTED: [&str; 17] = [
    "AcknowledgementUndelivered",
    "CallUntold",
    "Junk",
    "NoCSeq",
    "NoCallId",
    "NoVia",
    "NotWhole",
    "OtherCSeq",
    "TooLong",
    "TooManyConnections",
    "TooManyWaiting",
    "UnexpectedAnswer",
    "UnexpectedResponse",
    "UnexpectedType",
    "UnknownContent",
    "WrongCredentials",
    "WrongIdentity",
];

pub use session::{Command, Session};
pub use settings::{Settings, Targets};
pub use unit::{Credentials, Refusal, Unit, UnitCommand, UnitFault, UnitMessage, UnitSettings};

pub use crate::sip::{Account, Accounts, Authentication};
