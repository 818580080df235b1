//! The poll in SQL: the fifty most urgent open rows of [`super::Queue`]'s table, over eight connections.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use sqlx::{Connection, PgConnection, Row};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::paced;
use telecare_tests::figures::Samples;

const CONNECTIONS: usize = 8;
const POLL: &str = "SELECT id, priority, received_at, state FROM floor_queue WHERE state = 'open' \
                    ORDER BY priority, received_at, id LIMIT 50";

/// So many consoles that poll once a second each, spread evenly.
pub async fn poll_every_second(url: &str, consoles: f64, seconds: f64) -> Result<Samples> {
    let told = Arc::new(Mutex::new(paced(consoles, seconds)));
    let mut running = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (told, mut connection) = (told.clone(), PgConnection::connect(url).await?);
        running.spawn(async move {
            let mut took = Vec::new();
            loop {
                let Some(due) = told.lock().await.recv().await else { return Ok::<_, sqlx::Error>(took) };
                let rows = sqlx::query(POLL).fetch_all(&mut connection).await?;
                let _: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
                took.push(Instant::now() - due);
            }
        });
    }
    let mut all = Vec::new();
    while let Some(took) = running.join_next().await {
        all.extend(took??);
    }
    Ok(Samples::of(all))
}
