//! Who was to be heard by now, and was not.

use serde::Serialize;
use telecare_alarm::Registry;
use telecare_alarm::expect::Subject;
use telecare_queue::{Board, Overdue};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Timestamp;

/// Who is missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Expected)]
pub struct ExpectedShape {
    now: Timestamp,
    /// Of how many something is expected.
    #[schema(minimum = 0)]
    expected: usize,
    /// How many of them are missing.
    #[schema(minimum = 0)]
    overdue: usize,
    /// The longest missing first.
    #[schema(max_items = 1000)]
    missing: Vec<MissingShape>,
}

/// One that is missing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Missing)]
struct MissingShape {
    /// `unit/ID`, `line/RECEIVER/LINE` or `receiver/NAME`.
    subject: String,
    /// The registered unit, where it is one.
    #[schema(required = true)]
    unit: Option<Uuid>,
    /// What people call it.
    label: String,
    reference: String,
    carrier: String,
    phones: Vec<String>,
    /// When it was heard last, or since when it is expected.
    heard_at: Timestamp,
    /// When it was to be heard.
    deadline: Timestamp,
}

impl ExpectedShape {
    /// The missing, at most so many.
    pub fn of(board: &Board, overdue: &[Overdue], limit: usize, now: OffsetDateTime) -> ExpectedShape {
        ExpectedShape {
            now: Timestamp(now),
            expected: board.expected,
            overdue: board.overdue,
            missing: overdue.iter().take(limit).map(|one| missing(one, &board.registry)).collect(),
        }
    }
}

fn missing(overdue: &Overdue, registry: &Registry) -> MissingShape {
    let subject = overdue.subject.key();
    let unit = match &overdue.subject {
        Subject::Unit(id) => registry.unit(*id),
        Subject::Line { .. } | Subject::Receiver(_) => None,
    };
    MissingShape {
        unit: unit.map(|unit| unit.id.0),
        label: unit.map_or_else(|| subject.clone(), |unit| unit.label.clone()),
        reference: unit.map_or_else(String::new, |unit| unit.reference.clone()),
        carrier: unit.map_or_else(String::new, |unit| unit.carrier.clone()),
        phones: unit.map_or_else(Vec::new, |unit| unit.phones.clone()),
        heard_at: Timestamp(overdue.heard_at),
        deadline: Timestamp(overdue.deadline),
        subject,
    }
}
