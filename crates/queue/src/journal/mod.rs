//! The journal: this receiver's own durable store. One task writes it; it takes whatever waits, makes one
//! commit, one sync, and tells the core.
//!
//! A failed sync is never tried again on the same file: the kernel may have dropped the pages and report
//! success the next time. The file is set aside, and a fresh one gets every entry the database does not
//! have yet, from memory.

pub mod file;
pub mod inspect;
mod names;
mod put;
mod recover;
mod rescue;
mod rows;
mod settling;
mod wal;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::ReceiverId;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

use crate::config::JournalConfig;
use crate::entry::Entry;
use crate::told::Event;
pub use file::{File, JournalError, Known, Settle};
pub use names::Batch;
pub use recover::Recovered;
use settling::Settling;

const FILE_NAME: &str = "journal.sqlite";
/// Under which name the journal keeps whose chain it holds.
const OWNER: &str = "receiver";
/// How long a lost file's successor waits between tries.
const REOPEN_EVERY: Duration = Duration::from_secs(1);
/// How often old entries go.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// What the core asks of the journal. At most one `Append` is under way.
#[derive(Debug)]
pub enum Command {
    /// Make these durable; answered by [`Event::Journalled`] or [`Event::JournalDown`].
    Append(Vec<Arc<Entry>>, Settle),
    /// Keep this when there is time; not answered.
    Settle(Settle),
    /// Read forwarded entries back; answered by [`Event::Reread`].
    Reread {
        /// After this sequence,
        seq: i64,
        /// or since this time.
        at: OffsetDateTime,
    },
    /// Keep the names of some units and drop those of others; answered whether it was done.
    Names {
        /// Which.
        batch: Batch,
        /// Where the answer goes.
        done: oneshot::Sender<bool>,
    },
    /// Entries older than this may go once forwarded.
    Prune(OffsetDateTime),
    /// End.
    Close,
}

/// The journal as opened, with what it knew.
#[derive(Debug)]
pub struct Journal {
    config: JournalConfig,
    receiver: String,
    file: Option<File>,
    /// How many files were opened since the first.
    opened: watch::Sender<u64>,
    /// Keeps a second daemon off the directory for as long as it lives.
    _lock: std::fs::File,
}

impl Journal {
    /// Opens the journal of a directory. A damaged file is set aside and what can be read of it copied.
    pub async fn open(
        config: &JournalConfig,
        receiver: &ReceiverId,
    ) -> Result<(Journal, Known, Option<Recovered>), String> {
        // What people's units said is nobody else's business.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.directory);
        made.map_err(|error| error.to_string())?;
        let lock = lock(&config.directory)?;
        let path = config.directory.join(FILE_NAME);
        let mut recovered = None;
        let mut file = match File::open(&path).await {
            Ok(file) => file,
            Err(JournalError::CannotWrite(why)) => return Err(why),
            Err(JournalError::Lost(why)) => {
                error!(%why, "the journal is damaged; it is set aside and its readable entries copied");
                let aside = recover::set_aside(&path, "damaged", OffsetDateTime::now_utc());
                let aside = aside.map_err(|error| format!("cannot set the damaged journal aside: {error}"))?;
                let mut fresh = File::open(&path).await.map_err(|error| error.to_string())?;
                recovered = Some(recover::copy(&aside, &mut fresh).await.map_err(|error| error.to_string())?);
                fresh
            }
        };
        match file.meta(OWNER).await.map_err(|error| error.to_string())? {
            Some(owner) if owner != receiver.as_str() => {
                return Err(format!("it belongs to receiver {owner:?}; give {receiver} a directory of its own"));
            }
            Some(_) => {}
            None => file.set_meta(OWNER, receiver.as_str()).await.map_err(|error| error.to_string())?,
        }
        let known = file.known().await.map_err(|error| error.to_string())?;
        let receiver = receiver.to_string();
        let journal =
            Journal { config: config.clone(), receiver, file: Some(file), opened: watch::channel(0).0, _lock: lock };
        Ok((journal, known, recovered))
    }

    /// How many files were opened since the first: each may be a fresh one.
    pub fn opened(&self) -> watch::Receiver<u64> {
        self.opened.subscribe()
    }

    /// Path of the file, for readers beside the writer.
    pub fn path(config: &JournalConfig) -> PathBuf {
        config.directory.join(FILE_NAME)
    }

