//! A pseudo-terminal as a serial port: the receiver opens its path, the test holds the other side.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use rustix::fs::{Mode, OFlags, fcntl_setfl, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::ioctl_tiocnxcl;

/// A port with a lasting name, which may be unplugged and plugged in again.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    port: Port,
}

/// The receiver's side of a port.
#[derive(Clone, Debug)]
pub struct Port {
    path: PathBuf,
    terminal: Arc<Mutex<OwnedFd>>,
}

impl Pty {
    /// Makes a port and gives it a name: a link to whatever terminal the kernel chose.
    pub fn new(path: &Path) -> Result<Pty> {
        let (master, terminal) = plug(path)?;
        Ok(Pty { master, port: Port { path: path.to_owned(), terminal: Arc::new(Mutex::new(terminal)) } })
    }

    /// The receiver's side.
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// The hardware receiver's side; reads and writes do not block.
    pub fn master(&self) -> &OwnedFd {
        &self.master
    }

    /// Pulls the adapter and plugs it in again: the old terminal is gone, a new one has the name.
    pub fn replug(&mut self) -> Result<()> {
        fs::remove_file(&self.port.path)?;
        let (master, terminal) = plug(&self.port.path)?;
        *self.port.terminal.lock().expect("no holder panics") = terminal;
        self.master = master;
        Ok(())
    }
}

impl Port {
    /// The name the receiver opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the mark of exclusive use off after its user has died. A real port loses it with its last user;
    /// the kernel keeps a terminal's for as long as the other side is open, and then only root may open it.
    pub fn free(&self) -> Result<()> {
        let terminal = self.terminal.lock().expect("no holder panics");
        ioctl_tiocnxcl(&*terminal).context("free a terminal")
    }
}

fn plug(path: &Path) -> Result<(OwnedFd, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).context("openpt")?;
    grantpt(&master)?;
    unlockpt(&master)?;
    fcntl_setfl(&master, OFlags::NONBLOCK)?;
    let name = ptsname(&master, Vec::new())?;
    let terminal = open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    std::os::unix::fs::symlink(name.to_str()?, path).context("name the terminal")?;
    Ok((master, terminal))
}
