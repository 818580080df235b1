//! What the rest of the daemon holds of the queue: submit a signal, act on an alarm, watch the board.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use telecare_alarm::registry::UnitId;
use telecare_alarm::{Act, Action, ActionId, AlarmId, Policy, ReceiverId, Registry};
use telecare_protocol::Protocol;
use time::OffsetDateTime;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;
use uuid::Uuid;

use crate::answered::Answered;
use crate::consoles::Consoles;
use crate::database::Database;
use crate::entry::{Chain, What};
use crate::exchange::{ActError, Acted, Answer, Detail, Incoming, LoggedAction, OpenError, Overdue, StoredSignal};
use crate::journal::file::{KeptEntry, entries_about};
use crate::journal::{Journal, Recovered};
use crate::keeper::{Ends, Keeper};
use crate::learnt::Learnt;
use crate::live_calls::LiveCalls;
use crate::registry::Names;
use crate::told::Request;
use crate::{Board, QueueConfig, Trouble};

/// Requests that may wait for the keeper; more wait at the door.
const REQUESTS_MAX: usize = 4_096;
/// Signals of a detail, at most.
const DETAIL_MAX: usize = 500;
/// A detail from the database comes within this time, or from the journal.
const DETAIL_WITHIN: Duration = Duration::from_secs(1);
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// The queue. Cheap to clone; all clones are the same queue.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) requests: mpsc::Sender<Request>,
    board: watch::Receiver<Arc<Board>>,
    pub(crate) pool: watch::Receiver<Option<PgPool>>,
    pub(crate) names: Names,
    ended: watch::Receiver<Option<String>>,
    closed: watch::Receiver<bool>,
    troubles: Arc<Mutex<mpsc::UnboundedReceiver<Trouble>>>,
    answered: Answered,
    pub(crate) receiver: ReceiverId,
    pub(crate) path: PathBuf,
    ack_wait: Duration,
    pub(crate) consoles: Consoles,
    policy: Arc<watch::Sender<Arc<Policy>>>,
    learnt: Learnt,
    live_calls: LiveCalls,
}

impl Queue {
    /// Opens the journal, reads the board back and starts the writers. Returns once the board is complete
    /// as far as the journal knows it. Waits for the database a quarter of a second at most, or, when the journal is new
    /// and an earlier one's end must be known, no longer than the database's stall time.
    pub async fn open(config: QueueConfig) -> Result<Queue, OpenError> {
        let directory = config.journal.directory.display().to_string();
        let failed = |why| OpenError::Journal { path: directory.clone(), why };
        let (journal, mut known, recovered) = Journal::open(&config.journal, &config.receiver).await.map_err(failed)?;
        if let (Some(last), Some(database)) = (known.head, &config.database) {
            known.ahead = crate::database::ahead(database, config.receiver.as_str(), last.seq).await;
        }
        let last = match (known.head, &config.database) {
            (None, Some(database)) => {
                let head = crate::database::head(database, config.receiver.as_str()).await;
                head.map(|(seq, head)| Chain { seq, head })
            }
            (last, _) => last,
        };
        let now = OffsetDateTime::now_utc();
        let chain = last.map_or_else(|| Chain::begin(now), |last| Chain::resume(last, now));
        let (troubles, troubles_out) = mpsc::unbounded_channel();
        tell_damage(&troubles, recovered, known.unreadable);
        let (requests, requests_in) = mpsc::channel(REQUESTS_MAX);
        let (events, events_in) = mpsc::unbounded_channel();
        let (journal_in, journal_commands) = mpsc::unbounded_channel();
        let (pool, pool_out) = watch::channel(None);
        let names = Names::new(std::mem::take(&mut known.units), events.clone());
        let keep = crate::registry::keep(names.registry(), names.watch(), journal_in.clone(), journal.opened());
        tokio::spawn(keep);
        let mut tasks = JoinSet::new();
        tasks.spawn(named("journal", journal.run(journal_commands, events.clone())));
        let database = config.database.clone().map(|settings| {
            let (database_in, database_commands) = mpsc::unbounded_channel();
            let database = Database::new(settings, &config, events.clone(), pool, names.clone());
            tasks.spawn(named("database", database.run(database_commands)));
            database_in
        });
        let learnt = Learnt::new(std::mem::take(&mut known.learnt));
        let boot = Uuid::now_v7();
        let (board, board_out) = watch::channel(Arc::new(Board::empty(boot)));
        let path = Journal::path(&config.journal);
        let (ack_wait, receiver) = (config.ack_wait, config.receiver.clone());
        let policy = Arc::new(watch::channel(config.policy.clone()).0);
        let answered = Answered::default();
        let consoles = Consoles::default();
        let live_calls = LiveCalls::new(events.clone());
        let ends = Ends {
            journal: journal_in,
            database,
            board,
            answered: answered.clone(),
            troubles,
            registry: names.registry(),
            policy: config.policy.clone(),
            receiver: config.receiver.clone(),
            software: config.software.as_str().into(),
            consoles: consoles.clone(),
            live_calls: live_calls.clone(),
        };
        let keeper = Keeper::new(known, chain, boot, ends);
        tasks.spawn(named("keeper", keeper.run(requests_in, events_in)));
        let (ended, ended_out) = watch::channel(None);
        let (closed, closed_out) = watch::channel(false);
        tokio::spawn(async move {
            let first = match tasks.join_next().await {
                Some(Ok(name)) => name.to_owned(),
                Some(Err(error)) => error.to_string(),
                None => return,
            };
            // Once one is gone nothing can be promised any more; the others go with the process.
            let mut journal_ended = first == "journal";
            ended.send_replace(Some(first));
            while !journal_ended {
                journal_ended = !matches!(tasks.join_next().await, Some(Ok(name)) if name != "journal");
            }
            closed.send_replace(true);
        });
        let troubles = Arc::new(Mutex::new(troubles_out));
        Ok(Queue {
            requests,
            board: board_out,
            pool: pool_out,
            names,
            ended: ended_out,
            closed: closed_out,
            troubles,
            answered,
            receiver,
            path,
            ack_wait,
            consoles,
            policy,
            learnt,
            live_calls,
        })
    }

