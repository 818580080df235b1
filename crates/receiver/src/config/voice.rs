//! A telephone line of the configuration: its voice modem, and the settings of what is spoken in its calls.

use std::time::Duration;

use telecare_protocol::tunstall::Probe;
use telecare_protocol::{Protocol, bs8521, contact_id, tunstall, voice_modem};
use toml::Spanned;

use super::check::Check;
use super::line::{DataBits, SPEED, Serial, StopBits, Transport};
use super::{ConfigError, Parity, file};

/// Settings of a voice modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceModem {
    /// The port; always 8N1.
    pub serial: Serial,
    /// The modem.
    pub modem: voice_modem::Settings,
    /// How an operator reaches the voice, as the console shows it; none where that is not told.
    pub extension: Option<String>,
}

/// Settings of the protocols that units speak in calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSettings {
    /// BS 8521.
    pub bs8521: bs8521::Settings,
    /// TT92, TTNEW, TTOLD.
    pub tunstall: tunstall::Settings,
    /// Contact ID and the fast format.
    pub contact_id: contact_id::Settings,
    /// What an unknown caller is asked for, in this order.
    pub order: Vec<Family>,
}

/// Protocols that are asked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// BS 8521.
    Bs8521,
    /// TT92, TTNEW, TTOLD.
    Tunstall,
    /// Contact ID and the fast format.
    ContactId,
}

impl Family {
    /// In the usual order: as a receiver in service asks.
    const USUAL: [Family; 3] = [Family::Bs8521, Family::Tunstall, Family::ContactId];

    /// The name of its table.
    fn as_str(self) -> &'static str {
        match self {
            Family::Bs8521 => "bs8521",
            Family::Tunstall => "tunstall",
            Family::ContactId => "contact-id",
        }
    }

    /// Whether one of its protocols is spoken, or may be, on a line of this protocol.
    fn is_of(self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::Bs8521 => self == Family::Bs8521,
            Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld => self == Family::Tunstall,
            Protocol::ContactId | Protocol::FastFormat => self == Family::ContactId,
            Protocol::Detect => true,
            _ => false,
        }
    }
}

impl CallSettings {
    /// The usual ones of a line: one that finds out asks for each protocol twice, one that knows asks as often as the
    /// protocol has it.
    pub fn of(protocol: Protocol) -> CallSettings {
        let mut settings = CallSettings {
            bs8521: bs8521::Settings::default(),
            tunstall: tunstall::Settings::default(),
            contact_id: contact_id::Settings::default(),
            order: Family::USUAL.to_vec(),
        };
        match protocol {
            Protocol::Detect => {
                settings.bs8521.requests = 2;
                settings.contact_id.handshakes = 2;
            }
            Protocol::Tt92 => settings.tunstall.probes = vec![Probe::Tt92],
            Protocol::TtNew => settings.tunstall.probes = vec![Probe::TtNew],
            Protocol::TtOld => settings.tunstall.probes = vec![Probe::TtOld],
            Protocol::FastFormat => settings.contact_id = contact_id::Settings::fast_format(),
            _ => {}
        }
        settings
    }
}

/// Longest command of a site, characters: what modems take is not printed.
const COMMAND_CHARS_MAX: usize = 100;
/// Commands of a site at most.
const COMMANDS_MAX: usize = 20;
/// Longest extension, characters.
const EXTENSION_CHARS_MAX: usize = 60;

