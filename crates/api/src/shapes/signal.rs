//! A signal as kept, with everything a court may ask about it.

use serde::Serialize;
use telecare_queue::StoredSignal;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ReportShape, Timestamp, escaped, names};

/// One signal of an alarm.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalShape {
    id: Uuid,
    receiver: String,
    line: String,
    unit: String,
    unit_key: String,
    #[schema(schema_with = names::basis)]
    unit_basis: &'static str,
    first_byte_at: Timestamp,
    last_byte_at: Timestamp,
    decoded_at: Timestamp,
    journalled_at: Timestamp,
    /// 1 most urgent to 5.
    #[schema(minimum = 1, maximum = 5)]
    priority: u8,
    #[schema(schema_with = names::class)]
    class: &'static str,
    #[schema(schema_with = names::lane)]
    lane: &'static str,
    /// The policy rule that ranked it.
    rule: String,
    /// Hash of the policy in force.
    policy: String,
    /// Every byte as it came, `\xNN` where it cannot be printed.
    raw: String,
    report: ReportShape,
    /// The signal of which this is a proven repeat.
    #[schema(required = true)]
    repeat_of: Option<Uuid>,
    /// Heard on a line that only listens beside another platform.
    shadow: bool,
    /// Version of the software that took it in.
    software: String,
    #[schema(schema_with = names::clock)]
    clock: &'static str,
}

impl SignalShape {
    /// The signal as it was kept.
    pub fn of(stored: &StoredSignal) -> SignalShape {
        let signal = &stored.signal;
        SignalShape {
            id: signal.id.0,
            receiver: signal.receiver.to_string(),
            line: signal.line.to_string(),
            unit: signal.unit.words.to_string(),
            unit_key: signal.unit.key.to_string(),
            unit_basis: signal.unit.basis.as_str(),
            first_byte_at: Timestamp(signal.stamps.first_byte),
            last_byte_at: Timestamp(signal.stamps.last_byte),
            decoded_at: Timestamp(signal.stamps.decoded),
            journalled_at: Timestamp(stored.journalled_at),
            priority: signal.ranking.priority.number(),
            class: signal.ranking.class.as_str(),
            lane: signal.ranking.lane.as_str(),
            rule: signal.ranking.rule.to_string(),
            policy: signal.ranking.policy.to_string(),
            raw: escaped(&signal.raw),
            report: ReportShape::of(&signal.report),
            repeat_of: signal.repeat_of.map(|original| original.0),
            shadow: signal.shadow,
            software: signal.software.to_string(),
            clock: signal.clock.as_str(),
        }
    }
}
