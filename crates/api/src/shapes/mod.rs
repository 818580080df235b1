//! The JSON on the wire, one shape a file. Domain types stay free of it: a field is renamed here or nowhere.

mod alarm;
mod call;
mod choices;
mod detail;
mod health;
mod import;
pub(crate) mod list;
mod log;
pub(crate) mod names;
mod raw;
mod report;
pub mod requests;
#[cfg(test)]
pub(crate) mod samples;
mod signal;
mod timestamp;
mod unit;
mod webhook;

pub use alarm::{ActorShape, AlarmShape};
pub use call::{CallShape, CallsShape};
pub use choices::ChoicesShape;
pub use detail::DetailShape;
pub use health::HealthShape;
pub use import::{ImportShape, OrphansShape, RowErrorShape};
pub use list::ListShape;
pub use log::LogShape;
pub use raw::escaped;
pub use report::{FieldsShape, ReportShape, ValueShape};
pub use signal::SignalShape;
pub use timestamp::Timestamp;
pub use unit::{CandidateShape, RegisteredShape, UnitDetailShape, UnitsShape};
pub use webhook::{EscalationShape, WebhookShape};
