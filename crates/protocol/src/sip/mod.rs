//! As much of SIP (RFC 3261, 3428, 3581, 5626) as units need that alarm over it: strict in what it sends, lenient in what
//! it accepts.

mod accounts;
mod address;
mod answer;
mod calls;
mod chance;
mod client;
mod digest;
mod edge;
mod error;
mod event;
mod flow;
mod headers;
mod message;
mod read;
mod registrar;
mod stream;
mod transactions;
mod via;
mod write;

pub use accounts::{Account, Accounts, Authentication};
pub use address::{Address, Uri, address_of};
pub use calls::CALLS_MAX;
pub use client::SENDS_MAX;
pub use digest::answer;
pub use edge::{CONNECTIONS_MAX, Edge, Load, Settings};
pub use error::SipError;
pub use event::{Command, Event, Inbound, Outgoing, Reply, RequestId, SendId, Sent};
pub use flow::{Flow, Transport};
pub use headers::Headers;
pub use message::{CSeq, Message, Method, Request, Response};
pub use read::{HEAD_BYTES_MAX, HEADERS_MAX, read};
pub use registrar::{BINDINGS_MAX, BINDINGS_OF_USER_MAX};
pub use stream::{JUNK_BYTES_MAX, MESSAGE_BYTES_MAX, WHOLE_WITHIN};
pub use transactions::{ANSWER_BYTES_MAX, ANSWERS_MAX, WAITING_MAX, WAITING_OF_FLOW_MAX};
pub use via::Via;
