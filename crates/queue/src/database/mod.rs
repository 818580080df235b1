//! The database: PostgreSQL, shared and permanent. One task writes it, one batch, one transaction at a
//! time; it never tries to outwit a commit: one that does not come back ends with its connection.
//!
//! No NOTIFY, trigger or chain lock in the writing transaction: each would make every commit on the
//! server wait for the one before.

mod batch;
mod before;
mod clock;
mod connect;
mod fold;
pub mod inspect;
mod places;
pub mod read;
mod reader;
mod statement;
mod wanted;
mod write;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::{Connection, PgConnection};
use telecare_alarm::expect::Kept;
use telecare_alarm::{ActionId, Alarm, AlarmId, Refusal, Signal};
use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::board::OtherReceiver;
use crate::config::{DatabaseConfig, QueueConfig};
use crate::entry::{Hash, What};
use crate::registry::Names;
use crate::told::Event as KeeperEvent;
pub use batch::{Batch, Heard, LastKnown};
use before::Opened;
pub use connect::Refused;
use places::Places;

/// How long a start waits to learn what the database alone knows of the last run. Longer, and a copy of one of its signals
/// counts as a press of its own.
const AHEAD_WITHIN: Duration = Duration::from_millis(250);
/// Signals looked at then: two batches, one of them at the journal.
const AHEAD_MAX: i64 = 500;

/// Waits between tries to connect.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_millis(500);
/// Rows of a board or a re-offer may take longer than one batch.
const BOARD_STALL: Duration = Duration::from_secs(30);

/// A future by its type: the compiler cannot see through sqlx's generic ones that they are `Send`.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the keeper asks. One at a time, and only while the database is up.
#[derive(Debug)]
pub enum Command {
    /// Write these; answered by `Committed` or `Down`.
    Write(Box<Batch>),
    /// Put these rows back where a restored database lacks them; answered by `Refilled` or `Down`.
    Refill(Vec<Arc<Alarm>>),
    /// Read every row; answered by `Board` or `Down`.
    ReadBoard,
    /// Give this connection up; answered by `Down`.
    Drop(&'static str),
}

/// What the database tells the keeper.
#[derive(Debug)]
pub enum Event {
    /// A writable server answers. The last sequence it has of this receiver, if it knows it.
    Up {
        /// Every entry up to here is there.
        last_seq: Option<i64>,
    },
    /// It does not, or not any more.
    Down(Refused),
    /// A batch is committed.
    Committed(Box<Committed>),
    /// Lost rows are back.
    Refilled,
    /// Every row there is.
    Board {
        /// The rows.
        rows: Vec<Alarm>,
        /// Ids that stand for another alarm.
        aliases: Vec<(AlarmId, AlarmId)>,
    },
    /// Rows written by anyone since the last look, and who has fallen silent.
    Changed {
        /// The rows.
        rows: Vec<Alarm>,
        /// The silent.
        silent: Vec<OtherReceiver>,
        /// Who was heard when.
        expected: Vec<Kept>,
        /// When an operator was last heard at any receiver.
        operator_heard_at: Option<OffsetDateTime>,
    },
    /// Alarms that were opened, each with the one that its unit had before.
    Before(Vec<(AlarmId, AlarmId)>),
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Committed {
    /// Sequences that are in the database.
    pub entries: Vec<i64>,
    /// The database's word on each action.
    pub verdicts: Vec<(ActionId, Result<(), Refusal>)>,
    /// Sequences whose unit somebody else had locked: try again.
    pub skipped: Vec<i64>,
    /// Sequences that no table would take, and why.
    pub quarantined: Vec<(i64, String)>,
    /// The rows as they are now.
    pub rows: Vec<Alarm>,
    /// Ids that were found to stand for another alarm.
    pub aliases: Vec<(AlarmId, AlarmId)>,
}

/// Where an earlier journal of this receiver ended, if the database can be asked in time.
pub async fn head(config: &DatabaseConfig, receiver: &str) -> Option<(i64, Hash)> {
    let asked = async {
        let (mut connection, _) = connect::connect(config).await.ok()?;
        connect::head(&mut connection, receiver).await.ok()?
    };
    timeout(config.stall, asked).await.ok()?
}

/// Signals that an earlier run committed and its journal has not, oldest first, if the database can be asked at once. Their
/// lines were not answered, and send them again.
pub async fn ahead(config: &DatabaseConfig, receiver: &str, last_seq: i64) -> Vec<Arc<Signal>> {
    let asked = async {
        let (mut connection, _) = connect::connect(config).await.ok()?;
        let query = sqlx::query_scalar::<_, String>(include_str!("sql/ahead.sql"));
        let query = query.bind(receiver).bind(last_seq).bind(AHEAD_MAX);
        query.fetch_all(&mut connection).await.ok()
    };
    let bodies = timeout(AHEAD_WITHIN, asked).await.ok().flatten().unwrap_or_default();
    let signal = |body: &String| match What::restore("signal", body) {
        Ok(What::Signal(signal)) => Some(signal),
        Ok(What::Action(_) | What::Verdict(_)) | Err(_) => None,
    };
    bodies.iter().rev().filter_map(signal).collect()
}

/// The writing task.
#[derive(Debug)]
pub struct Database {
    config: DatabaseConfig,
    receiver: String,
    software: String,
    events: mpsc::UnboundedSender<KeeperEvent>,
    pool: watch::Sender<Option<PgPool>>,
    hint: Arc<Notify>,
    names: Names,
}

impl Database {
    /// The task for a configured database. `pool` serves readers of details while the database is up,
    /// `names` are kept up to date.
    pub fn new(
        config: DatabaseConfig,
        queue: &QueueConfig,
        events: mpsc::UnboundedSender<KeeperEvent>,
        pool: watch::Sender<Option<PgPool>>,
        names: Names,
    ) -> Database {
        Database {
            config,
            receiver: queue.receiver.as_str().to_owned(),
            software: queue.software.clone(),
            events,
            pool,
            hint: Arc::new(Notify::new()),
            names,
        }
    }

