//! The configuration file as written: every key, its default, nothing else. What the values mean together
//! is judged by `check`, which makes a [`super::Config`] of this.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::logging::{Format, Level};

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

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Line {
    pub name: Spanned<String>,
    pub protocol: Spanned<String>,
    pub namespace: Option<Spanned<String>>,
    #[serde(default)]
    pub listen_only: bool,
    pub serial: Option<Spanned<Serial>>,
    pub tcp_connect: Option<Spanned<TcpConnect>>,
    pub tcp_listen: Option<Spanned<TcpListen>>,
    pub udp_listen: Option<Spanned<UdpListen>>,
    pub voice_modem: Option<Spanned<VoiceModem>>,
    pub surgard: Option<Spanned<Automation>>,
    #[serde(rename = "ademco-685")]
    pub ademco685: Option<Spanned<Automation>>,
    #[serde(rename = "radionics-6500")]
    pub radionics6500: Option<Spanned<Automation>>,
    #[serde(rename = "sia-dc07")]
    pub sia_dc07: Option<Spanned<Automation>>,
    #[serde(rename = "cp-220")]
    pub cp220: Option<Spanned<Automation>>,
    pub iti: Option<Spanned<Automation>>,
    pub bs8521: Option<Spanned<Bs8521>>,
    pub tunstall: Option<Spanned<Tunstall>>,
    pub contact_id: Option<Spanned<ContactId>>,
    pub detect: Option<Spanned<Detect>>,
    #[serde(rename = "espa-444")]
    pub espa444: Option<Spanned<Espa>>,
    pub osborne_hoffman: Option<Spanned<OsborneHoffman>>,
    pub sia_dc03: Option<Spanned<Dc03>>,
    pub texecom: Option<Spanned<Texecom>>,
    #[serde(rename = "sia-dc09")]
    pub sia_dc09: Option<Spanned<SiaDc09>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Serial {
    pub path: Spanned<PathBuf>,
    pub speed: Spanned<u64>,
    #[serde(default = "data_bits")]
    pub data_bits: Spanned<u64>,
    #[serde(default)]
    pub parity: Parity,
    #[serde(default = "stop_bits")]
    pub stop_bits: Spanned<u64>,
}

/// The parity bit of a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// An odd number of ones.
    Odd,
    /// An even number of ones.
    Even,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TcpConnect {
    pub address: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TcpListen {
    pub address: Spanned<String>,
    pub connections_max: Option<Spanned<u64>>,
    pub connections_per_source_max: Option<Spanned<u64>>,
    pub tls: Option<Tls>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct UdpListen {
    pub address: Spanned<String>,
}

/// What all automation outputs have; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Automation {
    pub header_digits: Option<Spanned<u64>>,
    /// Of a CP-220, by the name of its manual; of a Radionics by that of its.
    #[serde(rename = "first-character", alias = "header-character")]
    pub first: Option<Spanned<u64>>,
    #[serde(rename = "last-character", alias = "trailer")]
    pub last: Option<Spanned<u64>>,
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
}

/// A telephone line on a voice modem.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct VoiceModem {
    pub path: Spanned<PathBuf>,
    #[serde(default = "modem_speed")]
    pub speed: Spanned<u64>,
    pub country: Option<Spanned<String>>,
    #[serde(default)]
    pub init: Vec<Spanned<String>>,
    pub answer: Option<Spanned<String>>,
    pub rings: Option<Spanned<u64>>,
    pub extension: Option<Spanned<String>>,
    pub report_delay_ms: Option<Spanned<u64>>,
    pub command_chars_max: Option<Spanned<u64>>,
}

/// What a site sets of BS 8521 calls; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Bs8521 {
    pub guard_wait_ms: Option<Spanned<u64>>,
    #[serde(default)]
    pub allow_control: bool,
}

/// What a site sets of TT92, TTNEW and TTOLD calls.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Tunstall {
    pub guard_wait_ms: Option<Spanned<u64>>,
    #[serde(default)]
    pub allow_control: bool,
    #[serde(default)]
    pub accept_unverified: bool,
    #[serde(default)]
    pub ttold: bool,
}

/// What a site sets of Contact ID calls, and of those in the fast format.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ContactId {
    pub fast_format: Option<bool>,
    #[serde(default)]
    pub accept_key_d: bool,
    #[serde(default)]
    pub always_speech: bool,
}

/// What callers' units are asked for, in which order.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Detect {
    pub order: Spanned<Vec<Spanned<String>>>,
}

/// What an ESPA 4.4.4 line has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Espa {
    pub role: Option<Spanned<EspaRole>>,
    pub address: Option<Spanned<u64>>,
    pub control_address: Option<Spanned<u64>>,
    pub polled: Option<Spanned<bool>>,
    pub stations: Option<Spanned<Vec<Spanned<u64>>>>,
    pub needs_selection: Option<bool>,
    pub texts: Option<Spanned<PathBuf>>,
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub retry_window_s: Option<Spanned<u64>>,
    pub partial_block_ms: Option<Spanned<u64>>,
    pub selection_s: Option<Spanned<u64>>,
    pub turn_s: Option<Spanned<u64>>,
    pub poll_every_s: Option<Spanned<u64>>,
    pub reply_wait_ms: Option<Spanned<u64>>,
    pub attempts: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
}

/// What a SIA DC-09 line has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SiaDc09 {
    pub keys_file: Option<Spanned<PathBuf>>,
    pub partial_frame_s: Option<Spanned<u64>>,
}

/// Which side of an ESPA 4.4.4 line this receiver is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EspaRole {
    Station,
    Control,
}

/// What an Osborne-Hoffman line has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OsborneHoffman {
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub retry_window_s: Option<Spanned<u64>>,
    pub partial_message_ms: Option<Spanned<u64>>,
    pub idle_s: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
}

/// What a line of DC-03 blocks has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Dc03 {
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub attempts: Option<Spanned<u64>>,
    pub block_gap_ms: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
}

/// What a line of Texecom panels has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Texecom {
    pub poll_minutes: Option<Spanned<u64>>,
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub retry_window_s: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
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

fn data_bits() -> Spanned<u64> {
    unwritten(8)
}

fn stop_bits() -> Spanned<u64> {
    unwritten(1)
}

fn modem_speed() -> Spanned<u64> {
    unwritten(115_200)
}

fn from_level() -> Spanned<u64> {
    unwritten(1)
}

fn timeout_ms() -> Spanned<u64> {
    unwritten(5000)
}
