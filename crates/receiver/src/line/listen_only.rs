//! Lines that only listen: whatever else goes wrong, no byte leaves on them.
//!
//! A serial port is opened for reading alone, through no code that could write to it; a connection is wrapped so
//! that writing is an error. The kernel raises DTR and RTS when any port is opened, whoever opens it: in the
//! cable of a line that only listens, only ground and the receive wire are connected.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::termios::{ControlModes, InputModes, OptionalActions, Termios, ioctl_tiocexcl, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::Receiver;

use crate::config::{DataBits, Parity, Serial, StopBits};

/// What is read from and cannot be written to.
pub struct ListenOnly<P>(pub P);

impl<P: AsyncRead + Unpin> AsyncRead for ListenOnly<P> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<P: Unpin> AsyncWrite for ListenOnly<P> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::Error::new(io::ErrorKind::PermissionDenied, "the line only listens")))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Opens a serial port for reading alone and so that nobody else can, as [`super::serial::open`] does. Hanging up
/// changes no wire.
pub fn open(serial: &Serial) -> io::Result<Receiver> {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = rustix::fs::open(&serial.path, flags, Mode::empty())?;
    ioctl_tiocexcl(&port)?;
    flock(&port, FlockOperation::NonBlockingLockExclusive)?;
    let mut settings = tcgetattr(&port)?;
    set(&mut settings, serial)?;
    tcsetattr(&port, OptionalActions::Now, &settings)?;
    // Read as the reading end of a pipe is: the runtime has no such end for a port.
    Receiver::from_owned_fd_unchecked(port)
}

/// The line's settings. With a parity bit, a damaged character reads as NUL.
fn set(settings: &mut Termios, serial: &Serial) -> io::Result<()> {
    settings.make_raw();
    settings.control_modes.remove(
        ControlModes::CSIZE
            | ControlModes::PARENB
            | ControlModes::PARODD
            | ControlModes::CSTOPB
            | ControlModes::CRTSCTS
            | ControlModes::HUPCL,
    );
    settings.control_modes.insert(ControlModes::CREAD | ControlModes::CLOCAL);
    settings.control_modes.insert(match serial.data_bits {
        DataBits::Seven => ControlModes::CS7,
        DataBits::Eight => ControlModes::CS8,
    });
    match serial.parity {
        Parity::None => {}
        Parity::Odd => settings.control_modes.insert(ControlModes::PARENB | ControlModes::PARODD),
        Parity::Even => settings.control_modes.insert(ControlModes::PARENB),
    }
    if serial.parity != Parity::None {
        settings.input_modes.insert(InputModes::INPCK);
    }
    if serial.stop_bits == StopBits::Two {
        settings.control_modes.insert(ControlModes::CSTOPB);
    }
    settings.set_speed(serial.speed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::line::tests::pty::Cable;

    #[tokio::test]
    async fn a_port_is_open_for_reading_alone_and_nobody_else_has_it() {
        let ports = tempfile::tempdir().unwrap();
        let path = ports.path().join("port");
        let _cable = Cable::plug(&path);
        let (data_bits, parity, stop_bits) = (DataBits::Eight, Parity::None, StopBits::Two);
        let serial = Serial { path, speed: 1200, data_bits, parity, stop_bits };
        let port = open(&serial).unwrap();
        assert_eq!(rustix::fs::fcntl_getfl(&port).unwrap() & OFlags::RWMODE, OFlags::RDONLY);
        let settings = tcgetattr(&port).unwrap();
        assert_eq!(settings.input_speed(), 1200);
        assert!(
            settings.control_modes.contains(ControlModes::CSTOPB)
                && !settings.control_modes.contains(ControlModes::HUPCL)
        );
        assert_eq!(rustix::io::write(&port, b"x").unwrap_err(), rustix::io::Errno::BADF);
        assert!(open(&serial).is_err(), "one line, one port");
    }

    #[tokio::test]
    async fn nothing_can_be_written() {
        let (theirs, ours) = tokio::io::duplex(8);
        let mut ours = ListenOnly(ours);
        let refused = ours.write_all(b"\x06").await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        drop(theirs);
    }
}
