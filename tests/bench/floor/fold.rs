//! The fold's own SQL without the fold: rows as the product wrote them, under new ids, through its own statements, by
//! one connection that does nothing else.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
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

/// A writer of cards with one signal each.
#[derive(Debug)]
pub struct Fold {
    connection: PgConnection,
    card: Value,
    signal: Value,
    made: i64,
}

impl Fold {
    /// Takes any card and its signal for a pattern; the product must have written one.
    pub async fn connect(url: &str) -> Result<Fold> {
        let mut connection = PgConnection::connect(url).await?;
        let card = "SELECT jsonb_strip_nulls(to_jsonb(a)) FROM alarm a WHERE signals = 1 AND closed_at IS NULL LIMIT 1";
        let Json(card): Json<Value> = sqlx::query_scalar(card).fetch_one(&mut connection).await?;
        let signal = "SELECT jsonb_strip_nulls(to_jsonb(s)) FROM signal s WHERE alarm = $1";
        let id: Uuid = card["id"].as_str().context("an id")?.parse()?;
        let Json(signal): Json<Value> = sqlx::query_scalar(signal).bind(id).fetch_one(&mut connection).await?;
        Ok(Fold { connection, card, signal, made: 0 })
    }

    /// Cards a second, so many in a transaction, for a time.
    pub async fn cards_per_second(&mut self, in_batch: usize, lasts: Duration) -> Result<f64> {
        let (begun, before) = (Instant::now(), self.made);
        while begun.elapsed() < lasts {
            self.write(in_batch).await?;
        }
        #[expect(clippy::cast_precision_loss)]
        Ok((self.made - before) as f64 / begun.elapsed().as_secs_f64())
    }

    async fn write(&mut self, count: usize) -> Result<()> {
        let (mut cards, mut signals, mut units) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            self.made += 1;
            let (id, unit) = (Uuid::now_v7(), format!("floor/{}/{}", std::process::id(), self.made));
            cards.push(with(&self.card, &[("id", json!(id)), ("unit_key", json!(unit)), ("last_signal", json!(id))]));
            // Sequences of a receiver that is not there.
            let more = [("id", json!(id)), ("alarm", json!(id)), ("unit_key", json!(unit)), ("seq", json!(self.made))];
            signals.push(with(&with(&self.signal, &more), &[("receiver", json!("floor"))]));
            units.push(unit);
        }
        let (none, no_rows): (Vec<Uuid>, _) = (Vec::new(), Json(json!([])));
        let look = sqlx::query(LOOK).bind(&units).bind(&none).bind(&none).bind(&none).bind(&none);
        look.fetch_all(&mut self.connection).await?;
        let write = sqlx::query(WRITE).bind(Json(cards)).bind(Json(signals)).bind(&no_rows).bind(&no_rows);
        let write = write.bind("floor").bind(self.made).bind(self.made).bind(vec![0_u8; 32]).bind(0_i64).bind("floor");
        write.bind(None::<time::OffsetDateTime>).bind(&no_rows).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Takes away what it wrote, so that the product's next start does not meet it.
    pub async fn clear(&mut self) -> Result<()> {
        sqlx::query("DELETE FROM alarm WHERE unit_key LIKE 'floor/%'").execute(&mut self.connection).await?;
        sqlx::query("DELETE FROM signal WHERE receiver = 'floor'").execute(&mut self.connection).await?;
        sqlx::query("DELETE FROM receiver WHERE name = 'floor'").execute(&mut self.connection).await?;
        Ok(())
    }
}

fn with(row: &Value, more: &[(&str, Value)]) -> Value {
    let mut row = row.clone();
    for (name, value) in more {
        row[*name] = value.clone();
    }
    row
}
