//! A journal file that is damaged: set aside under another name, its readable entries copied one by one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::{ConnectOptions, Row, SqliteConnection};
use time::OffsetDateTime;

use super::file::{File, JournalError, Settle, entry_of, options};
use crate::entry::{Entry, row_sum};

/// What could be saved from a damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The damaged file's new name.
    pub aside: PathBuf,
    /// Entries copied.
    pub copied: usize,
    /// Entries that did not pass their own checksum.
    pub damaged: usize,
}

/// Renames a file, with its WAL, so that a fresh one can take its place.
pub fn set_aside(path: &Path, why: &str, now: OffsetDateTime) -> std::io::Result<PathBuf> {
    let aside = with_suffix(path, &format!(".{why}-{}", now.unix_timestamp()));
    std::fs::rename(path, &aside)?;
    for part in ["-wal", "-shm"] {
        match std::fs::rename(with_suffix(path, part), with_suffix(&aside, part)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// Copies every entry of a set-aside file that passes its own checksum into a fresh file. All of them are
/// forwarded again: the database knows each id and takes none twice.
pub async fn copy(aside: &Path, fresh: &mut File) -> Result<Recovered, JournalError> {
    let mut recovered = Recovered { aside: aside.to_owned(), copied: 0, damaged: 0 };
    let Ok(mut damaged) = options(aside).connect().await else { return Ok(recovered) };
    let mut after = i64::MIN;
    loop {
        let rows = page(&mut damaged, after, &mut recovered.damaged).await;
        let Some(last) = rows.last().map(|(seq, _)| *seq) else { break };
        after = last;
        let sound: Vec<Arc<Entry>> = rows.into_iter().filter_map(|(_, entry)| entry.map(Arc::new)).collect();
        recovered.copied += sound.len();
        fresh.append(&sound, &Settle::default()).await?;
    }
    super::names::copy(&mut damaged, fresh).await?;
    Ok(recovered)
}

/// The next entries after a sequence; an unsound one is counted and stands as none. When a whole page
/// cannot be read, its rows are tried one by one, and a gap that cannot be crossed ends the copy.
async fn page(damaged: &mut SqliteConnection, after: i64, unsound: &mut usize) -> Vec<(i64, Option<Entry>)> {
    for limit in [200_i64, 1] {
        let text = "SELECT seq, at, kind, hash, body, row_sum FROM entry WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let Ok(rows) = sqlx::query(text).bind(after).bind(limit).fetch_all(&mut *damaged).await else { continue };
        let judge = |row: &sqlx::sqlite::SqliteRow| {
            let entry = entry_of(row)
                .filter(|entry| row.try_get::<i64, _>(5).is_ok_and(|stored| stored == row_sum(entry.seq, &entry.body)));
            (row.try_get(0).unwrap_or(after + 1), entry)
        };
        let judged: Vec<_> = rows.iter().map(judge).collect();
        *unsound += judged.iter().filter(|(_, entry)| entry.is_none()).count();
        return judged;
    }
    Vec::new()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
