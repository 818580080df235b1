//! A line of the configuration: its name, its protocol, and the one transport its bytes come over.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use telecare_alarm::LineId;
use telecare_protocol::Protocol;
use toml::Spanned;

use super::check::Check;
use super::{ConfigError, Parity, file};

/// One input of this receiver.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name, unique in the file.
    pub name: LineId,
    /// What is spoken on it.
    pub protocol: Protocol,
    /// The set of lines in which one account number means one unit; none: the line alone.
    pub namespace: Option<String>,
    /// How its bytes come.
    pub transport: Transport,
    /// Settings of the Sur-Gard protocol.
    pub surgard: SurGard,
}

/// How a line's bytes come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A serial port of this host.
    Serial(Serial),
    /// The hardware receiver listens and this host connects.
    TcpConnect {
        /// `HOST:PORT`; the name is looked up at each attempt.
        address: String,
    },
    /// Hardware receivers connect to this host.
    TcpListen {
        /// Where to listen.
        address: SocketAddr,
        /// How many may be connected at once; beyond it the newest is turned away.
        connections_max: usize,
    },
}

impl Transport {
    /// The name used in logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Transport::Serial(_) => "serial",
            Transport::TcpConnect { .. } => "tcp-connect",
            Transport::TcpListen { .. } => "tcp-listen",
        }
    }
}

/// Settings of a serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial {
    /// The device.
    pub path: PathBuf,
    /// Bits per second.
    pub speed: u32,
    /// Data bits of a character.
    pub data_bits: DataBits,
    /// Its parity bit.
    pub parity: Parity,
    /// Its stop bits.
    pub stop_bits: StopBits,
}

/// Data bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataBits {
    /// Seven, with a parity bit.
    Seven,
    /// Eight.
    Eight,
}

/// Stop bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopBits {
    /// One.
    One,
    /// Two.
    Two,
}

/// Settings of the Sur-Gard protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurGard {
    /// Receiver and line digits at the head of a message: 3 for RRL, 5 for RRLLL.
    pub header_digits: u8,
    /// How long the hardware receiver waits for an answer before it repeats.
    pub ack_wait: Duration,
    /// How long the line may be silent before its link counts as lost; none to never tell.
    pub link_watch: Option<Duration>,
}

/// Speeds a telecare or alarm receiver's port can be set to lie well within (bits per second).
const SPEED: std::ops::RangeInclusive<u64> = 50..=4_000_000;

impl Check<'_> {
    pub(super) fn line(&self, line: &Spanned<file::Line>) -> Result<Line, ConfigError> {
        let span = line.span();
        let line = line.as_ref();
        let name = self.name(&line.name)?;
        let namespace = line.namespace.as_ref().map(|namespace| self.name(namespace)).transpose()?;
        Ok(Line {
            protocol: self.protocol(&line.protocol)?,
            namespace,
            transport: self.transport(line, &name, span)?,
            surgard: self.surgard(line.surgard.as_ref().unwrap_or(&file::SurGard::default()))?,
            name: LineId::new(&name),
        })
    }

    fn protocol(&self, protocol: &Spanned<String>) -> Result<Protocol, ConfigError> {
        match protocol.as_ref().parse() {
            Ok(Protocol::SurGard) => Ok(Protocol::SurGard),
            Ok(Protocol::Bs8521 | Protocol::Own) | Err(_) => {
                let what = format!("no line can speak {:?}", protocol.as_ref());
                Err(self.at(self.error(what, "use \"surgard\""), protocol.span()))
            }
        }
    }

    fn transport(&self, line: &file::Line, name: &str, span: std::ops::Range<usize>) -> Result<Transport, ConfigError> {
        match (&line.serial, &line.tcp_connect, &line.tcp_listen) {
            (Some(serial), None, None) => self.serial(serial.as_ref()).map(Transport::Serial),
            (None, Some(connect), None) => {
                Ok(Transport::TcpConnect { address: self.host_and_port(&connect.as_ref().address)? })
            }
            (None, None, Some(listen)) => {
                let connections_max = self.within(&listen.as_ref().connections_max, 1..=256)?;
                Ok(Transport::TcpListen {
                    address: self.address(&listen.as_ref().address)?,
                    connections_max: usize::try_from(connections_max).unwrap_or(usize::MAX),
                })
            }
            (None, None, None) => {
                let error =
                    self.error(format!("line {name:?} has no transport"), "add one of serial, tcp-connect, tcp-listen");
                Err(self.at(error, span))
            }
            _ => {
                let error = self.error(
                    format!("line {name:?} has more than one transport"),
                    "keep one of serial, tcp-connect, tcp-listen; a second port is a second line",
                );
                Err(self.at(error, span))
            }
        }
    }

    fn serial(&self, serial: &file::Serial) -> Result<Serial, ConfigError> {
        let data_bits = match (*serial.data_bits.as_ref(), serial.parity) {
            (8, _) => DataBits::Eight,
            (7, Parity::Odd | Parity::Even) => DataBits::Seven,
            (7, Parity::None) => {
                let error =
                    self.error("7 data bits without a parity bit", "add parity = \"even\" or use data-bits = 8");
                return Err(self.at(error, serial.data_bits.span()));
            }
            (bits, _) => {
                let error = self.error(format!("{bits} data bits"), "use 7 or 8");
                return Err(self.at(error, serial.data_bits.span()));
            }
        };
        let stop_bits = match *serial.stop_bits.as_ref() {
            1 => StopBits::One,
            2 => StopBits::Two,
            bits => {
                let error = self.error(format!("{bits} stop bits"), "use 1 or 2");
                return Err(self.at(error, serial.stop_bits.span()));
            }
        };
        Ok(Serial {
            path: self.resolve(serial.path.as_ref()),
            speed: u32::try_from(self.within(&serial.speed, SPEED)?).unwrap_or(u32::MAX),
            data_bits,
            parity: serial.parity,
            stop_bits,
        })
    }

    fn host_and_port(&self, address: &Spanned<String>) -> Result<String, ConfigError> {
        let text = address.as_ref();
        let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(port)) if port != 0 => Ok(text.clone()),
            _ => {
                let error = self.error(format!("{text:?} is no address to connect to"), "write HOST:PORT");
                Err(self.at(error, address.span()))
            }
        }
    }

    fn surgard(&self, surgard: &file::SurGard) -> Result<SurGard, ConfigError> {
        let link_watch = self.within(&surgard.link_watch_s, 0..=3_600)?;
        Ok(SurGard {
            header_digits: u8::try_from(self.within(&surgard.header_digits, 3..=9)?).unwrap_or(u8::MAX),
            ack_wait: Duration::from_millis(self.within(&surgard.ack_wait_ms, 500..=30_000)?),
            link_watch: (link_watch > 0).then(|| Duration::from_secs(link_watch)),
        })
    }
}
