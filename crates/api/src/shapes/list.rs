//! The answer to a poll.

use std::sync::Arc;

use serde::Serialize;
use telecare_alarm::Alarm;
use telecare_queue::{Board, OtherReceiver};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{AlarmShape, Timestamp, names};
use crate::Settings;

/// Most alarms in one list. The list is most urgent first and `open` tells how many there are, so what is
/// left out is the least urgent and comes up as the others are closed.
pub const ALARMS_MAX: usize = 20_000;

/// Most just-closed alarms in one list, the latest ones.
pub const CLOSED_MAX: usize = 500;

/// The open alarms, most urgent first, and how far they can be trusted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AlarmList)]
pub struct ListShape {
    /// The receiver's clock when this was written: ages and standings are of this instant.
    now: Timestamp,
    /// When the alarms were last known to be so. Long before `now`: say on the screen that they are old.
    as_of: Timestamp,
    /// The site's name.
    site: String,
    /// This receiver's name.
    receiver: String,
    /// What `cursor` of the next poll must be.
    cursor: String,
    #[schema(schema_with = names::link)]
    link: &'static str,
    /// The answers are this receiver's own although there is a database: say so on the screen.
    degraded: bool,
    #[schema(required = true)]
    degraded_since: Option<Timestamp>,
    /// Whether the journal takes entries.
    journal_ok: bool,
    /// Entries that the database does not have yet.
    #[schema(minimum = 0)]
    backlog: usize,
    /// Other receivers of the centre that have fallen silent: their alarms may be missing here.
    silent_receivers: Vec<SilentShape>,
    /// How many are open, also where the list is cut.
    #[schema(minimum = 0)]
    open: usize,
    /// The open alarms; beyond the bound the least urgent are left out.
    #[schema(max_items = 20_000)]
    alarms: Vec<AlarmShape>,
    /// Alarms closed in the last ten minutes, latest first: an operator may still reopen them.
    #[schema(max_items = 500)]
    closed: Vec<AlarmShape>,
}

/// A receiver that has fallen silent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SilentReceiver)]
struct SilentShape {
    receiver: String,
    silent_since: Timestamp,
    /// Signals it had taken in and not handed on when last heard.
    #[schema(minimum = 0)]
    unforwarded: i64,
}

impl ListShape {
    /// The board at an instant, in the board's order.
    pub fn of(board: &Board, cursor: &str, now: OffsetDateTime, settings: &Settings) -> ListShape {
        let degraded = board.link.is_degraded();
        let shape = |alarm: &Arc<Alarm>| AlarmShape::of(alarm, &board.registry, now);
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
            alarms: board.open.iter().take(ALARMS_MAX).map(shape).collect(),
            closed: board.closed.iter().take(CLOSED_MAX).map(shape).collect(),
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
