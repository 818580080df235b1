//! A telephone line of the configuration: its voice modem, and the settings of what is spoken in its calls.

use std::time::Duration;

use telecare_protocol::{Protocol, bs8521, voice_modem};
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSettings {
    /// BS 8521.
    pub bs8521: bs8521::Settings,
}

/// Longest command of a site, characters: what modems take is not printed.
const COMMAND_CHARS_MAX: usize = 100;
/// Commands of a site at most.
const COMMANDS_MAX: usize = 20;
/// Longest extension, characters.
const EXTENSION_CHARS_MAX: usize = 60;

/// Whether units speak it in calls; else hardware receivers write it.
pub fn is_spoken(protocol: Protocol) -> bool {
    match protocol {
        Protocol::Bs8521 => true,
        Protocol::SurGard | Protocol::Ademco685 | Protocol::Own => false,
    }
}

impl Check<'_> {
    /// What is spoken in calls needs a telephone line, and the other way round.
    pub(super) fn fits(&self, line: &file::Line, protocol: Protocol, transport: &Transport) -> Result<(), ConfigError> {
        let is_telephone = matches!(transport, Transport::VoiceModem(_));
        let (what, remedy) = match (is_spoken(protocol), is_telephone) {
            (true, false) => (format!("{protocol} is spoken in telephone calls"), "use voice-modem"),
            (false, true) => (format!("no unit speaks {protocol} in a call"), "use \"bs8521\""),
            (true, true) if line.listen_only => {
                ("a telephone line cannot only listen: who calls wants an answer".to_owned(), "remove listen-only")
            }
            _ => return Ok(()),
        };
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
        let mut settings = CallSettings::default();
        if let Some(table) = &line.bs8521 {
            if protocol != Protocol::Bs8521 {
                let what = format!("the line speaks {protocol}, so the settings of bs8521 would do nothing");
                return Err(self.at(self.error(what, "remove them"), table.span()));
            }
            let set = table.as_ref();
            settings.bs8521.allow_control = set.allow_control;
            if let Some(wait) = &set.guard_wait_ms {
                settings.bs8521.guard_wait = Duration::from_millis(self.within(wait, 0..=10_000)?);
            }
        }
        Ok(settings)
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
