//! The simulated modem's end of a serial cable: a pseudo-terminal with a name for the receiver to open.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

/// How often a silent port is looked at for its end, nanoseconds.
const LOOK_EVERY_NS: i64 = 50_000_000;
/// Bytes taken at one read.
const READ_BYTES_MAX: usize = 256;

/// A modem's port. Its name goes with it.
pub struct Port {
    ours: OwnedFd,
    heard: mpsc::UnboundedReceiver<io::Result<Vec<u8>>>,
    path: PathBuf,
    /// Keeps the terminal there while nobody has opened it.
    _theirs: File,
}

impl Port {
    /// Makes a terminal and a link to it at `path`; a link that is there is replaced, anything else is left alone.
    pub fn plug(path: &Path) -> anyhow::Result<Port> {
        match path.symlink_metadata() {
            Ok(found) if found.is_symlink() => std::fs::remove_file(path).context("the old name cannot be removed")?,
            Ok(_) => bail!("{} is there and is no modem of ours: name another path", path.display()),
            Err(_) => {}
        }
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).context("no terminal")?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
        // As on a wire: nothing is echoed before the receiver has opened its end.
        let mut settings = tcgetattr(&theirs)?;
        settings.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &settings)?;
        std::os::unix::fs::symlink(name.to_str()?, path).with_context(|| path.display().to_string())?;
        let (tell, heard) = mpsc::unbounded_channel();
        let ear = ours.try_clone()?;
        // A thread of its own: a terminal is no socket. It ends with the port.
        std::thread::spawn(move || {
            let mut is_there = true;
            while is_there && !tell.is_closed() {
                match read(&ear) {
                    Ok(heard) if heard.is_empty() => {}
                    heard => is_there = heard.is_ok() && tell.send(heard).is_ok(),
                }
            }
        });
        Ok(Port { ours, heard, path: path.to_owned(), _theirs: File::from(theirs) })
    }

    /// The next bytes of the receiver. Cancel safe.
    pub async fn read(&mut self) -> io::Result<Vec<u8>> {
        // The thread ends with the channel only.
        self.heard.recv().await.unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Writes what a modem says.
    pub fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = rustix::io::write(&self.ours, bytes).context("the receiver reads nothing")?;
        if written < bytes.len() {
            bail!("the receiver reads nothing");
        }
        Ok(())
    }
}

/// What comes within a moment, if anything does.
fn read(ear: &OwnedFd) -> io::Result<Vec<u8>> {
    let moment = Timespec { tv_sec: 0, tv_nsec: LOOK_EVERY_NS };
    if poll(&mut [PollFd::new(ear, PollFlags::IN)], Some(&moment))? == 0 {
        return Ok(Vec::new());
    }
    let mut buffer = [0; READ_BYTES_MAX];
    let read = rustix::io::read(ear, &mut buffer)?;
    Ok(buffer.get(..read).unwrap_or_default().to_vec())
}

impl Drop for Port {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
