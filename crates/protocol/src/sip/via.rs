//! The Via header: the way back, and what the way in did to it (RFC 3261 18.2.1, RFC 3581).

use std::net::SocketAddr;

use super::address::host_and_port;
use super::headers::{parameters, split};

/// One Via.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Over what, as it was written: `UDP`, `TCP`, `TLS`.
    pub transport: String,
    /// Where its sender believes to be: host.
    pub host: String,
    /// Where its sender believes to be: port.
    pub port: Option<u16>,
    /// The parameters behind it, names in lower case.
    pub parameters: Vec<(String, Option<String>)>,
}

impl Via {
    /// Reads one.
    pub fn read(value: &str) -> Option<Via> {
        let mut pieces = split(value, ';');
        let head = pieces.next()?;
        // `SIP / 2.0 / UDP host : port`: blanks are allowed around the slashes.
        let (protocol, rest) = head.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        if !protocol.trim().eq_ignore_ascii_case("SIP") || version.trim() != "2.0" {
            return None;
        }
        let (transport, sent_by) = rest.trim_start().split_once(char::is_whitespace)?;
        let (host, port) = host_and_port(sent_by.trim())?;
        Some(Via { transport: transport.to_ascii_uppercase(), host, port, parameters: parameters(pieces) })
    }

    /// The branch: what its sender calls the transaction. Not unique with all units.
    pub fn branch(&self) -> Option<&str> {
        self.parameter("branch")?
    }

    /// The address it came from, where a receiver has noted it.
    pub fn received(&self) -> Option<&str> {
        self.parameter("received")?
    }

    /// The port it came from, where a receiver has noted it.
    pub fn rport(&self) -> Option<u16> {
        self.parameter("rport")??.parse().ok()
    }

    fn parameter(&self, name: &str) -> Option<Option<&str>> {
        let found = self.parameters.iter().find(|(its, _)| its == name);
        found.map(|(_, value)| value.as_deref())
    }
}

/// A value of the topmost Via header with the place it came from noted in its first Via, as the answer has it: `received`
/// where its sender believes to be elsewhere or asks by `rport`, `rport` where it asks. Everything else stays as written.
pub(super) fn noted(value: &str, remote: SocketAddr) -> String {
    let mut vias = split(value, ',');
    let top = vias.next().unwrap_or_default();
    let Some(via) = Via::read(top) else { return value.to_owned() };
    let asks = via.parameter("rport").is_some();
    let address = remote.ip().to_canonical();
    let mut pieces = split(top, ';').filter(|piece| !piece.is_empty());
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let name = piece.split_once('=').map_or(piece, |(name, _)| name).trim();
        if !name.eq_ignore_ascii_case("rport") && !name.eq_ignore_ascii_case("received") {
            out.push(';');
            out.push_str(piece);
        }
    }
    if asks || via.host.parse() != Ok(address) {
        out.push_str(&format!(";received={address}"));
    }
    if asks {
        out.push_str(&format!(";rport={}", remote.port()));
    }
    for via in vias {
        out.push_str(", ");
        out.push_str(via);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vias_are_read_and_noted() {
        let table = [
            (
                "SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bK-0001",
                "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK-0001;received=198.51.100.7;rport=4000",
            ),
            ("SIP/2.0/TCP unit.example;branch=b", "SIP/2.0/TCP unit.example;branch=b;received=198.51.100.7"),
            ("SIP/2.0/UDP 198.51.100.7:5060;branch=b", "SIP/2.0/UDP 198.51.100.7:5060;branch=b"),
            (
                "SIP / 2.0 / udp 192.0.2.1 ;received=1.1.1.1;rport=5, SIP/2.0/UDP b",
                "SIP / 2.0 / udp 192.0.2.1;received=198.51.100.7;rport=4000, SIP/2.0/UDP b",
            ),
            ("nonsense", "nonsense"),
        ];
        let remote: SocketAddr = "198.51.100.7:4000".parse().unwrap();
        for (value, expected) in table {
            assert_eq!(noted(value, remote), expected);
        }
        let via = Via::read("sip/2.0/udp [2001:DB8::1]:5062;rport=7;BRANCH=x").unwrap();
        assert_eq!((via.transport.as_str(), via.host.as_str(), via.port), ("UDP", "2001:db8::1", Some(5062)));
        assert_eq!((via.branch(), via.rport(), via.received()), (Some("x"), Some(7), None));
        for bad in ["", "SIP/2.0/UDP", "SIP/1.0/UDP h", "SIP/2.0", "SIP/2.0/UDP :5"] {
            assert_eq!(Via::read(bad), None, "{bad}");
        }
    }
}
