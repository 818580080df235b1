//! The honest transaction: a row with an idempotency key and a queue index, and an audit row, written by one
//! connection that takes whatever waits into one commit.

use std::time::Instant;

use anyhow::Result;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::paced;
use telecare_tests::figures::Samples;

/// Rows of a batch, at most: as the product's.
const BATCH_MAX: usize = 250;
const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS floor_alarm (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key uuid UNIQUE, \
     priority int, received_at timestamptz DEFAULT now(), state text DEFAULT 'open', body bytea)",
    "CREATE INDEX IF NOT EXISTS floor_alarm_queue ON floor_alarm (priority, received_at, id) WHERE state = 'open'",
    "CREATE TABLE IF NOT EXISTS floor_audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key uuid, what text, \
     at timestamptz DEFAULT now())",
];
const INSERT: &str = "WITH alarm AS (INSERT INTO floor_alarm (key, priority, body) \
                      SELECT key, 1, $2 FROM UNNEST($1::uuid[]) AS key ON CONFLICT DO NOTHING RETURNING key) \
                      INSERT INTO floor_audit (key, what) SELECT key, 'received' FROM alarm";

/// The writer.
#[derive(Debug)]
pub struct Storm(PgConnection);

impl Storm {
    /// Connects and makes the tables.
    pub async fn connect(url: &str) -> Result<Storm> {
        let mut connection = PgConnection::connect(url).await?;
        for statement in TABLES {
            sqlx::query(statement).execute(&mut connection).await?;
        }
        Ok(Storm(connection))
    }

    /// Rows at a pace. Gives from each one's time to its commit.
    pub async fn open_loop(&mut self, rate: f64, seconds: f64) -> Result<Samples> {
        let mut told = paced(rate, seconds);
        let mut took = Vec::new();
        let mut together = Vec::with_capacity(BATCH_MAX);
        while told.recv_many(&mut together, BATCH_MAX).await > 0 {
            let keys: Vec<Uuid> = together.iter().map(|_| Uuid::new_v4()).collect();
            sqlx::query(INSERT).bind(keys).bind(&[0_u8; 256][..]).execute(&mut self.0).await?;
            let now = Instant::now();
            took.extend(together.drain(..).map(|due: Instant| now - due));
        }
        Ok(Samples::of(took))
    }
}
