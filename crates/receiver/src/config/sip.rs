//! Where digital units come in, what they have to prove, and where their calls go; and the file of their accounts.
//!
//! ```toml
//! [[account]]
//! user = "unit-0042"                    # as the unit writes it in its answer to a challenge
//! password = "..."
//! identities = ["0042", "0043"]         # whom it may speak for; without it, its own user name alone
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use telecare_api::tls::Tls;
use telecare_protocol::Protocol;
use telecare_protocol::digital::{Account, Accounts, Authentication, Settings, Targets};
use telecare_protocol::nowip;
use toml::Spanned;

use super::check::Check;
use super::file::SipAuthentication;
use super::line::{Transport, UNITS_MAX, UNITS_USUAL};
use super::secret::SecretTable;
use super::{ConfigError, file};

/// Longest user name, password or identity, bytes.
const WORD_BYTES_MAX: usize = 128;

/// Longest address that calls are sent to, bytes.
const ADDRESS_BYTES_MAX: usize = 256;

/// What stands for the desk in `operator-address`.
pub const EXTENSION: &str = "{extension}";

/// A line of digital units.
#[derive(Clone, Debug, Default)]
pub struct Sip {
    /// Of its session.
    pub settings: Settings,
    /// Who may prove to be whom.
    pub accounts: Arc<Accounts>,
    /// How the operator at a desk is called, with [`EXTENSION`] for the desk; none where only the group is.
    pub operator_address: Option<String>,
}

