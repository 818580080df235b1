//! What a unit wants of voice, and how it would call.

use super::{Class, Request};

/// How and from where the voice call of a unit comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerId {
    /// How.
    pub scheme: Scheme,
    /// From where: a SIP address or a telephone number, often empty.
    pub address: String,
}

/// How a unit calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `sip`: by SIP.
    Sip,
    /// `sips`: by SIP over TLS.
    Sips,
    /// `sip-pp`: by SIP; what the rest means is not known (A that it occurs).
    SipPp,
    /// `tel`: by telephone.
    Tel,
    /// `gsm`: by telephone over a mobile network.
    Gsm,
    /// `no-voice`: not at all.
    NoVoice,
    /// Any other, as sent.
    Other(String),
}

impl Scheme {
    /// As written before the colon.
    pub fn as_str(&self) -> &str {
        match self {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::SipPp => "sip-pp",
            Scheme::Tel => "tel",
            Scheme::Gsm => "gsm",
            Scheme::NoVoice => "no-voice",
            Scheme::Other(scheme) => scheme,
        }
    }

    fn of(name: &str) -> Scheme {
        let name = name.trim();
        let known = [Scheme::Sip, Scheme::Sips, Scheme::SipPp, Scheme::Tel, Scheme::Gsm, Scheme::NoVoice];
        let found = known.into_iter().find(|scheme| scheme.as_str().eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| Scheme::Other(name.to_owned()))
    }

    /// Which of several is preferred, the least first: SIP, telephone, mobile telephone (B). None for what cannot call.
    fn preference(&self) -> Option<u8> {
        match self {
            Scheme::Sip | Scheme::Sips | Scheme::SipPp => Some(0),
            Scheme::Tel => Some(1),
            Scheme::Gsm => Some(2),
            Scheme::NoVoice | Scheme::Other(_) => None,
        }
    }
}

impl CallerId {
    /// Reads `scheme:address`; a text without a colon is an address of an unnamed scheme.
    pub fn read(text: &str) -> CallerId {
        let (scheme, address) = text.split_once(':').unwrap_or(("", text));
        CallerId { scheme: Scheme::of(scheme), address: address.trim().to_owned() }
    }

    /// As it is written.
    pub fn text(&self) -> String {
        match &self.scheme {
            Scheme::Other(scheme) if scheme.is_empty() && is_plain(&self.address) => self.address.clone(),
            scheme => format!("{}:{}", scheme.as_str(), self.address),
        }
    }
}

/// Whether an address without a scheme stands alone.
fn is_plain(address: &str) -> bool {
    !address.is_empty() && !address.contains(':')
}

/// What a unit wants of voice. Whether it gets it, the site's targets and the operators say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voice {
    /// No call.
    None,
    /// To be called back there: `scheme:address` as sent, none where the unit gave no address.
    Callback(Option<String>),
    /// To call by SIP.
    Sip,
    /// To call by telephone.
    Tel,
    /// To call over a mobile network.
    Gsm,
}

/// Media request of a unit that wants no voice (B).
const NO_MEDIA: &str = "4";

impl Request {
    /// What the unit wants. Only alarms and events about a person want voice; a unit that names no way to call would
    /// call by SIP (A). One that can call in several ways is asked for SIP before telephone before mobile (B).
    pub fn voice(&self) -> Voice {
        let Some(chosen) = self.ways().into_iter().next() else { return Voice::None };
        if self.call_handling == CALL_BACK {
            return Voice::Callback((!chosen.address.is_empty()).then(|| chosen.text()));
        }
        match chosen.scheme {
            Scheme::Sip | Scheme::Sips | Scheme::SipPp => Voice::Sip,
            Scheme::Tel => Voice::Tel,
            Scheme::Gsm => Voice::Gsm,
            Scheme::NoVoice | Scheme::Other(_) => Voice::None,
        }
    }

