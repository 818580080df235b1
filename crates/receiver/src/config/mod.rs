//! The configuration: one TOML file, read once at start, turned into final types or refused as a whole.
//!
//! Keys are kebab-case and unknown ones are refused, so a misspelt setting is never silently a default.
//! Relative paths are relative to the file. The policy and the code tables it names are read with it: a
//! daemon that starts has everything it needs to rank and word a signal.

mod api;
mod automation;
mod check;
mod error;
mod espa;
mod file;
mod line;
mod osborne_hoffman;
mod panels;
mod secret;
mod sia_dc09;
mod sip;
mod voice;
mod webhook;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Choices, Policy, ReceiverId};
use telecare_protocol::codes::Codes;
use telecare_queue::{DatabaseConfig, JournalConfig, QueueConfig};

use crate::logging::{Format, Level};

pub use api::Api;
pub use automation::{AUTOMATION, Automation};
pub use error::ConfigError;
pub use file::Parity;
pub use line::{DataBits, Line, Serial, StopBits, Transport};
pub use osborne_hoffman::OsborneHoffman;
pub use panels::Panels;
pub(crate) use secret::escaped;
pub use sia_dc09::SiaDc09;
pub(crate) use sip::EXTENSION as SIP_EXTENSION;
pub use sip::{Sip, SipListen};
pub use voice::{CallSettings, Family, VoiceModem};
pub(crate) use webhook::certificates;
pub use webhook::{Secret, Webhook};

/// A configuration that has passed every check.
#[derive(Clone, Debug)]
pub struct Config {
    /// This receiver's name, unique among the receivers on one database.
    pub receiver: ReceiverId,
    /// The site's name, shown on consoles; the receiver's name where none is given.
    pub site: String,
    /// The journal.
    pub journal: JournalConfig,
    /// The shared database; none when the receiver stands alone.
    pub database: Option<Database>,
    /// How long after its last byte an answer waits for the database's commit.
    pub ack_wait: Duration,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// What operators choose from.
    pub choices: Arc<Choices>,
    /// The code tables with the site's own rows.
    pub codes: Arc<Codes>,
    /// The HTTP API.
    pub api: Api,
    /// Where Prometheus reads.
    pub metrics_listen: SocketAddr,
    /// How the log looks; none for what fits where it goes.
    pub log_format: Option<Format>,
    /// What is logged.
    pub log_level: Level,
    /// The lines, in the order of the file. Names are unique.
    pub lines: Vec<Line>,
    /// Where escalations go out to. Names are unique; the policy has them as its targets.
    pub webhooks: Vec<Webhook>,
}

/// Where the shared database is.
#[derive(Clone, Debug)]
pub struct Database {
    /// Tried in order for the one that can be written.
    pub urls: Vec<DatabaseUrl>,
    /// How long a transaction may stall before the receiver goes on without the database.
    pub stall: Duration,
}

/// A `postgres://` URL. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&error::without_passwords(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A configuration file is a page of text; a larger one is a mistake (bytes).
const FILE_BYTES_MAX: u64 = 1 << 20;

impl Config {
    /// Reads and checks a configuration file and the policy and code tables it names.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = read(path)?;
        let file: file::File = toml::from_str(&text).map_err(|error| ConfigError::toml(path, &text, &error))?;
        check::Check::new(path, &text).config(file)
    }

    /// What the queue needs to know.
    pub fn queue(&self, software: &str) -> QueueConfig {
        QueueConfig {
            receiver: self.receiver.clone(),
            software: software.to_owned(),
            journal: self.journal.clone(),
            database: self.database.as_ref().map(|database| DatabaseConfig {
                urls: database.urls.iter().map(|url| url.0.clone()).collect(),
                stall: database.stall,
            }),
            ack_wait: self.ack_wait,
            policy: self.policy.clone(),
        }
    }
}

/// Reads a text file that somebody else may have put in place.
fn read(path: &Path) -> Result<String, ConfigError> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > FILE_BYTES_MAX {
        let what = format!("the file has {size} bytes, over {FILE_BYTES_MAX}");
        return Err(ConfigError::new(path, what, "name the right file"));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    let remedy = match error.kind() {
        std::io::ErrorKind::NotFound => "create it, or correct the path",
        std::io::ErrorKind::PermissionDenied => "let the receiver's user read it",
        std::io::ErrorKind::InvalidData => "save it as UTF-8 text",
        _ => "make it a readable text file",
    };
    ConfigError::new(path, format!("cannot be read: {error}"), remedy)
}

#[cfg(test)]
mod tests;
