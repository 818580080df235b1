//! One journal file: SQLite in WAL mode with `synchronous = FULL`, so that a commit returns only when the
//! entry is on the disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use telecare_alarm::expect::{Changes, Kept};
use telecare_alarm::registry::Unit;
use telecare_alarm::{Alarm, AlarmId, Signal};
use telecare_protocol::Protocol;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::put::{EntryRow, StateRow};
use crate::entry::{Chain, Entry, Hash, What};
use crate::record::{AlarmRecord, ExpectedRecord, UnitRecord};

/// Entries looked back on at start for what a copy may repeat: a minute of many units.
const RECENT_MAX: i64 = 5_000;

/// Times as the journal writes them: one width, so that texts sort as times do.
const STAMP: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Entries read back at most at once.
pub const READ_MAX: i64 = 250_000;

/// Why the journal could not do something, by what must follow.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A sync or another file operation failed, or the file is damaged: the file must not be used again.
    #[error("journal file lost: {0}")]
    Lost(String),
    /// The disk is full or cannot be written: the file is sound and may take entries later.
    #[error("journal cannot write: {0}")]
    CannotWrite(String),
}

impl From<sqlx::Error> for JournalError {
    fn from(error: sqlx::Error) -> JournalError {
        let code = error.as_database_error().and_then(|error| error.code()).and_then(|code| code.parse::<i32>().ok());
        // Primary result codes of SQLite: 5 busy, 6 locked, 8 read-only, 13 full, 14 cannot open.
        match code.map(|code| code & 0xff) {
            Some(5 | 6 | 8 | 13 | 14) => JournalError::CannotWrite(error.to_string()),
            _ => JournalError::Lost(error.to_string()),
        }
    }
}

/// What becomes of entries and rows after they were journalled. Needs no sync of its own: lost, it is
/// found out again from the database, which knows every id.
#[derive(Debug, Default)]
pub struct Settle {
    /// Entries the database has.
    pub forwarded: Vec<i64>,
    /// Actions among them that were refused, and the refusal's name.
    pub refused: Vec<(i64, String)>,
    /// Rows as last known.
    pub rows: Vec<Arc<Alarm>>,
    /// Alarms no longer needed.
    pub dropped: Vec<AlarmId>,
    /// Ids that stand for another alarm.
    pub aliases: Vec<(AlarmId, AlarmId)>,
    /// Who was heard when.
    pub expected: Changes,
    /// What callers' units speak, by their number.
    pub learnt: Vec<(String, Protocol)>,
    /// Whether the rows replace all that were known.
    pub replace: bool,
}

impl Settle {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.forwarded.is_empty()
            && self.rows.is_empty()
            && self.dropped.is_empty()
            && self.expected.is_empty()
            && self.learnt.is_empty()
            && !self.replace
    }
}

/// What a journal knew when it was opened.
#[derive(Debug, Default)]
pub struct Known {
    /// Last known rows.
    pub rows: Vec<Alarm>,
    /// Ids that stand for another alarm.
    pub aliases: Vec<(AlarmId, AlarmId)>,
    /// Entries the database does not have yet, oldest first.
    pub pending: Vec<Arc<Entry>>,
    /// The latest entries, oldest first: for repeats and actions sent twice.
    pub recent: Vec<Arc<Entry>>,
    /// Signals that the database has and the journal has not: see [`crate::database::ahead`].
    pub ahead: Vec<Arc<Signal>>,
    /// Head of the chain, if there is any entry.
    pub head: Option<Chain>,
    /// Units of the registry as last read.
    pub units: Vec<Unit>,
    /// Who was heard when.
    pub expected: Vec<Kept>,
    /// What callers' units speak, by their number.
    pub learnt: Vec<(String, Protocol)>,
    /// Rows that could not be read back.
    pub unreadable: usize,
}

/// An open journal file. One writer.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    pub(super) connection: SqliteConnection,
}