    /// Serves the keeper until it ends.
    pub async fn run(self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let mut wait = RETRY_FIRST;
        loop {
            let opening: Boxed<'_, _> = Box::pin(self.open());
            let down = match opening.await {
                Ok((connection, pool)) => {
                    wait = RETRY_FIRST;
                    self.pool.send_replace(Some(pool.clone()));
                    let (opened, asked) = mpsc::channel(before::ASKED_MAX);
                    let events = self.events.clone();
                    let reader = reader::Reader::new(
                        self.receiver.clone(),
                        pool.clone(),
                        self.events.clone(),
                        self.hint.clone(),
                        self.names.clone(),
                    );
                    let beside = tokio::spawn(async move {
                        tokio::join!(reader.run(), before::run(pool, asked, events));
                    });
                    let serving: Boxed<'_, _> = Box::pin(self.serve(connection, &mut commands, &opened));
                    let ended = serving.await;
                    beside.abort();
                    self.pool.send_replace(None);
                    match ended {
                        Some(down) => down,
                        None => return,
                    }
                }
                Err(down) => down,
            };
            warn!(why = %down, "the database is away");
            if self.events.send(KeeperEvent::Database(Event::Down(down))).is_err() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_LAST);
        }
    }

    async fn open(&self) -> Result<(PgConnection, PgPool), Refused> {
        let (mut connection, options) = connect::connect(&self.config).await?;
        connect::prepare(&mut connection).await?;
        connect::make_writer(&mut connection).await?;
        let asked = timeout(self.config.stall, connect::head(&mut connection, &self.receiver)).await;
        let head = asked.map_err(|_| Refused::away("no answer to the first question"))??;
        info!("the database is reached");
        let event = Event::Up { last_seq: head.map(|(seq, _)| seq) };
        self.tell(event);
        Ok((connection, connect::pool(options, self.config.stall)))
    }

