//! What a call is given: how it began, and the frames that came in it.

use std::time::{Duration, Instant};

use crate::{Caller, Protocol};

/// How a call began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Who telephones, where the carrier tells.
    pub caller: Option<Caller>,
    /// When it was answered.
    pub at: Instant,
    /// How much later than its onset the line may tell of a sound: nothing, or what it takes to be sure, where
    /// onsets are told; a digit's length more where only ends are, 100 ms and more for a voice modem. Waits for the
    /// unit are so much longer.
    pub slack: Duration,
    /// The protocol that this caller's unit spoke last time, where that is known. Another one now is told of: it may
    /// be a unit that lost its settings.
    pub learnt: Option<Protocol>,
}

/// A frame as it came, for a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its digits.
    pub raw: Vec<u8>,
    /// When its first sound began.
    pub began: Instant,
    /// When its last sound ended.
    pub ended: Instant,
}
