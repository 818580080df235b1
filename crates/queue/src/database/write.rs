//! What a folded batch writes, as rows, in one statement.

use std::sync::Arc;

use sqlx::PgConnection;
use telecare_alarm::{Alarm, AlarmId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::batch::Heard;
use super::fold::{self, Fold};
use super::places::Places;
use super::statement::Parts;
use crate::entry::{Entry, What};
use crate::record::{ActionRecord, AlarmRecord, SignalRecord};

/// What goes into the one statement.
#[derive(Debug, Default)]
pub(super) struct Write {
    changed: Vec<AlarmRecord>,
    opened: Vec<AlarmRecord>,
    signals: Vec<SignalRecord>,
    kept: Vec<Kept>,
    actions: Vec<ActionRecord>,
    done: Vec<Done>,
    said: Vec<Said>,
    receiver: String,
}

impl Write {
    pub fn of(folded: &Fold<'_>, entries: &[Arc<Entry>], receiver: &str) -> Write {
        // In the order of their units, so that two writers do not wait for each other.
        let mut changed: Vec<&Alarm> = folded.updated().collect();
        changed.sort_by(|one, other| (&one.unit.key, one.id).cmp(&(&other.unit.key, other.id)));
        let (signals, kept) = folded.signals().filter_map(|(entry, joined)| signal(entry, joined)).unzip();
        let (actions, done) = folded.actions().filter_map(action).unzip();
        Write {
            changed: changed.into_iter().map(AlarmRecord::of).collect(),
            opened: folded.opened().map(AlarmRecord::of).collect(),
            signals,
            kept,
            actions,
            done,
            said: entries.iter().filter_map(|entry| verdict(entry)).collect(),
            receiver: receiver.to_owned(),
        }
    }

    /// Takes the changes out, to be written before the rest.
    pub fn take_changed(&mut self) -> Write {
        let changed = std::mem::take(&mut self.changed);
        Write { changed, receiver: self.receiver.clone(), ..Write::default() }
    }

    fn parts(&self, placed: bool) -> Parts {
        Parts {
            changed: !self.changed.is_empty(),
            opened: !self.opened.is_empty(),
            signals: !self.signals.is_empty(),
            actions: !self.actions.is_empty(),
            verdicts: !self.said.is_empty(),
            placed,
        }
    }

    /// Writes it, by the places of rows where they are known.
    pub async fn execute(
        self,
        connection: &mut PgConnection,
        places: &mut Places,
        heard: Heard,
        software: &str,
    ) -> Result<(), sqlx::Error> {
        let known = places.of(&self.changed);
        let statement = self.parts(known.is_some()).statement();
        let (lie, receiver_lies) = known.unzip();
        let query = sqlx::query_as::<_, (bool, Vec<Uuid>, Vec<String>, Option<String>)>(statement);
        let query = query.bind(&self.opened).bind(self.signals).bind(self.actions).bind(self.said);
        let query = query.bind(self.receiver).bind(heard.last_seq).bind(heard.head_seq).bind(heard.head.to_vec());
        let query = query.bind(heard.unforwarded).bind(software).bind(heard.operator_heard_at);
        let query = query.bind(&self.changed).bind(self.kept).bind(self.done).bind(lie).bind(receiver_lies);
        let (_, ids, written, receiver) = query.fetch_one(connection).await?;
        let written = ids.into_iter().zip(written).collect();
        places.learn(self.changed.iter().chain(&self.opened), written, receiver);
        Ok(())
    }
}

/// What a signal's row has beside its record: the card it joined, its place there and its link of the chain.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "kept_row")]
struct Kept {
    card: Uuid,
    position: i32,
    seq: i64,
    hash: Vec<u8>,
    body: String,
    journalled_at: OffsetDateTime,
}

/// What an action's row has beside its record: the card it was done to, what became of it and its link of the chain.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "done_row")]
struct Done {
    card: Uuid,
    refused: Option<String>,
    contested: bool,
    seq: i64,
    hash: Vec<u8>,
    body: String,
    journalled_at: OffsetDateTime,
}

/// A verdict: what it is about and its link of the chain.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "said_row")]
struct Said {
    action: Uuid,
    seq: i64,
    hash: Vec<u8>,
    body: String,
    journalled_at: OffsetDateTime,
}

fn signal(entry: &Entry, (alarm, position): (AlarmId, u32)) -> Option<(SignalRecord, Kept)> {
    let What::Signal(signal) = &entry.what else { return None };
    let kept = Kept {
        card: alarm.0,
        position: i32::try_from(position).unwrap_or(i32::MAX),
        seq: entry.seq,
        hash: entry.hash.to_vec(),
        body: entry.body.clone(),
        journalled_at: entry.at,
    };
    Some((SignalRecord::of(signal), kept))
}

fn action(kept: fold::Kept<'_>) -> Option<(ActionRecord, Done)> {
    let What::Action(action) = &kept.entry.what else { return None };
    let done = Done {
        card: kept.alarm.0,
        refused: kept.refused,
        contested: kept.contested,
        seq: kept.entry.seq,
        hash: kept.entry.hash.to_vec(),
        body: kept.entry.body.clone(),
        journalled_at: kept.entry.at,
    };
    Some((ActionRecord::of(action), done))
}

fn verdict(entry: &Entry) -> Option<Said> {
    let What::Verdict(verdict) = &entry.what else { return None };
    Some(Said {
        action: verdict.action,
        seq: entry.seq,
        hash: entry.hash.to_vec(),
        body: entry.body.clone(),
        journalled_at: entry.at,
    })
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use sqlx::postgres::PgHasArrayType;
    use sqlx::{Connection, Encode, Postgres, Type};
    use telecare_tests::postgres::Postgres as Server;

    use super::*;
    use crate::database::connect::prepare;

    /// A row type with a value of its own in each field but those that are JSON.
    const EACH_ITS_OWN: &str = "SELECT jsonb_object_agg(attname, CASE atttypid
            WHEN 'uuid'::regtype THEN to_jsonb(md5(attname)::uuid)
            WHEN 'text'::regtype THEN to_jsonb(attname::text)
            WHEN 'bytea'::regtype THEN to_jsonb(convert_to(attname, 'UTF8'))
            WHEN 'boolean'::regtype THEN to_jsonb(true)
            WHEN 'timestamptz'::regtype THEN to_jsonb(timestamptz '2026-11-27 02:00:00.123456Z' + attnum * interval '1 s')
            ELSE to_jsonb(attnum) END)
        FROM pg_attribute WHERE attrelid = (SELECT typrelid FROM pg_type WHERE typname = $1) AND atttypid <> 'jsonb'::regtype";

    /// A record with these JSON fields and a value of its own in each other, and what the database made of it.
    async fn written<R>(connection: &mut PgConnection, row: &str, more: Value) -> (R, R)
    where
        R: DeserializeOwned + PgHasArrayType + Type<Postgres> + Send + Sync + 'static,
        for<'a> R: Encode<'a, Postgres>,
    {
        let mut fields: Value = sqlx::query_scalar(EACH_ITS_OWN).bind(row).fetch_one(&mut *connection).await.unwrap();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let record: R = serde_json::from_value(fields.clone()).unwrap();
        let back = sqlx::AssertSqlSafe(format!("SELECT to_jsonb(r) FROM unnest($1::{row}[]) r"));
        let query = sqlx::query_scalar(back).bind(vec![record]);
        let back: Value = query.fetch_one(connection).await.unwrap();
        (serde_json::from_value(fields).unwrap(), serde_json::from_value(back).unwrap())
    }

    #[tokio::test]
    async fn each_field_of_a_record_is_that_field_of_its_row() {
        let server = Server::shared().unwrap();
        let url = server.url(&server.create_database().unwrap());
        let mut connection = PgConnection::connect(&url).await.unwrap();
        prepare(&mut connection).await.unwrap();
        let at = "2026-11-27T02:00:00.123456Z";
        let trigger =
            json!({ "trigger": "pendant", "place": "7", "place_words": "zone 7", "raised_at": at, "count": 2 });
        let call =
            json!({ "id": Uuid::from_u128(7), "line": "ip", "receiver": "r1", "ended_at": at, "how": "released" });
        let escalation = json!({ "rule": "unanswered", "due": at, "level": 1, "by": "r1" });
        let test = json!({ "scope": "unit/7", "engineer": "Eve", "reason": "battery", "until": at });
        let alarm = json!({ "triggers": [trigger], "calls": [call], "press_times": [at], "escalations": [escalation],
            "on_test": test });
        let (told, back) = written::<AlarmRecord>(&mut connection, "alarm_row", alarm).await;
        assert_eq!(back, told);
        let event = json!({ "trigger": "pendant", "status": "active", "code": "101", "words": "pressed" });
        let report = json!({ "report": { "origin": "unit", "events": [event], "fields": [["zone", "7"]] } });
        let (told, back) = written::<SignalRecord>(&mut connection, "signal_row", report).await;
        assert_eq!(back, told);
        let targets = json!({ "targets": ["night manager"] });
        let (told, back) = written::<ActionRecord>(&mut connection, "action_row", targets).await;
        assert_eq!(back, told);
    }
}
