//! The wire between a hardware receiver or a unit, which is us, and the receiver under test.

mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_serial::{DataBits, Parity, SerialPortBuilderExt, SerialStream, StopBits};

pub use tls::{Tls, TlsArguments};

/// Longest wait for a connection that we make.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for a connection that the receiver makes: it may be in its longest back-off.
const LISTEN_MAX: Duration = Duration::from_secs(60);
/// Longest wait for the wire to take what we write.
const WRITE_MAX: Duration = Duration::from_secs(5);
/// Bytes of one read: a whole datagram.
pub const READ_BYTES: usize = 65_535;
/// Settings of the Sur-Gard MLR2-DV as it is delivered.
const SERIAL_DEFAULT: (u32, &str) = (1200, "7E1");

/// Where a test call goes, as typed: `serial:PATH[,SPEED,7E1]`, `tcp:HOST:PORT`, `tls:HOST:PORT`, `udp:HOST:PORT`,
/// `listen:HOST:PORT` or `voice-modem:PATH`.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A serial port.
    Serial { path: String, speed: u32, data: DataBits, parity: Parity, stop: StopBits },
    /// A line that listens.
    Tcp(String),
    /// A line that listens with TLS.
    Tls(String),
    /// A line that takes datagrams.
    Udp(String),
    /// A line that connects to its hardware receiver.
    Listen(String),
    /// A telephone line whose modem is simulated at this path.
    VoiceModem(PathBuf),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        match text.split_once(':') {
            Some(("serial", place)) => serial(place),
            Some(("tcp", address)) if address.contains(':') => Ok(Target::Tcp(address.to_owned())),
            Some(("tls", address)) if address.contains(':') => Ok(Target::Tls(address.to_owned())),
            Some(("udp", address)) if address.contains(':') => Ok(Target::Udp(address.to_owned())),
            Some(("listen", address)) if address.contains(':') => Ok(Target::Listen(address.to_owned())),
            Some(("voice-modem", path)) if !path.is_empty() => Ok(Target::VoiceModem(PathBuf::from(path))),
            _ => Err("serial:PATH[,SPEED,7E1], tcp:HOST:PORT, tls:HOST:PORT, udp:HOST:PORT, listen:HOST:PORT or \
                      voice-modem:PATH"
                .to_owned()),
        }
    }
}

impl Target {
    /// The address of a line that is reached over a network.
    pub async fn resolve(&self) -> anyhow::Result<SocketAddr> {
        let (Target::Tcp(address) | Target::Tls(address) | Target::Udp(address)) = self else {
            bail!("udp:HOST:PORT, tcp:HOST:PORT or tls:HOST:PORT");
        };
        let found = tokio::net::lookup_host(address).await.with_context(|| address.clone())?.next();
        found.with_context(|| format!("{address} has no address"))
    }
}

fn serial(place: &str) -> Result<Target, String> {
    let mut parts = place.split(',');
    let path = parts.next().unwrap_or_default().to_owned();
    let speed = match parts.next() {
        Some(speed) => speed.parse().map_err(|_| format!("{speed:?} is not a speed"))?,
        None => SERIAL_DEFAULT.0,
    };
    let frame = parts.next().unwrap_or(SERIAL_DEFAULT.1).to_ascii_uppercase();
    let wrong = || format!("{frame:?} is not a character frame like 7E1 or 8N1");
    let [data, parity, stop] = frame.as_bytes() else { return Err(wrong()) };
    let data = match data {
        b'7' => DataBits::Seven,
        b'8' => DataBits::Eight,
        _ => return Err(wrong()),
    };
    let parity = match parity {
        b'N' => Parity::None,
        b'E' => Parity::Even,
        b'O' => Parity::Odd,
        _ => return Err(wrong()),
    };
    let stop = match stop {
        b'1' => StopBits::One,
        b'2' => StopBits::Two,
        _ => return Err(wrong()),
    };
    if path.is_empty() || parts.next().is_some() {
        return Err("serial:PATH[,SPEED,7E1]".to_owned());
    }
    Ok(Target::Serial { path, speed, data, parity, stop })
}

/// An open wire.
pub enum Link {
    /// A serial port.
    Serial(SerialStream),
    /// A connection, whoever made it.
    Tcp(TcpStream),
    /// A connection of ours with TLS.
    Tls(Box<TlsStream<TcpStream>>),
    /// Datagrams to and from one address.
    Udp(UdpSocket),
}

