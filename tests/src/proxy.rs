//! A TCP proxy between the receiver and PostgreSQL: the network that fails.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Bytes go through.
    Up,
    /// Nothing goes through in either direction and nothing is closed: no reset, no end.
    BlackHole,
    /// Every piece of data arrives this much later.
    Delay(Duration),
    /// Connections are cut and new ones end at once.
    Down,
}

/// The proxy. Ends with its owner.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: u16,
    network: Mutex<Network>,
    changed: Condvar,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Stands before a port of this machine.
    pub fn before(target: u16) -> Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            target,
            network: Mutex::new(Network::Up),
            changed: Condvar::new(),
            ended: AtomicBool::new(false),
            open: Mutex::new(Vec::new()),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept_all(&listener));
        Ok(Proxy { port, shared })
    }

    /// Where clients connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the network from now on.
    pub fn set(&self, network: Network) {
        *self.shared.network() = network;
        self.shared.changed.notify_all();
        if network == Network::Down {
            self.cut();
        }
    }

    /// Cuts every connection that is open.
    pub fn cut(&self) {
        for stream in self.shared.open.lock().expect("no holder panics").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.set(Network::Down);
        // Wakes the thread that accepts, so that it sees the end.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().expect("no holder panics")
    }

    fn accept_all(self: Arc<Shared>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            let shared = Arc::clone(&self);
            thread::spawn(move || shared.carry(client));
        }
    }

    fn carry(self: Arc<Shared>, client: TcpStream) {
        if !self.may_pass() {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target)) else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { return };
        if let (Ok(client), Ok(server)) = (client.try_clone(), server.try_clone()) {
            self.open.lock().expect("no holder panics").extend([client, server]);
        }
        let shared = Arc::clone(&self);
        thread::spawn(move || shared.pump(client_too, server_too));
        self.pump(server, client);
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            if !self.may_pass() || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // An end is a packet, too: a black hole swallows it.
        self.may_pass();
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    /// Waits as long as the network makes a packet wait; false when the connection is to be cut.
    fn may_pass(&self) -> bool {
        let mut network = self.network();
        loop {
            match *network {
                Network::Up => return true,
                Network::Down => return false,
                Network::BlackHole => network = self.changed.wait(network).expect("no holder panics"),
                Network::Delay(by) => {
                    drop(network);
                    thread::sleep(by);
                    return true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_swallows_and_cuts() -> Result<()> {
        let echo = TcpListener::bind("127.0.0.1:0")?;
        let target = echo.local_addr()?.port();
        thread::spawn(move || {
            for mut stream in echo.incoming().flatten() {
                thread::spawn(move || std::io::copy(&mut stream.try_clone().expect("clone"), &mut stream));
            }
        });
        let proxy = Proxy::before(target)?;
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))?;
        let mut byte = [0];
        client.write_all(b"a")?;
        client.read_exact(&mut byte)?;
        assert_eq!(&byte, b"a");

        proxy.set(Network::BlackHole);
        client.set_read_timeout(Some(Duration::from_millis(100)))?;
        client.write_all(b"b")?;
        assert!(client.read(&mut byte).is_err(), "nothing comes through");

        proxy.set(Network::Up);
        client.set_read_timeout(Some(crate::wait::BOUND))?;
        client.read_exact(&mut byte)?;
        assert_eq!(&byte, b"b", "a healed network delivers");

        proxy.set(Network::Down);
        assert_eq!(client.read(&mut byte)?, 0);
        Ok(())
    }
}
