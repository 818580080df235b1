//! One batch, one transaction: lock, fold, write back, keep, commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection, Row};
use telecare_alarm::expect::{Changes, Subject};
use telecare_alarm::{Act, Alarm, AlarmId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::fold::{Fold, Rows};
use super::{Committed, Refused};
use crate::entry::{Entry, Hash, What};
use crate::record::{ActionRecord, AlarmRecord, ExpectedRecord, SignalRecord, bytea};

/// Entries to write, oldest first within each unit.
#[derive(Debug)]
pub struct Batch {
    /// The entries.
    pub entries: Vec<Arc<Entry>>,
    /// Actions among them that this receiver has answered "done" by itself.
    pub done_here: HashSet<i64>,
    /// Which card each signal joined here.
    pub joined: HashMap<i64, AlarmId>,
    /// Whether some of them may be in the database already.
    pub offered_before: bool,
    /// What this receiver's row says with the commit.
    pub heard: Heard,
    /// Who was heard when.
    pub expected: Changes,
}

/// This receiver's row.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// Every entry up to here is in the database with this commit.
    pub last_seq: i64,
    /// Sequence of the entry linked last.
    pub head_seq: i64,
    /// Its hash.
    pub head: Hash,
    /// Entries not yet in the database.
    pub unforwarded: i64,
    /// When an operator was last heard here.
    pub operator_heard_at: Option<OffsetDateTime>,
}

/// Why a batch was not written.
#[derive(Debug)]
pub enum WriteError {
    /// Someone was quicker: the same again will do.
    Again(String),
    /// No table will ever take it.
    Permanent(String),
    /// The connection or the server is at fault.
    Away(Refused),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> WriteError {
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        // Class 22 data, 23 integrity, 54 limits: the entry's fault. 40 serialisation: nobody's.
        // Another receiver opened an alarm of the unit while this one reopened the one before.
        if error.as_database_error().and_then(|error| error.constraint()) == Some("alarm_open_unit") {
            return WriteError::Again(error.to_string());
        }
        match code.get(..2) {
            Some("22" | "23" | "54") => WriteError::Permanent(error.to_string()),
            Some("40") => WriteError::Again(error.to_string()),
            _ => WriteError::Away(Refused::from(error)),
        }
    }
}

impl Batch {
    /// Writes some of the batch's entries in one transaction. `offered_before`: some of them may be there
    /// already; asking costs a statement, so it is not asked without cause.
    pub async fn write(
        &self,
        entries: &[Arc<Entry>],
        connection: &mut PgConnection,
        receiver: &str,
        software: &str,
        offered_before: bool,
    ) -> Result<Committed, WriteError> {
        let mut transaction = connection.begin().await?;
        let rows = self.rows(entries, &mut transaction, offered_before).await?;
        let folded = Fold::of(self, entries, rows);
        // Closing comes before opening: a unit has one open alarm at each statement's end.
        execute(&mut transaction, include_str!("sql/update.sql"), folded.updated().map(row).collect()).await?;
        self.add(&mut transaction, &folded, entries, receiver, software).await?;
        if !folded.aliases.is_empty() {
            let (alias, of): (Vec<Uuid>, Vec<Uuid>) = folded.aliases.iter().map(|(a, b)| (a.0, b.0)).unzip();
            sqlx::query(include_str!("sql/aliases.sql")).bind(alias).bind(of).execute(&mut *transaction).await?;
        }
        if !self.expected.forgotten.is_empty() {
            let subjects: Vec<String> = self.expected.forgotten.iter().map(Subject::key).collect();
            sqlx::query(include_str!("sql/forgotten.sql")).bind(subjects).execute(&mut *transaction).await?;
        }
        let expected = self.expected.kept.iter().map(|kept| json!(ExpectedRecord::of(kept))).collect();
        execute(&mut transaction, include_str!("sql/expected.sql"), expected).await?;
        transaction.commit().await?;
        Ok(folded.committed())
    }

