//! A line of the configuration: its name, its protocol, and the one transport its bytes come over.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use telecare_alarm::LineId;
use telecare_protocol::{Protocol, espa};
use toml::Spanned;

use super::automation::{AUTOMATION, Automation};
use super::check::Check;
use super::osborne_hoffman::OsborneHoffman;
use super::panels::Panels;
use super::voice::{CallSettings, VoiceModem};
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
    /// Whether it only listens beside another platform: decodes and stores, marked as a shadow, and never sends.
    pub listen_only: bool,
    /// How its bytes come.
    pub transport: Transport,
    /// Settings of its protocol, where that is an automation output.
    pub automation: Automation,
    /// Settings of its protocol, where units speak it in calls.
    pub calls: CallSettings,
    /// Settings of its protocol, where that is ESPA 4.4.4.
    pub espa: espa::Settings,
    /// Settings of its protocol, where that is Osborne-Hoffman.
    pub osborne_hoffman: OsborneHoffman,
    /// Settings of its protocol, where alarm panels speak it.
    pub panels: Panels,
}

impl Line {
    /// How long the line may be silent before its link counts as lost; none to never tell.
    pub fn link_watch(&self) -> Option<Duration> {
        match self.protocol {
            Protocol::Espa444 => Some(self.espa.timing.link_watch).filter(|watch| !watch.is_zero()),
            Protocol::OsborneHoffman => self.osborne_hoffman.link_watch,
            protocol => match self.panels.link_watch(protocol) {
                Some(watch) => (!watch.is_zero()).then_some(watch),
                None => self.automation.link_watch,
            },
        }
    }

    /// How long whoever sends on it waits for an answer; none where the protocol has other rules.
    pub fn answer_wait(&self) -> Option<Duration> {
        match self.protocol {
            protocol if AUTOMATION.contains(&protocol) => Some(self.automation.ack_wait),
            Protocol::Espa444 => Some(self.espa.timing.ack_wait),
            Protocol::SiaDc03 => Some(self.panels.dc03.timing.ack_wait),
            Protocol::Texecom => Some(self.panels.texecom.ack_wait),
            Protocol::OsborneHoffman => Some(self.osborne_hoffman.session.ack_wait),
            _ => None,
        }
    }
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
    /// A telephone line on a voice modem at a serial port.
    VoiceModem(Box<VoiceModem>),
}

impl Transport {
    /// The name used in logs and metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Transport::Serial(_) => "serial",
            Transport::TcpConnect { .. } => "tcp-connect",
            Transport::TcpListen { .. } => "tcp-listen",
            Transport::VoiceModem(_) => "voice-modem",
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

/// Speeds a telecare or alarm receiver's port can be set to lie well within (bits per second).
pub(super) const SPEED: std::ops::RangeInclusive<u64> = 50..=4_000_000;

/// Panels that hold a connection each are many; the service may hold four times as many files.
const CONNECTIONS: std::ops::RangeInclusive<u64> = 1..=4096;

impl Check<'_> {
    pub(super) fn line(&self, line: &Spanned<file::Line>) -> Result<Line, ConfigError> {
        let span = line.span();
        let line = line.as_ref();
        let name = self.name(&line.name)?;
        let namespace = line.namespace.as_ref().map(|namespace| self.name(namespace)).transpose()?;
        if let (true, Some(namespace)) = (line.listen_only, &line.namespace) {
            let what = "a line that only listens cannot share a namespace: its units are shadows of their own";
            return Err(self.at(self.error(what, "remove namespace, or listen-only"), namespace.span()));
        }
        let protocol = self.protocol(&line.protocol)?;
        let transport = self.transport(line, &name, span)?;
        self.fits(line, protocol, &transport)?;
        self.is_where_panels_connect(line, protocol, &transport)?;
        let panels = self.panels(line, protocol, &transport)?;
        Ok(Line {
            protocol,
            namespace,
            listen_only: line.listen_only,
            transport,
            automation: self.automation(line, protocol)?,
            calls: self.calls(line, protocol)?,
            espa: self.espa(line)?,
            osborne_hoffman: self.osborne_hoffman(line)?,
            panels,
            name: LineId::new(&name),
        })
    }

    fn protocol(&self, protocol: &Spanned<String>) -> Result<Protocol, ConfigError> {
        match protocol.as_ref().parse() {
            Ok(protocol) if AUTOMATION.contains(&protocol) => Ok(protocol),
            Ok(protocol @ (Protocol::Espa444 | Protocol::SiaDc03 | Protocol::Texecom | Protocol::OsborneHoffman)) => {
                Ok(protocol)
            }
            Ok(protocol) if protocol.is_in_tones() => Ok(protocol),
            Ok(_) | Err(_) => {
                let what = format!("no line can speak {:?}", protocol.as_ref());
                let remedy = "use \"surgard\", \"ademco-685\", \"radionics-6500\", \"sia-dc07\", \"cp-220\", \"iti\", \"espa-444\", \
                              \"sia-dc03\", \"texecom\" or \"osborne-hoffman\"; \
                              on a voice-modem \"detect\", \"bs8521\", \"tt92\"...";
                Err(self.at(self.error(what, remedy), protocol.span()))
            }
        }
    }

    fn transport(&self, line: &file::Line, name: &str, span: std::ops::Range<usize>) -> Result<Transport, ConfigError> {
        match (&line.serial, &line.tcp_connect, &line.tcp_listen, &line.voice_modem) {
            (Some(serial), None, None, None) => self.serial(serial.as_ref()).map(Transport::Serial),
            (None, None, None, Some(modem)) => {
                self.voice_modem(modem.as_ref()).map(Box::new).map(Transport::VoiceModem)
            }
            (None, Some(connect), None, None) => {
                Ok(Transport::TcpConnect { address: self.host_and_port(&connect.as_ref().address)? })
            }
            (None, None, Some(listen), None) => {
                let connections_max = self.within(&listen.as_ref().connections_max, CONNECTIONS)?;
                Ok(Transport::TcpListen {
                    address: self.address(&listen.as_ref().address)?,
                    connections_max: usize::try_from(connections_max).unwrap_or(usize::MAX),
                })
            }
            (None, None, None, None) => {
                let remedy = "add one of serial, tcp-connect, tcp-listen, voice-modem";
                let error = self.error(format!("line {name:?} has no transport"), remedy);
                Err(self.at(error, span))
            }
            _ => {
                let error = self.error(
                    format!("line {name:?} has more than one transport"),
                    "keep one of serial, tcp-connect, tcp-listen, voice-modem; a second port is a second line",
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
}
