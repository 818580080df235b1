//! Looking into a journal from outside, for tools: what is in it, whether its chain holds, offering entries
//! to the database again, saving what a damaged file still has.
//!
//! [`status`] only reads and may run beside the daemon. [`replay`] and [`recover`] write, so they take the
//! directory's lock, which a running daemon holds.

mod directory;
mod salvage;

use std::path::{Path, PathBuf};

use sqlx::Connection;
use time::OffsetDateTime;

use super::file::{File, JournalError, hash_of, stamp};
pub use super::rescue::Rescued;
use super::rows::{self, Row};
use super::{FILE_NAME, OWNER};
use crate::entry::{Chain, Hash};
use directory::{hand_over, is_running, lock, set_aside, size};
pub use salvage::{Salvaged, recover};

/// Broken links that are named one by one; more are only counted.
const BROKEN_NAMED_MAX: usize = 20;

/// Why a journal could not be looked into.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// A running daemon holds the directory.
    #[error("a receiver is running on {0}; stop it first")]
    InUse(PathBuf),
    /// There is nothing to look at.
    #[error("{0} holds no journal")]
    NoJournal(PathBuf),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Refused(String),
    /// A file could not be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        why: String,
    },
}

/// What a journal directory holds.
#[derive(Clone, Debug)]
pub struct Status {
    /// Whether a daemon holds its lock.
    pub running: bool,
    /// The journal itself; none where there is no file yet.
    pub journal: Option<FileStatus>,
    /// Files that were set aside, oldest first.
    pub aside: Vec<FileStatus>,
}

/// What one file holds.
#[derive(Clone, Debug, Default)]
pub struct FileStatus {
    /// Where it is.
    pub path: PathBuf,
    /// Its size with its WAL, bytes.
    pub bytes: u64,
    /// The receiver whose chain it holds.
    pub owner: Option<String>,
    /// Entries that could be read.
    pub entries: u64,
    /// Those among them that the database does not have yet.
    pub unforwarded: u64,
    /// Time of the first entry, RFC 3339.
    pub oldest: Option<String>,
    /// Time of the last entry, RFC 3339.
    pub newest: Option<String>,
    /// Sequence and hash of the last entry.
    pub head: Option<(i64, String)>,
    /// Links of the chain that were checked and hold.
    pub links: u64,
    /// Links that do not hold: an entry was changed, or its predecessor was.
    pub links_broken: u64,
    /// Sequences of the entries before which a link does not hold, at most twenty.
    pub broken_at: Vec<i64>,
    /// Places where the predecessor is no longer there: pruned, or in a file that was set aside.
    pub links_open: u64,
    /// Entries that do not pass their own checksum.
    pub damaged: u64,
    /// Stretches of the file that cannot be read at all.
    pub gaps: u64,
    /// Why the file cannot be read, if it cannot.
    pub fault: Option<String>,
}

impl FileStatus {
    /// Whether everything in it is as it was written.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none() && self.damaged == 0 && self.gaps == 0 && self.links_broken == 0
    }
}

/// Looks into a journal directory. Reads every entry: some seconds for a million.
pub async fn status(directory: &Path) -> Result<Status, InspectError> {
    let running = is_running(directory)?;
    let path = directory.join(FILE_NAME);
    let mut aside = Vec::new();
    for path in set_aside(directory)? {
        aside.push(look(&path, false).await);
    }
    let journal = if path.exists() { Some(look(&path, running).await) } else { None };
    Ok(Status { running, journal, aside })
}

/// Marks entries since a time as not forwarded, so that the daemon offers them to the database at its next
/// start. Returns how many. The database takes each entry once, by its id.
pub async fn replay(directory: &Path, since: OffsetDateTime) -> Result<u64, InspectError> {
    let path = directory.join(FILE_NAME);
    if !path.exists() {
        return Err(InspectError::NoJournal(directory.to_owned()));
    }
    let _alone = lock(directory)?;
    let failed = |error: JournalError| InspectError::File { path: path.clone(), why: error.to_string() };
    let mut file = File::open(&path).await.map_err(failed)?;
    let marked = file.mark_unforwarded(since).await.map_err(failed);
    file.close().await;
    hand_over(directory);
    marked
}

async fn look(path: &Path, in_use: bool) -> FileStatus {
    let mut status = FileStatus { path: path.to_owned(), bytes: size(path), ..FileStatus::default() };
    let mut file = match rows::open(path, in_use).await {
        Ok(file) => file,
        Err(error) => {
            status.fault = Some(error.to_string());
            return status;
        }
    };
    let owner = sqlx::query_scalar(include_str!("sql/meta_get.sql")).bind(OWNER).fetch_optional(&mut file).await;
    match owner {
        Ok(owner) => status.owner = owner,
        Err(error) => status.fault = Some(error.to_string()),
    }
    let (mut from, mut previous) = (Some(i64::MIN), None);
    while let Some(start) = from {
        let page = rows::page(&mut file, start).await;
        if page.gap {
            status.gaps += 1;
            previous = None;
        }
        for row in page.rows {
            match row.filter(Row::is_sound) {
                Some(row) => previous = status.add(&row, previous),
                None => {
                    status.damaged += 1;
                    previous = None;
                }
            }
        }
        from = page.next;
    }
    let _ = file.close().await;
    status
}

impl FileStatus {
    /// Adds a sound row; returns what the next one must follow.
    fn add(&mut self, row: &Row, previous: Option<(i64, Hash)>) -> Option<(i64, Hash)> {
        self.entries += 1;
        self.unforwarded += u64::from(!row.forwarded);
        self.oldest.get_or_insert_with(|| row.at.clone());
        self.newest = Some(row.at.clone());
        self.head = Some((row.seq, row.hash.clone()));
        let before = row.seq.saturating_sub(1);
        let begins = Chain::begins_at(row.seq);
        match previous {
            Some((_, hash)) if row.follows(&hash) => self.links += 1,
            // The first entry of a chain follows nothing.
            _ if begins && row.follows(&[0; 32]) => self.links += 1,
            Some((seq, _)) if seq != before && !begins => self.links_open += 1,
            None if !begins => self.links_open += 1,
            _ => {
                self.links_broken += 1;
                if self.broken_at.len() < BROKEN_NAMED_MAX {
                    self.broken_at.push(row.seq);
                }
            }
        }
        hash_of(&row.hash).map(|hash| (row.seq, hash))
    }
}

impl File {
    /// Marks forwarded entries since a time as not forwarded. Returns how many there were.
    async fn mark_unforwarded(&mut self, since: OffsetDateTime) -> Result<u64, JournalError> {
        let query = sqlx::query(include_str!("sql/inspect_replay.sql")).bind(stamp(since));
        Ok(query.execute(&mut self.connection).await?.rows_affected())
    }
}