    /// Serves commands on one connection until it is lost. None when the keeper has ended.
    async fn serve(
        &self,
        mut connection: PgConnection,
        commands: &mut mpsc::UnboundedReceiver<Command>,
        opened: &mpsc::Sender<Opened>,
    ) -> Option<Refused> {
        let mut places = Places::default();
        loop {
            let Some(command) = commands.recv().await else {
                let _ = timeout(self.config.stall, connection.close()).await;
                return None;
            };
            let done = match command {
                Command::Write(batch) => self.write(&mut connection, &mut places, &batch).await.map(|committed| {
                    if !committed.rows.is_empty() {
                        self.hint.notify_one();
                    }
                    Event::Committed(Box::new(committed))
                }),
                Command::Refill(rows) => {
                    let refilled = timeout(BOARD_STALL, batch::refill(&mut connection, &rows)).await;
                    flatten(refilled).map(|()| Event::Refilled)
                }
                Command::ReadBoard => {
                    let read = timeout(BOARD_STALL, read::board(&mut connection)).await;
                    flatten(read).map(|(rows, aliases)| Event::Board { rows, aliases })
                }
                Command::Drop(why) => Err(Refused::away(why)),
            };
            match done {
                Ok(event) => {
                    let asked = Opened::told_by(&event);
                    // The keeper knows the rows before it hears what came before them.
                    self.tell(event);
                    // When too many wait, the history finds it out.
                    asked.into_iter().for_each(|one| drop(opened.try_send(one)));
                }
                // Dropping the connection is how a stuck commit ends; whether it was done, the next offer
                // of the same ids will tell.
                Err(down) => return Some(down),
            }
        }
    }

    /// Writes a batch. What the tables will not take is narrowed down to single entries and put aside.
    async fn write(
        &self,
        connection: &mut PgConnection,
        places: &mut Places,
        batch: &Batch,
    ) -> Result<Committed, Refused> {
        let mut all = Committed::default();
        let mut parts = vec![batch.entries.clone()];
        let mut tries = 0;
        while let Some(entries) = parts.pop() {
            let how = batch::Tries { offered_before: batch.offered_before || tries > 0, locks: tries > 0 };
            let writing = batch.write(&entries, connection, places, (&self.receiver, &self.software), how);
            let began = tokio::time::Instant::now();
            let outcome =
                timeout(self.config.stall, writing).await.map_err(|_| Refused::away("a transaction stalled"))?;
            crate::meters::database_committed(began.elapsed());
            if outcome.is_err() {
                places.forget();
            }
            match outcome {
                Ok(part) => all.join(part),
                Err(error) if error.may_pass(tries) => {
                    tries += 1;
                    info!(?error, "a batch is tried again");
                    parts.push(entries);
                }
                Err(batch::WriteError::Again(why)) => return Err(Refused::away(why)),
                Err(batch::WriteError::Away(refused)) => return Err(refused),
                Err(batch::WriteError::Taken(why) | batch::WriteError::Permanent(why)) => match entries.as_slice() {
                    [only] => {
                        let aside = batch::quarantine(connection, &self.receiver, only, &why);
                        flatten(timeout(self.config.stall, aside).await)?;
                        all.entries.push(only.seq);
                        all.quarantined.push((only.seq, why));
                    }
                    several => {
                        // The earlier half is written first: entries of a unit keep their order.
                        let (earlier, later) = several.split_at(several.len() / 2);
                        parts.push(later.to_vec());
                        parts.push(earlier.to_vec());
                    }
                },
            }
        }
        Ok(all)
    }

    fn tell(&self, event: Event) {
        // The keeper ends before this task only when the process ends.
        let _ = self.events.send(KeeperEvent::Database(event));
    }
}

impl Committed {
    fn join(&mut self, part: Committed) {
        self.entries.extend(part.entries);
        self.verdicts.extend(part.verdicts);
        self.skipped.extend(part.skipped);
        self.quarantined.extend(part.quarantined);
        self.aliases.extend(part.aliases);
        for row in part.rows {
            self.rows.retain(|known| known.id != row.id);
            self.rows.push(row);
        }
    }
}

fn flatten<T>(outcome: Result<Result<T, sqlx::Error>, tokio::time::error::Elapsed>) -> Result<T, Refused> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Refused::from(error)),
        Err(_) => Err(Refused::away("a query stalled")),
    }
}
