//! A signal as kept, with everything a court may ask about it.

use serde::Serialize;
use telecare_protocol::Report;
use telecare_protocol::report::Value;
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
    /// The unit's own clock as it told it, date and time as far as it told them; null where it told none. It has no
    /// zone and may be wrong: the ages of an alarm go by this receiver's clock.
    #[schema(required = true, examples("04-22-94 16:02:15"))]
    device_time: Option<String>,
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
            device_time: device_time(&signal.report),
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

/// The date and time that a unit told among its events: SIA's modifiers `da` and `ti`.
fn device_time(report: &Report) -> Option<String> {
    let groups = report.fields.iter().filter_map(|(_, value)| match value {
        Value::List(groups) => Some(groups),
        Value::Text(_) | Value::Number(_) => None,
    });
    let told: Vec<_> = groups.flatten().flatten().collect();
    let first = |wanted: &str| {
        told.iter().find_map(|(name, value)| match value {
            Value::Text(text) if name == wanted => Some(text.as_str()),
            Value::Text(_) | Value::Number(_) | Value::List(_) => None,
        })
    };
    let parts: Vec<&str> = [first("date"), first("time")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, What, decode};

    #[test]
    fn a_unit_s_own_clock_is_told_as_it_said_it() {
        let table = [
            ("S013[#1234|Nda04-22-94/ti16:02:15/ri1QA01]\x14", Some("04-22-94 16:02:15")),
            ("S013[#1234|Nti12:16/ri1QA01]\x14", Some("12:16")),
            ("S013[#1234|Nri1QA01]\x14", None),
            ("5011 181234E10101001\x14", None),
        ];
        for (line, expected) in table {
            let options = DecodeOptions::default();
            let read = decode(Protocol::SurGard, line.as_bytes(), Mode::Tolerant, &Codes::builtin(), &options);
            let What::Report(report) = &read[0].what else { panic!("{line}: no report") };
            assert_eq!(device_time(report).as_deref(), expected, "{line}: {:?}", report.fields);
        }
    }
}
