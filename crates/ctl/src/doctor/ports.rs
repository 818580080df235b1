//! Network addresses: whether they are free or already ours.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use super::config::Settings;
use super::{Area, Finding};
use crate::host;

const AREA: Area = Area("network");
/// Programs that may have an address of ours: the receiver, and systemd for its sockets.
const OWN: [&str; 2] = ["telecare-receiv", "systemd"];

pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let listens = settings.listens.iter().map(|(what, address)| listen(what, address));
    let connects = settings.connects.iter().map(|(line, address)| connect(line, address));
    listens.chain(connects).collect()
}

fn listen(what: &str, text: &str) -> Finding {
    let Ok(address) = text.parse::<SocketAddr>() else {
        return AREA.broken(format!("{what}: {text:?} is no address"), "write IP:PORT");
    };
    match TcpListener::bind(address) {
        Ok(_) => AREA.ok(format!("{what}: {address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match holder(address.port()) {
            Some(name) if OWN.contains(&name.as_str()) => AREA.ok(format!("{what}: {address} is held by {name}")),
            Some(name) => AREA.broken(
                format!("{what}: {address} is in use by {name}"),
                format!("stop {name}, or choose another port"),
            ),
            None => AREA.worry(
                format!("{what}: {address} is in use, by whom cannot be seen"),
                format!("as root: ss -ltnp 'sport = :{}'", address.port()),
            ),
        },
        Err(error) if error.kind() == ErrorKind::PermissionDenied => AREA.worry(
            format!("{what}: {address}: {error}"),
            "choose a port from 1024 on, or let a systemd socket unit hold it",
        ),
        Err(error) => {
            AREA.broken(format!("{what}: {address}: {error}"), "the address must be one of this host: ip address")
        }
    }
}

/// Who listens on a port: its socket's number in `/proc/net`, looked for among the processes' descriptors.
fn holder(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let sockets: Vec<String> =
        tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| listening(line, port)).collect();
    let holds = |process: &host::Process| {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten();
        let mut links = descriptors.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
        links.any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
    };
    // systemd keeps the sockets it hands on; the program that uses them is the answer.
    let mut holders: Vec<host::Process> = host::processes().into_iter().filter(holds).collect();
    holders.sort_by_key(|process| process.name == "systemd");
    holders.into_iter().next().map(|process| process.name)
}

/// The descriptor of a line of `/proc/net/tcp` that listens on a port.
fn listening(line: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let local = fields.get(1)?.rsplit_once(':')?.1;
    let is_it = u16::from_str_radix(local, 16) == Ok(port) && fields.get(3) == Some(&LISTEN);
    is_it.then(|| fields.get(9).map(|inode| format!("socket:[{inode}]"))).flatten()
}

/// A hardware receiver often takes one connection only, so none is tried.
fn connect(line: &str, address: &str) -> Finding {
    match address.to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(found)) => {
            AREA.ok(format!("line {line}: {address} is {found}; not tried, it may take one connection only"))
        }
        Ok(None) => {
            AREA.broken(format!("line {line}: {address} has no address"), "correct it, or the host's name service")
        }
        Err(error) => AREA.broken(format!("line {line}: {address}: {error}"), "correct it, or the host's name service"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_port_that_somebody_has_is_told_with_the_name() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        let found = listen("API", &address);
        assert_eq!(found.state, State::Broken, "{found:?}");
        assert!(found.what.contains("is in use by"), "{found:?}");
        drop(free);
        assert_eq!(listen("API", &address).state, State::Ok);
        assert_eq!(listen("API", "localhost").state, State::Broken);
        assert_eq!(listen("API", "203.0.113.1:1025").state, State::Broken, "not an address of this host");
    }

    #[test]
    fn a_line_of_the_kernels_table_is_read() {
        let line =
            "   0: 0100007F:210C 00000000:0000 0A 00000000:00000000 00:00000000 00000000  990 0 4711 1 0 100 0 0 10 0";
        assert_eq!(listening(line, 0x210C).as_deref(), Some("socket:[4711]"));
        assert_eq!(listening(line, 1), None);
        assert_eq!(listening(&line.replace(" 0A ", " 01 "), 0x210C), None);
    }
}