    /// Serves the core until told to end.
    pub async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>, events: mpsc::UnboundedSender<Event>) {
        let mut settling = Settling::default();
        let mut keep_from = OffsetDateTime::UNIX_EPOCH;
        let mut tidy_at = Instant::now() + TIDY_EVERY;
        let mut move_at = Instant::now() + wal::MOVE_EVERY;
        let mut moving = JoinSet::new();
        let mut reopen_at = Instant::now();
        loop {
            let due = [Some(tidy_at), settling.due(), moving.is_empty().then_some(move_at)];
            let wake = if self.file.is_none() { Some(reopen_at) } else { due.into_iter().flatten().min() };
            let command = tokio::select! {
                biased;
                Some(bytes) = moving.join_next() => {
                    if matches!(bytes, Ok(Some(bytes)) if bytes > wal::BYTES_MAX) {
                        self.begin_wal_anew(&events).await;
                    }
                    continue;
                }
                command = commands.recv() => command.unwrap_or(Command::Close),
                () = sleep_until(wake.unwrap_or(tidy_at)) => {
                    if self.file.is_none() {
                        reopen_at = Instant::now() + REOPEN_EVERY;
                        self.reopen(&events).await;
                    } else if moving.is_empty() && Instant::now() >= move_at {
                        move_at = Instant::now() + wal::MOVE_EVERY;
                        self.move_wal(&mut moving);
                    } else if Instant::now() >= tidy_at {
                        tidy_at = Instant::now() + TIDY_EVERY;
                        self.tidy(keep_from, &events).await;
                    } else {
                        self.settle(settling.take_part(Instant::now()), &events).await;
                    }
                    continue;
                }
            };
            match command {
                Command::Append(entries, settle) => {
                    settling.add(settle, Instant::now());
                    self.append(&entries, settling.take_riding(), &events).await;
                    // Units are answered first, but what follows must not pile up behind them.
                    if settling.is_late(Instant::now()) {
                        self.settle(settling.take_part(Instant::now()), &events).await;
                    }
                }
                Command::Settle(settle) => settling.add(settle, Instant::now()),
                Command::Reread { seq, at } => {
                    // What was forwarded a moment ago may be what the database has lost.
                    self.settle(settling.take_all(), &events).await;
                    self.reread(seq, at, &events).await;
                }
                Command::Names { batch, done } => {
                    let kept = self.names(&batch, &events).await;
                    // Whoever asked is gone only when the process ends.
                    let _ = done.send(kept);
                }
                Command::Prune(from) => keep_from = from,
                Command::Close => {
                    self.settle(settling.take_all(), &events).await;
                    if let Some(file) = self.file.take() {
                        file.close().await;
                    }
                    return;
                }
            }
        }
    }

    async fn append(&mut self, entries: &[Arc<Entry>], settle: Settle, events: &mpsc::UnboundedSender<Event>) {
        let began = Instant::now();
        let outcome = match &mut self.file {
            Some(file) => file.append(entries, &settle).await,
            None => Err(JournalError::CannotWrite("no file is open".to_owned())),
        };
        crate::meters::journal_synced(began.elapsed());
        match outcome {
            Ok(()) => send(events, Event::Journalled),
            Err(error) => self.failed(error, events).await,
        }
    }

    async fn settle(&mut self, settle: Settle, events: &mpsc::UnboundedSender<Event>) {
        let Some(file) = &mut self.file else { return };
        if settle.is_empty() {
            return;
        }
        if let Err(error) = file.settle(&settle).await {
            self.failed(error, events).await;
        }
    }

    async fn names(&mut self, batch: &Batch, events: &mpsc::UnboundedSender<Event>) -> bool {
        let Some(file) = &mut self.file else { return false };
        match file.keep_names(batch).await {
            Ok(()) => true,
            Err(error) => {
                self.failed(error, events).await;
                false
            }
        }
    }

    /// Gives a file up, or keeps it for later when only the space is lacking.
    async fn failed(&mut self, error: JournalError, events: &mpsc::UnboundedSender<Event>) {
        error!(%error, "the journal failed");
        send(events, Event::JournalDown(error.to_string()));
        let Some(file) = self.file.take() else { return };
        let path = file.path().to_owned();
        file.close().await;
        if let JournalError::Lost(_) = error {
            match recover::set_aside(&path, "failed", OffsetDateTime::now_utc()) {
                Ok(aside) => warn!(aside = %aside.display(), "the journal file is set aside and not used again"),
                Err(error) => error!(%error, "the failed journal file cannot be renamed"),
            }
        }
    }

    /// Tries whether the disk takes a journal again. The core then fills it.
    async fn reopen(&mut self, events: &mpsc::UnboundedSender<Event>) {
        let path = self.config.directory.join(FILE_NAME);
        match File::open(&path).await {
            Ok(mut file) => {
                // A file that opens may still not take a byte.
                if let Err(error) = file.set_meta(OWNER, &self.receiver).await {
                    warn!(%error, "the journal cannot be written yet");
                    return;
                }
                let entries = file.known().await.map(|known| known.pending.iter().map(|entry| entry.seq).collect());
                match entries {
                    Ok(holds) => {
                        info!("the journal takes entries again");
                        self.file = Some(file);
                        self.opened.send_modify(|count| *count += 1);
                        send(events, Event::JournalReady { holds });
                    }
                    Err(error) => self.unusable(&path, &error),
                }
            }
            Err(error) => self.unusable(&path, &error),
        }
    }

    fn unusable(&self, path: &Path, error: &JournalError) {
        warn!(%error, "the journal cannot be opened yet");
        if matches!(error, JournalError::Lost(_))
            && path.exists()
            && let Err(error) = recover::set_aside(path, "damaged", OffsetDateTime::now_utc())
        {
            error!(%error, "the damaged journal file cannot be renamed");
        }
    }

    async fn reread(&mut self, seq: i64, at: OffsetDateTime, events: &mpsc::UnboundedSender<Event>) {
        let entries = match &mut self.file {
            Some(file) => file.forwarded_since(seq, at).await,
            None => Ok(Vec::new()),
        };
        match entries {
            Ok(entries) => send(events, Event::Reread(entries)),
            Err(error) => {
                send(events, Event::Reread(Vec::new()));
                self.failed(error, events).await;
            }
        }
    }

    /// Moves the WAL into the file beside the writer.
    fn move_wal(&self, moving: &mut JoinSet<Option<u64>>) {
        let Some(path) = self.file.as_ref().map(|file| file.path().to_owned()) else { return };
        moving.spawn(async move {
            let moved = wal::move_beside(&path).await;
            moved.inspect_err(|error| warn!(%error, "the journal's WAL could not be moved into its file")).ok()
        });
    }

    /// What has come since the last move is little, and moved where nothing comes in between.
    async fn begin_wal_anew(&mut self, events: &mpsc::UnboundedSender<Event>) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = wal::move_now(&mut file.connection).await {
            self.failed(error, events).await;
        }
    }

    async fn tidy(&mut self, keep_from: OffsetDateTime, events: &mpsc::UnboundedSender<Event>) {
        let Some(file) = &mut self.file else { return };
        let now = OffsetDateTime::now_utc();
        let by_age = now - self.config.keep;
        let too_large = file.bytes().await.is_ok_and(|bytes| bytes > self.config.bytes_max);
        let before = if too_large { now } else { by_age.min(keep_from) };
        if let Err(error) = file.prune(before).await {
            self.failed(error, events).await;
        }
    }
}