/// Where a line of digital units listens. At least one of the three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipListen {
    /// For datagrams.
    pub udp: Option<SocketAddr>,
    /// For connections in clear.
    pub tcp: Option<SocketAddr>,
    /// For connections with TLS.
    pub tls: Option<SocketAddr>,
    /// How many may be connected at once, in clear and with TLS together; beyond it the newest is turned away.
    pub connections_max: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountFile {
    #[serde(default)]
    account: Vec<Spanned<AccountEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct AccountEntry {
    user: String,
    password: String,
    #[serde(default)]
    identities: Vec<String>,
}

impl Check<'_> {
    pub(super) fn sip_listen(&self, listen: &Spanned<file::SipListen>) -> Result<SipListen, ConfigError> {
        let set = listen.as_ref();
        let address = |address: &Option<Spanned<String>>| address.as_ref().map(|at| self.address(at)).transpose();
        let (udp, tcp, tls) = (address(&set.udp)?, address(&set.tcp)?, address(&set.tls)?);
        if udp.or(tcp).or(tls).is_none() {
            let error = self.error("sip-listen has no address", "name udp, tcp or tls, at least one of them");
            return Err(self.at(error, listen.span()));
        }
        if let (Some(at), true) = (&set.tls, tcp.is_some() && tcp == tls && tls.is_some_and(|tls| tls.port() != 0)) {
            let error = self.error("tcp and tls are the same address", "give each a port of its own: 5060 and 5061");
            return Err(self.at(error, at.span()));
        }
        let most = set.connections_max.as_ref().map_or(Ok(UNITS_USUAL), |set| self.within(set, 1..=UNITS_MAX))?;
        Ok(SipListen { udp, tcp, tls, connections_max: usize::try_from(most).unwrap_or(usize::MAX) })
    }

    /// Certificate and key, where it listens with TLS; with whose certificates units have to show.
    pub(super) fn sip_tls(&self, listen: &file::SipListen) -> Result<Option<Tls>, ConfigError> {
        let Some(address) = &listen.tls else {
            let idle = [&listen.certificate, &listen.key, &listen.client_certificates].into_iter().flatten().next();
            return match idle {
                Some(idle) => {
                    let error =
                        self.error("without tls this file would do nothing", "name a tls address, or remove it");
                    Err(self.at(error, idle.span()))
                }
                None => Ok(None),
            };
        };
        let (Some(certificate), Some(key)) = (&listen.certificate, &listen.key) else {
            let error = self.error("tls needs a certificate and its key", "name both: certificate and key, PEM files");
            return Err(self.at(error, address.span()));
        };
        let path = |file: &Spanned<PathBuf>| self.secret_path(file.as_ref());
        let units = listen.client_certificates.as_ref().map(path);
        let tls = Tls::load_for_units(&path(certificate), &path(key), units.as_deref());
        tls.map(Some).map_err(|error| ConfigError::new(&error.file, error.what, error.remedy))
    }

    /// SIP has carriers of its own, and wants answers.
    pub(super) fn fits_sip(&self, line: &file::Line, protocol: Protocol, is_sip: bool) -> Result<(), ConfigError> {
        let (what, remedy) = match (protocol, is_sip) {
            (Protocol::Sip, true) if line.listen_only => {
                ("SIP wants answers, so the line cannot only listen".to_owned(), "remove listen-only")
            }
            (Protocol::Sip, true) => return Ok(()),
            (Protocol::Sip, false) => ("digital units come to the receiver by SIP".to_owned(), "use sip-listen"),
            (Protocol::Scaip | Protocol::NowIp, _) => {
                (format!("{protocol} is a document within SIP; its line speaks both"), "write protocol = \"sip\"")
            }
            _ => (format!("nobody speaks {protocol} over SIP"), "use another transport, or protocol = \"sip\""),
        };
        Err(self.at(self.error(what, remedy), line.protocol.span()))
    }

    pub(super) fn sip(&self, line: &file::Line, transport: &Transport) -> Result<Sip, ConfigError> {
        let Some(set) = line.sip.as_ref().map(Spanned::as_ref) else { return Ok(Sip::default()) };
        let usual = Settings::default();
        let authentication = self.authentication(line, set, transport)?;
        let accounts = match &set.accounts_file {
            Some(file) => {
                let (path, text) = self.secret_table(file)?;
                accounts(&path, &text)?
            }
            None => Accounts::default(),
        };
        let target = |uri: &Option<Spanned<String>>, scheme, example| {
            uri.as_ref().map(|uri| self.target(uri, scheme, example)).transpose()
        };
        let targets = Targets {
            sip: target(&set.operators.sip, "sip:", "desk@pbx.example")?,
            tel: target(&set.operators.tel, "tel:", "+442079460000")?,
            gsm: target(&set.operators.gsm, "gsm:", "+447700900000")?,
        };
        let within = set.call_within_s.as_ref().map(|set| self.within(set, 0..=3_600)).transpose()?;
        let within = within.map(|within| (within > 0).then(|| Duration::from_secs(within)));
        let nowip = nowip::Settings {
            // NOW-IP units call here unless the site says that they do not.
            call_within: within.unwrap_or(usual.nowip.call_within),
            mac: set.mac.as_ref().map_or(Ok(usual.nowip.mac), |mac| self.mac(mac))?,
            ..usual.nowip
        };
        Ok(Sip {
            settings: Settings {
                authentication,
                realm: set.realm.as_ref().map_or(Ok(usual.realm), |realm| self.realm(realm))?,
                targets,
                call_within: within.flatten(),
                nowip,
                embedded_reply: set.embedded_reply.iter().cloned().collect(),
            },
            accounts: Arc::new(accounts),
            operator_address: set.operator_address.as_ref().map(|uri| self.operator_address(uri)).transpose()?,
        })
    }

    fn authentication(
        &self,
        line: &file::Line,
        set: &file::Sip,
        transport: &Transport,
    ) -> Result<Authentication, ConfigError> {
        let Some(written) = &set.authentication else { return Ok(Authentication::None) };
        let listen = line.sip_listen.as_ref().map(Spanned::as_ref);
        let in_clear = matches!(transport, Transport::SipListen(listen) if listen.udp.or(listen.tcp).is_some());
        let (what, remedy) = match written.as_ref() {
            SipAuthentication::None => return Ok(Authentication::None),
            SipAuthentication::Digest if set.accounts_file.is_none() => {
                ("units cannot prove a password that nobody knows", "name accounts-file, the file of their passwords")
            }
            SipAuthentication::Digest => return Ok(Authentication::Digest),
            SipAuthentication::Certificate if listen.is_none_or(|listen| listen.tls.is_none()) => {
                ("units show certificates over TLS alone", "name a tls address in sip-listen")
            }
            SipAuthentication::Certificate if listen.is_none_or(|listen| listen.client_certificates.is_none()) => {
                ("nobody's certificate would be known", "name client-certificates in sip-listen, the units' authority")
            }
            SipAuthentication::Certificate if in_clear => {
                ("a unit on udp or tcp has no certificate, so none would be heard there", "remove udp and tcp")
            }
            SipAuthentication::Certificate => return Ok(Authentication::Certificate),
        };
        Err(self.at(self.error(what, remedy), written.span()))
    }

    /// A label in our documents, as a rule the hardware address of this host.
    fn mac(&self, mac: &Spanned<String>) -> Result<String, ConfigError> {
        let text = mac.as_ref();
        let plain = text.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, ':' | '-' | '.'));
        if plain && (1..=WORD_BYTES_MAX).contains(&text.len()) {
            return Ok(text.clone());
        }
        Err(self.at(
            self.error(format!("{text:?} is no mac"), "write letters and digits, like 00:11:22:33:44:55"),
            mac.span(),
        ))
    }

    /// What stands between quotes in a challenge, and as host in our own addresses.
    fn realm(&self, realm: &Spanned<String>) -> Result<String, ConfigError> {
        let text = realm.as_ref();
        let plain = text.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '-'));
        if plain && (1..=WORD_BYTES_MAX).contains(&text.len()) {
            return Ok(text.clone());
        }
        let error = self.error(format!("{text:?} is no realm"), "write a host name, for example alarms.example");
        Err(self.at(error, realm.span()))
    }

    /// An address that units are told to call: of a scheme, and nothing that would end a header.
    fn target(&self, uri: &Spanned<String>, scheme: &str, example: &str) -> Result<String, ConfigError> {
        let text = uri.as_ref();
        let secure = text.strip_prefix("sips:").filter(|_| scheme == "sip:");
        let rest = text.strip_prefix(scheme).or(secure).filter(|rest| is_plain(rest));
        let is_good = if scheme == "sip:" { is_place } else { is_number };
        if rest.is_some_and(is_good) {
            return Ok(text.clone());
        }
        let error = self.error(format!("{text:?} is no address to call"), format!("write it as {scheme}{example}"));
        Err(self.at(error, uri.span()))
    }

    fn operator_address(&self, uri: &Spanned<String>) -> Result<String, ConfigError> {
        let text = uri.as_ref();
        let filled = text.replacen(EXTENSION, "1", 1);
        let rest = filled.strip_prefix("sip:").or_else(|| filled.strip_prefix("sips:"));
        if rest.is_some_and(|rest| is_plain(rest) && is_place(rest)) && filled != *text {
            return Ok(text.clone());
        }
        let error = self.error(
            format!("{text:?} is no address of a desk"),
            format!("write a SIP address with {EXTENSION} in it once: sip:{EXTENSION}@pbx.example"),
        );
        Err(self.at(error, uri.span()))
    }
}

