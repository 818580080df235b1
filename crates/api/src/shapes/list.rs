//! The answer to a poll.

use std::sync::Arc;

use serde::Serialize;
use telecare_alarm::{Alarm, Listing};
use telecare_queue::{Board, OtherReceiver};
use utoipa::ToSchema;

use super::{AlarmShape, Sight, Timestamp, names};
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
    /// How many are open, also where the list is cut, and those aside.
    #[schema(minimum = 0)]
    open: usize,
    /// How many of them are listed under "on test".
    #[schema(minimum = 0)]
    on_test: usize,
    /// How many are aside; `listed=all` lists them, too.
    aside: AsideShape,
    /// How many who were to be heard by now were not; see `/v1/expected`.
    #[schema(minimum = 0)]
    overdue: usize,
    /// When an operator's console was last heard at any receiver of the centre.
    #[schema(required = true)]
    operator_heard_at: Option<Timestamp>,
    /// The open alarms that are listed; beyond the bound the least urgent are left out.
    #[schema(max_items = 20_000)]
    alarms: Vec<AlarmShape>,
    /// Alarms closed in the last ten minutes, latest first: an operator may still reopen them.
    #[schema(max_items = 500)]
    closed: Vec<AlarmShape>,
}

/// Open alarms that are aside: only equipment spoke on them, and nobody has touched them.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = Aside)]
struct AsideShape {
    /// What is wrong may be right again in a moment.
    waits_for_restore: usize,
    /// One of many, under its incident.
    in_incident: usize,
    /// Their units send without end.
    runaway: usize,
    /// They only prove that their units live.
    background: usize,
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
    /// The board as it is seen at an instant without its cards, and the open ones that are listed, in the board's order;
    /// `all`: what is aside, too.
    pub fn of<'a>(
        board: &'a Board,
        cursor: &str,
        sight: &Sight,
        all: bool,
        settings: &Settings,
    ) -> (ListShape, Vec<&'a Arc<Alarm>>) {
        let (degraded, now) = (board.link.is_degraded(), sight.now);
        let (mut aside, mut on_test) = (AsideShape::default(), 0);
        let mut listed = Vec::new();
        for alarm in board.open.iter() {
            let listing = sight.listing(alarm);
            match listing {
                Listing::Queue => {}
                Listing::OnTest => on_test += 1,
                Listing::WaitsForRestore => aside.waits_for_restore += 1,
                Listing::InIncident => aside.in_incident += 1,
                Listing::Runaway => aside.runaway += 1,
                Listing::Background => aside.background += 1,
            }
            if (all || listing.is_shown()) && listed.len() < ALARMS_MAX {
                listed.push(alarm);
            }
        }
        let shape = ListShape {
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
            on_test,
            aside,
            overdue: board.overdue,
            operator_heard_at: board.operator_heard_at.map(Timestamp),
            alarms: Vec::new(),
            closed: Vec::new(),
        };
        (shape, listed)
    }
}

fn silent(other: &OtherReceiver) -> SilentShape {
    SilentShape {
        receiver: other.receiver.to_string(),
        silent_since: Timestamp(other.silent_since),
        unforwarded: other.unforwarded,
    }
}
