//! A line of the configuration: its name, its protocol, and the one transport its bytes come over.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use telecare_alarm::LineId;
use telecare_api::tls::Tls;
use telecare_protocol::{Protocol, espa};
use toml::Spanned;

use super::automation::{AUTOMATION, Automation};
use super::check::Check;
use super::osborne_hoffman::OsborneHoffman;
use super::panels::Panels;
use super::sia_dc09::SiaDc09;
use super::sip::{Sip, SipListen};
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
    /// Settings of its protocol, where that is SIA DC-09.
    pub sia_dc09: SiaDc09,
    /// Settings of its protocol, where digital units speak it.
    pub sip: Sip,
    /// How many may be connected from one address, where it listens.
    pub per_source_max: usize,
    /// Certificate and key, where it listens with TLS.
    pub tls: Option<Tls>,
}

impl Line {
    /// How long the line may be silent before its link counts as lost; none to never tell.
    pub fn link_watch(&self) -> Option<Duration> {
        match self.protocol {
            Protocol::Espa444 => Some(self.espa.timing.link_watch).filter(|watch| !watch.is_zero()),
            Protocol::OsborneHoffman => self.osborne_hoffman.link_watch,
            // Units come and go; whom the registry expects is missed by name.
            Protocol::Sip | Protocol::SiaDc09 => None,
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
    /// Units send datagrams to this host.
    UdpListen {
        /// Where to listen.
        address: SocketAddr,
    },
    /// Digital units send SIP to this host, over any of its carriers.
    SipListen(SipListen),
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
            Transport::UdpListen { .. } => "udp-listen",
            Transport::SipListen(_) => "sip-listen",
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

/// More hardware receivers than one centre has behind one port; and what may be set.
const HARDWARE_RECEIVERS_USUAL: u64 = 8;
const HARDWARE_RECEIVERS_MAX: u64 = 256;
/// Units connected at once.
pub(super) const UNITS_USUAL: u64 = 4_096;
pub(super) const UNITS_MAX: u64 = 50_000;
/// From one address: a building of units behind one router, and no flood.
const PER_SOURCE_USUAL: u64 = 256;

/// Speeds a telecare or alarm receiver's port can be set to lie well within (bits per second).
pub(super) const SPEED: std::ops::RangeInclusive<u64> = 50..=4_000_000;

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
            automation: self.automation(line, protocol)?,
            calls: self.calls(line, protocol)?,
            espa: self.espa(line)?,
            osborne_hoffman: self.osborne_hoffman(line)?,
            panels,
            sia_dc09: self.sia_dc09(line)?,
            sip: self.sip(line, &transport)?,
            per_source_max: self.per_source_max(line)?,
            tls: self.tls_of_line(line)?,
            transport,
            name: LineId::new(&name),
        })
    }

    fn protocol(&self, protocol: &Spanned<String>) -> Result<Protocol, ConfigError> {
        let known = protocol.as_ref().parse().ok().filter(|protocol| *protocol != Protocol::Own);
        known.ok_or_else(|| {
            let what = format!("no line can speak {:?}", protocol.as_ref());
            let in_tones = Protocol::spoken().filter(|protocol| protocol.is_in_tones());
            let (ports, modems) = (Protocol::names(Protocol::on_ports()), Protocol::names(in_tones));
            let remedy = format!("use one of {ports}; on a voice-modem {modems}");
            self.at(self.error(what, remedy), protocol.span())
        })
    }

    fn transport(&self, line: &file::Line, name: &str, span: std::ops::Range<usize>) -> Result<Transport, ConfigError> {
        let transports = "serial, tcp-connect, tcp-listen, udp-listen, sip-listen, voice-modem";
        let one =
            (&line.serial, &line.tcp_connect, &line.tcp_listen, &line.udp_listen, &line.sip_listen, &line.voice_modem);
        match one {
            (Some(serial), None, None, None, None, None) => self.serial(serial.as_ref()).map(Transport::Serial),
            (None, None, None, None, None, Some(modem)) => {
                self.voice_modem(modem.as_ref()).map(Box::new).map(Transport::VoiceModem)
            }
            (None, Some(connect), None, None, None, None) => {
                Ok(Transport::TcpConnect { address: self.host_and_port(&connect.as_ref().address)? })
            }
            (None, None, Some(listen), None, None, None) => Ok(Transport::TcpListen {
                address: self.address(&listen.as_ref().address)?,
                connections_max: self.connections_max(line)?,
            }),
            (None, None, None, Some(listen), None, None) => {
                Ok(Transport::UdpListen { address: self.address(&listen.as_ref().address)? })
            }
            (None, None, None, None, Some(listen), None) => self.sip_listen(listen).map(Transport::SipListen),
            (None, None, None, None, None, None) => {
                let error = self.error(format!("line {name:?} has no transport"), format!("add one of {transports}"));
                Err(self.at(error, span))
            }
            _ => {
                let error = self.error(
                    format!("line {name:?} has more than one transport"),
                    format!("keep one of {transports}; a second port is a second line"),
                );
                Err(self.at(error, span))
            }
        }
    }

    fn tls_of_line(&self, line: &file::Line) -> Result<Option<Tls>, ConfigError> {
        if let Some(listen) = &line.sip_listen {
            return self.sip_tls(listen.as_ref());
        }
        let tls = line.tcp_listen.as_ref().and_then(|listen| listen.as_ref().tls.as_ref());
        tls.map(|tls| self.line_tls(tls)).transpose()
    }

    /// Hardware receivers are few; units are as many as there are people.
    fn connections_max(&self, line: &file::Line) -> Result<usize, ConfigError> {
        let units = [Protocol::SiaDc09, Protocol::OsborneHoffman, Protocol::Texecom];
        let many = units.iter().any(|protocol| line.protocol.as_ref() == protocol.as_str());
        let (usual, most) =
            if many { (UNITS_USUAL, UNITS_MAX) } else { (HARDWARE_RECEIVERS_USUAL, HARDWARE_RECEIVERS_MAX) };
        let set = line.tcp_listen.as_ref().and_then(|listen| listen.as_ref().connections_max.as_ref());
        let connections = set.map_or(Ok(usual), |set| self.within(set, 1..=most))?;
        Ok(usize::try_from(connections).unwrap_or(usize::MAX))
    }

    fn per_source_max(&self, line: &file::Line) -> Result<usize, ConfigError> {
        let tcp = line.tcp_listen.as_ref().and_then(|listen| listen.as_ref().connections_per_source_max.as_ref());
        let sip = line.sip_listen.as_ref().and_then(|listen| listen.as_ref().connections_per_source_max.as_ref());
        let set = tcp.or(sip);
        let connections = set.map_or(Ok(PER_SOURCE_USUAL), |set| self.within(set, 1..=UNITS_MAX))?;
        Ok(usize::try_from(connections).unwrap_or(usize::MAX))
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