fn is_plain(text: &str) -> bool {
    let ends = |one: char| one.is_whitespace() || one.is_control() || matches!(one, '<' | '>' | '"' | ',' | '{' | '}');
    text.is_ascii() && (1..=ADDRESS_BYTES_MAX).contains(&text.len()) && !text.contains(ends)
}

/// `user@host` or a host.
fn is_place(text: &str) -> bool {
    let (user, host) = text.split_once('@').map_or((None, text), |(user, host)| (Some(user), host));
    let host_ends = host.starts_with([':', ';', '?']) || host.is_empty() || host.contains('@');
    user != Some("") && !host_ends
}

/// `+` and digits.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Reads a file of accounts. No error shows any of a password.
fn accounts(path: &Path, text: &str) -> Result<Accounts, ConfigError> {
    let table = SecretTable { path, text, remedy: "write [[account]] with user, password, and identities if need be" };
    let parsed: AccountFile = table.parse("no file of accounts")?;
    let mut accounts = BTreeMap::new();
    for entry in parsed.account {
        let start = entry.span().start;
        let AccountEntry { user, password, identities } = entry.into_inner();
        let is_word = |word: &str| {
            (1..=WORD_BYTES_MAX).contains(&word.len()) && !word.contains(|one: char| one.is_control() || one == '"')
        };
        if !is_word(&user) {
            return Err(table.wrong(format!("{user:?} is no user name"), start));
        }
        if !is_word(&password) {
            return Err(table.wrong(format!("the password of {user} is empty, too long or has no plain text"), start));
        }
        if let Some(identity) = identities.iter().find(|identity| !is_word(identity)) {
            return Err(table.wrong(format!("{identity:?} of {user} is no identity"), start));
        }
        if accounts.contains_key(&user) {
            return Err(table.wrong(format!("{user} has two accounts"), start));
        }
        accounts.insert(user, Account { password, identities });
    }
    Ok(Accounts(accounts))
}

#[cfg(test)]
mod tests;
