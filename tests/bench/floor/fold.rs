//! The fold's own SQL without the fold: rows as the product wrote them, under new ids, through its own statements, by
//! one connection that does nothing else. The rows are made beforehand, and no time is counted for that.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgRow, PgTypeInfo};
use sqlx::types::Json;
use sqlx::{Connection, Encode, PgConnection, Postgres, Row, Type};
use uuid::Uuid;

const LOOK: &str = include_str!("../../../crates/queue/src/database/sql/look.sql");
/// The parts that cards with a signal each need, as the product puts them together.
const WRITE: &str = concat!(
    "WITH ",
    include_str!("../../../crates/queue/src/database/sql/write/opened.sql"),
    ", ",
    include_str!("../../../crates/queue/src/database/sql/write/kept.sql"),
    ", ",
    include_str!("../../../crates/queue/src/database/sql/write/heard.sql"),
    " SELECT true"
);

/// Cards, their signals and what is kept beside them, from a pattern of each and new ids.
const ROWS: &str = "SELECT
        array_agg(jsonb_populate_record(NULL::alarm_row,
            $1 || jsonb_build_object('id', id, 'last_signal', id, 'unit_key', 'floor/' || id))),
        array_agg(jsonb_populate_record(NULL::signal_row,
            $2 || jsonb_build_object('id', id, 'receiver', 'floor', 'unit_key', 'floor/' || id))),
        array_agg(jsonb_populate_record(NULL::kept_row, $2 || jsonb_build_object('card', id, 'seq', $4 + n)))
    FROM unnest($3::uuid[]) WITH ORDINALITY AS of(id, n)";

/// A writer of cards with one signal each.
#[derive(Debug)]
pub struct Fold {
    connection: PgConnection,
    card: Value,
    signal: Value,
    made: i64,
}

/// An array of rows in binary, as PostgreSQL sent it.
#[derive(Debug)]
struct Rows {
    of: &'static str,
    binary: Vec<u8>,
}

impl Rows {
    fn of(row: &PgRow, column: usize, of: &'static str) -> Result<Rows> {
        let value = row.try_get_raw(column)?;
        Ok(Rows { of, binary: value.as_bytes().map_err(|error| anyhow!(error))?.to_vec() })
    }
}

impl Type<Postgres> for Rows {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("record")
    }
}

impl Encode<'_, Postgres> for Rows {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.binary);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_name(self.of))
    }
}

impl Fold {
    /// Takes any card and its signal for a pattern; the product must have written one.
    pub async fn connect(url: &str) -> Result<Fold> {
        let mut connection = PgConnection::connect(url).await?;
        // As it was before it was closed: where tests are closed as they come none may be open.
        let card = "SELECT jsonb_strip_nulls(to_jsonb(a) - '{closed_by,closed_desk,closed_at,outcome}'::text[]) \
                    FROM alarm a WHERE signals = 1 ORDER BY closed_at DESC LIMIT 1";
        let Json(card): Json<Value> = sqlx::query_scalar(card).fetch_one(&mut connection).await?;
        let signal = "SELECT jsonb_strip_nulls(to_jsonb(s)) FROM signal s WHERE alarm = $1";
        let id: Uuid = card["id"].as_str().context("an id")?.parse()?;
        let Json(signal): Json<Value> = sqlx::query_scalar(signal).bind(id).fetch_one(&mut connection).await?;
        Ok(Fold { connection, card, signal, made: 0 })
    }

    /// Cards a second, so many in a transaction, for a time.
    pub async fn cards_per_second(&mut self, in_batch: usize, lasts: Duration) -> Result<f64> {
        let (before, mut took) = (self.made, Duration::ZERO);
        while took < lasts {
            took += self.write(in_batch).await?;
        }
        #[expect(clippy::cast_precision_loss)]
        Ok((self.made - before) as f64 / took.as_secs_f64())
    }

    /// Writes so many, and says how long that took.
    async fn write(&mut self, count: usize) -> Result<Duration> {
        let ids: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
        let rows = sqlx::query(ROWS).bind(Json(&self.card)).bind(Json(&self.signal)).bind(&ids).bind(self.made);
        let rows = rows.fetch_one(&mut self.connection).await?;
        let (cards, signals) = (Rows::of(&rows, 0, "_alarm_row")?, Rows::of(&rows, 1, "_signal_row")?);
        let kept = Rows::of(&rows, 2, "_kept_row")?;
        self.made += i64::try_from(count)?;
        let units: Vec<String> = ids.iter().map(|id| format!("floor/{id}")).collect();
        let none: Vec<Uuid> = Vec::new();
        let begun = Instant::now();
        let look = sqlx::query(LOOK).bind(&units).bind(&none).bind(&none).bind(&none).bind(&none);
        look.fetch_all(&mut self.connection).await?;
        let write = sqlx::query(WRITE).bind(cards).bind(signals).bind(None::<i32>).bind(None::<i32>);
        let write = write.bind("floor").bind(self.made).bind(self.made).bind(vec![0_u8; 32]).bind(0_i64).bind("floor");
        let write = write.bind(None::<time::OffsetDateTime>).bind(None::<i32>).bind(kept);
        write.execute(&mut self.connection).await?;
        Ok(begun.elapsed())
    }

    /// Takes away what it wrote, so that the product's next start does not meet it.
    pub async fn clear(&mut self) -> Result<()> {
        sqlx::query("DELETE FROM alarm WHERE unit_key LIKE 'floor/%'").execute(&mut self.connection).await?;
        sqlx::query("DELETE FROM signal WHERE receiver = 'floor'").execute(&mut self.connection).await?;
        sqlx::query("DELETE FROM receiver WHERE name = 'floor'").execute(&mut self.connection).await?;
        Ok(())
    }
}
