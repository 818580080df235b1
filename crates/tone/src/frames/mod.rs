//! The frame path: whole messages, by their layouts.
//!
//! ```text
//! samples ─ every 2.5 ms: how much is this the start of a symbol, at each pace? ─ chains of symbols at that pace
//!         ─ a chain as long as a layout: its slots exactly, frequencies, levels ─ what each digit of each slot costs
//!         ─ the cheapest message with right check digits, and how much more the next one costs
//! ```
//!
//! A message is accepted only with a margin, and never against a slot that was clearly heard as something else. What is
//! refused is kept: the unit repeats it, and costs add up.

mod accept;
mod alone;
mod arriving;
mod best;
mod chain;
mod emission;
mod heard;
mod layout;
mod listener;
mod score;
mod slots;

pub use accept::{Frame, Limits, Refused, Slot};
pub use arriving::Arriving;
pub use best::{Best, Costs, best};
pub use layout::Layout;
pub use listener::{Listener, Outcome};
