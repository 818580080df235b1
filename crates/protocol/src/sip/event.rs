//! What the edge tells whoever is above it, and what it asks of whoever is below.

use std::time::Instant;

use super::{Flow, Request};
use crate::Counted;

/// Names a request that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Names a MESSAGE of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub u64);

/// Something for those above. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A MESSAGE or INVITE to be answered by `respond`.
    Request(Box<Inbound>),
    /// An INVITE was given up before its answer; it has been answered 487, and `respond` does nothing any more.
    Cancelled(RequestId),
    /// A call has ended.
    Bye {
        /// Which.
        call_id: String,
        /// The user of its From.
        user: String,
    },
    /// A MESSAGE of ours was refused with these challenges (`WWW-Authenticate`); told before what became of it.
    Challenged(SendId, Vec<String>),
    /// What became of a MESSAGE of ours; told once for each.
    Sent(SendId, Sent),
}

/// A request as it came: no repetition, and authenticated as the settings ask.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound {
    /// Names it in the answer.
    pub id: RequestId,
    /// The way it came.
    pub flow: Flow,
    /// What it says.
    pub request: Request,
    /// Whose password its sender knew; none where none was asked for.
    pub user: Option<String>,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// When its first byte came.
    pub first_byte: Instant,
    /// When its last byte came.
    pub last_byte: Instant,
}

/// An answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 699; for an INVITE also 101 to 199, which is not its last.
    pub status: u16,
    /// Headers beyond those that every answer copies.
    pub headers: Vec<(&'static str, String)>,
    /// Its body; RFC 3428 has none in what accepts a MESSAGE.
    pub body: Vec<u8>,
}

impl Reply {
    /// A bare one.
    pub fn of(status: u16) -> Reply {
        Reply { status, ..Reply::default() }
    }

    /// With a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

/// A MESSAGE of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Of whom it is asked: the unit's Contact, or `sip:user@address:port`.
    pub uri: String,
    /// To whom, as a user of our realm.
    pub to_user: String,
    /// From whom, as a user of our realm.
    pub from_user: String,
    /// Of the body.
    pub content_type: &'static str,
    /// Headers beyond those that every MESSAGE has.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What became of a MESSAGE of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Answered 2xx. It says that the transport took it, no more.
    Accepted(u16),
    /// Answered 3xx to 6xx; a challenge, too: we have no password for a unit.
    Refused(u16),
    /// Not answered within 32 s, or its connection closed, or too many were under way.
    Unanswered,
}

/// What the edge asks of its line. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Send these bytes this way: one datagram, or onto the connection. What cannot leave is dropped.
    Send(Flow, Vec<u8>),
    /// End a connection, once what was sent before has left.
    Close(Flow),
    /// Add to a counter.
    Count(Counted),
}
