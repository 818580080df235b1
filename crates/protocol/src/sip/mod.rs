//! As much of SIP (RFC 3261, 3428, 3581, 5626) as units need that alarm over it: strict in what it sends, lenient in what
//! it accepts.

mod accounts;
mod address;
mod edge;
mod error;
mod event;
mod flow;
mod headers;
mod message;
mod read;
mod via;
mod write;

pub use accounts::{Account, Accounts, Authentication};
pub use address::{Address, Uri, address_of};
pub use edge::{Edge, Settings};
pub use error::SipError;
pub use event::{Command, Event, Inbound, Outgoing, Reply, RequestId, SendId, Sent};
pub use flow::{Flow, Transport};
pub use headers::Headers;
pub use message::{CSeq, Message, Method, Request, Response};
pub use read::{HEAD_BYTES_MAX, HEADERS_MAX, read};
pub use via::Via;
