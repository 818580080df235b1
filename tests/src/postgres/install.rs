//! Finding what PostgreSQL needs of the machine: its programs and an unprivileged account.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Where Debian puts each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The directory that holds `postgres` and `initdb`: the newest of Debian's, else the first on PATH.
pub fn binaries() -> Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .collect();
    versions.sort();
    let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let places = versions.into_iter().rev().map(|(_, path)| path).chain(on_path);
    let found = places.into_iter().find(|path| path.join("postgres").is_file() && path.join("initdb").is_file());
    found.context("PostgreSQL's server programs are not installed; on Debian: apt-get install postgresql")
}

/// An account to run as when we are root.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Account {
    /// `postgres` where it exists, else `nobody`.
    pub fn unprivileged() -> Result<Account> {
        let accounts = fs::read_to_string("/etc/passwd")?;
        let find = |name: &str| {
            let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some(Account { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
        };
        find("postgres").or_else(|| find("nobody")).context("no user postgres or nobody in /etc/passwd")
    }
}
