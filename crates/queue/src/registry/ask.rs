//! What the queue answers about units: imports, history, senders nobody registered.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::types::Json;
use sqlx::{FromRow, Row};
use telecare_alarm::registry::import::RowError;
use telecare_alarm::registry::{Field, Found, UnitId};
use telecare_alarm::{Basis, LineId, ReceiverId, Registry, SignalId, UnitKey};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use super::import::{self, Import, Imported};
use crate::Queue;

/// An import may take this long; then nothing of it is done.
const IMPORT_MAX: Duration = Duration::from_secs(120);
/// History and unknown senders come within this time or not at all.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long an import waits for this receiver to know what it changed.
const VISIBLE_MAX: Duration = Duration::from_secs(10);
/// Changes told of one unit, the latest.
const HISTORY_MAX: i64 = 200;
/// Unknown senders told, those heard last.
const ORPHANS_MAX: i64 = 500;

/// Why the registry did not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is no database, or it is away.
    #[error("this needs the database, which is away or not configured")]
    NeedsDatabase,
    /// Rows that are wrong, by line. Nothing was imported.
    #[error("{} errors in the rows; nothing was imported", .0.len())]
    Rows(Vec<RowError>),
    /// The database failed under it.
    #[error("the database failed: {0}")]
    Away(String),
    /// It took too long. Nothing was imported.
    #[error("the database took too long")]
    TooSlow,
}

impl From<sqlx::Error> for RegistryError {
    fn from(error: sqlx::Error) -> RegistryError {
        RegistryError::Away(error.to_string())
    }
}

/// One change of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitChange {
    /// The registry's version it made.
    pub version: i64,
    /// When.
    pub at: OffsetDateTime,
    /// Who.
    pub person: String,
    /// At which receiver.
    pub receiver: String,
    /// In which import.
    pub import: Uuid,
    /// Whether it made the unit.
    pub made: bool,
    /// What changed: field, before, after.
    pub fields: Vec<(Field, String, String)>,
}

/// A sender nobody registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its key and words, as its last signal kept them.
    pub sender: UnitKey,
    /// Its signals within the time asked for.
    pub signals: i64,
    /// Last byte of the first of them.
    pub first_at: OffsetDateTime,
    /// Last byte of the last.
    pub last_at: OffsetDateTime,
    /// The last.
    pub last_signal: SignalId,
    /// The number it called from, if it told one.
    pub caller: Option<String>,
    /// The receiver of the last.
    pub receiver: ReceiverId,
    /// Its line.
    pub line: LineId,
    /// Its protocol.
    pub protocol: String,
    /// What it raised.
    pub trigger: String,
}

impl Queue {
    /// Imports units: all rows or none.
    pub async fn import_units(&self, import: Import) -> Result<Imported, RegistryError> {
        let pool = self.database()?;
        let (dry_run, receiver) = (import.dry_run, self.receiver.to_string());
        // On a task of its own: a client that hangs up leaves no transaction in the middle.
        let task = tokio::spawn(async move {
            let doing = async {
                let mut connection = pool.acquire().await?;
                import::import(&mut connection, &receiver, import).await
            };
            timeout(IMPORT_MAX, doing).await.unwrap_or(Err(RegistryError::TooSlow))
        });
        let imported = task.await.map_err(|error| RegistryError::Away(error.to_string()))??;
        if !dry_run {
            // Done either way: what this receiver knows follows within a second or two.
            let _ = timeout(VISIBLE_MAX, self.until_known(imported.version)).await;
        }
        Ok(imported)
    }

    /// Brings what this receiver knows of the registry up to date.
    pub async fn refresh_units(&self) -> Result<(), RegistryError> {
        let pool = self.database()?;
        self.names.refresh(&pool).await?;
        let version = self.names.registry().version();
        let _ = timeout(ANSWER_MAX, self.board().wait_for(|board| board.registry.version() >= version)).await;
        Ok(())
    }

