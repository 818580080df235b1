//! Who may prove to be whom.

use std::collections::BTreeMap;
use std::fmt;

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
