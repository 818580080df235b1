//! Passing listening sockets as the service manager does: from descriptor 3 on, with their names and the process
//! they are for in the environment.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

/// The first descriptor that is passed.
const FIRST: usize = 3;

/// Where the descriptors wait that a child inherits, out of the way of those it gets them as.
const ABOVE: i32 = 200;

/// Words to put before a command so that it has the sockets; none where there are none. The shell becomes the
/// command, so that the process is the one the environment names.
pub fn passing(sockets: &[(String, Arc<TcpListener>)]) -> Result<Vec<String>> {
    if sockets.is_empty() {
        return Ok(Vec::new());
    }
    let mut script = String::from("exec");
    let mut names = Vec::new();
    let inherited = inherited(sockets)?;
    for (at, ((name, _), descriptor)) in sockets.iter().zip(&inherited).enumerate() {
        write!(script, " {}<&{descriptor} {descriptor}<&-", FIRST + at)?;
        names.push(name.as_str());
    }
    write!(script, "; export LISTEN_FDS={} LISTEN_FDNAMES={}", sockets.len(), names.join(":"))?;
    script.push_str(r#" LISTEN_PID=$$; exec "$@""#);
    // Other shells know descriptors of one digit only.
    Ok(["bash", "-c", &script, "sockets"].map(str::to_owned).to_vec())
}

/// Copies that a child inherits, made once for each socket: they stay open as long as this process.
fn inherited(sockets: &[(String, Arc<TcpListener>)]) -> Result<Vec<i32>> {
    static COPIES: Mutex<Vec<(i32, OwnedFd)>> = Mutex::new(Vec::new());
    let mut copies = COPIES.lock().expect("no holder panics");
    let mut numbers = Vec::with_capacity(sockets.len());
    for (_, socket) in sockets {
        let of = socket.as_raw_fd();
        if !copies.iter().any(|(known, _)| *known == of) {
            let copy = fcntl_dupfd_cloexec(socket, ABOVE)?;
            fcntl_setfd(&copy, FdFlags::empty())?;
            copies.push((of, copy));
        }
        numbers.extend(copies.iter().find(|(known, _)| *known == of).map(|(_, copy)| copy.as_raw_fd()));
    }
    Ok(numbers)
}
