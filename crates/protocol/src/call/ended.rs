//! The record of a call.

use std::time::{Duration, Instant};

use crate::tones::Heard;
use crate::{Answered, Caller, Protocol, Token};

/// Exactly one per call: what was heard, what came of it, who hung up.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The protocol it was spoken in, as far as is known.
    pub protocol: Protocol,
    /// Who telephoned, where the carrier tells.
    pub caller: Option<Caller>,
    /// When the call was answered.
    pub answered: Instant,
    /// When it ended.
    pub ended: Instant,
    /// Why.
    pub end: End,
    /// Who released the line.
    pub hung_up: Side,
    /// Every digit and tone heard, with its times; at most [`super::HEARD_MAX`].
    pub heard: Vec<Heard>,
    /// Sounds heard beyond those.
    pub unkept: u64,
    /// What was delivered, in order, and what became of the answer.
    pub deliveries: Vec<(Token, Answered)>,
    /// Times that a request for data was sent.
    pub requests: u32,
    /// Frames that could not be read, by the protocol's error names, in order; at most [`super::FAULTS_MAX`].
    pub faults: Vec<&'static str>,
    /// Copies of a frame that was stored or under way already.
    pub copies: u32,
}

impl Ended {
    /// How long the call lasted.
    pub fn lasted(&self) -> Duration {
        self.ended.saturating_duration_since(self.answered)
    }
}

/// Who released the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This receiver.
    Here,
    /// The unit, its caller, or the network.
    FarEnd,
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both ends agreed, in the protocol's own way.
    ClearedDown,
    /// This receiver ended it in the protocol's own way and the unit never confirmed.
    Unconfirmed,
    /// The far end hung up before that.
    RemoteHangup,
    /// An operator released the line.
    Released,
    /// No request for data was answered.
    NoData,
    /// Something answered and no valid frame came of it in time.
    NoValidData,
    /// A valid frame came and could not be stored in time.
    NotStored,
    /// Nothing was confirmed for too long.
    LinkLost,
}

impl End {
    /// Every end.
    pub const ALL: [End; 8] = [
        End::ClearedDown,
        End::Unconfirmed,
        End::RemoteHangup,
        End::Released,
        End::NoData,
        End::NoValidData,
        End::NotStored,
        End::LinkLost,
    ];

    /// The name used in metrics and records.
    pub fn as_str(self) -> &'static str {
        match self {
            End::ClearedDown => "cleared-down",
            End::Unconfirmed => "unconfirmed",
            End::RemoteHangup => "remote-hangup",
            End::Released => "released",
            End::NoData => "no-data",
            End::NoValidData => "no-valid-data",
            End::NotStored => "not-stored",
            End::LinkLost => "link-lost",
        }
    }
}
