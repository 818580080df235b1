//! One file per endpoint. A handler admits, reads the request into domain types, asks the queue, answers.

mod act;
mod detail;
mod health;
mod list;

pub use act::act;
pub use detail::detail;
pub use health::health;
pub use list::{List, list};

use axum::extract::rejection::PathRejection;
use telecare_alarm::AlarmId;
use telecare_queue::Queue;
use tokio::sync::watch;
use uuid::Uuid;

use crate::Settings;
use crate::problem::Problem;

/// What every handler needs.
pub struct Api {
    pub queue: Queue,
    pub settings: Settings,
    pub list: List,
    /// True once the receiver stops: waiting polls answer then.
    pub stop: watch::Receiver<bool>,
}

/// An alarm's id from its place in the path.
fn alarm_id(text: &str) -> Result<AlarmId, Problem> {
    let detail = || Problem::invalid("id", "the alarm's id in the path must be a UUID");
    Uuid::try_parse(text).map(AlarmId).map_err(|_| detail())
}

fn bad_path(rejection: PathRejection) -> Problem {
    Problem::invalid("path", rejection.body_text())
}