impl File {
    /// Opens or makes the file and checks that it will really sync.
    pub async fn open(path: &Path) -> Result<File, JournalError> {
        let options = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Checkpoints sync the whole file; they run beside the commit path, not in it.
            .pragma("wal_autocheckpoint", "0");
        let mut file = File { path: path.to_owned(), connection: options.connect().await? };
        file.must_sync().await?;
        let check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut file.connection).await?;
        if check != "ok" {
            return Err(JournalError::Lost(check));
        }
        sqlx::raw_sql(include_str!("sql/schema.sql")).execute(&mut file.connection).await?;
        Ok(file)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads back what the journal knows.
    pub async fn known(&mut self) -> Result<Known, JournalError> {
        let mut known = Known::default();
        for row in sqlx::query(include_str!("sql/state_read.sql")).fetch_all(&mut self.connection).await? {
            let (kind, id, body): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            match kind.as_str() {
                "alarm" => match serde_json::from_str::<AlarmRecord>(&body).map(AlarmRecord::restore) {
                    Ok(Ok(alarm)) => known.rows.push(alarm),
                    Ok(Err(_)) | Err(_) => known.unreadable += 1,
                },
                "alias" => match (id.parse(), body.parse()) {
                    (Ok(id), Ok(of)) => known.aliases.push((AlarmId(id), AlarmId(of))),
                    _ => known.unreadable += 1,
                },
                "unit" => match serde_json::from_str::<UnitRecord>(&body) {
                    Ok(record) => known.units.push(record.restore()),
                    Err(_) => known.unreadable += 1,
                },
                "expected" => match serde_json::from_str::<ExpectedRecord>(&body) {
                    Ok(record) => known.expected.extend(record.restore()),
                    Err(_) => known.unreadable += 1,
                },
                "learnt" => match body.parse() {
                    Ok(protocol) => known.learnt.push((id, protocol)),
                    Err(_) => known.unreadable += 1,
                },
                _ => known.unreadable += 1,
            }
        }
        let pending = sqlx::query(include_str!("sql/pending.sql")).fetch_all(&mut self.connection).await?;
        known.pending = self.entries(pending, &mut known.unreadable);
        let recent =
            sqlx::query(include_str!("sql/recent.sql")).bind(RECENT_MAX).fetch_all(&mut self.connection).await?;
        known.recent = self.entries(recent, &mut known.unreadable);
        known.recent.reverse();
        let head = sqlx::query(include_str!("sql/head.sql")).fetch_optional(&mut self.connection).await?;
        if let Some(row) = head {
            let hash: String = row.try_get(1)?;
            known.head =
                hash_of(&hash).map(|head| Ok::<_, sqlx::Error>(Chain { seq: row.try_get(0)?, head })).transpose()?;
        }
        Ok(known)
    }

    /// Makes entries durable, and settles what can ride along. Returns when the disk has them.
    pub async fn append(&mut self, entries: &[Arc<Entry>], settle: &Settle) -> Result<(), JournalError> {
        if settle.is_empty() {
            // A single statement is its own transaction.
            return self.insert(entries).await;
        }
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
        let done = self.append_within(entries, settle).await;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = sqlx::raw_sql(end).execute(&mut self.connection).await;
        done.and(ended.map(drop).map_err(JournalError::from))
    }

    /// Settles without a sync of its own: what a power cut takes of it is found out again, and the next append's sync
    /// covers it.
    pub async fn settle(&mut self, settle: &Settle) -> Result<(), JournalError> {
        sqlx::raw_sql("PRAGMA synchronous = NORMAL").execute(&mut self.connection).await?;
        let settled = self.append(&[], settle).await;
        // Unless this is so again, the file is not used any more.
        let restored = async {
            sqlx::raw_sql("PRAGMA synchronous = FULL").execute(&mut self.connection).await?;
            self.must_sync().await
        };
        restored.await.map_err(|error| JournalError::Lost(error.to_string()))?;
        settled
    }

