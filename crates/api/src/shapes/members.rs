//! What belongs to an incident: the cards under it, those whose people are at most risk first.

use std::sync::Arc;

use serde::Serialize;
use telecare_alarm::registry::{Found, Risk};
use telecare_alarm::{Alarm, Registry};
use telecare_queue::Board;
use utoipa::ToSchema;

use super::sight::Sight;
use super::{AlarmShape, Timestamp};

/// Open cards of an incident.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Members)]
pub struct MembersShape {
    now: Timestamp,
    /// How many there are.
    #[schema(minimum = 0)]
    members: usize,
    /// Those at most risk first: high, standard, not registered, low.
    #[schema(max_items = 1000)]
    alarms: Vec<AlarmShape>,
    /// What `after` must be for the next ones; null when these are the last.
    #[schema(required = true)]
    next: Option<usize>,
}

impl MembersShape {
    /// Cards of an incident, from one on.
    pub fn of(incident: &Alarm, board: &Board, sight: &Sight, after: usize, limit: usize) -> MembersShape {
        let of_it = |alarm: &&Arc<Alarm>| alarm.marks.incident.as_ref() == Some(&incident.unit.key);
        let mut members: Vec<&Arc<Alarm>> = board.open.iter().filter(of_it).collect();
        members.sort_by_cached_key(|alarm| (risk(alarm, &sight.registry), alarm.unit.words.clone(), alarm.id));
        let alarms: Vec<AlarmShape> =
            members.iter().skip(after).take(limit).map(|alarm| AlarmShape::of(alarm, sight)).collect();
        let next = Some(after + alarms.len()).filter(|next| *next < members.len());
        MembersShape { now: Timestamp(sight.now), members: members.len(), alarms, next }
    }
}

fn risk(alarm: &Alarm, registry: &Registry) -> u8 {
    match registry.found(&alarm.unit, None) {
        Found::Unit(unit) => match unit.risk {
            Risk::High => 0,
            Risk::Standard => 1,
            Risk::Low => 3,
        },
        Found::ByNumber(_) | Found::Several(_) | Found::Nobody => 2,
    }
}
