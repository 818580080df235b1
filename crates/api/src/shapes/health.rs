//! The answer to "are you there": no personal datum, so it needs no token.

use serde::Serialize;
use telecare_queue::Board;

use crate::Settings;

/// Health of this receiver.
#[derive(Clone, Debug, Serialize)]
pub struct HealthShape {
    /// `ok`; `degraded` when it takes alarms in on its own or without its journal; `failing` when it cannot.
    status: &'static str,
    receiver: String,
    link: &'static str,
    journal_ok: bool,
    backlog: usize,
    open: usize,
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
