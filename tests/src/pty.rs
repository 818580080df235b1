//! A pseudo-terminal as a serial port: the receiver opens its path, the test holds the other side.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A port with a lasting name, which may be unplugged and plugged in again.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    path: PathBuf,
}

impl Pty {
    /// Makes a port and gives it a name: a link to whatever terminal the kernel chose.
    pub fn new(path: &Path) -> Result<Pty> {
        Ok(Pty { master: plug(path)?, path: path.to_owned() })
    }

    /// The name the receiver opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hardware receiver's side; reads and writes do not block.
    pub fn master(&self) -> &OwnedFd {
        &self.master
    }

    /// Pulls the adapter and plugs it in again: the old terminal is gone, a new one has the name.
    pub fn replug(&mut self) -> Result<()> {
        fs::remove_file(&self.path)?;
        self.master = plug(&self.path)?;
        Ok(())
    }
}

fn plug(path: &Path) -> Result<OwnedFd> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).context("openpt")?;
    grantpt(&master)?;
    unlockpt(&master)?;
    fcntl_setfl(&master, OFlags::NONBLOCK)?;
    let slave = ptsname(&master, Vec::new())?;
    std::os::unix::fs::symlink(slave.to_str()?, path).context("name the terminal")?;
    Ok(master)
}
