//! What a call asks of its line.

use super::{Ended, Operated, RequestId};
use crate::tones::Note;
use crate::{Answered, Counted, Delivery, Token};

/// What a call asks the line to do. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Play these, one after the other, at once; then come back with `handle_played`. A call never asks for more
    /// before that. The operator is not heard by the unit meanwhile.
    Play(Vec<Note>),
    /// Hand this to the intake and come back with `handle_stored` or `handle_refused`.
    Deliver(Box<Delivery>),
    /// Take notice of what became of the answer that a delivery was owed.
    Left(Token, Answered),
    /// The speech path between unit and operator is now this.
    Speech(Speech),
    /// The answer to an operator's request.
    Operated(RequestId, Operated),
    /// Add to a counter; nothing else depends on it.
    Count(Counted),
    /// Release the line. Nothing is played or heard after it.
    HangUp,
    /// The record of the call: the last command, exactly once.
    Ended(Box<Ended>),
}

/// The speech path, as the unit has switched it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speech {
    /// None: the unit is signalling, or cannot speak.
    #[default]
    None,
    /// The operator speaks, the unit's loudspeaker is on.
    Speak,
    /// The operator listens, the unit's microphone is on.
    Listen,
    /// Both at once.
    Duplex,
}