    /// The ways in which its voice could come, the preferred first; none where no voice is wanted.
    pub(super) fn ways(&self) -> Vec<CallerId> {
        if !matches!(self.class(), Class::LifeAlarm | Class::Care) || self.wants_no_media() {
            return Vec::new();
        }
        if self.callers.is_empty() {
            return vec![CallerId { scheme: Scheme::Sip, address: String::new() }];
        }
        let able = self.callers.iter().filter(|caller| caller.scheme.preference().is_some());
        let mut ways: Vec<CallerId> = able.cloned().collect();
        ways.sort_by_key(|caller| caller.scheme.preference());
        ways
    }

    fn wants_no_media(&self) -> bool {
        self.media_request.as_deref().is_some_and(|media| media.trim_start_matches('0') == NO_MEDIA)
    }
}

/// Call handling of a unit that wants to be called back (B); any other calls out.
pub(super) const CALL_BACK: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaip::{Dialects, Read, read};

    fn voice(rest: &str) -> Voice {
        let body = format!("<mrq><ref>1</ref><cid>1</cid><dty>3</dty>{rest}</mrq>");
        match read(body.as_bytes(), Dialects::default()) {
            Read::Request(request) => request.voice(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn voice_is_what_the_unit_can_and_wants() {
        let back = |address: &str| Voice::Callback(Some(address.to_owned()));
        for (rest, expected) in [
            ("", Voice::Sip),
            ("<crd>sip:</crd>", Voice::Sip),
            ("<crd>SIPS:a@b</crd>", Voice::Sip),
            ("<crd>sip-pp:</crd>", Voice::Sip),
            ("<crd>tel:+44</crd>", Voice::Tel),
            ("<crd>gsm:+</crd>", Voice::Gsm),
            ("<crd>gsm:+44</crd><crd>tel:+44</crd>", Voice::Tel),
            ("<crd>gsm:+44</crd><crd>tel:+44</crd><crd>sip:a@b</crd>", Voice::Sip),
            ("<crd>no-voice:</crd>", Voice::None),
            ("<crd>no-voice:</crd><crd>gsm:</crd>", Voice::Gsm),
            ("<crd>fax:1</crd>", Voice::None),
            ("<crd>+441632960001</crd>", Voice::None),
            ("<crd>gsm:</crd><mreq>4</mreq>", Voice::None),
            ("<crd>gsm:</crd><mreq>04</mreq>", Voice::None),
            ("<crd>gsm:</crd><mreq>1</mreq>", Voice::Gsm),
            ("<crd>gsm:+44</crd><cha>1</cha>", back("gsm:+44")),
            ("<crd>gsm:+44</crd><crd>tel:+45</crd><cha>01</cha>", back("tel:+45")),
            ("<cha>1</cha>", Voice::Callback(None)),
            ("<crd>no-voice:</crd><cha>1</cha>", Voice::None),
            ("<crd>gsm:</crd><cha>2</cha>", Voice::Gsm),
            ("<stc>22</stc>", Voice::Sip),
            ("<stc>16</stc>", Voice::None),
            ("<stc>19</stc>", Voice::None),
            ("<mty>PI</mty>", Voice::None),
            ("<mty>RE</mty>", Voice::None),
            ("<mty>IN</mty>", Voice::None),
        ] {
            assert_eq!(voice(rest), expected, "{rest}");
        }
    }

    #[test]
    fn a_caller_is_written_as_it_was_read() {
        for (text, scheme, address, again) in [
            ("gsm:", Scheme::Gsm, "", "gsm:"),
            ("Tel: +44", Scheme::Tel, "+44", "tel:+44"),
            ("sip:a@b:5060", Scheme::Sip, "a@b:5060", "sip:a@b:5060"),
            ("x:1", Scheme::Other("x".to_owned()), "1", "x:1"),
            ("1", Scheme::Other(String::new()), "1", "1"),
            (":a:b", Scheme::Other(String::new()), "a:b", ":a:b"),
            (":", Scheme::Other(String::new()), "", ":"),
        ] {
            let caller = CallerId::read(text);
            assert_eq!(caller, CallerId { scheme, address: address.to_owned() }, "{text}");
            assert_eq!(caller.text(), again);
            assert_eq!(CallerId::read(again), caller);
        }
    }
}
