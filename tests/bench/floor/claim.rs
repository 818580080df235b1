//! The claim in SQL: the most urgent open row, taken by whoever asks first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::{Connection, PgConnection};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use telecare_tests::figures::Samples;

const TABLES: [&str; 4] = [
    "DROP TABLE IF EXISTS floor_queue",
    "CREATE TABLE floor_queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, priority int, \
     received_at timestamptz, state text, claimed_by text, body bytea)",
    "INSERT INTO floor_queue (priority, received_at, state, body) SELECT n % 5, now(), 'open', \
     decode(repeat('00', 256), 'hex') FROM generate_series(1, $1) n",
    "CREATE INDEX floor_queue_open ON floor_queue (priority, received_at, id) WHERE state = 'open'",
];
const CLAIM: &str = "WITH best AS (SELECT id FROM floor_queue WHERE state = 'open' ORDER BY priority, received_at, id \
                     LIMIT 1 FOR UPDATE SKIP LOCKED) \
                     UPDATE floor_queue q SET state = 'claimed', claimed_by = $1 FROM best WHERE q.id = best.id \
                     RETURNING q.id";

/// Consoles, each with its connection.
#[derive(Debug)]
pub struct Queue(Vec<PgConnection>);

impl Queue {
    /// Connects them and fills the queue.
    pub async fn connect(url: &str, consoles: usize, rows: i32) -> Result<Queue> {
        let mut connections = Vec::new();
        for _ in 0..consoles {
            connections.push(PgConnection::connect(url).await?);
        }
        if let Some(first) = connections.first_mut() {
            for statement in TABLES {
                let query = sqlx::query(statement);
                let query = if statement.contains("$1") { query.bind(rows) } else { query };
                query.execute(&mut *first).await?;
            }
            sqlx::query("ANALYZE floor_queue").execute(first).await?;
        }
        Ok(Queue(connections))
    }
}

/// All press together, round after round, the first left out. Gives how long each claim took.
pub async fn together(queue: &mut Queue, rounds: usize) -> Result<Samples> {
    let barrier = Arc::new(Barrier::new(queue.0.len()));
    let mut running = JoinSet::new();
    for (n, mut connection) in std::mem::take(&mut queue.0).into_iter().enumerate() {
        let barrier = barrier.clone();
        running.spawn(async move {
            let (mut took, who): (Vec<Duration>, String) = (Vec::new(), format!("console-{n}"));
            for round in 0..=rounds {
                barrier.wait().await;
                let at = Instant::now();
                sqlx::query(CLAIM).bind(&who).fetch_optional(&mut connection).await?;
                if round > 0 {
                    took.push(at.elapsed());
                }
            }
            Ok::<_, sqlx::Error>((took, connection))
        });
    }
    let mut all = Vec::new();
    while let Some(done) = running.join_next().await {
        let (took, connection) = done??;
        all.extend(took);
        queue.0.push(connection);
    }
    Ok(Samples::of(all))
}