/// One daemon a directory: two would write two chains under one name.
fn lock(directory: &Path) -> Result<std::fs::File, String> {
    let path = directory.join("lock");
    let lock = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let lock = lock.map_err(|error| error.to_string())?;
    lock.try_lock().map_err(|_| "another receiver uses this directory".to_owned())?;
    Ok(lock)
}

fn send(events: &mpsc::UnboundedSender<Event>, event: Event) {
    // The core ends before the journal only when the process ends.
    let _ = events.send(event);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Chain, What};
    use crate::sample::{START, press};

    #[tokio::test]
    async fn what_was_forwarded_a_moment_ago_is_read_again_too() {
        let directory = tempfile::tempdir().unwrap();
        let keep = Duration::from_secs(60);
        let config = JournalConfig { directory: directory.path().to_owned(), keep, bytes_max: 1 << 20 };
        let (journal, _, _) = Journal::open(&config, &ReceiverId::new("r1")).await.unwrap();
        let (commands, commands_in) = mpsc::unbounded_channel();
        let (events_out, mut events) = mpsc::unbounded_channel();
        let entry = Arc::new(Chain::begin(START).link(What::Signal(press("1234", 1).into()), START).unwrap());
        let forwarded = vec![entry.seq];
        commands.send(Command::Append(vec![entry], Settle::default())).unwrap();
        commands.send(Command::Settle(Settle { forwarded, ..Settle::default() })).unwrap();
        commands.send(Command::Reread { seq: i64::MIN, at: START }).unwrap();
        commands.send(Command::Close).unwrap();
        journal.run(commands_in, events_out).await;
        assert!(matches!(events.recv().await, Some(Event::Journalled)));
        match events.recv().await {
            Some(Event::Reread(entries)) => assert_eq!(entries.len(), 1),
            other => panic!("{other:?}"),
        }
    }
}
