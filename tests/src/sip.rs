//! A unit that speaks SIP over datagrams or a connection, byte by byte.
//!
//! Written from the layout of the messages, not from the product's protocol crate.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use uuid::Uuid;

/// How long silence is waited for.
pub const QUIET: Duration = Duration::from_millis(700);
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// A unit with its way to the receiver.
#[derive(Debug)]
pub struct Unit {
    wire: Wire,
    user: String,
    pending: Vec<u8>,
}

#[derive(Debug)]
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The first line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A SCAIP alarm.
pub fn mrq(reference: &str, cid: &str) -> String {
    format!("<mrq><ref>{reference}</ref><mty>ME</mty><cid>{cid}</cid><dty>0003</dty><stc>0010</stc></mrq>")
}

/// The acknowledgement of one, without voice.
pub fn mrs(reference: &str) -> String {
    format!("<mrs><ref>{reference}</ref><snu>0</snu></mrs>")
}

/// A SCAIP heartbeat.
pub fn heartbeat(reference: &str, cid: &str) -> String {
    format!("<mrq><ref>{reference}</ref><mty>PI</mty><cid>{cid}</cid><dty>0002</dty></mrq>")
}

impl Heard {
    /// The status of an answer; zero for a request.
    pub fn status(&self) -> u16 {
        let word = self.head.strip_prefix("SIP/2.0 ").and_then(|rest| rest.split(' ').next());
        word.and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
    }
}

impl Unit {
    /// Over datagrams.
    pub fn udp(user: &str, to: SocketAddr) -> Result<Unit> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.connect(to)?;
        Ok(Unit { wire: Wire::Udp(socket), user: user.to_owned(), pending: Vec::new() })
    }

    /// Over a connection.
    pub fn tcp(user: &str, to: SocketAddr) -> Result<Unit> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        Ok(Unit { wire: Wire::Tcp(stream), user: user.to_owned(), pending: Vec::new() })
    }

    /// A request of this unit with a body.
    pub fn request(&self, method: &str, content_type: &str, body: &str) -> String {
        let (user, call) = (&self.user, Uuid::new_v4().simple().to_string());
        let (transport, own) = match &self.wire {
            Wire::Udp(socket) => ("UDP", socket.local_addr()),
            Wire::Tcp(stream) => ("TCP", stream.local_addr()),
        };
        let own = own.map(|own| own.to_string()).unwrap_or_default();
        format!(
            "{method} sip:arc@receiver.test SIP/2.0\r\nVia: SIP/2.0/{transport} {own};branch=z9hG4bK{call};rport\r\n\
             From: <sip:{user}@receiver.test>;tag=t{call}\r\nTo: <sip:arc@receiver.test>\r\nCall-ID: {call}\r\n\
             CSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// A MESSAGE with a SCAIP document.
    pub fn scaip(&self, body: &str) -> String {
        self.request("MESSAGE", "application/scaip+xml", body)
    }

    /// Sends.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.wire {
            Wire::Udp(socket) => drop(socket.send(bytes)?),
            Wire::Tcp(stream) => stream.write_all(bytes)?,
        }
        Ok(())
    }

    /// The next message within this time; none when it stays quiet.
    pub fn hear(&mut self, within: Duration) -> Result<Option<Heard>> {
        let give_up = Instant::now() + within;
        loop {
            if let Some(heard) = self.whole() {
                return Ok(Some(heard));
            }
            let Some(left) = give_up.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return Ok(None);
            };
            let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
            let read = match &mut self.wire {
                Wire::Udp(socket) => {
                    self.pending.clear();
                    socket.set_read_timeout(Some(left))?;
                    socket.recv(&mut buffer)
                }
                Wire::Tcp(stream) => {
                    stream.set_read_timeout(Some(left))?;
                    stream.read(&mut buffer)
                }
            };
            match read {
                Ok(0) => bail!("the connection ended"),
                Ok(count) => self.pending.extend(buffer.iter().take(count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                // Nobody is there yet.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error).context("the wire"),
            }
        }
    }

    /// A whole message of what came.
    fn whole(&mut self) -> Option<Heard> {
        let end = self.pending.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(self.pending.get(..end)?).into_owned();
        let heard = Heard { head, body: String::new() };
        let length: usize = heard.header("Content-Length")?.parse().ok()?;
        let body = self.pending.get(end + 4..end + 4 + length)?.to_vec();
        self.pending.drain(..end + 4 + length);
        Some(Heard { body: String::from_utf8_lossy(&body).into_owned(), ..heard })
    }

    /// Takes a request: 200.
    pub fn accept(&mut self, request: &Heard) -> Result<()> {
        let copied: Vec<String> = ["Via", "From", "To", "Call-ID", "CSeq"]
            .iter()
            .map(|name| format!("{name}: {}\r\n", request.header(name).unwrap_or_default()))
            .collect();
        self.send(format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", copied.concat()).as_bytes())
    }

    /// Sends a message and takes its answer and acknowledgement, which comes before its answer where datagrams cross; each
    /// with its time.
    pub fn tell(&mut self, request: &str, within: Duration) -> Result<Told> {
        let sent = Instant::now();
        self.send(request.as_bytes())?;
        let mut told = Told::default();
        while let Some(left) = within.checked_sub(sent.elapsed()) {
            match self.hear(left)? {
                Some(heard) if heard.status() >= 200 => {
                    if told.status.is_none() {
                        (told.status, told.status_after) = (Some(heard.status()), sent.elapsed());
                    }
                    if heard.status() >= 300 {
                        break;
                    }
                }
                Some(heard) if heard.head.starts_with("MESSAGE ") => {
                    self.accept(&heard)?;
                    told.acknowledgement = Some(heard.body);
                    told.after = sent.elapsed();
                    if told.status.is_some() {
                        break;
                    }
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(told)
    }
}

/// What a message was answered.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// By SIP.
    pub status: Option<u16>,
    /// When that came.
    pub status_after: Duration,
    /// By a MESSAGE in return.
    pub acknowledgement: Option<String>,
    /// When that came.
    pub after: Duration,
}