    async fn rows(
        &self,
        entries: &[Arc<Entry>],
        connection: &mut PgConnection,
        offered_before: bool,
    ) -> Result<Rows, sqlx::Error> {
        let mut rows = Rows::default();
        let units: Vec<String> = distinct(entries.iter().filter_map(|entry| match &entry.what {
            What::Signal(signal) => Some(crate::record::clean(&signal.unit.key)),
            What::Action(_) | What::Verdict(_) => None,
        }));
        let alarms: Vec<Uuid> = distinct(entries.iter().filter_map(|entry| match &entry.what {
            What::Action(action) => Some(action.alarm.0),
            What::Signal(_) | What::Verdict(_) => None,
        }));
        if units.is_empty() && alarms.is_empty() {
            return Ok(rows);
        }
        let reopened = reopened(entries);
        if !reopened.is_empty() {
            sqlx::query(include_str!("sql/recall.sql")).bind(&reopened).execute(&mut *connection).await?;
        }
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.what.id()).collect();
        let acted: &[Uuid] = if alarms.is_empty() { &[] } else { &ids };
        let offered: &[Uuid] = if offered_before { &ids } else { &[] };
        let query = sqlx::query(include_str!("sql/lock.sql")).bind(&units).bind(&alarms).bind(&reopened);
        for row in query.bind(acted).bind(offered).fetch_all(&mut *connection).await? {
            let (what, id, said): (&str, Uuid, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(3)?);
            match what {
                "row" => {
                    let locked: Option<Json<AlarmRecord>> = row.try_get(4)?;
                    rows.take(AlarmId(id), said.unwrap_or_default(), locked.map(|Json(record)| record));
                }
                "previous" => drop(rows.previous.insert(said.unwrap_or_default(), AlarmId(id))),
                "alias" => drop(rows.aliases.insert(AlarmId(id), AlarmId(row.try_get(2)?))),
                "action" => drop(rows.actions.insert(id, said)),
                _ => drop(rows.signals.insert(id)),
            }
        }
        Ok(rows)
    }

    /// Writes what is new, and this receiver's row.
    async fn add(
        &self,
        connection: &mut PgConnection,
        folded: &Fold<'_>,
        entries: &[Arc<Entry>],
        receiver: &str,
        software: &str,
    ) -> Result<(), WriteError> {
        let opened: Vec<Value> = folded.opened().map(row).collect();
        let signals: Vec<Value> = folded.signals().map(|(entry, joined)| signal_row(entry, joined)).collect();
        let actions: Vec<Value> = folded.actions().map(|kept| action_row(receiver, kept)).collect();
        let verdicts: Vec<Value> = entries.iter().filter_map(|entry| verdict_row(receiver, entry)).collect();
        let given = [opened.len(), signals.len()].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let query = sqlx::query_as::<_, (i64, i64)>(include_str!("sql/add.sql"));
        let query = query.bind(Json(opened)).bind(Json(signals)).bind(Json(actions)).bind(Json(verdicts));
        let heard = self.heard;
        let query = query.bind(receiver).bind(heard.last_seq).bind(heard.head_seq).bind(heard.head.to_vec());
        let query = query.bind(heard.unforwarded).bind(software).bind(heard.operator_heard_at);
        let (opened, kept) = query.fetch_one(connection).await?;
        match [opened, kept] {
            counted if counted == given => Ok(()),
            [opened, _] if opened < given[0] => {
                Err(WriteError::Again("another receiver opened an alarm for the same unit".to_owned()))
            }
            _ => Err(WriteError::Again("a signal was there already".to_owned())),
        }
    }
}

/// Puts open alarms back that a restored database does not know.
pub async fn refill(connection: &mut PgConnection, rows: &[Arc<Alarm>]) -> Result<(), sqlx::Error> {
    let rows = rows.iter().map(|alarm| row(alarm)).collect();
    execute(connection, include_str!("sql/refill.sql"), rows).await.map(drop)
}

/// Keeps an entry that no other table takes, byte for byte.
pub async fn quarantine(
    connection: &mut PgConnection,
    receiver: &str,
    entry: &Entry,
    why: &str,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(include_str!("sql/quarantine.sql")).bind(receiver).bind(entry.seq).bind(entry.what.kind());
    let query = query.bind(entry.what.id()).bind(why).bind(entry.hash.to_vec()).bind(entry.body.as_bytes());
    query.execute(connection).await.map(drop)
}

async fn execute(
    connection: &mut PgConnection,
    statement: &'static str,
    rows: Vec<Value>,
) -> Result<usize, sqlx::Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(statement).bind(Json(rows)).execute(connection).await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

fn row(alarm: &Alarm) -> Value {
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

/// Alarms that somebody wants to reopen.
fn reopened(entries: &[Arc<Entry>]) -> Vec<Uuid> {
    let reopened = entries.iter().filter_map(|entry| match &entry.what {
        What::Action(action) if matches!(action.act, Act::Reopen { .. }) => Some(action.alarm.0),
        What::Action(_) | What::Signal(_) | What::Verdict(_) => None,
    });
    distinct(reopened)
}

fn distinct<T: std::hash::Hash + Eq + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}
