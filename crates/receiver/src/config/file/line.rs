//! A line as it is written, with the tables of what it speaks and comes over.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::{Tls, unwritten};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Line {
    pub name: Spanned<String>,
    pub protocol: Spanned<String>,
    pub namespace: Option<Spanned<String>>,
    #[serde(default)]
    pub listen_only: bool,
    pub serial: Option<Spanned<Serial>>,
    pub tcp_connect: Option<Spanned<TcpConnect>>,
    pub tcp_listen: Option<Spanned<TcpListen>>,
    pub udp_listen: Option<Spanned<UdpListen>>,
    pub sip_listen: Option<Spanned<SipListen>>,
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
    pub sip: Option<Spanned<Sip>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Serial {
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
pub(in crate::config) struct TcpConnect {
    pub address: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct TcpListen {
    pub address: Spanned<String>,
    pub connections_max: Option<Spanned<u64>>,
    pub connections_per_source_max: Option<Spanned<u64>>,
    pub tls: Option<Tls>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct UdpListen {
    pub address: Spanned<String>,
}

/// Where digital units come in: any of the three, at least one.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct SipListen {
    pub udp: Option<Spanned<String>>,
    pub tcp: Option<Spanned<String>>,
    pub tls: Option<Spanned<String>>,
    pub certificate: Option<Spanned<PathBuf>>,
    pub key: Option<Spanned<PathBuf>>,
    pub client_certificates: Option<Spanned<PathBuf>>,
    pub connections_max: Option<Spanned<u64>>,
    pub connections_per_source_max: Option<Spanned<u64>>,
}

/// What all automation outputs have; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Automation {
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
pub(in crate::config) struct VoiceModem {
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
pub(in crate::config) struct Bs8521 {
    pub guard_wait_ms: Option<Spanned<u64>>,
    #[serde(default)]
    pub allow_control: bool,
}

/// What a site sets of TT92, TTNEW and TTOLD calls.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Tunstall {
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
pub(in crate::config) struct ContactId {
    pub fast_format: Option<bool>,
    #[serde(default)]
    pub accept_key_d: bool,
    #[serde(default)]
    pub always_speech: bool,
}

/// What callers' units are asked for, in which order.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Detect {
    pub order: Spanned<Vec<Spanned<String>>>,
}

/// What an ESPA 4.4.4 line has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Espa {
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
pub(in crate::config) struct SiaDc09 {
    pub keys_file: Option<Spanned<PathBuf>>,
    pub partial_frame_s: Option<Spanned<u64>>,
}

/// What a line of digital units has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Sip {
    pub authentication: Option<Spanned<SipAuthentication>>,
    pub accounts_file: Option<Spanned<PathBuf>>,
    pub realm: Option<Spanned<String>>,
    #[serde(default)]
    pub operators: SipOperators,
    pub operator_address: Option<Spanned<String>>,
    pub call_within_s: Option<Spanned<u64>>,
    #[serde(default)]
    pub embedded_reply: Vec<String>,
    pub mac: Option<Spanned<String>>,
}

/// What a digital unit has to prove.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum SipAuthentication {
    None,
    Digest,
    Certificate,
}

/// Where units are told to call.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct SipOperators {
    pub sip: Option<Spanned<String>>,
    pub tel: Option<Spanned<String>>,
    pub gsm: Option<Spanned<String>>,
}

/// Which side of an ESPA 4.4.4 line this receiver is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum EspaRole {
    Station,
    Control,
}

/// What an Osborne-Hoffman line has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct OsborneHoffman {
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub retry_window_s: Option<Spanned<u64>>,
    pub partial_message_ms: Option<Spanned<u64>>,
    pub idle_s: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
}

/// What a line of DC-03 blocks has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Dc03 {
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub attempts: Option<Spanned<u64>>,
    pub block_gap_ms: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
}

/// What a line of Texecom panels has; the defaults are the protocol's.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::config) struct Texecom {
    pub poll_minutes: Option<Spanned<u64>>,
    pub ack_wait_ms: Option<Spanned<u64>>,
    pub retry_window_s: Option<Spanned<u64>>,
    pub link_watch_s: Option<Spanned<u64>>,
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
