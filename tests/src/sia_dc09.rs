//! A premises unit that speaks SIA DC-09 in clear, over connections or datagrams.
//!
//! Written from the layout of the frame, not from the product's protocol crate: what it sends and what it takes for its
//! acknowledgement is made here byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

/// How long one attempt waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const FRAME_BYTES_MAX: usize = 4_200;

/// CRC, length, line ends.
pub fn frame(body: &str) -> Vec<u8> {
    let crc = body.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 })
    });
    format!("\n{crc:04X}{:04X}{body}\r", body.len()).into_bytes()
}

/// An emergency alarm.
pub fn press(sequence: u16, account: &str) -> Vec<u8> {
    frame(&format!("\"SIA-DCS\"{sequence:04}L0#{account}[#{account}|Nri1/QA001]"))
}

/// Supervision.
pub fn null(account: &str) -> Vec<u8> {
    frame(&format!("\"NULL\"0000L0#{account}[]"))
}

/// What acknowledges a frame of this sequence.
pub fn ack(sequence: u16, account: &str) -> Vec<u8> {
    frame(&format!("\"ACK\"{sequence:04}L0#{account}[]"))
}

/// What a unit sends over.
#[derive(Debug)]
pub enum Wire {
    /// A connection.
    Tcp(TcpStream),
    /// Datagrams.
    Udp(UdpSocket),
}

impl Wire {
    /// Connects.
    pub fn tcp(to: SocketAddr) -> Result<Wire> {
        let stream = TcpStream::connect_timeout(&to, ANSWER_WITHIN)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        Ok(Wire::Tcp(stream))
    }

    /// Connects from an address of this host.
    pub fn tcp_from(from: IpAddr, to: SocketAddr) -> Result<Wire> {
        let descriptor = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&descriptor, &SocketAddr::new(from, 0))?;
        connect(&descriptor, &to)?;
        let stream = TcpStream::from(descriptor);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        Ok(Wire::Tcp(stream))
    }

    /// Sends datagrams there, from an address of this host.
    pub fn udp_from(from: IpAddr, to: SocketAddr) -> Result<Wire> {
        let socket = UdpSocket::bind((from, 0))?;
        socket.connect(to)?;
        socket.set_read_timeout(Some(ANSWER_WITHIN))?;
        Ok(Wire::Udp(socket))
    }

    /// Sends datagrams there.
    pub fn udp(to: SocketAddr) -> Result<Wire> {
        Wire::udp_from(IpAddr::from([127, 0, 0, 1]), to)
    }

    /// Sends.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Wire::Tcp(stream) => stream.write_all(bytes)?,
            Wire::Udp(socket) => drop(socket.send(bytes)?),
        }
        Ok(())
    }

    /// What is answered within the time of an attempt; nothing when nobody does.
    pub fn hear(&mut self) -> Result<Vec<u8>> {
        let mut heard = Vec::new();
        let mut buffer = [0; FRAME_BYTES_MAX];
        while heard.last() != Some(&b'\r') {
            let read = match self {
                Wire::Tcp(stream) => stream.read(&mut buffer),
                Wire::Udp(socket) => socket.recv(&mut buffer),
            };
            match read {
                Ok(0) => break,
                Ok(count) => heard.extend(buffer.iter().take(count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused) => {
                    break;
                }
                Err(error) => return Err(error).context("the wire"),
            }
        }
        Ok(heard)
    }

    /// Sends a frame and hears its answer, which must be this; how long it took.
    pub fn tell(&mut self, frame: &[u8], answer: &[u8]) -> Result<Duration> {
        let sent = Instant::now();
        self.send(frame)?;
        let heard = self.hear()?;
        ensure!(heard == answer, "{:?} was answered {:?}", text(frame), text(&heard));
        Ok(sent.elapsed())
    }
}

/// Sends a frame until it is acknowledged, on a new wire where one broke.
pub fn tell_until(mut open: impl FnMut() -> Result<Wire>, frame: &[u8], answer: &[u8], within: Duration) -> Result<()> {
    let give_up = Instant::now() + within;
    while Instant::now() < give_up {
        if open().and_then(|mut wire| wire.tell(frame, answer)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("{:?} was never acknowledged", text(frame))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_of_the_layout() {
        let body = "\"SIA-DCS\"0001L0#1234[#1234|Nri1/QA001]_10:20:30,03-14-2025";
        assert!(frame(body).starts_with(b"\n6A56003A\"SIA-DCS\""));
        assert_eq!(ack(1, "1234"), b"\n1BC10012\"ACK\"0001L0#1234[]\r");
    }
}
