//! Listening sockets that systemd holds and passes at start. What arrives while this process is away waits in
//! the kernel, and nobody is refused.
//!
//! A socket is known by its name, `FileDescriptorName=` of its unit: `api`, or `line-` and the line's name; or
//! else by its address. One that nobody wants is told, because somebody meant it to be used.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

/// Where systemd writes the names of the sockets it passes, one for each, with colons between them.
const NAMES: &str = "LISTEN_FDNAMES";

/// The name of the API's socket.
pub const API: &str = "api";

/// Sockets that were passed and not taken yet.
#[derive(Debug, Default)]
pub struct Sockets {
    passed: Vec<Passed>,
}

#[derive(Debug)]
struct Passed {
    name: String,
    address: SocketAddr,
    listener: TcpListener,
}

/// The name of a line's socket.
pub fn of_line(line: &str) -> String {
    format!("line-{line}")
}

impl Sockets {
    /// Takes what was passed to this process. Once, and before there are other threads: it is taken out of the
    /// environment, so that no child takes it for its own.
    pub fn from_environment() -> Sockets {
        let names = std::env::var(NAMES).unwrap_or_default();
        let mut names = names.split(':').map(str::to_owned);
        let mut descriptors = ListenFd::from_env();
        let mut passed = Vec::new();
        for at in 0..descriptors.len() {
            let name = names.next().unwrap_or_default();
            let listener = match descriptors.take_tcp_listener(at) {
                Ok(Some(listener)) => listener,
                Ok(None) => continue,
                Err(error) => {
                    tracing::error!(name, %error, "systemd passed what is no TCP socket; use ListenStream=ADDRESS:PORT");
                    continue;
                }
            };
            match listener.local_addr() {
                Ok(address) => passed.push(Passed { name, address, listener }),
                Err(error) => tracing::error!(name, %error, "a socket passed by systemd cannot be used"),
            }
        }
        Sockets { passed }
    }

    /// The socket of this name, or else the one at this address, if one was passed.
    pub fn take(&mut self, name: &str, address: SocketAddr) -> Option<TcpListener> {
        let by_name = self.passed.iter().position(|passed| passed.name == name);
        let at = by_name.or_else(|| self.passed.iter().position(|passed| passed.address == address))?;
        let passed = self.passed.swap_remove(at);
        if passed.address != address {
            tracing::warn!(name, configured = %address, "listening where systemd does, on {}", passed.address);
        }
        Some(passed.listener)
    }

    /// Says which sockets nobody wanted; they are closed. Gives their names.
    pub fn close_unwanted(self) -> Vec<String> {
        let unwanted = |passed: Passed| {
            tracing::error!(
                name = passed.name,
                address = %passed.address,
                "systemd passed a socket that nothing here listens on: set FileDescriptorName= of its unit to \"{API}\" or \
                 to \"line-\" and the name of a tcp-listen or sip-listen line, or disable the unit"
            );
            passed.name
        };
        self.passed.into_iter().map(unwanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(names: &[&str]) -> (Sockets, Vec<SocketAddr>) {
        let passed = names.iter().map(|name| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            Passed { name: (*name).to_owned(), address: listener.local_addr().unwrap(), listener }
        });
        let passed: Vec<Passed> = passed.collect();
        let addresses = passed.iter().map(|passed| passed.address).collect();
        (Sockets { passed }, addresses)
    }

    #[test]
    fn a_name_counts_before_an_address_and_each_socket_is_given_once() {
        let (mut sockets, at) = passed(&["api", "line-a", "telecare-x.socket"]);
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], 1));
        assert_eq!(sockets.take("line-a", at[0]).unwrap().local_addr().unwrap(), at[1], "by name");
        assert!(sockets.take("line-a", elsewhere).is_none(), "given already");
        assert_eq!(sockets.take("line-b", at[2]).unwrap().local_addr().unwrap(), at[2], "by address");
        assert!(sockets.take("line-c", elsewhere).is_none());
        assert_eq!(sockets.close_unwanted(), ["api"]);
    }
}
