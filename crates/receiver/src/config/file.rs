//! The configuration file as written: every key, its default, nothing else. What the values mean together
//! is judged by `check`, which makes a [`super::Config`] of this.

mod line;

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::logging::{Format, Level};

pub use line::Parity;
pub(super) use line::{
    Automation, Espa, EspaRole, Line, OsborneHoffman, Serial, Sip, SipAuthentication, SipListen, VoiceModem,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub receiver: Receiver,
    pub journal: Journal,
    pub database: Option<Database>,
    #[serde(default)]
    pub intake: Intake,
    pub policy: Option<Policy>,
    pub choices: Option<Choices>,
    pub codes: Option<Codes>,
    #[serde(default)]
    pub api: Api,
    #[serde(default)]
    pub metrics: Metrics,
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    pub line: Vec<Spanned<Line>>,
    #[serde(default)]
    pub webhook: Vec<Spanned<Webhook>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Receiver {
    pub name: Spanned<String>,
    #[serde(default)]
    pub site: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Journal {
    pub directory: Spanned<PathBuf>,
    #[serde(default = "keep_days")]
    pub keep_days: Spanned<u64>,
    #[serde(default = "size_max_mib")]
    pub size_max_mib: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Database {
    pub urls: Spanned<Vec<Spanned<String>>>,
    pub password_file: Option<Spanned<PathBuf>>,
    #[serde(default = "stall_ms")]
    pub stall_ms: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Intake {
    #[serde(default = "ack_wait_ms")]
    pub ack_wait_ms: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Policy {
    pub file: Spanned<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Choices {
    pub file: Spanned<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Codes {
    pub directory: Spanned<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Api {
    #[serde(default = "api_listen")]
    pub listen: Spanned<String>,
    pub tls: Option<Tls>,
    #[serde(default)]
    pub insecure: bool,
    #[serde(default)]
    pub origins: Vec<Spanned<String>>,
    #[serde(default = "tokens")]
    pub tokens: PathBuf,
    #[serde(default = "lease_s")]
    pub lease_s: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Metrics {
    #[serde(default = "metrics_listen")]
    pub listen: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Log {
    pub format: Option<Format>,
    #[serde(default)]
    pub level: Level,
}

/// Where escalations go out to.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Webhook {
    pub name: Spanned<String>,
    pub url: Spanned<String>,
    #[serde(default)]
    pub insecure: bool,
    pub secret_file: Spanned<PathBuf>,
    #[serde(default = "from_level")]
    pub from_level: Spanned<u64>,
    pub ca: Option<Spanned<PathBuf>>,
    #[serde(default = "timeout_ms")]
    pub timeout_ms: Spanned<u64>,
}

impl Default for Intake {
    fn default() -> Self {
        Intake { ack_wait_ms: ack_wait_ms() }
    }
}

impl Default for Api {
    fn default() -> Self {
        Api {
            listen: api_listen(),
            tls: None,
            insecure: false,
            origins: Vec::new(),
            tokens: tokens(),
            lease_s: lease_s(),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics { listen: metrics_listen() }
    }
}

/// A default stands nowhere in the file; no rule refuses one, so its place is never shown.
fn unwritten<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn keep_days() -> Spanned<u64> {
    unwritten(7)
}

fn size_max_mib() -> Spanned<u64> {
    unwritten(2048)
}

fn stall_ms() -> Spanned<u64> {
    unwritten(2000)
}

fn ack_wait_ms() -> Spanned<u64> {
    unwritten(100)
}

fn api_listen() -> Spanned<String> {
    unwritten("127.0.0.1:8460".to_owned())
}

fn tokens() -> PathBuf {
    PathBuf::from("tokens.toml")
}

fn lease_s() -> Spanned<u64> {
    unwritten(120)
}

fn metrics_listen() -> Spanned<String> {
    unwritten("127.0.0.1:9460".to_owned())
}

fn from_level() -> Spanned<u64> {
    unwritten(1)
}

fn timeout_ms() -> Spanned<u64> {
    unwritten(5000)
}
