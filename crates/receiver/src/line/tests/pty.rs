//! The hardware receiver's end of a serial cable: a pty, behind a path that outlives it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::rig::until;

/// A plugged-in cable. Dropping it pulls the plug.
pub struct Cable {
    ours: OwnedFd,
    /// A second opening of the receiver's end, to see what it has not read yet.
    theirs: File,
}

impl Cable {
    /// Makes a pty and puts its receiver's end at `path`, where an earlier one may have been.
    pub fn plug(path: &Path) -> Cable {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        rustix::io::ioctl_fionbio(&ours, true).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
        // As on a wire: nothing is echoed before the receiver has opened its end.
        let mut settings = rustix::termios::tcgetattr(&theirs).unwrap();
        settings.make_raw();
        rustix::termios::tcsetattr(&theirs, rustix::termios::OptionalActions::Now, &settings).unwrap();
        let _ = std::fs::remove_file(path);
        std::os::unix::fs::symlink(name.to_str().unwrap(), path).unwrap();
        Cable { ours, theirs: File::from(theirs) }
    }

    /// Sends bytes and gives the receiver the time to read them by themselves. The kernel passes them on in its
    /// own time, so now and then they are still joined to the next.
    pub async fn send(&self, bytes: &[u8]) {
        assert_eq!(rustix::io::write(&self.ours, bytes).unwrap(), bytes.len());
        until(|| rustix::io::ioctl_fionread(&self.theirs).unwrap() == 0).await;
    }

    /// Sends bytes; the receiver reads them in its own time.
    pub fn write(&self, bytes: &[u8]) {
        assert_eq!(rustix::io::write(&self.ours, bytes).unwrap(), bytes.len());
    }

    /// The next bytes of the receiver, for as long as it takes. Cancel safe.
    pub async fn read(&self) -> Vec<u8> {
        let mut buffer = [0; 256];
        loop {
            match rustix::io::read(&self.ours, &mut buffer) {
                Err(Errno::AGAIN) => tokio::time::sleep(Duration::from_millis(1)).await,
                count => return buffer[..count.unwrap()].to_vec(),
            }
        }
    }

    /// Whether the receiver has sent anything that was not heard yet.
    pub fn is_quiet(&self) -> bool {
        rustix::io::ioctl_fionread(&self.ours).unwrap() == 0
    }

    /// The next bytes of the receiver.
    pub async fn hear(&self) -> Vec<u8> {
        let (mut buffer, mut heard) = ([0; 64], 0);
        until(|| match rustix::io::read(&self.ours, &mut buffer) {
            Err(Errno::AGAIN) => false,
            count => {
                heard = count.unwrap();
                true
            }
        })
        .await;
        buffer[..heard].to_vec()
    }
}
