//! Passing listening sockets as the service manager does: from descriptor 3 on, with their names and the process
//! they are for in the environment.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use anyhow::Result;
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

use crate::port;

/// The first descriptor that is passed.
const FIRST: usize = 3;

/// Where descriptors wait that a child inherits, out of the way of those it gets them as.
const ABOVE: i32 = 200;

/// A listening socket of a name, held by the test. Every child inherits it; only who is told of it knows.
#[derive(Clone, Debug)]
pub struct Socket {
    name: String,
    address: SocketAddr,
    descriptor: Arc<OwnedFd>,
}

impl Socket {
    /// Opens one on a free port.
    pub fn open(name: &str) -> Result<Socket> {
        let listener = TcpListener::bind(("127.0.0.1", port::free()?))?;
        let descriptor = fcntl_dupfd_cloexec(&listener, ABOVE)?;
        fcntl_setfd(&descriptor, FdFlags::empty())?;
        Ok(Socket { name: name.to_owned(), address: listener.local_addr()?, descriptor: Arc::new(descriptor) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Words to put before a command so that it has the sockets; none where there are none. The shell becomes the
/// command, so that the process is the one the environment names.
pub(super) fn passing(sockets: &[Socket]) -> Result<Vec<String>> {
    if sockets.is_empty() {
        return Ok(Vec::new());
    }
    let mut script = String::from("exec");
    for (at, socket) in (FIRST..).zip(sockets) {
        let held = socket.descriptor.as_raw_fd();
        write!(script, " {at}<&{held} {held}<&-")?;
    }
    let names: Vec<&str> = sockets.iter().map(|socket| socket.name.as_str()).collect();
    write!(script, "; export LISTEN_FDS={} LISTEN_FDNAMES={}", sockets.len(), names.join(":"))?;
    script.push_str(r#" LISTEN_PID=$$; exec "$@""#);
    // Other shells know descriptors of one digit only.
    Ok(["bash", "-c", &script, "sockets"].map(str::to_owned).to_vec())
}
