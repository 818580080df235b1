//! The bare transaction: one row of 256 bytes, no index but its key, one commit.

use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use telecare_tests::figures::Samples;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS floor_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea)";
const INSERT: &str = "INSERT INTO floor_bare (body) VALUES ($1)";

/// Clients that commit one row after the other for a time. Gives how long each commit took and how many there were a
/// second.
pub async fn closed(url: &str, clients: usize, lasts: Duration) -> Result<(Samples, f64)> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(PgConnection::connect(url).await?);
    }
    if let Some(first) = connections.first_mut() {
        sqlx::query(TABLE).execute(first).await?;
    }
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for mut connection in connections {
        running.spawn(async move {
            let mut took = Vec::new();
            while begun.elapsed() < lasts {
                let at = Instant::now();
                sqlx::query(INSERT).bind(&[0_u8; 256][..]).execute(&mut connection).await?;
                took.push(at.elapsed());
            }
            Ok::<_, sqlx::Error>(took)
        });
    }
    let mut all = Vec::new();
    while let Some(took) = running.join_next().await {
        all.extend(took??);
    }
    #[expect(clippy::cast_precision_loss)]
    let rate = all.len() as f64 / begun.elapsed().as_secs_f64();
    Ok((Samples::of(all), rate))
}
