//! Ports for servers that are told where to listen.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};

/// Below the ports that the kernel gives to clients and to port 0: one of those may be taken by any passing
/// connection between being chosen and being used.
const FIRST: u32 = 10_000;
const PORTS: u32 = 20_000;

/// Ports handed out by this process.
static HANDED_OUT: AtomicU32 = AtomicU32::new(0);

/// A port of this machine on which nobody listens and which this process has not handed out lately.
/// Processes that run side by side begin in different places.
pub fn free() -> Result<u16> {
    let start = process::id().wrapping_mul(997);
    for _ in 0..PORTS {
        let next = start.wrapping_add(HANDED_OUT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + next % PORTS)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_port_is_handed_out_twice_and_none_that_is_taken() -> Result<()> {
        let taken = TcpListener::bind(("127.0.0.1", free()?))?;
        let ports: HashSet<u16> = (0..1_000).map(|_| free()).collect::<Result<_>>()?;
        assert_eq!(ports.len(), 1_000);
        assert!(!ports.contains(&taken.local_addr()?.port()));
        Ok(())
    }
}
