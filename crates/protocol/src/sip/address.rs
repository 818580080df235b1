//! Addresses: `"Name" <sip:user@host:port;uri-parameter>;parameter`.

use std::net::SocketAddr;

use super::headers::{parameters, split, unquoted};
use super::read::text;

/// What From, To and Contact hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The name for people, without quotes; empty where there is none.
    pub display: String,
    /// The URI as it was written.
    pub uri: String,
    /// The parameters behind it, names in lower case.
    pub parameters: Vec<(String, Option<String>)>,
}

impl Address {
    /// Reads one, with or without angle brackets. Without them every parameter is the header's (RFC 3261, 20).
    pub fn read(value: &str) -> Option<Address> {
        let mut pieces = split(value, ';');
        let head = pieces.next()?;
        let (display, uri) = match bracketed(head) {
            Some((display, uri)) => (unquoted(display.trim()), uri),
            None => (String::new(), head),
        };
        let uri = uri.trim();
        (!uri.is_empty()).then(|| Address { display, uri: uri.to_owned(), parameters: parameters(pieces) })
    }

    /// The tag; none where it is absent, as some units leave it.
    pub fn tag(&self) -> Option<&str> {
        self.parameter("tag")
    }

    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(its, _)| its == name)?.1.as_deref()
    }

    /// The user of its URI, unescaped.
    pub fn user(&self) -> Option<String> {
        Uri::read(&self.uri)?.user
    }
}

/// Display name and URI of an address in brackets; a missing closing bracket is forgiven.
fn bracketed(head: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let at = head.find(|c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == '<' && !quoted,
        }
        false
    })?;
    let (display, rest) = head.split_at_checked(at)?;
    let rest = rest.strip_prefix('<')?;
    Some((display, rest.split_once('>').map_or(rest, |(uri, _)| uri)))
}

/// A SIP, SIPS or other URI, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// `sip`, `sips`, `tel`..., in lower case.
    pub scheme: String,
    /// Whom, unescaped and without password; for `tel` the number.
    pub user: Option<String>,
    /// Where, in lower case; an IPv6 address without brackets. Empty for `tel`.
    pub host: String,
    /// The port, where one is named.
    pub port: Option<u16>,
    /// The parameters behind it, names in lower case.
    pub parameters: Vec<(String, Option<String>)>,
}

impl Uri {
    /// Reads one. None if it has no scheme, or its host or port cannot be one.
    pub fn read(uri: &str) -> Option<Uri> {
        let (scheme, rest) = uri.trim().split_once(':')?;
        let scheme = scheme.trim().to_ascii_lowercase();
        if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            return None;
        }
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        if scheme == "tel" {
            let mut pieces = rest.split(';');
            let user = pieces.next().map(unescaped).filter(|user| !user.is_empty());
            return Some(Uri { scheme, user, host: String::new(), port: None, parameters: parameters(pieces) });
        }
        // A user part may hold semicolons, so what is before the at-sign is taken off first.
        let (user, rest) = rest.rsplit_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
        let mut pieces = rest.split(';');
        let (host, port) = host_and_port(pieces.next()?.trim())?;
        let user = user.map(|user| unescaped(user.split_once(':').map_or(user, |(user, _)| user)));
        let user = user.filter(|user| !user.is_empty());
        Some(Uri { scheme, user, host, port, parameters: parameters(pieces) })
    }
}

/// `host`, `host:port`, `[v6]:port`.
pub(super) fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            (host, rest.trim_start().strip_prefix(':'))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let host = host.trim();
    let port = match port {
        Some(port) => Some(port.trim().parse().ok()?),
        None => None,
    };
    let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "<>\",;".contains(c));
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

/// Replaces `%41` by `A`; what is no escape stays.
fn unescaped(escaped: &str) -> String {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = if *first == b'%' { tail.split_at_checked(2) } else { None };
        let value = hex.and_then(|(hex, tail)| Some((hex_byte(hex)?, tail)));
        let (byte, tail) = value.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = tail;
    }
    text(&bytes)
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The URI of a user at an address: where one is reached who has given no Contact.
pub fn address_of(user: &str, remote: SocketAddr) -> String {
    format!("sip:{}@{remote}", escaped(user))
}

/// Fit to be the user part of a URI: the reverse of what [`Uri::read`] undoes.
pub(super) fn escaped(user: &str) -> String {
    let mut out = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let table = [
            ("<sip:90000001@arc.example.org>;tag=1", "", "sip:90000001@arc.example.org", Some("90000001"), Some("1")),
            ("sip:90000001@arc.example.org;tag=a", "", "sip:90000001@arc.example.org", Some("90000001"), Some("a")),
            (r#""A \"<b>\" c" <sip:%2B44@h;x=y> ;TAG = q"#, "A \"<b>\" c", "sip:%2B44@h;x=y", Some("+44"), Some("q")),
            ("Küche <sips:1:secret@[2001:DB8::1]:5061>", "Küche", "sips:1:secret@[2001:DB8::1]:5061", Some("1"), None),
            ("<sip:arc.example.org>", "", "sip:arc.example.org", None, None),
            ("<tel:+441632960111;x=1>", "", "tel:+441632960111;x=1", Some("+441632960111"), None),
            ("<sip:open@h", "", "sip:open@h", Some("open"), None),
            ("*", "", "*", None, None),
        ];
        for (value, display, uri, user, tag) in table {
            let address = Address::read(value).unwrap();
            assert_eq!((address.display.as_str(), address.uri.as_str()), (display, uri), "{value}");
            assert_eq!((address.user().as_deref(), address.tag()), (user, tag), "{value}");
        }
        assert_eq!(Address::read(""), None);
        assert_eq!(Address::read("<>;tag=1"), None);
    }

    #[test]
    fn uris_are_taken_apart() {
        let uri = Uri::read("SIP:a;b%@Host.Example:5066;Transport=tcp;lr?x=y@z").unwrap();
        assert_eq!((uri.scheme.as_str(), uri.user.as_deref()), ("sip", Some("a;b%")));
        assert_eq!((uri.host.as_str(), uri.port), ("host.example", Some(5066)));
        assert_eq!(uri.parameters, [("transport".to_owned(), Some("tcp".to_owned())), ("lr".to_owned(), None)]);
        let uri = Uri::read("sip:u@[2001:db8::1]").unwrap();
        assert_eq!((uri.host.as_str(), uri.port), ("2001:db8::1", None));
        for bad in ["", "sip", "sip:", "sip:a@", "sip:a@h:99999", "sip:a@h:x", "sip:a@[::1", "s p:a@h"] {
            assert_eq!(Uri::read(bad), None, "{bad}");
        }
        assert_eq!(Uri::read(&format!("sip:{}@h", escaped("a b@é;%"))).unwrap().user.unwrap(), "a b@é;%");
    }
}