    /// Stores a signal and says when it may be acknowledged. Dropping the future does not undo the storing.
    pub async fn submit(&self, incoming: Incoming) -> Answer {
        let age = OffsetDateTime::now_utc() - incoming.signal.stamps.last_byte;
        let age = Duration::try_from(age).unwrap_or_default();
        let deadline = Instant::now() + self.ack_wait.saturating_sub(age);
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Submit(Box::new(incoming), deadline, reply)).await.is_err() {
            return Answer::Refused;
        }
        answer.await.unwrap_or(Answer::Refused)
    }

    /// How long after its last byte a signal's answer waits for the database's commit.
    pub fn ack_wait(&self) -> Duration {
        self.ack_wait
    }

    /// Whether anything can store at the moment: signs of life are answered only then.
    pub fn can_store(&self) -> bool {
        self.board.borrow().can_store
    }

    /// Does an action; with the database connected its verdict is the answer, else this receiver's own.
    /// Answers within about two seconds whatever the database does.
    pub async fn act(&self, action: Action) -> Result<Acted, ActError> {
        if matches!(action.act, Act::Reopen { .. }) {
            self.recall(action.alarm).await?;
        }
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Act(Box::new(action), reply)).await.is_err() {
            return Err(ActError::CannotStore);
        }
        answer.await.unwrap_or(Err(ActError::CannotStore))
    }

    /// Brings an alarm that was closed long ago back to the keeper's mind, where it is known.
    async fn recall(&self, id: AlarmId) -> Result<(), ActError> {
        if self.board.borrow().find(id).is_some() {
            return Ok(());
        }
        let pool = self.pool.borrow().clone().ok_or(ActError::NeedsDatabase)?;
        match tokio::time::timeout(DETAIL_WITHIN, crate::database::read::alarm(&pool, id)).await {
            Ok(Ok(Some(alarm))) => {
                // The keeper is gone only when the process ends.
                let _ = self.requests.send(Request::Recall(Arc::new(alarm))).await;
                Ok(())
            }
            Ok(Ok(None)) => Ok(()),
            Ok(Err(error)) => {
                warn!(%error, "an alarm could not be read back from the database");
                Err(ActError::NeedsDatabase)
            }
            Err(_) => Err(ActError::NeedsDatabase),
        }
    }

    /// The board as it is, and every later state.
    pub fn board(&self) -> watch::Receiver<Arc<Board>> {
        self.board.clone()
    }

    /// The calls on the lines of this receiver.
    pub fn live_calls(&self) -> LiveCalls {
        self.live_calls.clone()
    }

    /// What ranks signals, and the rules.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.borrow().clone()
    }

    /// Works by another policy from now on. What is stored keeps its rank and the hash of the policy that gave it.
    pub async fn set_policy(&self, policy: Arc<Policy>) {
        self.policy.send_replace(policy.clone());
        // The keeper is gone only when the process ends.
        let _ = self.requests.send(Request::Policy(policy)).await;
    }

    /// What the unit behind a telephone number spoke in its last call, if that is known.
    pub fn learnt(&self, number: &str) -> Option<Protocol> {
        self.learnt.of(number)
    }

    /// Notes what the unit behind a telephone number speaks.
    pub async fn learn(&self, number: &str, protocol: Protocol) {
        if self.learnt.learn(number, protocol) {
            // The keeper is gone only when the process ends.
            let _ = self.requests.send(Request::Learn(number.to_owned(), protocol)).await;
        }
    }

    /// A registered unit gave a sign of life at that time: nothing to store, but it is not missing. Waits while the
    /// queue has no room for the word.
    pub async fn heard(&self, unit: UnitId, at: OffsetDateTime) {
        // The keeper is gone only when the process ends.
        let _ = self.requests.send(Request::Heard(unit, at)).await;
    }

    /// Who is expected to have been heard by now and was not, the longest missing first; at most 1,000.
    pub async fn overdue(&self) -> Vec<Overdue> {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Overdue(reply)).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    /// Who is behind the accounts and numbers, as of now.
    pub fn registry(&self) -> Arc<Registry> {
        self.board.borrow().registry.clone()
    }

    /// An alarm with its signals and log; none when no such alarm is known.
    pub async fn detail(&self, id: AlarmId) -> Option<Detail> {
        let pool = self.pool.borrow().clone();
        if let Some(pool) = pool {
            match tokio::time::timeout(DETAIL_WITHIN, crate::database::read::detail(&pool, id)).await {
                Ok(Ok(Some((alarm, signals, log)))) => {
                    // The board may be ahead of the database by what was journalled a moment ago.
                    let board = self.board.borrow().clone();
                    let alarm = board.find(id).cloned().unwrap_or_else(|| Arc::new(alarm));
                    return Some(Detail { alarm, signals, log, degraded: board.link.is_degraded() });
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => warn!(%error, "an alarm's detail could not be read from the database"),
                Err(_) => warn!("an alarm's detail was not read from the database in time"),
            }
        }
        self.detail_from_journal(id).await
    }

    async fn detail_from_journal(&self, id: AlarmId) -> Option<Detail> {
        let board = self.board.borrow().clone();
        let alarm = board.find(id)?.clone();
        let entries = match entries_about(&self.path, &alarm.unit.key, alarm.id).await {
            Ok(entries) => entries,
            Err(error) => {
                warn!(%error, "an alarm's detail could not be read from the journal");
                Vec::new()
            }
        };
        let mut detail = Detail { alarm, signals: Vec::new(), log: Vec::new(), degraded: board.link.is_degraded() };
        for KeptEntry { entry, settled, refused } in entries {
            match &entry.what {
                What::Signal(signal) => {
                    detail.signals.push(StoredSignal { signal: signal.as_ref().clone(), journalled_at: entry.at });
                }
                // A console's signs that it is still there are no news.
                What::Action(action) if matches!(action.act, Act::Renew { .. }) => {}
                What::Action(action) => {
                    // What has no answer yet has not happened.
                    if let Some(refused) = self.said(action.id).or(settled.then_some(refused)) {
                        let (action, receiver) = (action.as_ref().clone(), self.receiver.clone());
                        detail.log.push(LoggedAction { action, receiver, refused });
                    }
                }
                What::Verdict(_) => {}
            }
        }
        // Signals after this card's belong to the unit's next one.
        detail.signals.truncate(usize::try_from(detail.alarm.signals).unwrap_or(usize::MAX));
        let surplus = detail.signals.len().saturating_sub(DETAIL_MAX);
        detail.signals.drain(..surplus);
        Some(detail)
    }

    /// What was said to an action of late: none when it was done, else the refusal's name.
    pub(crate) fn said(&self, id: ActionId) -> Option<Option<String>> {
        self.answered.get(id).map(|outcome| outcome.err().map(|refusal| refusal.name().to_owned()))
    }

    /// The next trouble that begins or ends. Pends for ever when the queue has ended.
    pub async fn next_trouble(&self) -> Trouble {
        match self.troubles.lock().await.recv().await {
            Some(trouble) => trouble,
            None => std::future::pending().await,
        }
    }

    /// Stops taking signals in, waits until the journal has what was taken (five seconds at most), and
    /// ends the keeper.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.requests.send(Request::Close(reply)).await.is_ok() {
            let _ = tokio::time::timeout(CLOSE_WITHIN, closed).await;
        }
        let mut closed = self.closed.clone();
        let _ = tokio::time::timeout(CLOSE_WITHIN, closed.wait_for(|closed| *closed)).await;
    }

    /// Resolves when a core task has ended although nobody asked it to: the process must end.
    pub async fn failed(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(name) => name.clone().unwrap_or_default(),
            Err(_) => "the queue".to_owned(),
        }
    }
}

async fn named(name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.await;
    name
}

fn tell_damage(troubles: &mpsc::UnboundedSender<Trouble>, recovered: Option<Recovered>, unreadable: usize) {
    let why = match recovered {
        Some(recovered) => format!(
            "set aside as {}; {} entries copied, {} damaged, {} stretches unreadable",
            recovered.aside.display(),
            recovered.rescued.copied,
            recovered.rescued.damaged,
            recovered.rescued.gaps
        ),
        None if unreadable > 0 => format!("{unreadable} rows could not be read"),
        None => return,
    };
    let _ = troubles.send(Trouble { what: "journal-damaged", active: true, why });
}
