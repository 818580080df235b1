//! The simulated modem's end of a serial cable: a pseudo-terminal with a name for the receiver to open.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::unix::AsyncFd;

/// Bytes taken at one read.
const READ_BYTES_MAX: usize = 256;

/// A modem's port. Its name goes with it.
pub struct Port {
    ours: AsyncFd<OwnedFd>,
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
        rustix::io::ioctl_fionbio(&ours, true)?;
        let name = ptsname(&ours, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
        // As on a wire: nothing is echoed before the receiver has opened its end.
        let mut settings = tcgetattr(&theirs)?;
        settings.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &settings)?;
        std::os::unix::fs::symlink(name.to_str()?, path).with_context(|| path.display().to_string())?;
        Ok(Port { ours: AsyncFd::new(ours)?, path: path.to_owned(), _theirs: File::from(theirs) })
    }

    /// The next bytes of the receiver. Cancel safe.
    pub async fn read(&self) -> io::Result<Vec<u8>> {
        let mut buffer = [0; READ_BYTES_MAX];
        loop {
            let mut ready = self.ours.readable().await?;
            if let Ok(read) = ready.try_io(|ours| Ok(rustix::io::read(ours.get_ref(), &mut buffer)?)) {
                return Ok(buffer.get(..read?).unwrap_or_default().to_vec());
            }
        }
    }

    /// Writes what a modem says: a few bytes, for which a terminal has room.
    pub fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = rustix::io::write(self.ours.get_ref(), bytes).context("the receiver reads nothing")?;
        if written < bytes.len() {
            bail!("the receiver reads nothing");
        }
        Ok(())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
