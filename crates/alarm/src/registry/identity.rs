//! How a unit names itself: its account, in a protocol, in a namespace.
//!
//! ```text
//! north:surgard:0042                    lines that share the namespace "north"
//! redditch-1/surgard-1:surgard:0042     one line of one receiver, which has no namespace
//! north:bs8521:44120077/0027            dwelling 27 behind controller 44120077
//! ```
//! The text and the unit key of the same identity are made from the same parts, so that looking a unit up
//! is looking its key up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use telecare_protocol::Protocol;

use crate::unit::{identity_key, split_key};

/// Characters of an account or a local unit. No protocol sends more.
const ACCOUNT_CHARS_MAX: usize = 40;

/// One name of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Where it means this unit.
    pub namespace: Namespace,
    /// The protocol it is said in.
    pub protocol: Protocol,
    /// Account or controller, as the protocol's decoder gives it: leading zeros matter.
    pub account: String,
    /// The dwelling behind a controller.
    pub local_unit: Option<String>,
}

/// The set of lines in which an account means one unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Namespace {
    /// Lines that name this namespace in the configuration.
    Shared(String),
    /// One line that names none.
    Line {
        /// Its receiver.
        receiver: String,
        /// Its name.
        line: String,
    },
}

/// Why a text is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoIdentity(pub String);

impl Identity {
    /// The key a signal of this identity gets while no unit is registered for it.
    pub fn key(&self) -> Arc<str> {
        let namespace: &[&str] = match &self.namespace {
            Namespace::Shared(name) => &["in", name],
            Namespace::Line { receiver, line } => &["at", receiver, line],
        };
        identity_key(namespace, self.protocol, &self.account, self.local_unit.as_deref())
    }

    /// The identity an unregistered unit's key was made from; none where the key does not tell.
    pub fn from_key(key: &str) -> Option<Identity> {
        let parts = split_key(key)?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (namespace, rest) = match parts.as_slice() {
            ["unit", "in", name, rest @ ..] => (Namespace::Shared((*name).to_owned()), rest),
            ["unit", "at", receiver, line, rest @ ..] => {
                (Namespace::Line { receiver: (*receiver).to_owned(), line: (*line).to_owned() }, rest)
            }
            _ => return None,
        };
        let (protocol, account, local_unit) = match rest {
            [protocol, account] => (protocol, account, None),
            [protocol, account, local_unit] => (protocol, account, Some((*local_unit).to_owned())),
            _ => return None,
        };
        Some(Identity { namespace, protocol: protocol.parse().ok()?, account: (*account).to_owned(), local_unit })
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Namespace::Shared(name) => f.write_str(name),
            Namespace::Line { receiver, line } => write!(f, "{receiver}/{line}"),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.namespace, self.protocol, self.account)?;
        self.local_unit.as_ref().map_or(Ok(()), |local_unit| write!(f, "/{local_unit}"))
    }
}

impl FromStr for Identity {
    type Err = NoIdentity;

    fn from_str(text: &str) -> Result<Identity, NoIdentity> {
        let mut parts = text.trim().split(':').map(str::trim);
        let (Some(namespace), Some(protocol), Some(account), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoIdentity(format!("{text:?} is not NAMESPACE:PROTOCOL:ACCOUNT, like north:surgard:0042")));
        };
        let protocol: Protocol = protocol.parse().map_err(|_| {
            let known: Vec<&str> = Protocol::ALL
                .into_iter()
                .filter(|p| !matches!(p, Protocol::Detect | Protocol::Own))
                .map(|p| p.as_str())
                .collect();
            NoIdentity(format!("{protocol:?} is no protocol; known are {}", known.join(", ")))
        })?;
        if !is_spoken(protocol) {
            return Err(NoIdentity(format!("no unit speaks {:?}", protocol.as_str())));
        }
        let namespace = match namespace.split_once('/') {
            None => Namespace::Shared(name(namespace)?),
            Some((receiver, line)) => Namespace::Line { receiver: name(receiver)?, line: name(line)? },
        };
        let (account, local_unit) = match account.split_once('/') {
            None => (account, None),
            Some((account, local_unit)) => (account, Some(plain(local_unit)?)),
        };
        Ok(as_decoded(Identity { namespace, protocol, account: plain(account)?, local_unit }))
    }
}

