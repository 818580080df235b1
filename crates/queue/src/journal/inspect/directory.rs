//! A journal directory from outside: its lock, its files, their owner.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::FILE_NAME;
use super::InspectError;

/// Size of a file with its WAL, bytes.
pub fn size(path: &Path) -> u64 {
    let parts = ["", "-wal"].map(|part| {
        let mut name = path.as_os_str().to_owned();
        name.push(part);
        fs::metadata(name).map_or(0, |file| file.len())
    });
    parts.iter().sum()
}

/// Files of a directory that were set aside, oldest first.
pub fn set_aside(directory: &Path) -> Result<Vec<PathBuf>, InspectError> {
    let failed = |why: std::io::Error| InspectError::File { path: directory.to_owned(), why: why.to_string() };
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kinds = [".failed-", ".damaged-"];
        let is_aside = name.strip_prefix(FILE_NAME).is_some_and(|rest| kinds.iter().any(|kind| rest.starts_with(kind)));
        if is_aside && !name.ends_with("-wal") && !name.ends_with("-shm") {
            let modified = entry.metadata().and_then(|file| file.modified()).map_err(failed)?;
            found.push((modified, entry.path()));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Whether a daemon holds the directory. Makes no file: one of root's would keep the daemon out.
pub fn is_running(directory: &Path) -> Result<bool, InspectError> {
    let path = directory.join("lock");
    match fs::File::open(&path) {
        Ok(lock) => Ok(lock.try_lock().is_err()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(InspectError::File { path, why: error.to_string() }),
    }
}

/// Keeps every daemon off the directory for as long as it lives.
pub fn lock(directory: &Path) -> Result<fs::File, InspectError> {
    super::super::lock(directory).map_err(|why| {
        if is_running(directory).unwrap_or(false) {
            return InspectError::InUse(directory.to_owned());
        }
        InspectError::File { path: directory.join("lock"), why }
    })
}

/// Gives every file of a journal directory to the directory's owner: what root has made, the daemon could not
/// write. Somebody else's failure to do so shows when the daemon starts.
pub fn hand_over(directory: &Path) {
    let Ok(owner) = fs::metadata(directory) else { return };
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let foreign = entry.metadata().is_ok_and(|file| file.is_file() && file.uid() != owner.uid());
        if foreign {
            let _ = std::os::unix::fs::chown(entry.path(), Some(owner.uid()), Some(owner.gid()));
        }
    }
}