impl Check<'_> {
    /// What is spoken in calls needs a telephone line, and the other way round.
    pub(super) fn fits(&self, line: &file::Line, protocol: Protocol, transport: &Transport) -> Result<(), ConfigError> {
        let is_telephone = matches!(transport, Transport::VoiceModem(_));
        let (what, remedy) = match (protocol.is_in_tones(), is_telephone) {
            (true, false) => (format!("{protocol} is spoken in telephone calls"), "use voice-modem"),
            (false, true) => (
                format!("no unit speaks {protocol} in a call"),
                "use \"detect\", or what its units speak: \"bs8521\", \"tt92\"...",
            ),
            (true, true) if line.listen_only => {
                ("a telephone line cannot only listen: who calls wants an answer".to_owned(), "remove listen-only")
            }
            _ => return self.fits_ip(line, protocol, transport),
        };
        Err(self.at(self.error(what, remedy), line.protocol.span()))
    }

    /// Datagrams are for protocols that have them, and units that speak over IP call, they are not called.
    fn fits_ip(&self, line: &file::Line, protocol: Protocol, transport: &Transport) -> Result<(), ConfigError> {
        let is_sip = matches!(transport, Transport::SipListen(_));
        if is_sip || protocol == Protocol::Sip {
            return self.fits_sip(line, protocol, is_sip);
        }
        let is_ip = protocol == Protocol::SiaDc09;
        let what = match transport {
            Transport::UdpListen { .. } if !is_ip => format!("nobody speaks {protocol} in datagrams"),
            Transport::Serial(_) | Transport::TcpConnect { .. } if is_ip => {
                format!("units that speak {protocol} come to the receiver over IP")
            }
            _ => return Ok(()),
        };
        let remedy = if is_ip { "use tcp-listen or udp-listen" } else { "use tcp-listen" };
        Err(self.at(self.error(what, remedy), line.protocol.span()))
    }

    pub(super) fn voice_modem(&self, modem: &file::VoiceModem) -> Result<VoiceModem, ConfigError> {
        let usual = voice_modem::Settings::default();
        if let Some(one_more) = modem.init.get(COMMANDS_MAX) {
            let error = self.error(format!("more than {COMMANDS_MAX} commands"), "join some of them with ;");
            return Err(self.at(error, one_more.span()));
        }
        let rings = modem.rings.as_ref().map(|rings| self.within(rings, 1..=10)).transpose()?;
        let chars = modem.command_chars_max.as_ref().map(|chars| self.within(chars, 40..=250)).transpose()?;
        let delay = modem.report_delay_ms.as_ref().map(|delay| self.within(delay, 0..=500)).transpose()?;
        Ok(VoiceModem {
            serial: Serial {
                path: self.resolve(modem.path.as_ref()),
                speed: u32::try_from(self.within(&modem.speed, SPEED)?).unwrap_or(u32::MAX),
                data_bits: DataBits::Eight,
                parity: Parity::None,
                stop_bits: StopBits::One,
            },
            modem: voice_modem::Settings {
                country: modem.country.as_ref().map(|country| self.country(country)).transpose()?,
                init: modem.init.iter().map(|command| self.command(command)).collect::<Result<_, _>>()?,
                answer: match &modem.answer {
                    Some(answer) => self.command(answer)?,
                    None => usual.answer.clone(),
                },
                rings: rings.and_then(|rings| u32::try_from(rings).ok()).unwrap_or(usual.rings),
                command_chars_max: chars.and_then(|chars| chars.try_into().ok()).unwrap_or(usual.command_chars_max),
                slack: delay.map(Duration::from_millis),
                ..usual
            },
            extension: modem.extension.as_ref().map(|extension| self.extension(extension)).transpose()?,
        })
    }

    pub(super) fn calls(&self, line: &file::Line, protocol: Protocol) -> Result<CallSettings, ConfigError> {
        self.no_idle_table(line, protocol)?;
        let mut settings = CallSettings::of(protocol);
        let guard_wait = |wait: &Spanned<u64>| self.within(wait, 0..=10_000).map(Duration::from_millis);
        if let Some(set) = line.bs8521.as_ref().map(Spanned::as_ref) {
            settings.bs8521.allow_control = set.allow_control;
            if let Some(wait) = &set.guard_wait_ms {
                settings.bs8521.guard_wait = guard_wait(wait)?;
            }
        }
        if let Some(set) = line.tunstall.as_ref().map(Spanned::as_ref) {
            settings.tunstall.allow_control = set.allow_control;
            settings.tunstall.accept_unverified = set.accept_unverified;
            if set.ttold && !settings.tunstall.probes.contains(&Probe::TtOld) {
                settings.tunstall.probes.push(Probe::TtOld);
            }
            if let Some(wait) = &set.guard_wait_ms {
                settings.tunstall.guard_wait = guard_wait(wait)?;
            }
        }
        if let Some(set) = line.contact_id.as_ref().map(Spanned::as_ref) {
            settings.contact_id.takes_fast_format = set.fast_format.unwrap_or(settings.contact_id.takes_fast_format);
            settings.contact_id.accepts_key_d = set.accept_key_d;
            settings.contact_id.always_speech = set.always_speech;
        }
        if let Some(detect) = line.detect.as_ref().map(Spanned::as_ref) {
            settings.order = self.order(&detect.order)?;
        }
        Ok(settings)
    }

    /// Settings of what the line never speaks would do nothing, and hide a mistake.
    fn no_idle_table(&self, line: &file::Line, protocol: Protocol) -> Result<(), ConfigError> {
        let tables = [
            (Family::Bs8521, line.bs8521.as_ref().map(Spanned::span)),
            (Family::Tunstall, line.tunstall.as_ref().map(Spanned::span)),
            (Family::ContactId, line.contact_id.as_ref().map(Spanned::span)),
        ];
        let idle = tables.into_iter().find_map(|(of, span)| Some((of.as_str(), span.filter(|_| !of.is_of(protocol))?)));
        let detect =
            line.detect.as_ref().filter(|_| protocol != Protocol::Detect).map(|table| ("detect", table.span()));
        match idle.or(detect) {
            Some((of, span)) => {
                let what = format!("the line speaks {protocol}, so the settings of {of} would do nothing");
                Err(self.at(self.error(what, "remove them"), span))
            }
            None => Ok(()),
        }
    }

    fn order(&self, order: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<Family>, ConfigError> {
        let mut families = Vec::new();
        for name in order.as_ref() {
            let family = Family::USUAL.into_iter().find(|family| family.as_str() == name.as_ref());
            match family.filter(|family| !families.contains(family)) {
                Some(family) => families.push(family),
                None => {
                    let what = format!("{:?} is unknown, or stands twice", name.as_ref());
                    return Err(self.at(self.error(what, "use bs8521, tunstall, contact-id, each once"), name.span()));
                }
            }
        }
        if families.is_empty() {
            let error = self.error("nothing is asked for", "name at least one of bs8521, tunstall, contact-id");
            return Err(self.at(error, order.span()));
        }
        Ok(families)
    }

    /// A T.35 country code in hexadecimal.
    fn country(&self, country: &Spanned<String>) -> Result<u8, ConfigError> {
        let text = country.as_ref();
        let code = u8::from_str_radix(text, 16).ok().filter(|_| text.len() == 2);
        code.ok_or_else(|| {
            let what = format!("{text:?} is no country code");
            self.at(
                self.error(
                    what,
                    "write two hexadecimal digits as the modem's manual lists them: B4 is the United Kingdom",
                ),
                country.span(),
            )
        })
    }

    fn command(&self, command: &Spanned<String>) -> Result<String, ConfigError> {
        let text = command.as_ref();
        let is_plain = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if text.starts_with("AT") && is_plain && text.len() <= COMMAND_CHARS_MAX {
            return Ok(text.clone());
        }
        let what = format!("{text:?} is no modem command");
        let remedy = format!("write AT and what follows, {COMMAND_CHARS_MAX} characters at most");
        Err(self.at(self.error(what, remedy), command.span()))
    }

    fn extension(&self, extension: &Spanned<String>) -> Result<String, ConfigError> {
        let text = extension.as_ref().trim();
        let length = text.chars().count();
        if (1..=EXTENSION_CHARS_MAX).contains(&length) && !text.chars().any(char::is_control) {
            return Ok(text.to_owned());
        }
        let what = format!("{text:?} is no extension");
        let remedy = format!("write how operators reach the voice, 1 to {EXTENSION_CHARS_MAX} characters");
        Err(self.at(self.error(what, remedy), extension.span()))
    }
}
