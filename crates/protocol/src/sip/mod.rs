//! As much of SIP (RFC 3261, 3428, 3581, 5626) as units need that alarm over it.

mod flow;

pub use flow::{Flow, Transport};
