//! A session: one conversation on a line, as a pure state machine.
//!
//! In: bytes from the line, time passed, "stored", "refused". Out: the next command, and the next
//! instant at which it wants to be woken. Only [`Session::handle_stored`] can build a positive answer.
//!
//! ```text
//! line task --bytes--> Session --Deliver--> intake --> journal
//!           <--Send---         <--handle_stored / handle_refused--
//! ```

use std::time::{Duration, Instant};

use crate::{
    Report, Sender, ademco685, cp220, dc03, espa, iti, osborne_hoffman, radionics, sia_dc07, sia_dc09, surgard, texecom,
};

/// Names one delivery within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What a session asks the line task to do. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Write these bytes to the line at once.
    Send(Vec<u8>),
    /// Hand this to the intake and come back with `handle_stored` or `handle_refused`.
    Deliver(Box<Delivery>),
    /// Take notice of what became of the answer that a delivery was owed; for who looks at the line later.
    Left(Token, Answered),
    /// Add to a counter; nothing else depends on it.
    Count(Counted),
    /// End the conversation, once what was sent before has left: the sender was silent for too long, or keeps no order.
    Close,
}

/// Something heard that must be stored, or answered, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Names this delivery in the answer.
    pub token: Token,
    /// What was heard.
    pub message: Message,
    /// Every byte of the frame as it came, framing included. Empty when nothing came.
    pub raw: Vec<u8>,
    /// When the first byte of the frame came.
    pub first_byte: Instant,
    /// When the last byte of the frame came.
    pub last_byte: Instant,
    /// Whether this copy may be a repeat of a stored one.
    pub repeat: RepeatProof,
    /// Whether its sender waits for an answer; [`Command::Left`] says what became of it.
    pub owed: bool,
    /// The earlier delivery of this session that this one speaks about (a caller number after its event).
    pub about: Option<Token>,
}

/// What a delivery carries.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a delivery is boxed as a whole")]
pub enum Message {
    /// A report: becomes a signal. Boxed by [`Command::Deliver`] as a whole.
    Report(Report),
    /// A heartbeat, a NULL, a poll: needs no store, but is not answered while nothing can store. With its sender
    /// where that is a unit: then it counts as having been heard.
    SignOfLife(Option<Sender>),
}

/// What proves that a copy is a repeat. In doubt there is no proof, and it is a press of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepeatProof {
    /// Nothing proves it.
    None,
    /// It repeats the signal stored last on this line if that has the same bytes and its last byte came
    /// no longer ago than this: our answer to it was not, or may not have been, received.
    PreviousOnLine(Duration),
    /// It repeats a stored signal of the same unit with the same key whose last byte came no longer ago than the window.
    Key {
        /// Protocol sequence or reference, and what was said under it. Where [`Report::repeat_key`] gives it, it is
        /// known after a restart, too.
        key: Vec<u8>,
        /// How long the sender may repeat it.
        window: Duration,
    },
}

/// What became of an answer that was owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was given.
    Positive,
    /// It was given, and its sender never said that it has it.
    Unconfirmed,
    /// Not given: the sender had stopped waiting.
    Late,
    /// Not given: nothing could store it, the protocol refuses such a message, or an answer could have been taken for another line's. Where a copy came
    /// before the answer, the copy's is the one that counts.
    Withheld,
}

/// A thing counted by line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Bytes outside any frame.
    JunkBytes(u64),
    /// A delimited frame that could not be read; the name is the protocol's error name.
    BadFrame(&'static str),
    /// An answer not sent because it came after the sender had stopped waiting for it.
    LateAnswer,
    /// A report that may be a copy of the one before it. Only where another host answers, and nothing proves it.
    PossibleRepeat,
}

/// A conversation in one of the protocols.
#[derive(Debug)]
pub enum Session {
    /// A hardware receiver that writes Sur-Gard lines.
    SurGard(surgard::Session),
    /// A hardware receiver that writes Ademco 685 lines.
    Ademco685(ademco685::Session),
    /// A hardware receiver that writes lines of a Radionics D6500.
    Radionics6500(radionics::Session),
    /// A hardware receiver that writes SIA DC-07 frames.
    SiaDc07(sia_dc07::Session),
    /// A hardware receiver that writes lines of a CP-220.
    Cp220(cp220::Session),
    /// A hardware receiver that writes ITI records.
    Iti(iti::Session),
    /// A warden-call controller or nurse-call system that hands calls to a pager system.
    Espa444(Box<espa::Session>),
    /// A panel or hardware receiver that sends DC-03 blocks.
    SiaDc03(Box<dc03::Session>),
    /// A panel that speaks Texecom's wrapper.
    Texecom(Box<texecom::Session>),
    /// Premises units over IP.
    SiaDc09(Box<sia_dc09::Session>),
    /// A panel that connects and is given a key.
    OsborneHoffman(Box<osborne_hoffman::Session>),
}

/// The same for each protocol.
macro_rules! each {
    ($session:expr, $one:ident => $does:expr) => {
        match $session {
            Session::SurGard($one) => $does,
            Session::Ademco685($one) => $does,
            Session::Radionics6500($one) => $does,
            Session::SiaDc07($one) => $does,
            Session::Cp220($one) => $does,
            Session::Iti($one) => $does,
            Session::Espa444($one) => $does,
            Session::SiaDc03($one) => $does,
            Session::Texecom($one) => $does,
            Session::SiaDc09($one) => $does,
            Session::OsborneHoffman($one) => $does,
        }
    };
}

impl Session {
    /// Takes bytes as they came; any split of the bytes gives the same reports.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        each!(self, session => session.handle_bytes(bytes, now))
    }

    /// Takes one datagram: a frame that it does not hold in whole never comes.
    pub fn handle_datagram(&mut self, bytes: &[u8], now: Instant) {
        match self {
            Session::SiaDc09(session) => session.handle_datagram(bytes, now),
            _ => self.handle_bytes(bytes, now),
        }
    }

    /// Whether it looks at more bytes now. One that does not has as many answers under way as it can, and its sender is
    /// to wait.
    pub fn wants_bytes(&self) -> bool {
        match self {
            Session::SiaDc09(session) => session.wants_bytes(),
            _ => true,
        }
    }

    /// Takes notice of what has changed outside, where the protocol looks at it.
    pub fn set_outside(&mut self, outside: &sia_dc09::Outside) {
        if let Session::SiaDc09(session) = self {
            session.set_outside(outside);
        }
    }

    /// Takes notice that time has passed; call it no earlier than [`Session::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        each!(self, session => session.handle_timeout(now))
    }

    /// The delivery is stored durably: the only way to a positive answer.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        each!(self, session => session.handle_stored(token, now))
    }

    /// The delivery could not be stored: the protocol's own way of making the unit try again.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        each!(self, session => session.handle_refused(token, now))
    }

    /// The next thing to do, until there is none.
    pub fn next_command(&mut self) -> Option<Command> {
        each!(self, session => session.next_command())
    }

    /// When [`Session::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        each!(self, session => session.poll_timeout())
    }
}

/// An instant later; the far end of the clock stays where it is.
pub(crate) fn after(instant: Instant, wait: Duration) -> Instant {
    instant.checked_add(wait).unwrap_or(instant)
}
