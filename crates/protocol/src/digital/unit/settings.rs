//! What a simulated digital unit is, and what it does wrong.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use crate::Protocol;
use crate::sip::Transport;

/// Settings of a simulated unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// The user of its SIP address.
    pub user: String,
    /// The host of its SIP address and of the receiver's.
    pub host: String,
    /// The user of the receiver's address.
    pub receiver: String,
    /// Where the receiver is.
    pub remote: SocketAddr,
    /// How it is reached.
    pub transport: Transport,
    /// What it proves itself with, where the receiver asks.
    pub credentials: Option<Credentials>,
    /// How long it waits for the receiver's document that acknowledges its own.
    pub ack_wait: Duration,
    /// Times that a document is sent in all, the first included (C).
    pub attempts: u32,
    /// What it does wrong.
    pub faults: BTreeSet<UnitFault>,
}

impl UnitSettings {
    /// A unit of SCAIP or NOW-IP that does nothing wrong. It waits 10 s for a SCAIP answer, 5 s for a NOW-IP
    /// acknowledgement (C).
    pub fn new(protocol: Protocol, user: &str, remote: SocketAddr, transport: Transport) -> UnitSettings {
        UnitSettings {
            user: user.to_owned(),
            host: "telecare.invalid".to_owned(),
            receiver: "alarm".to_owned(),
            remote,
            transport,
            credentials: None,
            ack_wait: Duration::from_secs(if protocol == Protocol::NowIp { 5 } else { 10 }),
            attempts: 4,
            faults: BTreeSet::new(),
        }
    }
}

/// What a unit proves itself with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name of its account.
    pub user: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    /// No password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Something a unit does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnitFault {
    /// Its From has no tag.
    NoFromTag,
    /// Every request of its has the same branch.
    ConstantBranch,
    /// Content-Length says more than it sends.
    WrongLength,
    /// It neither takes nor answers what the receiver sends of its own.
    Deaf,
    /// It sends each document twice at once, to the byte.
    Duplicate,
    /// Its password is wrong.
    WrongPassword,
    /// Its document breaks off.
    Truncated,
    /// The root of its document is of no protocol.
    WrongRoot,
    /// Its document lacks what it must have: the device type, the data.
    MissingElement,
    /// A document type with entities comes before its document.
    DocumentType,
    /// A code cannot be one: a letter in the status code, a digit too few in the data.
    BadCode,
}

impl UnitFault {
    /// Every one.
    pub const ALL: [UnitFault; 11] = [
        UnitFault::NoFromTag,
        UnitFault::ConstantBranch,
        UnitFault::WrongLength,
        UnitFault::Deaf,
        UnitFault::Duplicate,
        UnitFault::WrongPassword,
        UnitFault::Truncated,
        UnitFault::WrongRoot,
        UnitFault::MissingElement,
        UnitFault::DocumentType,
        UnitFault::BadCode,
    ];

    /// Its name, for options.
    pub fn as_str(self) -> &'static str {
        match self {
            UnitFault::NoFromTag => "no-from-tag",
            UnitFault::ConstantBranch => "constant-branch",
            UnitFault::WrongLength => "wrong-length",
            UnitFault::Deaf => "deaf",
            UnitFault::Duplicate => "duplicate",
            UnitFault::WrongPassword => "wrong-password",
            UnitFault::Truncated => "truncated",
            UnitFault::WrongRoot => "wrong-root",
            UnitFault::MissingElement => "missing-element",
            UnitFault::DocumentType => "dtd",
            UnitFault::BadCode => "bad-code",
        }
    }

    /// The fault of a name.
    pub fn of(name: &str) -> Option<UnitFault> {
        UnitFault::ALL.into_iter().find(|fault| fault.as_str() == name)
    }
}
