//! The JSON on the wire, one shape a file. Domain types stay free of it: a field is renamed here or nowhere.

mod alarm;
mod detail;
mod health;
mod list;
mod log;
mod raw;
mod report;
#[cfg(test)]
pub(crate) mod samples;
mod signal;
mod timestamp;

pub use alarm::AlarmShape;
pub use detail::DetailShape;
pub use health::HealthShape;
pub use list::ListShape;
pub use log::LogShape;
pub use raw::escaped;
pub use report::{FieldsShape, ReportShape, ValueShape};
pub use signal::SignalShape;
pub use timestamp::Timestamp;
