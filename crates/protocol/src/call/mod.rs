//! A call: one telephone conversation with a unit in tones, as a pure state machine.
//!
//! In: sounds, "played", time passed, "stored", "refused", what the operator wants, "the far end hung up". Out: the
//! next command, and the next instant at which it wants to be woken. Only `handle_stored` can lead to an
//! acknowledgement.
//!
//! ```text
//! voice line --Heard, played, hung up--> Call --Deliver--> intake --> journal
//!            <--Play, Speech, HangUp---       <--handle_stored / handle_refused--
//! console    --Request----------------->      --Operated--> console
//! ```
//!
//! A protocol is one variant of [`Call`] and one folder with its own state machine. What every call owes is kept by
//! [`Book`]: one token per delivery, a report of every call that gave nothing valid, and exactly one [`Ended`].

mod begun;
mod book;
mod bounds;
mod command;
mod deliveries;
mod ended;
mod operator;
mod playing;
mod unit;
mod unread;

use std::time::Instant;

pub use begun::{Begun, Frame};
pub use book::Book;
pub use bounds::{DELIVERIES_MAX, FAULTS_MAX, HEARD_MAX, PLAY_GRACE, REQUESTS_MAX};
pub use command::{Command, Speech};
pub use deliveries::Stored;
pub use ended::{End, Ended, Side};
pub use operator::{Control, Operated, Operator, Request, RequestId, Volume};
pub use unit::{Unit, UnitCommand, UnitEvent, UnitSettings};
pub(crate) use unread::digits;

use crate::tones::Heard;
use crate::{Token, bs8521, contact_id, detect, tunstall};

/// A call in one of the tone protocols. Others are added here, as a variant and a line of `each`.
#[derive(Debug)]
pub enum Call {
    /// BS 8521 over DTMF.
    Bs8521(Box<bs8521::Call>),
    /// Contact ID, its Ademco relatives, and the BSIA fast format.
    ContactId(Box<contact_id::Call>),
    /// Tunstall TT92, TTNEW and TTOLD.
    Tunstall(Box<tunstall::Call>),
    /// Whatever the unit turns out to speak.
    Detect(Box<detect::Call>),
}

impl From<bs8521::Call> for Call {
    fn from(call: bs8521::Call) -> Call {
        Call::Bs8521(Box::new(call))
    }
}

impl From<detect::Call> for Call {
    fn from(call: detect::Call) -> Call {
        Call::Detect(Box::new(call))
    }
}

impl From<contact_id::Call> for Call {
    fn from(call: contact_id::Call) -> Call {
        Call::ContactId(Box::new(call))
    }
}

impl From<tunstall::Call> for Call {
    fn from(call: tunstall::Call) -> Call {
        Call::Tunstall(Box::new(call))
    }
}

/// The same of each protocol's state machine.
macro_rules! each {
    ($call:expr, $one:ident => $does:expr) => {
        match $call {
            Call::Bs8521($one) => $does,
            Call::Tunstall($one) => $does,
            Call::ContactId($one) => $does,
            Call::Detect($one) => $does,
        }
    };
}

impl Call {
    /// Takes a sound; in the order in which the line tells.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        each!(self, call => call.handle_sound(heard, now))
    }

    /// Everything that was asked to be played is out.
    pub fn handle_played(&mut self, now: Instant) {
        each!(self, call => call.handle_played(now))
    }

    /// Takes notice that time has passed; call it no earlier than [`Call::poll_timeout`] says.
    pub fn handle_timeout(&mut self, now: Instant) {
        each!(self, call => call.handle_timeout(now))
    }

    /// The delivery is stored durably: the only way to an acknowledgement.
    pub fn handle_stored(&mut self, token: Token, now: Instant) {
        each!(self, call => call.handle_stored(token, now))
    }

    /// The delivery could not be stored: the protocol's own way of making the unit try again.
    pub fn handle_refused(&mut self, token: Token, now: Instant) {
        each!(self, call => call.handle_refused(token, now))
    }

    /// The operator wants something; [`Command::Operated`] answers each request once, at the latest when the call ends;
    /// after that nobody does.
    pub fn handle_operator(&mut self, request: Request, now: Instant) {
        each!(self, call => call.handle_operator(request, now))
    }

    /// The far end hung up, or the network broke the call off.
    pub fn handle_hung_up(&mut self, now: Instant) {
        each!(self, call => call.handle_hung_up(now))
    }

    /// The next thing to do, until there is none. [`Command::Ended`] is the last of a call.
    pub fn next_command(&mut self) -> Option<Command> {
        each!(self, call => call.next_command())
    }

    /// When [`Call::handle_timeout`] wants to be called; none after the end.
    pub fn poll_timeout(&self) -> Option<Instant> {
        each!(self, call => call.poll_timeout())
    }

    /// Whether nothing valid came and the call is left to whoever asks for another protocol.
    pub fn is_given_up(&self) -> bool {
        each!(self, call => call.is_given_up())
    }

    /// The call's book, for whoever goes on with it.
    pub fn into_book(self) -> Book {
        each!(self, call => call.into_book())
    }
}
