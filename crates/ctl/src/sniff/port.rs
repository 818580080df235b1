//! A serial port that is only listened to.
//!
//! It is opened for reading alone, so that no byte can be written, and set raw at once, because a terminal
//! that echoes would answer for us. The kernel raises DTR and RTS when any program opens a port; closing does
//! not lower them again, so the other side sees at most that one change.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::termios::{
    ControlModes, InputModes, OptionalActions, QueueSelector, Termios, ioctl_tiocexcl, tcflush, tcgetattr, tcsetattr,
};

use super::judge::{Framing, Heard, Parity};

/// Bytes read at once.
const READ_BYTES: usize = 512;

/// An open port. Its settings are put back when it is dropped.
pub struct Port {
    port: OwnedFd,
    before: Termios,
    begun: Instant,
    marks: Marks,
}

impl Port {
    /// Opens a port so that no receiver starts on it meanwhile.
    pub fn open(path: &Path, begun: Instant) -> io::Result<Port> {
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let port = open(path, flags, Mode::empty())?;
        let before = tcgetattr(&port)?;
        let mut port = Port { port, before, begun, marks: Marks::default() };
        port.set(9600, Framing::VIEWS[0])?;
        flock(&port.port, FlockOperation::NonBlockingLockExclusive)?;
        // A terminal keeps this mark for as long as its other side is open, so it is not set on one.
        if !path.canonicalize().is_ok_and(|path| path.starts_with("/dev/pts")) {
            ioctl_tiocexcl(&port.port)?;
        }
        Ok(port)
    }

    /// Listens at another speed or through another frame; what has come before is dropped.
    pub fn set(&mut self, speed: u32, view: Framing) -> io::Result<()> {
        let mut settings = self.before.clone();
        settings.make_raw();
        // Wrong parity and stop bits are told by a mark before the byte.
        settings.input_modes |= InputModes::INPCK | InputModes::PARMRK;
        settings.input_modes -= InputModes::IGNPAR | InputModes::IXOFF | InputModes::IXON;
        settings.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
        settings.control_modes -= ControlModes::HUPCL
            | ControlModes::CRTSCTS
            | ControlModes::CSTOPB
            | ControlModes::PARENB
            | ControlModes::PARODD;
        match view.parity {
            Parity::None => {}
            Parity::Even => settings.control_modes |= ControlModes::PARENB,
            Parity::Odd => settings.control_modes |= ControlModes::PARENB | ControlModes::PARODD,
        }
        settings.set_speed(speed)?;
        tcsetattr(&self.port, OptionalActions::Now, &settings)?;
        tcflush(&self.port, QueueSelector::IOFlush)?;
        self.marks = Marks::default();
        Ok(())
    }

    /// What comes within a time; returns with the first bytes. An end of the port is an error.
    pub fn listen(&mut self, within: Duration) -> io::Result<Vec<Heard>> {
        let mut ready = [PollFd::new(&self.port, PollFlags::IN)];
        let wait = Timespec {
            tv_sec: i64::try_from(within.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: within.subsec_nanos().into(),
        };
        match poll(&mut ready, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; READ_BYTES];
        match rustix::io::read(&self.port, &mut bytes) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the port went away")),
            Ok(count) => {
                let at = self.begun.elapsed();
                Ok(bytes.iter().take(count).filter_map(|byte| self.marks.take(*byte, at)).collect())
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let mut before = self.before.clone();
        before.control_modes -= ControlModes::HUPCL;
        // A port that is gone has no settings to put back.
        let _ = tcsetattr(&self.port, OptionalActions::Now, &before);
    }
}

/// Reads the kernel's marks: FF 00 before a byte that is bad, FF FF for a byte FF.
#[derive(Default)]
struct Marks {
    seen: u8,
}

impl Marks {
    fn take(&mut self, byte: u8, at: Duration) -> Option<Heard> {
        match (self.seen, byte) {
            (0, 0xFF) => self.seen = 1,
            (0, byte) => return Some(Heard { at, byte, is_bad: false }),
            (1, 0x00) => self.seen = 2,
            (1, byte) => {
                self.seen = 0;
                return Some(Heard { at, byte, is_bad: false });
            }
            (_, byte) => {
                self.seen = 0;
                return Some(Heard { at, byte, is_bad: true });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_name_the_bad_bytes() {
        let mut marks = Marks::default();
        let bytes = [b'a', 0xFF, 0xFF, 0xFF, 0x00, b'b', 0xFF, 0x00, 0x00, b'c'];
        let heard: Vec<_> = bytes.iter().filter_map(|byte| marks.take(*byte, Duration::ZERO)).collect();
        let told: Vec<_> = heard.iter().map(|heard| (heard.byte, heard.is_bad)).collect();
        assert_eq!(told, [(b'a', false), (0xFF, false), (b'b', true), (0, true), (b'c', false)]);
    }
}
