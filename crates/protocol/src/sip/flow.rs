//! Where a SIP message came from: its answers go back the same way.

use std::net::SocketAddr;

/// A way to one peer: an address for datagrams, a connection for streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// Over what.
    pub transport: Transport,
    /// The peer's address.
    pub remote: SocketAddr,
    /// Which connection of the listener, never given twice; zero for datagrams.
    pub connection: u64,
}

/// What SIP runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A connection in clear.
    Tcp,
    /// A connection with TLS.
    Tls,
}

impl Transport {
    /// Whether it keeps order and repeats by itself, so that SIP need not.
    pub fn is_reliable(self) -> bool {
        self != Transport::Udp
    }

    /// As a Via header writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }
}
