//! The rules of the alarm queue: how urgent a report is, which card it belongs to, what operators may
//! do with the card, and the card's headline in words.
//!
//! Pure: no clock, socket, runtime, file or randomness. `now` is an argument. No input makes it panic.
//!
//! ```text
//! Report --Policy::triage--> Ranking --+
//! Report --UnitKey::of-----> UnitKey --+--> Signal --attach--> Alarm <--act-- Action
//!                                                                |
//!                                                     standing(now), headline(now)
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

pub mod action;
pub mod alarm;
pub mod attach;
pub mod calls;
pub mod choices;
pub mod duty;
pub mod escalation;
pub mod expect;
pub mod group;
pub mod headline;
pub mod ids;
pub mod listing;
pub mod noise;
pub mod on_test;
pub mod policy;
pub mod registry;
pub mod rules;
pub mod signal;
pub mod unit;

#[cfg(test)]
mod promises;
#[cfg(test)]
mod testing;

pub use action::{Act, Action, Actor, Refusal};
pub use alarm::{Alarm, Claim, Closed, Contest, Hold, Ring, Standing, TriggerKey, TriggerState};
pub use calls::{CardCall, CardCallEnd};
pub use choices::Choices;
pub use escalation::{ByRule, Delivery, DeliveryEnd, Due, Escalation, Rule};
pub use ids::{ActionId, AlarmId, CallId, LineId, ReceiverId, SignalId};
pub use listing::{Listing, Shelves};
pub use on_test::{Scope, Test};
pub use policy::{Policy, PolicyError};
pub use registry::Registry;
pub use rules::Rules;
pub use signal::{Basis, Class, ClockState, Lane, Marks, Priority, Ranking, Signal, Stamps, UnitKey};
pub use unit::Place;
