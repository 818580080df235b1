//! From the file as written to the final types. Refuses what no single key shows to be wrong.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Choices, Policy, ReceiverId};
use telecare_protocol::codes::Codes;
use telecare_queue::JournalConfig;
use toml::Spanned;

use super::{Config, ConfigError, Database, DatabaseUrl, Line, Transport, Webhook, file, read};

/// Longest name of a receiver or line, characters. Names are metric labels and parts of unit keys.
const NAME_LENGTH_MAX: usize = 40;

const MIB: u64 = 1 << 20;
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// The file under check, for naming places in it.
pub(super) struct Check<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> Check<'a> {
    pub fn new(path: &'a Path, text: &'a str) -> Check<'a> {
        Check { path, text }
    }

    pub fn config(&self, file: file::File) -> Result<Config, ConfigError> {
        let receiver = self.name(&file.receiver.name)?;
        let api = self.api(&file.api)?;
        let metrics_listen = self.loopback(&file.metrics.listen)?;
        if metrics_listen == api.listen && api.listen.port() != 0 {
            let error = self.error("api.listen and metrics.listen are the same", "give each a port of its own");
            return Err(error.at(self.text, file.metrics.listen.span()));
        }
        let webhooks = self.webhooks(&file.webhook)?;
        let targets = webhooks.iter().map(Webhook::target).collect();
        Ok(Config {
            receiver: ReceiverId::new(&receiver),
            site: if file.receiver.site.is_empty() { receiver } else { file.receiver.site },
            journal: self.journal(&file.journal)?,
            database: file.database.as_ref().map(|database| self.database(database)).transpose()?,
            ack_wait: Duration::from_millis(self.within(&file.intake.ack_wait_ms, 0..=1_000)?),
            policy: Arc::new(self.policy(file.policy.as_ref())?.with_targets(targets)),
            choices: Arc::new(self.choices(file.choices.as_ref())?),
            codes: Arc::new(self.codes(file.codes.as_ref())?),
            api,
            metrics_listen,
            log_format: file.log.format,
            log_level: file.log.level,
            lines: self.lines(&file.line)?,
            webhooks,
        })
    }

    fn journal(&self, journal: &file::Journal) -> Result<JournalConfig, ConfigError> {
        let directory = self.resolve(journal.directory.as_ref());
        let wrong = match directory.metadata() {
            Ok(found) if !found.is_dir() => Some("is not a directory"),
            Ok(_) if directory.parent().is_none() => Some("is the root of the file system"),
            Ok(_) | Err(_) => None,
        };
        if let Some(wrong) = wrong {
            let what = format!("journal.directory {} {wrong}", directory.display());
            let error = self.error(what, "name a directory of its own; it is made when missing");
            return Err(error.at(self.text, journal.directory.span()));
        }
        Ok(JournalConfig {
            directory,
            keep: Duration::from_secs(self.within(&journal.keep_days, 1..=3_650)? * DAY_SECONDS),
            bytes_max: self.within(&journal.size_max_mib, 16..=MIB)? * MIB,
        })
    }

    fn database(&self, database: &file::Database) -> Result<Database, ConfigError> {
        let urls = database.urls.as_ref();
        if urls.is_empty() {
            let error = self.error("database.urls is empty", "name a database, or remove the [database] section");
            return Err(error.at(self.text, database.urls.span()));
        }
        for url in urls {
            if !["postgres://", "postgresql://"].iter().any(|scheme| url.as_ref().starts_with(scheme)) {
                let error =
                    self.error("database.urls holds what is no PostgreSQL URL", "write postgres://user@host/name");
                return Err(error.at(self.text, url.span()));
            }
        }
        let password = database.password_file.as_ref().map(|file| self.password(file)).transpose()?;
        let url = |url: &Spanned<String>| match &password {
            Some(password) => self.with_password(url.as_ref(), password, url.span()),
            None => Ok(DatabaseUrl(url.as_ref().clone())),
        };
        Ok(Database {
            urls: urls.iter().map(url).collect::<Result<_, _>>()?,
            stall: Duration::from_millis(self.within(&database.stall_ms, 100..=60_000)?),
        })
    }

    fn policy(&self, policy: Option<&file::Policy>) -> Result<Policy, ConfigError> {
        let Some(policy) = policy else { return Ok(Policy::builtin()) };
        let path = self.resolve(policy.file.as_ref());
        let text = self.read_named(&path, policy.file.span())?;
        Policy::parse(&text).map_err(|error| ConfigError::new(&path, error.what, error.remedy).on_line(error.line))
    }

    fn choices(&self, choices: Option<&file::Choices>) -> Result<Choices, ConfigError> {
        let Some(choices) = choices else { return Ok(Choices::builtin()) };
        let path = self.resolve(choices.file.as_ref());
        let text = self.read_named(&path, choices.file.span())?;
        Choices::parse(&text).map_err(|error| ConfigError::new(&path, error.what, error.remedy).on_line(error.line))
    }

    fn codes(&self, codes: Option<&file::Codes>) -> Result<Codes, ConfigError> {
        let Some(codes) = codes else { return Ok(Codes::builtin()) };
        let directory = self.resolve(codes.directory.as_ref());
        let unlisted = |error: std::io::Error| {
            let what = format!("codes.directory {} cannot be read: {error}", directory.display());
            self.error(what, "create it, or remove the [codes] section").at(self.text, codes.directory.span())
        };
        let mut texts = BTreeMap::new();
        for entry in std::fs::read_dir(&directory).map_err(unlisted)? {
            let path = entry.map_err(unlisted)?.path();
            let protocol = path.file_stem().and_then(|stem| stem.to_str());
            let (Some(protocol), true) = (protocol, path.extension().is_some_and(|end| end == "toml")) else {
                continue;
            };
            let one = BTreeMap::from([(protocol.to_owned(), read(&path)?)]);
            // Each alone first, so that an error names its file.
            Codes::with_overrides(&one).map_err(|error| {
                ConfigError::new(&path, error.to_string(), "correct the row; protocols/ holds the built-in tables")
            })?;
            texts.extend(one);
        }
        Codes::with_overrides(&texts)
            .map_err(|error| ConfigError::new(&directory, error.to_string(), "correct the tables in this directory"))
    }

    fn lines(&self, lines: &[Spanned<file::Line>]) -> Result<Vec<Line>, ConfigError> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut checked = Vec::with_capacity(lines.len());
        for line in lines {
            let span = line.as_ref().name.span();
            let place = super::error::line_of(self.text, span.start);
            let line = self.line(line)?;
            let ends = match &line.transport {
                Transport::Serial(serial) => vec![format!("serial port {}", serial.path.display())],
                Transport::VoiceModem(modem) => vec![format!("serial port {}", modem.serial.path.display())],
                Transport::TcpConnect { address } => vec![format!("address {address}")],
                Transport::TcpListen { address, .. } => vec![format!("address {address}")],
                Transport::UdpListen { address } => vec![format!("UDP address {address}")],
                Transport::SipListen(listen) => {
                    let streams = [listen.tcp, listen.tls].into_iter().flatten();
                    let streams = streams.map(|address| format!("address {address}"));
                    streams.chain(listen.udp.map(|address| format!("UDP address {address}"))).collect()
                }
            };
            for key in [format!("name {:?}", line.name.as_str())].into_iter().chain(ends) {
                if let Some(first) = seen.insert(key.clone(), place) {
                    let what = format!("{key} is that of the line at {first}, too");
                    return Err(self.error(what, "give each line its own").at(self.text, span));
                }
            }
            checked.push(line);
        }
        Ok(checked)
    }

    /// A name that can be a metric label, part of a file name and part of a unit key.
    pub(super) fn name(&self, name: &Spanned<String>) -> Result<String, ConfigError> {
        let text = name.as_ref();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if text.is_empty() || text.len() > NAME_LENGTH_MAX || !plain {
            let what = format!("{text:?} is no name");
            let remedy = format!("use 1 to {NAME_LENGTH_MAX} letters, digits, '-', '_' or '.'");
            return Err(self.error(what, remedy).at(self.text, name.span()));
        }
        Ok(text.clone())
    }

    /// A number within its bounds.
    pub(super) fn within(&self, value: &Spanned<u64>, bounds: RangeInclusive<u64>) -> Result<u64, ConfigError> {
        let number = *value.as_ref();
        if bounds.contains(&number) {
            return Ok(number);
        }
        let remedy = format!("use a number from {} to {}", bounds.start(), bounds.end());
        Err(self.error(format!("{number} is out of bounds"), remedy).at(self.text, value.span()))
    }

    pub(super) fn address(&self, address: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
        address.as_ref().parse().map_err(|_| {
            let what = format!("{:?} is no address to listen on", address.as_ref());
            self.error(what, "write ADDRESS:PORT, for example 127.0.0.1:1025").at(self.text, address.span())
        })
    }

    fn loopback(&self, address: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
        let parsed = self.address(address)?;
        if parsed.ip().is_loopback() {
            return Ok(parsed);
        }
        let what = format!("{parsed} is not a loopback address, and this listener speaks no TLS");
        let remedy = "listen on 127.0.0.1 and put a TLS proxy in front";
        Err(self.error(what, remedy).at(self.text, address.span()))
    }

    pub(super) fn error(&self, what: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        ConfigError::new(self.path, what, remedy)
    }

    pub(super) fn at(&self, error: ConfigError, span: Range<usize>) -> ConfigError {
        error.at(self.text, span)
    }

    /// Relative paths are relative to the configuration file, wherever the daemon was started.
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        let base = self.path.parent().unwrap_or(Path::new(""));
        base.join(path)
    }

    /// Reads a file this one names. When it cannot be read, the place that names it is at fault.
    pub(super) fn read_named(&self, path: &Path, span: Range<usize>) -> Result<String, ConfigError> {
        read(path).map_err(|error| {
            let what = format!("{} {}", path.display(), error.what);
            self.error(what, error.remedy).at(self.text, span)
        })
    }
}
