//! A journal file that is damaged: set aside under another name, its readable entries copied.

use std::path::{Path, PathBuf};

use sqlx::ConnectOptions;
use time::OffsetDateTime;

use super::file::{File, JournalError, options};
use super::rescue::{Rescued, rescue};

/// What could be saved from a damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The damaged file's new name.
    pub aside: PathBuf,
    /// How much it is.
    pub rescued: Rescued,
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

/// Copies what can be read of a set-aside file into a fresh one.
pub async fn copy(aside: &Path, fresh: &mut File) -> Result<Recovered, JournalError> {
    let mut recovered = Recovered { aside: aside.to_owned(), rescued: Rescued::default() };
    let Ok(mut damaged) = options(aside).connect().await else { return Ok(recovered) };
    recovered.rescued = rescue(&mut damaged, fresh).await?;
    super::names::copy(&mut damaged, fresh).await?;
    Ok(recovered)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