impl Link {
    /// Opens it, or waits until the receiver does. `tls` is for a target with TLS.
    pub async fn open(target: &Target, tls: Option<&Tls>) -> anyhow::Result<Link> {
        match target {
            Target::Serial { path, speed, data, parity, stop } => {
                let port = tokio_serial::new(path, *speed).data_bits(*data).parity(*parity).stop_bits(*stop);
                Ok(Link::Serial(port.open_native_async().with_context(|| path.clone())?))
            }
            Target::Tcp(address) => Ok(Link::Tcp(connect(address).await?)),
            Target::Tls(address) => {
                let stream = connect(address).await?;
                let tls = tls.context("a target with TLS needs certificates to believe")?;
                let shaken = timeout(CONNECT_MAX, tls.shake(address, stream)).await;
                Ok(Link::Tls(Box::new(shaken.with_context(|| format!("no TLS with {address} in time"))??)))
            }
            Target::Udp(address) => {
                let any = if address.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(address).await.with_context(|| address.clone())?;
                Ok(Link::Udp(socket))
            }
            Target::Listen(address) => {
                let listener = TcpListener::bind(address).await.with_context(|| address.clone())?;
                eprintln!("waiting for the receiver to connect to {}", listener.local_addr()?);
                let accepted = timeout(LISTEN_MAX, listener.accept()).await;
                let (stream, _) = accepted.with_context(|| format!("nobody connected to {address} in time"))??;
                stream.set_nodelay(true)?;
                Ok(Link::Tcp(stream))
            }
            Target::VoiceModem(_) => bail!("a modem is no wire to write lines to"),
        }
    }

    /// Some bytes, at least one. An end of the wire is an error.
    pub async fn read(&mut self, buffer: &mut [u8]) -> anyhow::Result<usize> {
        let read = match self {
            Link::Serial(port) => port.read(buffer).await,
            Link::Tcp(stream) => stream.read(buffer).await,
            Link::Tls(stream) => stream.read(buffer).await,
            // Nobody is there yet, or any more: no answer, as on every datagram that is lost.
            Link::Udp(socket) => match socket.recv(buffer).await {
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => std::future::pending().await,
                received => received,
            },
        };
        match read.context("the wire broke")? {
            0 => bail!("the other side hung up"),
            bytes => Ok(bytes),
        }
    }

    /// All of these bytes.
    pub async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        let written = match self {
            Link::Serial(port) => timeout(WRITE_MAX, port.write_all(bytes)).await,
            Link::Tcp(stream) => timeout(WRITE_MAX, stream.write_all(bytes)).await,
            Link::Tls(stream) => {
                let written = async {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                };
                timeout(WRITE_MAX, written).await
            }
            Link::Udp(socket) => {
                // What an earlier one met is not said of this one.
                let _ = socket.take_error();
                let _ = socket.send(bytes).await;
                return Ok(());
            }
        };
        written.context("the wire takes nothing")?.context("the wire broke")
    }
}

async fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let connected = timeout(CONNECT_MAX, TcpStream::connect(address)).await;
    let stream = connected.with_context(|| format!("no connection to {address} in time"))?;
    let stream = stream.with_context(|| address.to_owned())?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_typed() {
        let serial = |path: &str, speed, data, parity, stop| {
            Ok(Target::Serial { path: path.to_owned(), speed, data, parity, stop })
        };
        let table = [
            ("serial:/dev/ttyUSB0", serial("/dev/ttyUSB0", 1200, DataBits::Seven, Parity::Even, StopBits::One)),
            ("serial:/dev/ttyS0,9600,8n2", serial("/dev/ttyS0", 9600, DataBits::Eight, Parity::None, StopBits::Two)),
            ("tcp:10.0.0.5:1025", Ok(Target::Tcp("10.0.0.5:1025".to_owned()))),
            ("tls:arc.example.org:5061", Ok(Target::Tls("arc.example.org:5061".to_owned()))),
            ("listen:[::1]:1025", Ok(Target::Listen("[::1]:1025".to_owned()))),
            ("udp:10.0.0.5:1025", Ok(Target::Udp("10.0.0.5:1025".to_owned()))),
            ("voice-modem:/run/modem", Ok(Target::VoiceModem("/run/modem".into()))),
        ];
        for (text, target) in table {
            assert_eq!(text.parse::<Target>(), target, "{text}");
        }
        for wrong in [
            "",
            "tcp:host",
            "serial:",
            "serial:/dev/x,fast",
            "serial:/dev/x,1200,9E1",
            "serial:a,1,7E1,x",
            "udp:a",
            "tls:a",
            "voice-modem:",
        ] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
