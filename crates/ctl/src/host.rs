//! What this host says of its devices and processes, read from `/proc`, `/sys` and `/dev`.

use std::fs;
use std::path::{Path, PathBuf};

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name, at most 15 characters as the kernel keeps it.
    pub name: String,
}

/// Every process that can be seen.
pub fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let process = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(entry.path().join("comm")).ok()?.trim().to_owned();
        Some(Process { pid, name })
    };
    entries.filter_map(process).collect()
}

/// Processes that have a file open. Those of other users show to root only.
pub fn holders(path: &Path) -> Vec<Process> {
    let Ok(path) = path.canonicalize() else { return Vec::new() };
    let has_open = |process: &Process| {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten();
        descriptors.filter_map(|descriptor| fs::read_link(descriptor.path()).ok()).any(|open| open == path)
    };
    processes().into_iter().filter(has_open).collect()
}

/// The name of a serial port that stays the same when it is plugged in elsewhere or later.
pub fn lasting_name(port: &Path) -> Option<PathBuf> {
    let port = port.canonicalize().ok()?;
    ["/dev/telecare", "/dev/serial/by-id"].iter().find_map(|directory| {
        let names = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names: Vec<PathBuf> = names.map(|name| name.path()).collect();
        names.sort();
        names.into_iter().find(|name| name.canonicalize().is_ok_and(|real| real == port))
    })
}