/// Whether units speak it.
fn is_spoken(protocol: Protocol) -> bool {
    !matches!(protocol, Protocol::Detect | Protocol::Own)
}

/// BS 8521, TT92 and TTNEW numbers have one width on the wire: the decoder strips an account's filling zeros and keeps
/// a local unit's. Elsewhere 0042 and 42 are two units.
fn as_decoded(mut identity: Identity) -> Identity {
    if matches!(identity.protocol, Protocol::Bs8521 | Protocol::Tt92 | Protocol::TtNew) {
        identity.account = match identity.account.trim_start_matches('0') {
            "" => "0".to_owned(),
            account => account.to_owned(),
        };
    }
    if let Some(digits) = local_unit_digits(identity.protocol) {
        identity.local_unit = identity.local_unit.map(|local| format!("{local:0>digits$}"));
    }
    identity
}

/// Digits of a local unit, where the protocol has a fixed number.
fn local_unit_digits(protocol: Protocol) -> Option<usize> {
    match protocol {
        Protocol::Bs8521 => Some(4),
        Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld => Some(3),
        _ => None,
    }
}

/// The name of a namespace, receiver or line, as the configuration takes it.
fn name(text: &str) -> Result<String, NoIdentity> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || !text.chars().all(is_plain) {
        return Err(NoIdentity(format!(
            "{text:?} is no namespace; use the line's namespace from the configuration, or RECEIVER/LINE when it has none"
        )));
    }
    Ok(text.to_owned())
}

fn plain(text: &str) -> Result<String, NoIdentity> {
    let fits = (1..=ACCOUNT_CHARS_MAX).contains(&text.chars().count());
    if !fits || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '|') {
        return Err(NoIdentity(format!("{text:?} is no account; write it as the unit sends it")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_key_tell_the_same_identity() {
        let table = [
            ("north:surgard:0042", "unit/in/north/surgard/0042"),
            ("redditch-1/surgard-1:surgard:0042", "unit/at/redditch-1/surgard-1/surgard/0042"),
            ("north:bs8521:44120077/0027", "unit/in/north/bs8521/44120077/0027"),
        ];
        for (text, key) in table {
            let identity: Identity = text.parse().unwrap();
            assert_eq!((identity.to_string(), &*identity.key()), (text.to_owned(), key));
            assert_eq!(Identity::from_key(key), Some(identity));
        }
        for key in ["caller/in/north/01527", "line/r/l/own", "registered/x", "unit/in/north/surgard", ""] {
            assert_eq!(Identity::from_key(key), None, "{key}");
        }
    }

    #[test]
    fn zeros_matter_but_in_a_protocol_of_fixed_width() {
        let key = |text: &str| text.parse::<Identity>().unwrap().key();
        assert_ne!(key("n:surgard:0042"), key("n:surgard:42"));
        assert_eq!(key("n:bs8521:00012345"), key("n:bs8521:12345"));
        assert_eq!(key("n:bs8521:44120077/27"), key("n:bs8521:44120077/0027"));
        assert_eq!(key("n:tt92:000042/27"), key("n:tt92:42/027"));
        assert_ne!(key("n:ttold:0042"), key("n:ttold:42"));
    }

    #[test]
    fn a_wrong_one_is_told_with_what_would_be_right() {
        let table = [
            ("1234", "NAMESPACE:PROTOCOL:ACCOUNT"),
            ("a:b:c:d", "NAMESPACE:PROTOCOL:ACCOUNT"),
            ("north:sirguard:1", "surgard"),
            ("north:own:1", "no unit"),
            (":surgard:1", "no namespace"),
            ("nor th:surgard:1", "no namespace"),
            ("north:surgard:", "no account"),
            ("north:surgard:1 2", "no account"),
        ];
        for (text, words) in table {
            let error = text.parse::<Identity>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
