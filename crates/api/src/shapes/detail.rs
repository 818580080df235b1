//! One alarm with everything that belongs to it.

use serde::Serialize;
use telecare_queue::Detail;
use utoipa::ToSchema;

use super::{AlarmShape, LogShape, Sight, SignalShape, Timestamp};

/// An alarm, its signals and what people did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AlarmDetail)]
pub struct DetailShape {
    now: Timestamp,
    /// The database was away: older parts may be missing.
    degraded: bool,
    alarm: AlarmShape,
    /// First attached first; the latest 500.
    #[schema(max_items = 500)]
    signals: Vec<SignalShape>,
    /// First done first; the latest 500.
    #[schema(max_items = 500)]
    log: Vec<LogShape>,
}

impl DetailShape {
    /// The alarm at an instant.
    pub fn of(detail: &Detail, sight: &Sight) -> DetailShape {
        DetailShape {
            now: Timestamp(sight.now),
            degraded: detail.degraded,
            alarm: AlarmShape::of(&detail.alarm, sight),
            signals: detail.signals.iter().map(SignalShape::of).collect(),
            log: detail.log.iter().map(LogShape::of).collect(),
        }
    }
}
