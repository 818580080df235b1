//! What a site sets of a line of digital units.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Settings of a line of digital units.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What a unit has to prove.
    pub authentication: Authentication,
    /// The realm of the challenge, and the host of our own addresses.
    pub realm: String,
    /// Where voice goes.
    pub targets: Targets,
    /// How long after an alarm that wants voice its call is waited for; none where calls never come here.
    pub call_within: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            authentication: Authentication::None,
            realm: "telecare".to_owned(),
            targets: Targets::default(),
            call_within: None,
        }
    }
}

/// What a unit has to prove before its message counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Nothing: anybody who reaches the port is heard.
    #[default]
    None,
    /// It knows its password (RFC 2617, 8760).
    Digest,
    /// Its TLS certificate, which the listener has verified.
    Certificate,
}

/// Where voice goes. A missing one is never offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The operators' group, for units that call by SIP: a SIP URI.
    pub sip: Option<String>,
    /// For units that telephone: `tel:+...`.
    pub tel: Option<String>,
    /// For units that telephone over a mobile network: `gsm:+...`.
    pub gsm: Option<String>,
}

/// Who may prove to be whom. Read again while the line runs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Accounts(pub BTreeMap<String, Account>);

/// One unit's credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its password.
    pub password: String,
    /// The identities it may speak for; its own user name where none are listed.
    pub identities: Vec<String>,
}

impl fmt::Debug for Accounts {
    /// No password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accounts").field(&self.0.len()).finish()
    }
}
