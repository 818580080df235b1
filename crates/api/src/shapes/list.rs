//! The answer to a poll.

use serde::Serialize;
use telecare_queue::{Board, OtherReceiver};
use time::OffsetDateTime;

use super::{AlarmShape, Timestamp};
use crate::Settings;

/// Most alarms in one list. The list is most urgent first and `open` tells how many there are, so what is
/// left out is the least urgent and comes up as the others are closed.
pub const ALARMS_MAX: usize = 20_000;

/// The open alarms, and how far they can be trusted.
#[derive(Clone, Debug, Serialize)]
pub struct ListShape {
    now: Timestamp,
    as_of: Timestamp,
    site: String,
    receiver: String,
    cursor: String,
    link: &'static str,
    /// The answers are this receiver's own although there is a database.
    degraded: bool,
    degraded_since: Option<Timestamp>,
    journal_ok: bool,
    backlog: usize,
    silent_receivers: Vec<SilentShape>,
    /// How many are open, also where the list is cut.
    open: usize,
    alarms: Vec<AlarmShape>,
}

#[derive(Clone, Debug, Serialize)]
struct SilentShape {
    receiver: String,
    silent_since: Timestamp,
    /// Signals it had taken in and not handed on when last heard.
    unforwarded: i64,
}

impl ListShape {
    /// The board at an instant, in the board's order.
    pub fn of(board: &Board, cursor: &str, now: OffsetDateTime, settings: &Settings) -> ListShape {
        let degraded = board.link.is_degraded();
        ListShape {
            now: Timestamp(now),
            as_of: Timestamp(board.as_of),
            site: settings.site.clone(),
            receiver: settings.receiver.clone(),
            cursor: cursor.to_owned(),
            link: board.link.as_str(),
            degraded,
            degraded_since: degraded.then_some(Timestamp(board.link_since)),
            journal_ok: board.journal_ok,
            backlog: board.backlog,
            silent_receivers: board.silent.iter().map(silent).collect(),
            open: board.open.len(),
            alarms: board.open.iter().take(ALARMS_MAX).map(|alarm| AlarmShape::of(alarm, now)).collect(),
        }
    }
}

fn silent(other: &OtherReceiver) -> SilentShape {
    SilentShape {
        receiver: other.receiver.to_string(),
        silent_since: Timestamp(other.silent_since),
        unforwarded: other.unforwarded,
    }
}
