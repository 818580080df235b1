//! A look at a database from outside, for tools: whether it would keep what is committed to it, and whether
//! this software and its schema fit. Changes nothing.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, Row};
use time::OffsetDateTime;
use tokio::time::timeout;

use super::connect::MIGRATIONS;

/// What a database server says of itself.
#[derive(Clone, Debug)]
pub struct DatabaseFacts {
    /// The server's version as a number: 150004 is 15.4.
    pub version_number: i64,
    /// The server's version in words.
    pub version: String,
    /// `fsync`: off loses what was committed in a power cut.
    pub fsync: String,
    /// `synchronous_commit` of a new session.
    pub synchronous_commit: String,
    /// `full_page_writes`: off can tear pages in a power cut.
    pub full_page_writes: String,
    /// `wal_level`.
    pub wal_level: String,
    /// Whether it is a standby.
    pub standby: bool,
    /// Whether its transactions are read-only by default.
    pub read_only: bool,
    /// `max_connections`.
    pub connections_max: i64,
    /// Clients connected, this one included.
    pub connections: i64,
    /// How far its clock is ahead of ours, within the time of one round trip.
    pub clock_ahead: time::Duration,
    /// How long one round trip took.
    pub round_trip: Duration,
    /// The last migration of the telecare schema; none when there is no schema yet.
    pub schema: Option<i64>,
    /// The last migration that this software knows.
    pub schema_known: i64,
    /// Rows in quarantine: entries the database would not take.
    pub quarantined: i64,
}

/// Asks a server, within a time. A password that is given takes the place of the URL's. An error is in words,
/// without the password.
pub async fn database_facts(url: &str, password: Option<&str>, within: Duration) -> Result<DatabaseFacts, String> {
    match timeout(within, facts(url, password)).await {
        Ok(facts) => facts.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", within.as_secs())),
    }
}

async fn facts(url: &str, password: Option<&str>) -> Result<DatabaseFacts, sqlx::Error> {
    let mut options =
        PgConnectOptions::from_str(url)?.application_name("telecare-ctl doctor").disable_statement_logging();
    if let Some(password) = password {
        options = options.password(password);
    }
    let mut connection = options.connect().await?;
    // The first statement also pays for its preparation.
    sqlx::query("SELECT 1").execute(&mut connection).await?;
    let asked = std::time::Instant::now();
    sqlx::query("SELECT 1").execute(&mut connection).await?;
    let round_trip = asked.elapsed();
    let row = sqlx::query(include_str!("sql/inspect.sql")).fetch_one(&mut connection).await?;
    let theirs: OffsetDateTime = row.try_get(10)?;
    let (has_schema, has_quarantine): (bool, bool) = (row.try_get(11)?, row.try_get(12)?);
    let schema = if has_schema { one(&mut connection, include_str!("sql/inspect_schema.sql")).await? } else { None };
    let quarantined =
        if has_quarantine { one(&mut connection, include_str!("sql/inspect_quarantine.sql")).await? } else { None };
    let facts = DatabaseFacts {
        version_number: row.try_get(0)?,
        version: row.try_get(1)?,
        fsync: row.try_get(2)?,
        synchronous_commit: row.try_get(3)?,
        full_page_writes: row.try_get(4)?,
        wal_level: row.try_get(5)?,
        standby: row.try_get(6)?,
        read_only: row.try_get::<String, _>(7)? == "on",
        connections_max: row.try_get(8)?,
        connections: row.try_get(9)?,
        clock_ahead: theirs - OffsetDateTime::now_utc(),
        round_trip,
        schema,
        schema_known: MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0),
        quarantined: quarantined.unwrap_or(0),
    };
    let _ = connection.close().await;
    Ok(facts)
}

async fn one(connection: &mut PgConnection, statement: &'static str) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(statement).fetch_one(connection).await
}
