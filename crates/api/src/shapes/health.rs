//! The answer to "are you there": no personal datum, so it needs no token.

use serde::Serialize;
use telecare_queue::Board;
use utoipa::ToSchema;

use super::names;
use crate::Settings;

/// Health of this receiver.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthShape {
    #[schema(schema_with = names::health)]
    status: &'static str,
    receiver: String,
    #[schema(schema_with = names::link)]
    link: &'static str,
    /// Whether the journal takes entries.
    journal_ok: bool,
    /// Entries that the database does not have yet.
    #[schema(minimum = 0)]
    backlog: usize,
    /// Open alarms.
    #[schema(minimum = 0)]
    open: usize,
    /// Version of the software.
    version: String,
}

impl HealthShape {
    /// The board's state, and whether anything can store.
    pub fn of(board: &Board, can_store: bool, settings: &Settings) -> HealthShape {
        let status = match (can_store, board.link.is_degraded() || !board.journal_ok) {
            (false, _) => "failing",
            (true, true) => "degraded",
            (true, false) => "ok",
        };
        HealthShape {
            status,
            receiver: settings.receiver.clone(),
            link: board.link.as_str(),
            journal_ok: board.journal_ok,
            backlog: board.backlog,
            open: board.open.len(),
            version: settings.software.clone(),
        }
    }
}
