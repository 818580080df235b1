//! What the machine asks of its listener.

use std::sync::Arc;

use crate::call::{Operated, RequestId};
use crate::nowip::Document;
use crate::{Answered, Counted, Delivery, Sender, Token};

/// Names a call of a listener; its listener gives it, and never twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Names something that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub u64);

/// What became of something that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The far end has it: a 2xx.
    Delivered,
    /// It has not, as far as is known.
    Failed,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The unit confirmed "clear down".
    ClearedDown,
    /// It did not confirm.
    Unconfirmed,
    /// The operator released it at once.
    Released,
    /// The far end gave it up before an operator had it. Alarms stay.
    Abandoned,
    /// It ended after an operator had it.
    HungUp,
    /// Another call of the same user took its place.
    Replaced,
    /// Nothing was heard of it for too long.
    Quiet,
}

/// What a scheme did without an operator's request, for whoever has its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The speech path is open to this local unit.
    Selected(String),
    /// It is not, and this is why, one of a fixed set.
    NotSelected(String, &'static str),
    /// So many calls are outstanding.
    Outstanding(u8),
}

/// What the machine asks its listener to do. Taken in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this to the user as the body of a MESSAGE, and come back with [`super::Calls::sent`].
    Send {
        /// Comes back.
        id: SendId,
        /// To whom.
        user: Arc<str>,
        /// What; [`Document::write`] makes it bytes.
        document: Box<Document>,
    },
    /// Tell the caller that its call is under way (183).
    Progress(CallId),
    /// Send the call to whoever has claimed the alarm (302), and come back with [`super::Calls::routed`].
    Route {
        /// Which.
        call: CallId,
        /// Whose.
        user: Arc<str>,
        /// The unit, as far as it is known.
        sender: Option<Sender>,
        /// The delivery that the call belongs to.
        about: Option<Token>,
    },
    /// End the call if it is still here; nothing more comes of it.
    Release(CallId),
    /// Hand this to the intake and come back with [`super::Calls::stored`] or [`super::Calls::refused`]. With the user it
    /// comes from.
    Deliver(Arc<str>, Box<Delivery>),
    /// What became of the answer that a delivery was owed; once for each that was.
    Left(Token, Answered),
    /// The answer to an operator's request.
    Operated {
        /// Of which unit.
        user: Arc<str>,
        /// Which.
        id: RequestId,
        /// What became of it.
        operated: Operated,
    },
    /// The value of a parameter that an operator asked for; [`Output::Operated`] follows.
    Value {
        /// Of which unit.
        user: Arc<str>,
        /// Which request.
        id: RequestId,
        /// As the unit has it.
        value: String,
    },
    /// What a scheme did by itself.
    Told(Arc<str>, Told),
    /// A call is over. With the user it came from.
    Ended(Arc<str>, CallId, End),
    /// Add to a counter; nothing else depends on it.
    Count(Counted),
}
