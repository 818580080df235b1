//! What the rules know, as stored: escalations of an alarm, tests, who was heard when.

use serde::{Deserialize, Serialize};
use telecare_alarm::expect::{Kept, Subject};
use telecare_alarm::{Delivery, DeliveryEnd, Escalation, ReceiverId, Test};
use time::OffsetDateTime;

use super::{clean, micros};

/// A time in a list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stamp(#[serde(with = "time::serde::rfc3339")] pub OffsetDateTime);

/// A stored escalation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EscalationRecord {
    rule: String,
    #[serde(with = "time::serde::rfc3339")]
    due: OffsetDateTime,
    level: u8,
    by: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<DeliveryRecord>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct DeliveryRecord {
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivered: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

impl EscalationRecord {
    pub fn of(escalation: &Escalation) -> EscalationRecord {
        let told = |delivery: &Delivery| DeliveryRecord {
            target: clean(&delivery.target),
            delivered: delivery.ended.map(|end| end.delivered),
            at: delivery.ended.map(|end| micros(end.at)),
        };
        EscalationRecord {
            rule: escalation.rule.to_string(),
            due: micros(escalation.due),
            level: escalation.level,
            by: escalation.by.to_string(),
            told: escalation.deliveries.iter().map(told).collect(),
        }
    }

    /// The escalation; one by a rule that only a newer version knows is left out.
    pub fn restore(self) -> Option<Escalation> {
        let delivery = |record: DeliveryRecord| Delivery {
            target: record.target.into(),
            ended: record.delivered.zip(record.at).map(|(delivered, at)| DeliveryEnd { delivered, at }),
        };
        Some(Escalation {
            rule: self.rule.parse().ok()?,
            due: self.due,
            level: self.level,
            by: ReceiverId::new(&self.by),
            deliveries: self.told.into_iter().map(delivery).collect(),
        })
    }
}

/// A stored test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TestRecord {
    scope: String,
    engineer: String,
    reason: String,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
}

impl TestRecord {
    pub fn of(test: &Test) -> TestRecord {
        TestRecord {
            scope: clean(&test.scope.to_string()),
            engineer: clean(&test.engineer),
            reason: clean(&test.reason),
            until: micros(test.until),
        }
    }

    /// The test; one of a scope that only a newer version knows is none here.
    pub fn restore(self) -> Option<Test> {
        Some(Test { until: self.until, engineer: self.engineer, reason: self.reason, scope: self.scope.parse().ok()? })
    }
}

/// Who was heard when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectedRecord {
    subject: String,
    #[serde(with = "time::serde::rfc3339")]
    heard_at: OffsetDateTime,
    was_heard: bool,
    #[serde(default, with = "time::serde::rfc3339::option")]
    missed_at: Option<OffsetDateTime>,
}

impl ExpectedRecord {
    /// The stored form.
    pub fn of(kept: &Kept) -> ExpectedRecord {
        ExpectedRecord {
            subject: kept.subject.key(),
            heard_at: micros(kept.heard_at),
            was_heard: kept.was_heard,
            missed_at: kept.missed.map(micros),
        }
    }

    /// As the database's columns have it.
    pub fn from_row(
        subject: String,
        heard_at: OffsetDateTime,
        was_heard: bool,
        missed_at: Option<OffsetDateTime>,
    ) -> ExpectedRecord {
        ExpectedRecord { subject, heard_at, was_heard, missed_at }
    }

    /// What it is kept under.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What is known; of a subject that only a newer version knows, nothing.
    pub fn restore(self) -> Option<Kept> {
        let subject: Subject = self.subject.parse().ok()?;
        Some(Kept { subject, heard_at: self.heard_at, was_heard: self.was_heard, missed: self.missed_at })
    }
}
