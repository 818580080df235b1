//! Finding the writable server and making sure that its commits last.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, Row};
use tokio::time::timeout;
use tracing::warn;

use crate::config::DatabaseConfig;
use crate::entry::Hash;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Bringing an older schema up to date may take this long.
const MIGRATION_MAX: Duration = Duration::from_secs(60);

/// Why the database is not used, by what operations should do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be reached, or not in time, or it cannot write.
    #[error("away: {0}")]
    Away(String),
    /// Its schema belongs to a newer version of this software.
    #[error("its schema is newer than this software knows: {0}; upgrade this receiver")]
    SchemaNewer(String),
    /// It would lose acknowledged signals in a power cut.
    #[error("it is not durable: {0}; set it in postgresql.conf and restart PostgreSQL")]
    NotDurable(String),
}

impl Refused {
    /// Away, in words.
    pub fn away(why: impl Into<String>) -> Refused {
        Refused::Away(why.into())
    }

    /// The name used in troubles and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Refused::Away(_) => "database-away",
            Refused::SchemaNewer(_) => "database-schema-newer",
            Refused::NotDurable(_) => "database-not-durable",
        }
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Refused {
        Refused::Away(error.to_string())
    }
}

/// The writer asks for few rows by their keys, again and again. The planner must not read a whole table because it
/// was empty when it was last looked at, nor think anew about statements that have one good plan.
const WRITER: [&str; 6] = [
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET plan_cache_mode = force_generic_plan",
    "SET jit = off",
    // A row that somebody holds is left to a later batch.
    "SET lock_timeout = '50ms'",
];

/// Connects to the first of the configured servers that can be written.
pub async fn connect(config: &DatabaseConfig) -> Result<(PgConnection, PgConnectOptions), Refused> {
    let mut last = Refused::away("no server is configured");
    for url in &config.urls {
        match timeout(config.stall, connect_one(url)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(refused)) => last = refused,
            Err(_) => last = Refused::away("no answer to a connection"),
        }
    }
    Err(last)
}

async fn connect_one(url: &str) -> Result<(PgConnection, PgConnectOptions), Refused> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("telecare-receiver")
        // Partitions that are there already are no news.
        .options([("client_min_messages", "warning")])
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    let row = sqlx::query(include_str!("sql/durability.sql")).fetch_one(&mut connection).await?;
    let (fsync, standby, read_only): (String, bool, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if standby || read_only == "on" {
        let _ = connection.close().await;
        return Err(Refused::away("the server cannot be written (a standby)"));
    }
    if fsync != "on" {
        return Err(Refused::NotDurable("fsync is off".to_owned()));
    }
    let level: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut connection).await?;
    if level == "off" {
        warn!("synchronous_commit is off on the server; this receiver's own sessions turn it on");
        sqlx::query("SET synchronous_commit = on").execute(&mut connection).await?;
    }
    Ok((connection, options))
}

/// Brings the schema up to date and makes the partitions of the coming months.
pub async fn prepare(connection: &mut PgConnection) -> Result<(), Refused> {
    let migrated = timeout(MIGRATION_MAX, MIGRATIONS.run_direct(None, connection, false)).await;
    match migrated.map_err(|_| Refused::away("bringing the schema up to date stalled"))? {
        Ok(()) => {}
        Err(MigrateError::VersionMissing(version)) => {
            return Err(Refused::SchemaNewer(format!("it has migration {version}")));
        }
        Err(error) => return Err(Refused::away(format!("its schema: {error}"))),
    }
    sqlx::query(include_str!("sql/partitions.sql")).execute(connection).await?;
    Ok(())
}

/// Makes a connection the writer's.
pub async fn make_writer(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for setting in WRITER {
        sqlx::query(setting).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Last sequence and head of a receiver's chain, as the database has them.
pub async fn head(connection: &mut PgConnection, receiver: &str) -> Result<Option<(i64, Hash)>, sqlx::Error> {
    let query = sqlx::query(include_str!("sql/receiver.sql")).bind(receiver);
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
    let head: Vec<u8> = row.try_get(2)?;
    Ok(Some((row.try_get(0)?, head.try_into().unwrap_or([0; 32]))))
}

/// Connections beside the writer's, made when needed: the reader's two, two for details and history, one that
/// reads the registry and one for an import.
pub fn pool(options: PgConnectOptions, stall: Duration) -> PgPool {
    PgPoolOptions::new().max_connections(6).acquire_timeout(stall).connect_lazy_with(options)
}
