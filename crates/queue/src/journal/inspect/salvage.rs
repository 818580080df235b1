//! Saving what a damaged or set-aside file still has into a journal.
//!
//! The source is never opened: its files are copied first and the copy is read, because SQLite writes beside
//! a file even to read it. Entries that the journal has already are left as they are; all others are offered
//! to the database again, which takes each once, by its id. In doubt a receiver without a database shows a
//! press twice rather than not at all.
//!
//! The first page of a file holds its layout, and every journal's is the same: the copy of a file that has lost its
//! first page gets a fresh one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sqlx::{Connection, SqliteConnection};

use super::super::file::{File, JournalError};
use super::super::rescue::{Rescued, rescue};
use super::super::{FILE_NAME, OWNER, rows};
use super::InspectError;
use super::directory::{hand_over, lock};

/// Where the copy of the source lies while it is read.
const WORK_NAME: &str = "recovering";
/// Bytes of a page; the journal is made with SQLite's usual size.
const PAGE_BYTES: usize = 4096;
/// Where the first page tells how many pages there are (SQLite file format, section 1.3.8).
const PAGE_COUNT_AT: std::ops::Range<usize> = 28..32;

/// What could be saved, and where it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// The journal that has it; the daemon offers it at its next start.
    pub journal: PathBuf,
    /// How much it is.
    pub rescued: Rescued,
}

/// Copies what can be read of a file into the journal of a directory, which is made when missing.
pub async fn recover(source: &Path, directory: &Path) -> Result<Salvaged, InspectError> {
    let failed = |path: &Path, why: String| InspectError::File { path: path.to_owned(), why };
    if !source.is_file() {
        return Err(failed(source, "there is no such file".to_owned()));
    }
    fs::create_dir_all(directory).map_err(|error| failed(directory, error.to_string()))?;
    let target = directory.join(FILE_NAME);
    if let (Ok(source), Ok(target)) = (fs::canonicalize(source), fs::canonicalize(&target))
        && source == target
    {
        let why = format!("{} is the journal itself; name another directory to recover into", target.display());
        return Err(InspectError::Refused(why));
    }
    let _alone = lock(directory)?;
    let work = directory.join(WORK_NAME);
    let copy = copied(source, &work).map_err(|error| failed(&work, error.to_string()))?;
    if !rows::is_legible(&copy).await {
        give_first_page(&copy, &work).await?;
    }
    let saved = merge(&copy, &target).await;
    // What remains of the copy is overwritten by the next one.
    let _ = fs::remove_dir_all(&work);
    hand_over(directory);
    saved
}

/// Copies a file with its WAL.
fn copied(source: &Path, work: &Path) -> std::io::Result<PathBuf> {
    if work.exists() {
        fs::remove_dir_all(work)?;
    }
    fs::create_dir(work)?;
    let copy = work.join(FILE_NAME);
    for part in ["", "-wal"] {
        let (mut from, mut to) = (source.as_os_str().to_owned(), copy.as_os_str().to_owned());
        from.push(part);
        to.push(part);
        match fs::copy(from, to) {
            Err(error) if part.is_empty() || error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(copy)
}

/// Gives a file the first page of a fresh journal.
async fn give_first_page(copy: &Path, work: &Path) -> Result<(), InspectError> {
    let path = work.join("fresh");
    let failed = |why: String| InspectError::File { path: path.clone(), why };
    File::open(&path).await.map_err(|error| failed(error.to_string()))?.close().await;
    let replace = || {
        let mut page = fs::read(&path)?;
        page.truncate(PAGE_BYTES);
        let pages = fs::metadata(copy)?.len() / PAGE_BYTES as u64;
        page[PAGE_COUNT_AT].copy_from_slice(&u32::try_from(pages).unwrap_or(u32::MAX).to_be_bytes());
        fs::OpenOptions::new().write(true).open(copy)?.write_all(&page)
    };
    replace().map_err(|error: std::io::Error| failed(error.to_string()))
}

async fn merge(copy: &Path, target: &Path) -> Result<Salvaged, InspectError> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |error: JournalError| InspectError::File { path: path.clone(), why: error.to_string() }
    };
    let mut source = rows::open(copy, true).await.map_err(of(copy))?;
    let mut file = File::open(target).await.map_err(of(target))?;
    let merged = async {
        adopt(&mut source, &mut file).await?;
        rescue(&mut source, &mut file).await.map_err(of(target))
    };
    let merged = merged.await;
    file.close().await;
    let _ = source.close().await;
    Ok(Salvaged { journal: target.to_owned(), rescued: merged? })
}

/// A journal without an owner takes the source's; two owners never share one.
async fn adopt(source: &mut SqliteConnection, file: &mut File) -> Result<(), InspectError> {
    let path = file.path().to_owned();
    let failed = |error: JournalError| InspectError::File { path: path.clone(), why: error.to_string() };
    let query = sqlx::query_scalar::<_, String>(include_str!("../sql/meta_get.sql")).bind(OWNER);
    let theirs = query.fetch_optional(source).await.ok().flatten();
    let ours = file.meta(OWNER).await.map_err(failed)?;
    match (theirs, ours) {
        (Some(theirs), Some(ours)) if theirs != ours => {
            let why = format!("the file is of receiver {theirs:?}, the journal of {ours:?}");
            Err(InspectError::Refused(why))
        }
        (Some(theirs), None) => file.set_meta(OWNER, &theirs).await.map_err(failed),
        _ => Ok(()),
    }
}
