//! One file per endpoint. A handler admits, reads the request into domain types, asks the queue, answers.

pub mod act;
pub mod call;
pub mod calls;
mod cards;
pub mod choices;
pub mod detail;
pub mod document;
pub mod expected;
pub mod health;
pub mod list;
pub mod members;
pub mod on_test;
pub mod orphans;
mod rendered;
pub mod rules;
pub mod units;
pub mod units_csv;
mod written;

use std::collections::HashMap;

use axum::extract::Query;
use axum::extract::rejection::{PathRejection, QueryRejection};
use telecare_alarm::{Alarm, AlarmId};
use telecare_queue::Queue;
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

use crate::Settings;
use crate::access::Asker;
use crate::problem::Problem;
use crate::shapes::Sight;

/// What every handler needs.
pub struct Api {
    pub queue: Queue,
    pub settings: Settings,
    pub list: list::List,
    /// True once the receiver stops: waiting polls answer then.
    pub stop: watch::Receiver<bool>,
}

/// The board as it is seen at an instant.
fn sight(api: &Api, now: OffsetDateTime) -> Sight {
    Sight::of(&api.queue.board().borrow().clone(), now)
}

/// An alarm's id from its place in the path.
fn alarm_id(text: &str) -> Result<AlarmId, Problem> {
    let detail = || Problem::invalid("id", "the alarm's id in the path must be a UUID");
    Uuid::try_parse(text).map(AlarmId).map_err(|_| detail())
}

fn bad_path(rejection: PathRejection) -> Problem {
    Problem::invalid("path", rejection.body_text())
}

/// The parameters of a query; of a name given twice the last counts, and unknown ones are passed over.
fn parameters(
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<HashMap<String, String>, Problem> {
    query.map(|Query(query)| query).map_err(|error| Problem::invalid("query", error.body_text()))
}

/// Notes that alarms were shown to somebody who works them, where nobody was shown them before.
fn note_served<'a>(api: &Api, asker: &Asker, alarms: impl Iterator<Item = &'a Alarm>) {
    if !asker.works_alarms() {
        return;
    }
    let first: Vec<AlarmId> = alarms.filter(|alarm| alarm.served_at.is_none()).map(|alarm| alarm.id).collect();
    if !first.is_empty() {
        api.queue.served(&first, &asker.viewer());
    }
}