    /// A unit's changes, latest first, at most 200.
    pub async fn unit_history(&self, id: UnitId) -> Result<Vec<UnitChange>, RegistryError> {
        let pool = self.database()?;
        let asked = async {
            let query = sqlx::query(include_str!("sql/history.sql")).bind(id.0).bind(HISTORY_MAX);
            query.fetch_all(&pool).await?.iter().map(UnitChange::from_row).collect::<Result<Vec<_>, _>>()
        };
        Ok(timeout(ANSWER_MAX, asked).await.map_err(|_| RegistryError::TooSlow)??)
    }

    /// Senders heard since a time that nobody registered, the one heard last first, at most 500. One whose
    /// telephone number a unit has is not unknown.
    pub async fn orphans(&self, since: OffsetDateTime) -> Result<Vec<Orphan>, RegistryError> {
        let pool = self.database()?;
        let rows = timeout(ANSWER_MAX, unknown_senders(&pool, since)).await.map_err(|_| RegistryError::TooSlow)??;
        let registry: std::sync::Arc<Registry> = self.names.registry();
        let is_known_number = |orphan: &Orphan| {
            orphan.sender.basis == Basis::CallerNumber
                && registry.found(&orphan.sender, orphan.caller.as_deref()) != Found::Nobody
        };
        Ok(rows.into_iter().filter(|orphan| !is_known_number(orphan)).collect())
    }

    async fn until_known(&self, version: i64) {
        if self.refresh_units().await.is_ok() {
            let _ = self.board().wait_for(|board| board.registry.version() >= version).await;
        }
    }

    fn database(&self) -> Result<PgPool, RegistryError> {
        self.pool.borrow().clone().ok_or(RegistryError::NeedsDatabase)
    }
}

async fn unknown_senders(pool: &PgPool, since: OffsetDateTime) -> Result<Vec<Orphan>, sqlx::Error> {
    let query = sqlx::query(include_str!("sql/orphans.sql")).bind(first_id(since)).bind(ORPHANS_MAX);
    query.fetch_all(pool).await?.iter().map(Orphan::from_row).collect()
}

/// The least id a signal of that time or later has: ids begin with their milliseconds.
fn first_id(since: OffsetDateTime) -> Uuid {
    let millis = u64::try_from(since.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    Uuid::from_u64_pair(millis << 16, 0)
}

impl FromRow<'_, sqlx::postgres::PgRow> for UnitChange {
    fn from_row(row: &sqlx::postgres::PgRow) -> Result<UnitChange, sqlx::Error> {
        type Texts = BTreeMap<String, String>;
        let old: Option<Json<Texts>> = row.try_get(5)?;
        let Json(new): Json<Texts> = row.try_get(6)?;
        let made = old.is_none();
        let Json(old) = old.unwrap_or_default();
        let text = |texts: &Texts, field: Field| texts.get(field.as_str()).cloned().unwrap_or_default();
        let changed = Field::ALL.into_iter().filter(|field| new.contains_key(field.as_str()));
        let fields = changed.map(|field| (field, text(&old, field), text(&new, field))).collect();
        Ok(UnitChange {
            version: row.try_get(0)?,
            at: row.try_get(1)?,
            person: row.try_get(2)?,
            receiver: row.try_get(3)?,
            import: row.try_get(4)?,
            made,
            fields,
        })
    }
}

impl FromRow<'_, sqlx::postgres::PgRow> for Orphan {
    fn from_row(row: &sqlx::postgres::PgRow) -> Result<Orphan, sqlx::Error> {
        let (key, words, basis): (String, String, String) = (row.try_get(0)?, row.try_get(5)?, row.try_get(6)?);
        let basis = basis.parse().unwrap_or(Basis::Alone);
        let (receiver, line): (String, String) = (row.try_get(8)?, row.try_get(9)?);
        Ok(Orphan {
            sender: UnitKey { key: key.into(), basis, words: words.into() },
            signals: row.try_get(1)?,
            first_at: row.try_get(2)?,
            last_at: row.try_get(3)?,
            last_signal: SignalId(row.try_get(4)?),
            caller: row.try_get(7)?,
            receiver: ReceiverId::new(&receiver),
            line: LineId::new(&line),
            protocol: row.try_get(10)?,
            trigger: row.try_get(11)?,
        })
    }
}
