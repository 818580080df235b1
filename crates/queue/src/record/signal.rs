//! A stored signal.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use sqlx::types::Json;
use telecare_alarm::{
    AlarmId, CallId, LineId, Marks, Priority, Ranking, ReceiverId, Signal, SignalId, Stamps, UnitKey,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ReportRecord, Unreadable, bytea, clean, micros, read};

/// A signal as the journal's body and most of the database's row: its fields are those of the type `signal_row`, in their
/// order.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "signal_row")]
pub struct SignalRecord {
    id: Uuid,
    receiver: String,
    line: String,
    unit_key: String,
    unit_basis: String,
    unit_words: String,
    #[serde(with = "time::serde::rfc3339")]
    first_byte_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_byte_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    decoded_at: OffsetDateTime,
    lane: String,
    priority: i16,
    class: String,
    rule: String,
    policy: String,
    protocol: String,
    outcome: String,
    identity: Option<String>,
    caller_number: Option<String>,
    trigger: String,
    code: String,
    status: String,
    location: Option<String>,
    report: Json<ReportRecord>,
    #[serde(with = "bytea")]
    raw: Vec<u8>,
    repeat_of: Option<Uuid>,
    #[serde(default)]
    shadow: bool,
    #[serde(default)]
    test: Option<Uuid>,
    #[serde(default)]
    incident: Option<String>,
    #[serde(default)]
    runaway: bool,
    #[serde(default)]
    call: Option<Uuid>,
    software: String,
    clock: String,
}

impl SignalRecord {
    /// The stored form of a signal.
    pub fn of(signal: &Signal) -> SignalRecord {
        let report = &signal.report;
        let principal = report.principal();
        SignalRecord {
            id: signal.id.0,
            receiver: signal.receiver.as_str().to_owned(),
            line: signal.line.as_str().to_owned(),
            unit_key: clean(&signal.unit.key),
            unit_basis: signal.unit.basis.as_str().to_owned(),
            unit_words: clean(&signal.unit.words),
            first_byte_at: micros(signal.stamps.first_byte),
            last_byte_at: micros(signal.stamps.last_byte),
            decoded_at: micros(signal.stamps.decoded),
            lane: signal.ranking.lane.as_str().to_owned(),
            priority: signal.ranking.priority.number().into(),
            class: signal.ranking.class.as_str().to_owned(),
            rule: clean(&signal.ranking.rule),
            policy: clean(&signal.ranking.policy),
            protocol: report.protocol.as_str().to_owned(),
            outcome: match &report.outcome {
                telecare_protocol::Outcome::Decoded => "decoded".to_owned(),
                telecare_protocol::Outcome::Unreadable(_) => "unreadable".to_owned(),
            },
            identity: report.identity.as_deref().map(clean),
            caller_number: report.caller.as_ref().and_then(|caller| caller.number.as_deref()).map(clean),
            trigger: principal.map_or("unknown", |event| event.trigger.as_str()).to_owned(),
            code: principal.map(|event| clean(&event.code)).unwrap_or_default(),
            status: principal.map_or("unknown", |event| event.status.as_str()).to_owned(),
            location: principal.and_then(|event| event.location.as_ref()).map(|place| clean(&place.words)),
            report: Json(ReportRecord::of(report)),
            raw: signal.raw.clone(),
            repeat_of: signal.repeat_of.map(|id| id.0),
            shadow: signal.shadow,
            test: signal.marks.test.map(|test| test.0),
            incident: signal.marks.incident.as_deref().map(clean),
            runaway: signal.marks.runaway,
            call: signal.call.map(|call| call.0),
            software: signal.software.to_string(),
            clock: signal.clock.as_str().to_owned(),
        }
    }

    /// The signal.
    pub fn restore(self) -> Result<Signal, Unreadable> {
        let unreadable = |error| Unreadable::new("signal", error);
        let protocol = self.protocol.parse().map_err(unreadable)?;
        let priority = Priority::new(read(self.priority)).ok_or_else(|| Unreadable::new("priority", self.priority))?;
        Ok(Signal {
            id: SignalId(self.id),
            receiver: ReceiverId::new(&self.receiver),
            line: LineId::new(&self.line),
            call: self.call.map(CallId),
            unit: UnitKey {
                key: self.unit_key.into(),
                basis: self.unit_basis.parse().map_err(unreadable)?,
                words: self.unit_words.into(),
            },
            stamps: Stamps { first_byte: self.first_byte_at, last_byte: self.last_byte_at, decoded: self.decoded_at },
            ranking: Ranking {
                priority,
                class: self.class.parse().map_err(unreadable)?,
                lane: self.lane.parse().map_err(unreadable)?,
                rule: self.rule.into(),
                policy: self.policy.into(),
            },
            raw: self.raw,
            report: self.report.restore(protocol, self.identity, self.caller_number)?,
            repeat_of: self.repeat_of.map(SignalId),
            shadow: self.shadow,
            marks: Marks {
                test: self.test.map(AlarmId),
                incident: self.incident.map(Into::into),
                runaway: self.runaway,
            },
            software: self.software.into(),
            clock: self.clock.parse().map_err(unreadable)?,
        })
    }
}
