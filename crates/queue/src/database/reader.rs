//! What the other receivers do: read on a hint and every second, beside the writer. Also the database's
//! housekeeping, which must not sit in anyone's way.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use telecare_alarm::ReceiverId;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, warn};

use super::Event;
use super::read::alarms;
use crate::board::OtherReceiver;
use crate::record::AlarmRecord;
use crate::registry::Names;
use crate::told::Event as KeeperEvent;

const READ_EVERY: Duration = Duration::from_secs(1);
/// Hints are sent at most this often, from this connection, never from the writer's transaction.
const HINT_EVERY: Duration = Duration::from_millis(20);
const TIDY_EVERY: Duration = Duration::from_secs(60);
const CHANNEL: &str = "telecare";

/// The reading task. Lives as long as the writer's connection.
#[derive(Debug)]
pub struct Reader {
    receiver: String,
    pool: PgPool,
    events: mpsc::UnboundedSender<KeeperEvent>,
    hint: Arc<Notify>,
    names: Names,
    loading: JoinSet<()>,
    /// Snapshot of the last read: what was in progress then may have committed since.
    xmin: String,
    /// The same of the last read of alarms.
    rows_since: String,
    others: bool,
    tidy_at: Instant,
}

impl Reader {
    /// A reader of one server.
    pub fn new(
        receiver: String,
        pool: PgPool,
        events: mpsc::UnboundedSender<KeeperEvent>,
        hint: Arc<Notify>,
        names: Names,
    ) -> Reader {
        let (loading, xmin, rows_since) = (JoinSet::new(), "0".to_owned(), "0".to_owned());
        Reader {
            receiver,
            pool,
            events,
            hint,
            names,
            loading,
            xmin,
            rows_since,
            others: false,
            tidy_at: Instant::now(),
        }
    }

    /// Reads until aborted. A failure is tried again a second later; the keeper notices when none comes.
    pub async fn run(mut self) {
        loop {
            if let Err(error) = self.follow().await {
                warn!(%error, "reading what other receivers do failed");
            }
            sleep(READ_EVERY).await;
        }
    }

    async fn follow(&mut self) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        let mut read_at = Instant::now();
        let mut hint_at = Instant::now();
        loop {
            tokio::select! {
                heard = listener.recv() => {
                    if heard?.payload() != self.receiver {
                        self.read(&mut connection).await?;
                        read_at = Instant::now() + READ_EVERY;
                    }
                }
                () = self.hint.notified(), if Instant::now() >= hint_at && self.others => {
                    hint_at = Instant::now() + HINT_EVERY;
                    let query = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(&self.receiver);
                    query.execute(&mut *connection).await?;
                }
                () = sleep_until(read_at) => {
                    self.read(&mut connection).await?;
                    read_at = Instant::now() + READ_EVERY;
                    super::clock::compare(&mut connection).await?;
                    self.tidy(&mut connection).await?;
                }
                () = sleep_until(hint_at), if Instant::now() < hint_at => {}
            }
        }
    }

    async fn read(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        // The snapshot is taken before the rows: what commits in between is read again next time.
        let xmin: String = sqlx::query_scalar(include_str!("sql/snapshot.sql")).fetch_one(&mut *connection).await?;
        self.others = sqlx::query_scalar("SELECT count(*) > 1 FROM receiver").fetch_one(&mut *connection).await?;
        // What this receiver wrote itself it need not read back. Once there is another, it reads what it has passed over.
        let mut rows = Vec::new();
        if self.others {
            let query = sqlx::query_scalar::<_, Json<AlarmRecord>>(include_str!("sql/changed.sql"));
            rows = alarms(query.bind(&self.rows_since).fetch_all(&mut *connection).await?);
            self.rows_since.clone_from(&xmin);
        }
        let heard = super::read::expected(&mut *connection, &self.xmin).await?;
        let watched = sqlx::query_scalar(include_str!("sql/watched.sql")).fetch_one(&mut *connection).await?;
        self.xmin = xmin;
        let silent =
            sqlx::query(include_str!("sql/silent.sql")).bind(&self.receiver).fetch_all(&mut *connection).await?;
        let silent = silent.iter().map(|row| {
            let name: String = row.try_get(0)?;
            Ok::<_, sqlx::Error>(OtherReceiver {
                receiver: ReceiverId::new(&name),
                silent_since: row.try_get(1)?,
                unforwarded: row.try_get(2)?,
            })
        });
        let silent = silent.collect::<Result<Vec<_>, _>>()?;
        let names = crate::registry::stamp(&mut *connection).await?;
        self.names.follow(names, &self.pool, &mut self.loading);
        let _ = self.events.send(KeeperEvent::Database(Event::Changed {
            rows,
            silent,
            expected: heard,
            operator_heard_at: watched,
        }));
        Ok(())
    }

    async fn tidy(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if Instant::now() < self.tidy_at {
            return Ok(());
        }
        self.tidy_at = Instant::now() + TIDY_EVERY;
        let moved = sqlx::query(include_str!("sql/history.sql")).execute(&mut *connection).await?;
        debug!(alarms = moved.rows_affected(), "closed alarms moved to the history");
        sqlx::query(include_str!("sql/partitions.sql")).execute(&mut *connection).await?;
        Ok(())
    }
}
