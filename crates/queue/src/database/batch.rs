//! One batch, one transaction: look, fold, write.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use telecare_alarm::expect::{Changes, Subject};
use telecare_alarm::{Alarm, AlarmId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::fold::{Fold, Rows};
use super::places::Places;
use super::wanted::Wanted;
use super::write::Write;
use super::{Committed, Refused};
use crate::entry::{Entry, Hash};
use crate::record::{AlarmRecord, ExpectedRecord};

/// Entries to write, oldest first within each unit.
#[derive(Debug)]
pub struct Batch {
    /// The entries.
    pub entries: Vec<Arc<Entry>>,
    /// The rows they are about as last known, when there is no cause to look at them first.
    pub known: Option<LastKnown>,
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

/// Rows as last known: the writer bets on them, and looks when somebody was quicker.
#[derive(Debug, Default)]
pub struct LastKnown {
    /// All of the units that signals are of.
    pub of_units: Vec<Arc<Alarm>>,
    /// Those that something is done to.
    pub of_actions: Vec<Arc<Alarm>>,
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
    /// An id is there already: it will do once it is looked for, unless no look explains it.
    Taken(String),
    /// No table will ever take it.
    Permanent(String),
    /// The connection or the server is at fault.
    Away(Refused),
}

impl WriteError {
    /// Whether another try may do after so many. An id that is there already is looked for in the next; what that does not
    /// explain is put aside, or it would hold up everything behind it.
    pub fn may_pass(&self, tries: u32) -> bool {
        match self {
            WriteError::Again(_) => tries < 20,
            WriteError::Taken(_) => tries < 3,
            WriteError::Permanent(_) | WriteError::Away(_) => false,
        }
    }
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> WriteError {
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        // Class 22 data, 23 integrity, 54 limits: the entry's fault. 40 serialisation: nobody's.
        // Another receiver opened an alarm of the unit meanwhile.
        if error.as_database_error().and_then(|error| error.constraint()) == Some("alarm_open_unit") {
            return WriteError::Again(error.to_string());
        }
        match code.get(..2) {
            // Somebody holds a row for longer than a writer does.
            _ if code == "55P03" => WriteError::Again(error.to_string()),
            _ if code == "23505" => WriteError::Taken(error.to_string()),
            Some("22" | "23" | "54") => WriteError::Permanent(error.to_string()),
            Some("40") => WriteError::Again(error.to_string()),
            _ => WriteError::Away(Refused::from(error)),
        }
    }
}

impl Batch {
    /// Writes some of the batch's entries in one transaction. A first try goes by the rows as last known, or
    /// looks at them, and fails when somebody else wrote them meanwhile; a later one locks them before it looks, and
    /// leaves out what somebody else has locked.
    pub async fn write(
        &self,
        entries: &[Arc<Entry>],
        connection: &mut PgConnection,
        places: &mut Places,
        (receiver, software): (&str, &str),
        tries: Tries,
    ) -> Result<Committed, WriteError> {
        let wanted = Wanted::of(entries);
        // What is taken back out of the history must not be moved there again before it is looked at.
        if tries.locks || wanted.takes_back() {
            let mut transaction = connection.begin().await?;
            let rows = wanted.lock(&mut transaction, tries).await?;
            let folded = Fold::of(self, entries, rows);
            self.write_folded(&mut transaction, places, &folded, entries, (receiver, software)).await?;
            transaction.commit().await?;
            return Ok(folded.committed());
        }
        let known = self.known.as_ref().filter(|_| !tries.offered_before);
        let bet = known.map(|known| Fold::of(self, entries, Rows::of(known))).filter(Fold::tells_when_wrong);
        let folded = match bet {
            Some(folded) => folded,
            None => Fold::of(self, entries, wanted.look(connection, tries, None).await?),
        };
        if folded.is_one_statement() && self.expected.is_empty() {
            Write::of(&folded, entries, receiver).execute(connection, places, self.heard, software).await?;
        } else {
            let mut transaction = connection.begin().await?;
            self.write_folded(&mut transaction, places, &folded, entries, (receiver, software)).await?;
            transaction.commit().await?;
        }
        Ok(folded.committed())
    }

    async fn write_folded(
        &self,
        transaction: &mut PgConnection,
        places: &mut Places,
        folded: &Fold<'_>,
        entries: &[Arc<Entry>],
        (receiver, software): (&str, &str),
    ) -> Result<(), WriteError> {
        let mut write = Write::of(folded, entries, receiver);
        if !folded.is_one_statement() {
            // Closing comes before opening: a unit has one open alarm at each statement's end.
            write.take_changed().execute(&mut *transaction, places, self.heard, software).await?;
        }
        write.execute(&mut *transaction, places, self.heard, software).await?;
        if !folded.aliases.is_empty() {
            let (alias, of): (Vec<Uuid>, Vec<Uuid>) = folded.aliases.iter().map(|(a, b)| (a.0, b.0)).unzip();
            sqlx::query(include_str!("sql/aliases.sql")).bind(alias).bind(of).execute(&mut *transaction).await?;
        }
        if !self.expected.forgotten.is_empty() {
            let subjects: Vec<String> = self.expected.forgotten.iter().map(Subject::key).collect();
            sqlx::query(include_str!("sql/forgotten.sql")).bind(subjects).execute(&mut *transaction).await?;
        }
        let expected = self.expected.kept.iter().map(|kept| json!(ExpectedRecord::of(kept))).collect();
        execute(&mut *transaction, include_str!("sql/expected.sql"), expected).await?;
        Ok(())
    }
}

/// How a batch is tried.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    /// Some entries may be there already; asking costs, so it is not asked without cause.
    pub offered_before: bool,
    /// Whether rows are locked before they are looked at.
    pub locks: bool,
}

/// Puts open alarms back that a restored database does not know.
pub async fn refill(connection: &mut PgConnection, rows: &[Arc<Alarm>]) -> Result<(), sqlx::Error> {
    let rows = rows.iter().map(|alarm| json!(AlarmRecord::of(alarm))).collect();
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
