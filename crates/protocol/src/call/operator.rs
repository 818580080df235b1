//! What an operator may want of a call, and what became of it.

/// Names a request within its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// An operator's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Comes back in the answer.
    pub id: RequestId,
    /// What is wanted.
    pub wanted: Operator,
}

/// What an operator may want. Protocols that have no such thing answer [`Operated::Unsupported`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Speak to the unit.
    Speak,
    /// Listen to the unit.
    Listen,
    /// Both at once.
    Duplex,
    /// One at a time, switched by speak and listen.
    Simplex,
    /// Another loudness.
    Volume(Volume),
    /// End the speech with this unit; a scheme goes on to the next outstanding call, without one the call ends.
    Clear,
    /// End the call in the unit's own way, whatever is outstanding.
    ClearDown,
    /// Release the line at once.
    HangUp,
    /// Go to the oldest outstanding call of a scheme without ending the one that is open.
    Next,
    /// Open the path to this unit of a scheme.
    Select(String),
    /// Switch something at the unit's end.
    Control(Control),
}

/// A loudness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say it themselves")]
pub enum Volume {
    Up,
    Down,
    Quiet,
    Normal,
    Loud,
}

/// Something to switch at the unit's end. These open doors: off unless the site allows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Door release 1 or 2.
    Door(u8),
    /// The key safe.
    KeySafe,
    /// Every door, for fire or evacuation.
    UnlockAll,
    /// Relay 1 or 2 on or off.
    Relay(u8, bool),
    /// The protocol's own code, for what has no name here.
    Code(u8),
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operated {
    /// The unit confirmed it, or the line was released.
    Done,
    /// Not done; the reason is one of a fixed set, for consoles and logs.
    Refused(&'static str),
    /// The protocol, or the unit, has no such thing.
    Unsupported,
}