    /// Fails unless each commit is synced.
    async fn must_sync(&mut self) -> Result<(), JournalError> {
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut self.connection).await?;
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut self.connection).await?;
        if mode != "wal" || synchronous != 2 {
            let why = format!("journal mode {mode:?}, synchronous {synchronous}: it would not sync each commit");
            return Err(JournalError::CannotWrite(why));
        }
        Ok(())
    }

    async fn append_within(&mut self, entries: &[Arc<Entry>], settle: &Settle) -> Result<(), JournalError> {
        if !entries.is_empty() {
            self.insert(entries).await?;
        }
        if settle.replace {
            sqlx::query(include_str!("sql/state_clear.sql")).execute(&mut self.connection).await?;
        }
        if !settle.forwarded.is_empty() {
            self.json(include_str!("sql/forwarded.sql"), &settle.forwarded).await?;
        }
        if !settle.refused.is_empty() {
            self.json(include_str!("sql/refused.sql"), &settle.refused).await?;
        }
        if !settle.rows.is_empty() || !settle.aliases.is_empty() {
            let rows = settle.rows.iter().map(|alarm| {
                let body = serde_json::to_string(&AlarmRecord::of(alarm)).unwrap_or_default();
                StateRow { kind: "alarm", id: alarm.id.to_string(), version: alarm.revision, body }
            });
            let alias = |(alias, of): &(AlarmId, AlarmId)| StateRow::of("alias", alias.to_string(), of.to_string());
            let rows: Vec<StateRow> = rows.chain(settle.aliases.iter().map(alias)).collect();
            self.json(include_str!("sql/state_put.sql"), &rows).await?;
        }
        if !settle.expected.forgotten.is_empty() {
            let subjects: Vec<_> = settle.expected.forgotten.iter().map(|subject| subject.key()).collect();
            self.json(include_str!("sql/state_drop_expected.sql"), &subjects).await?;
        }
        if !settle.expected.kept.is_empty() {
            let rows = settle.expected.kept.iter().map(ExpectedRecord::of).map(|record| {
                let body = serde_json::to_string(&record).unwrap_or_default();
                StateRow::of("expected", record.subject().to_owned(), body)
            });
            self.json(include_str!("sql/state_put.sql"), &rows.collect::<Vec<_>>()).await?;
        }
        if !settle.learnt.is_empty() {
            let rows = settle.learnt.iter();
            let rows = rows.map(|(number, said)| StateRow::of("learnt", number.clone(), said.as_str().to_owned()));
            self.json(include_str!("sql/state_put.sql"), &rows.collect::<Vec<_>>()).await?;
        }
        if !settle.dropped.is_empty() {
            let ids: Vec<String> = settle.dropped.iter().map(AlarmId::to_string).collect();
            self.json(include_str!("sql/state_drop.sql"), &ids).await?;
        }
        Ok(())
    }

    async fn insert(&mut self, entries: &[Arc<Entry>]) -> Result<(), JournalError> {
        let rows: Vec<EntryRow<'_>> = entries.iter().map(|entry| EntryRow::of(entry)).collect();
        self.json(include_str!("sql/append.sql"), &rows).await
    }

    async fn json(&mut self, statement: &'static str, rows: &(impl Serialize + Sync)) -> Result<(), JournalError> {
        let text = serde_json::to_string(rows).map_err(|error| JournalError::CannotWrite(error.to_string()))?;
        sqlx::query(statement).bind(text).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Forwarded entries after a sequence or since a time, oldest first, at most [`READ_MAX`].
    pub async fn forwarded_since(&mut self, seq: i64, at: OffsetDateTime) -> Result<Vec<Arc<Entry>>, JournalError> {
        let query = sqlx::query(include_str!("sql/since.sql")).bind(seq).bind(stamp(at)).bind(READ_MAX);
        let rows = query.fetch_all(&mut self.connection).await?;
        Ok(self.entries(rows, &mut 0))
    }

    /// Drops forwarded entries older than a time, at most 2,000. Returns how many went.
    pub async fn prune(&mut self, before: OffsetDateTime) -> Result<u64, JournalError> {
        let query = sqlx::query(include_str!("sql/prune.sql")).bind(stamp(before)).bind(2_000_i64);
        Ok(query.execute(&mut self.connection).await?.rows_affected())
    }

    /// Size of the entries and rows, bytes.
    pub async fn bytes(&mut self) -> Result<u64, JournalError> {
        let text = "SELECT (page_count - freelist_count) * page_size \
                    FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        let bytes: i64 = sqlx::query_scalar(text).fetch_one(&mut self.connection).await?;
        Ok(bytes.try_into().unwrap_or(0))
    }

    /// The value kept under a name.
    pub async fn meta(&mut self, name: &str) -> Result<Option<String>, JournalError> {
        let query = sqlx::query_scalar(include_str!("sql/meta_get.sql")).bind(name);
        Ok(query.fetch_optional(&mut self.connection).await?)
    }

    /// Keeps a value under a name.
    pub async fn set_meta(&mut self, name: &str, value: &str) -> Result<(), JournalError> {
        sqlx::query(include_str!("sql/meta_put.sql")).bind(name).bind(value).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Closes the file.
    pub async fn close(self) {
        // Nothing is lost when closing fails: every commit was synced.
        let _ = self.connection.close().await;
    }

    fn entries(&self, rows: Vec<SqliteRow>, unreadable: &mut usize) -> Vec<Arc<Entry>> {
        let read: Vec<Option<Entry>> = rows.iter().map(entry_of).collect();
        *unreadable += read.iter().filter(|entry| entry.is_none()).count();
        read.into_iter().flatten().map(Arc::new).collect()
    }
}

/// An entry with what became of it.
#[derive(Clone, Debug)]
pub struct KeptEntry {
    /// The entry.
    pub entry: Entry,
    /// Whether it is settled: an action that is has its final answer.
    pub settled: bool,
    /// The refusal's name, for a settled action that was refused.
    pub refused: Option<String>,
}

/// Entries of an alarm from its opening on, read beside the writer: the unit's signals and the alarm's
/// actions, oldest first.
pub async fn entries_about(path: &Path, unit: &str, alarm: AlarmId) -> Result<Vec<KeptEntry>, JournalError> {
    let mut connection = options(path).read_only(true).connect().await?;
    let query = sqlx::query(include_str!("sql/subject.sql")).bind(unit).bind(alarm.to_string()).bind(READ_MAX);
    let rows = query.fetch_all(&mut connection).await?;
    Ok(rows.iter().filter_map(kept).collect())
}

/// Everything since a signal, read beside the writer: what was said and done while a test ran, oldest first.
pub async fn entries_since(path: &Path, signal: uuid::Uuid) -> Result<Vec<KeptEntry>, JournalError> {
    let mut connection = options(path).read_only(true).connect().await?;
    let query = sqlx::query(include_str!("sql/since_signal.sql")).bind(signal.to_string()).bind(READ_MAX);
    let rows = query.fetch_all(&mut connection).await?;
    Ok(rows.iter().filter_map(kept).collect())
}

fn kept(row: &SqliteRow) -> Option<KeptEntry> {
    let entry = entry_of(row)?;
    Some(KeptEntry { entry, settled: row.try_get(5).ok()?, refused: row.try_get(6).ok()? })
}

pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).disable_statement_logging()
}

fn entry_of(row: &SqliteRow) -> Option<Entry> {
    let (kind, hash): (String, String) = (row.try_get(2).ok()?, row.try_get(3).ok()?);
    let at: String = row.try_get(1).ok()?;
    let body: String = row.try_get(4).ok()?;
    Some(Entry {
        seq: row.try_get(0).ok()?,
        at: OffsetDateTime::parse(&at, &time::format_description::well_known::Rfc3339).ok()?,
        what: What::restore(&kind, &body).ok()?,
        hash: hash_of(&hash)?,
        body,
    })
}

pub(super) fn stamp(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(STAMP).unwrap_or_default()
}

/// A hash in hex.
pub fn hash_text(hash: &Hash) -> String {
    let mut text = String::with_capacity(2 * hash.len());
    crate::record::push_hex(&mut text, hash);
    text
}

pub(super) fn hash_of(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(hash)
}
