//! The hardware receiver's end of a line: a port, or a TCP connection made by either side.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::pty::Pty;
use crate::wait;

/// How often a port nobody has open is looked at: nothing tells when somebody opens it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// One end of a line.
#[derive(Debug)]
pub enum Link {
    /// A serial port.
    Port(Pty),
    /// We listen, the receiver connects.
    Listening(TcpListener, Option<TcpStream>),
    /// The receiver listens, we connect.
    Calling(SocketAddr, Option<TcpStream>),
}

/// What came within a time.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// These bytes.
    Bytes(Vec<u8>),
    /// None.
    Nothing,
    /// The connection has ended.
    Gone,
}

impl Link {
    /// A link on which we listen at a free port.
    pub fn listen() -> Result<(Link, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((Link::Listening(listener, None), address))
    }

    /// Makes sure of a connection, waiting for the other side if need be. A port always has one.
    pub fn connect(&mut self) -> Result<()> {
        match self {
            Link::Port(_) | Link::Listening(_, Some(_)) | Link::Calling(_, Some(_)) => Ok(()),
            Link::Listening(listener, stream) => {
                *stream = Some(wait::until("the receiver to connect", || match listener.accept() {
                    Ok((stream, _)) => Ok(Some(ready(stream)?)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                    Err(error) => Err(error.into()),
                })?);
                Ok(())
            }
            Link::Calling(address, stream) => {
                *stream =
                    Some(wait::until("the receiver to take a connection", || match TcpStream::connect(*address) {
                        Ok(stream) => Ok(Some(ready(stream)?)),
                        Err(_) => Ok(None),
                    })?);
                Ok(())
            }
        }
    }

    /// Ends the connection, as a pulled plug does.
    pub fn unplug(&mut self) -> Result<()> {
        match self {
            Link::Port(pty) => pty.replug(),
            Link::Listening(_, stream) | Link::Calling(_, stream) => {
                *stream = None;
                Ok(())
            }
        }
    }

    /// Writes all bytes; false when the connection has ended.
    pub fn write(&mut self, bytes: &[u8]) -> Result<bool> {
        let give_up = Instant::now() + wait::BOUND;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = match self {
                Link::Port(pty) => rustix::io::write(pty.master(), rest).map_err(io::Error::from),
                Link::Listening(_, Some(stream)) | Link::Calling(_, Some(stream)) => stream.write(rest),
                Link::Listening(_, None) | Link::Calling(_, None) => return Ok(false),
            };
            match written {
                Ok(count) => rest = rest.get(count..).context("more written than given")?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(LOOK_EVERY),
                Err(_) if matches!(self, Link::Port(_)) => thread::sleep(LOOK_EVERY),
                Err(_) => return self.lost().map(|()| false),
            }
            if Instant::now() > give_up {
                bail!("the line takes no bytes");
            }
        }
        Ok(true)
    }

    /// Reads what comes within a time; returns with the first bytes.
    pub fn read(&mut self, within: Duration) -> Result<Heard> {
        let give_up = Instant::now() + within;
        let mut buffer = [0; 4096];
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let hung_up = self.wait_for_bytes(left)?;
            let read = match self {
                Link::Port(pty) => rustix::io::read(pty.master(), &mut buffer).map_err(io::Error::from),
                Link::Listening(_, Some(stream)) | Link::Calling(_, Some(stream)) => stream.read(&mut buffer),
                Link::Listening(_, None) | Link::Calling(_, None) => return Ok(Heard::Gone),
            };
            match read {
                Ok(0) => return self.lost().map(|()| Heard::Gone),
                Ok(count) => return Ok(Heard::Bytes(buffer.get(..count).unwrap_or_default().to_vec())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Nobody has the port open.
                Err(_) if matches!(self, Link::Port(_)) => {}
                Err(_) => return self.lost().map(|()| Heard::Gone),
            }
            if Instant::now() >= give_up {
                return Ok(Heard::Nothing);
            }
            if hung_up {
                thread::sleep(LOOK_EVERY);
            }
        }
    }

    fn lost(&mut self) -> Result<()> {
        match self {
            Link::Port(_) => bail!("a port is never lost to its own side"),
            Link::Listening(_, stream) | Link::Calling(_, stream) => *stream = None,
        }
        Ok(())
    }

    /// True when the other side has hung up, so that a further poll would return at once.
    fn wait_for_bytes(&self, within: Duration) -> Result<bool> {
        let fd = match self {
            Link::Port(pty) => pty.master().as_fd(),
            Link::Listening(_, Some(stream)) | Link::Calling(_, Some(stream)) => stream.as_fd(),
            Link::Listening(_, None) | Link::Calling(_, None) => return Ok(true),
        };
        let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
        let timeout = Timespec { tv_sec: within.as_secs().try_into()?, tv_nsec: within.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(fds[0].revents().contains(PollFlags::HUP)),
            Err(error) => Err(error.into()),
        }
    }
}

fn ready(stream: TcpStream) -> Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
