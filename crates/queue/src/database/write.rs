//! What a folded batch writes, as rows of JSON, in one statement.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;
use telecare_alarm::{Alarm, AlarmId};
use time::OffsetDateTime;

use super::batch::Heard;
use super::fold::Fold;
use crate::entry::{Entry, What};
use crate::record::{ActionRecord, AlarmRecord, SignalRecord, bytea};

/// What goes into the one statement.
#[derive(Debug, Default)]
pub(super) struct Write {
    changed: Vec<Value>,
    opened: Vec<Value>,
    signals: Vec<Value>,
    actions: Vec<Value>,
    verdicts: Vec<Value>,
    receiver: String,
}

impl Write {
    pub fn of(folded: &Fold<'_>, entries: &[Arc<Entry>], receiver: &str) -> Write {
        Write {
            changed: folded.updated().map(row).collect(),
            opened: folded.opened().map(row).collect(),
            signals: folded.signals().map(|(entry, joined)| signal_row(entry, joined)).collect(),
            actions: folded.actions().map(|kept| action_row(receiver, kept)).collect(),
            verdicts: entries.iter().filter_map(|entry| verdict_row(receiver, entry)).collect(),
            receiver: receiver.to_owned(),
        }
    }

    /// Takes the changes out, to be written before the rest.
    pub fn take_changed(&mut self) -> Write {
        let changed = std::mem::take(&mut self.changed);
        Write { changed, receiver: self.receiver.clone(), ..Write::default() }
    }

    pub async fn execute(self, connection: &mut PgConnection, heard: Heard, software: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query(include_str!("sql/write.sql")).bind(Json(self.opened)).bind(Json(self.signals));
        let query = query.bind(Json(self.actions)).bind(Json(self.verdicts));
        let query = query.bind(self.receiver).bind(heard.last_seq).bind(heard.head_seq).bind(heard.head.to_vec());
        let query = query.bind(heard.unforwarded).bind(software).bind(heard.operator_heard_at);
        query.bind(Json(self.changed)).execute(connection).await.map(drop)
    }
}

/// A card as a row.
pub(super) fn row(alarm: &Alarm) -> Value {
    json!(AlarmRecord::of(alarm))
}

/// An entry's stored form with what every kept entry carries.
fn kept(record: &impl Serialize, receiver: &str, entry: &Entry, more: Value) -> Value {
    let mut row = json!(record);
    let chain = json!({
        "receiver": receiver,
        "seq": entry.seq,
        "hash": bytea::text(&entry.hash),
        "body": entry.body,
        "journalled_at": rfc3339(entry.at),
    });
    if let Value::Object(row) = &mut row {
        for part in [chain, more] {
            if let Value::Object(part) = part {
                row.extend(part);
            }
        }
    }
    row
}

fn signal_row(entry: &Entry, (alarm, position): (AlarmId, u32)) -> Value {
    let What::Signal(signal) = &entry.what else { return Value::Null };
    let more = json!({ "alarm": alarm.0, "position": position });
    kept(&SignalRecord::of(signal), signal.receiver.as_str(), entry, more)
}

fn action_row(receiver: &str, done: super::fold::Kept<'_>) -> Value {
    let What::Action(action) = &done.entry.what else { return Value::Null };
    let more = json!({ "alarm": done.alarm.0, "refused": done.refused, "contested": done.contested });
    kept(&ActionRecord::of(action), receiver, done.entry, more)
}

fn verdict_row(receiver: &str, entry: &Entry) -> Option<Value> {
    let What::Verdict(verdict) = &entry.what else { return None };
    Some(kept(&json!({ "action": verdict.action }), receiver, entry, Value::Null))
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
