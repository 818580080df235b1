//! What a folded batch writes, as rows of JSON, in one statement.

use std::sync::Arc;

use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use telecare_alarm::{Alarm, AlarmId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::batch::Heard;
use super::fold::{self, Fold};
use super::statement::Parts;
use crate::entry::{Entry, Hash, What};
use crate::record::{ActionRecord, AlarmRecord, SignalRecord, bytea};

/// What goes into the one statement.
#[derive(Debug, Default)]
pub(super) struct Write {
    changed: Vec<AlarmRecord>,
    opened: Vec<AlarmRecord>,
    signals: Vec<Kept<SignalRecord, Joined>>,
    actions: Vec<Kept<ActionRecord, Done>>,
    verdicts: Vec<Kept<Verdict, ()>>,
    receiver: String,
}

impl Write {
    pub fn of(folded: &Fold<'_>, entries: &[Arc<Entry>], receiver: &str) -> Write {
        // In the order of their units, so that two writers do not wait for each other.
        let mut changed: Vec<&Alarm> = folded.updated().collect();
        changed.sort_by(|one, other| (&one.unit.key, one.id).cmp(&(&other.unit.key, other.id)));
        Write {
            changed: changed.into_iter().map(AlarmRecord::of).collect(),
            opened: folded.opened().map(AlarmRecord::of).collect(),
            signals: folded.signals().filter_map(|(entry, joined)| signal(entry, joined)).collect(),
            actions: folded.actions().filter_map(|kept| action(receiver, kept)).collect(),
            verdicts: entries.iter().filter_map(|entry| verdict(receiver, entry)).collect(),
            receiver: receiver.to_owned(),
        }
    }

    /// Takes the changes out, to be written before the rest.
    pub fn take_changed(&mut self) -> Write {
        let changed = std::mem::take(&mut self.changed);
        Write { changed, receiver: self.receiver.clone(), ..Write::default() }
    }

    fn parts(&self) -> Parts {
        Parts {
            changed: !self.changed.is_empty(),
            opened: !self.opened.is_empty(),
            signals: !self.signals.is_empty(),
            actions: !self.actions.is_empty(),
            verdicts: !self.verdicts.is_empty(),
        }
    }

    /// Writes it.
    pub async fn execute(self, connection: &mut PgConnection, heard: Heard, software: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query(self.parts().statement());
        let query = query.bind(Json(self.opened)).bind(Json(self.signals));
        let query = query.bind(Json(self.actions)).bind(Json(self.verdicts));
        let query = query.bind(self.receiver).bind(heard.last_seq).bind(heard.head_seq).bind(heard.head.to_vec());
        let query = query.bind(heard.unforwarded).bind(software).bind(heard.operator_heard_at);
        query.bind(Json(self.changed)).execute(connection).await.map(drop)
    }
}

/// An entry as a row: its record, where it belongs, and its link of the chain.
#[derive(Debug, Serialize)]
struct Kept<R, M> {
    #[serde(flatten)]
    record: R,
    #[serde(flatten)]
    more: M,
    receiver: String,
    seq: i64,
    #[serde(with = "bytea")]
    hash: Hash,
    body: String,
    #[serde(with = "time::serde::rfc3339")]
    journalled_at: OffsetDateTime,
}

/// The card a signal joined.
#[derive(Debug, Serialize)]
struct Joined {
    alarm: Uuid,
    position: u32,
}

/// What became of an action.
#[derive(Debug, Serialize)]
struct Done {
    alarm: Uuid,
    refused: Option<String>,
    contested: bool,
}

/// What a verdict is about.
#[derive(Debug, Serialize)]
struct Verdict {
    action: Uuid,
}

impl<R, M> Kept<R, M> {
    fn of(entry: &Entry, receiver: &str, record: R, more: M) -> Kept<R, M> {
        let (receiver, body) = (receiver.to_owned(), entry.body.clone());
        Kept { record, more, receiver, seq: entry.seq, hash: entry.hash, body, journalled_at: entry.at }
    }
}

fn signal(entry: &Entry, (alarm, position): (AlarmId, u32)) -> Option<Kept<SignalRecord, Joined>> {
    let What::Signal(signal) = &entry.what else { return None };
    let joined = Joined { alarm: alarm.0, position };
    Some(Kept::of(entry, signal.receiver.as_str(), SignalRecord::of(signal), joined))
}

fn action(receiver: &str, kept: fold::Kept<'_>) -> Option<Kept<ActionRecord, Done>> {
    let What::Action(action) = &kept.entry.what else { return None };
    let done = Done { alarm: kept.alarm.0, refused: kept.refused, contested: kept.contested };
    Some(Kept::of(kept.entry, receiver, ActionRecord::of(action), done))
}

fn verdict(receiver: &str, entry: &Entry) -> Option<Kept<Verdict, ()>> {
    let What::Verdict(verdict) = &entry.what else { return None };
    Some(Kept::of(entry, receiver, Verdict { action: verdict.action }, ()))
}
