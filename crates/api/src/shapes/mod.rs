//! The JSON on the wire, one shape a file. Domain types stay free of it: a field is renamed here or nowhere.

mod alarm;
mod call;
mod card_call;
mod choices;
mod detail;
mod escalation;
mod expected;
mod health;
mod import;
pub(crate) mod list;
mod log;
mod members;
pub(crate) mod names;
mod raw;
mod report;
pub mod requests;
mod rules;
#[cfg(test)]
pub(crate) mod samples;
mod sight;
mod signal;
mod test;
mod timestamp;
mod unit;
mod webhook;

pub use alarm::{ActorShape, AlarmShape};
pub use call::{CallShape, CallsShape};
pub use card_call::CardCallShape;
pub use choices::ChoicesShape;
pub use detail::DetailShape;
pub use escalation::{EscalationShape, OnTestShape};
pub use expected::ExpectedShape;
pub use health::HealthShape;
pub use import::{ImportShape, OrphansShape, RowErrorShape};
pub use list::ListShape;
pub use log::LogShape;
pub use members::MembersShape;
pub use raw::escaped;
pub use report::{FieldsShape, ReportShape, ValueShape};
pub use rules::RulesShape;
pub use sight::Sight;
pub use signal::SignalShape;
pub use test::{TestRecordShape, TestShape, TestsShape};
pub use timestamp::Timestamp;
pub use unit::{CandidateShape, RegisteredShape, UnitDetailShape, UnitsShape};
pub use webhook::{CalledOutShape, WebhookShape};
