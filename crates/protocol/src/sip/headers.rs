//! The headers of a message, in their order.

use super::address::Address;
use super::message::CSeq;
use super::via::Via;

/// Headers in the order they came. Names are looked up without regard to case; compact names count as the full ones.
///
/// `Content-Length` is framing: it is never kept here, and written from the body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// None yet.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// The value of the first header of this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all headers of this name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = full_name(name).to_owned();
        self.0.iter().filter(move |(its, _)| its.eq_ignore_ascii_case(&name)).map(|(_, value)| value.as_str())
    }

    /// Adds one at the end. What is no name adds nothing; control characters of the value, line ends above all, become
    /// blanks.
    pub fn push(&mut self, name: &str, value: &str) {
        let name = full_name(name);
        if is_token(name) && !name.eq_ignore_ascii_case("Content-Length") {
            self.0.push((name.to_owned(), clean(value)));
        }
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who sends, as far as it can be read.
    pub fn from(&self) -> Option<Address> {
        Address::read(self.first("From")?)
    }

    /// To whom, as far as it can be read.
    pub fn to(&self) -> Option<Address> {
        Address::read(self.first("To")?)
    }

    /// Where its sender is reached, as far as it can be read; the first one of several.
    pub fn contact(&self) -> Option<Address> {
        Address::read(split(self.first("Contact")?, ',').next()?)
    }

    /// The topmost Via.
    pub fn via(&self) -> Option<Via> {
        Via::read(split(self.first("Via")?, ',').next()?)
    }

    /// The number and method of its request.
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::read(self.first("CSeq")?)
    }

    /// The name of its call; none when it is empty.
    pub fn call_id(&self) -> Option<&str> {
        self.first("Call-ID").filter(|id| !id.is_empty())
    }
}

/// The full name of a compact one (RFC 3261, 20).
fn full_name(name: &str) -> &str {
    match name {
        "f" | "F" => "From",
        "t" | "T" => "To",
        "v" | "V" => "Via",
        "i" | "I" => "Call-ID",
        "m" | "M" => "Contact",
        "l" | "L" => "Content-Length",
        "c" | "C" => "Content-Type",
        "k" | "K" => "Supported",
        _ => name,
    }
}

/// Whether it may be a name in SIP.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte))
}

/// Fit to stand on one line.
pub(super) fn clean(value: &str) -> String {
    let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    value.trim().to_owned()
}

/// Splits at a character that stands neither in quotes nor in angle brackets; the pieces are trimmed.
pub(super) fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped, mut bracketed) = (false, false, false);
    text.split(move |c: char| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            _ => return c == at && !quoted && !bracketed,
        }
        false
    })
    .map(str::trim)
}

/// The value without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// The parameters behind a value: `;name=value` or `;name`, names in lower case.
pub(super) fn parameters<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<(String, Option<String>)> {
    let named = pieces.filter(|piece| !piece.is_empty());
    named
        .map(|piece| match piece.split_once('=') {
            Some((name, value)) => (name.trim().to_ascii_lowercase(), Some(unquoted(value.trim()))),
            None => (piece.to_ascii_lowercase(), None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_their_case_and_length() {
        let mut headers = Headers::new();
        headers.push("f", "<sip:1@a>");
        headers.push("VIA", "one");
        headers.push("v", "two");
        headers.push("l", "12");
        headers.push("X-Any", " a\r\nInjected: b ");
        headers.push("not a name", "x");
        assert_eq!(headers.first("from"), Some("<sip:1@a>"));
        assert_eq!(headers.first("F"), Some("<sip:1@a>"));
        assert_eq!(headers.all("Via").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(headers.first("Content-Length"), None);
        assert_eq!(headers.first("x-any"), Some("a  Injected: b"));
        assert_eq!(headers.len(), 4);
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_split() {
        let value = r#""a, \" b" <sip:1@a?x=1,2>;p=",", <sip:2@b>"#;
        let pieces: Vec<&str> = split(value, ',').collect();
        assert_eq!(pieces, [r#""a, \" b" <sip:1@a?x=1,2>;p=",""#, "<sip:2@b>"]);
        assert_eq!(unquoted(r#""a \"b\"""#), r#"a "b""#);
    }
}
