//! Insert to listener: a bare row with a notification in its transaction, until a listening connection has it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use sqlx::postgres::PgListener;
use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;

use super::paced;
use telecare_tests::figures::Samples;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS floor_told (n bigint, body bytea)";
const INSERT: &str =
    "WITH told AS (INSERT INTO floor_told VALUES ($1, $2) RETURNING n) SELECT pg_notify('floor', n::text) FROM told";

/// Rows at a pace; from each one's time to the listener.
pub async fn insert_to_listener(url: &str, rate: f64, seconds: f64) -> Result<Samples> {
    let mut writer = PgConnection::connect(url).await?;
    sqlx::query(TABLE).execute(&mut writer).await?;
    let mut listener = PgListener::connect(url).await?;
    listener.listen("floor").await?;
    let dues: Arc<Mutex<HashMap<i64, Instant>>> = Arc::default();
    let known = dues.clone();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = (rate * seconds) as usize;
    let heard = tokio::spawn(async move {
        let mut took = Vec::new();
        while took.len() < count {
            let n: i64 = listener.recv().await?.payload().parse()?;
            let now = Instant::now();
            took.extend(known.lock().await.get(&n).map(|due| now - *due));
        }
        anyhow::Ok(took)
    });
    let mut told = paced(rate, seconds);
    let mut n = 0_i64;
    while let Some(due) = told.recv().await {
        n += 1;
        dues.lock().await.insert(n, due);
        sqlx::query(INSERT).bind(n).bind(&[0_u8; 256][..]).execute(&mut writer).await?;
    }
    Ok(Samples::of(heard.await??))
}
