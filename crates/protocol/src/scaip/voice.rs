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
            Scheme::Other(scheme) if scheme.is_empty() => self.address.clone(),
            scheme => format!("{}:{}", scheme.as_str(), self.address),
        }
    }
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
        if !matches!(self.class(), Class::LifeAlarm | Class::Care) || self.wants_no_media() {
            return Voice::None;
        }
        let by_default = CallerId { scheme: Scheme::Sip, address: String::new() };
        let callers = if self.callers.is_empty() { std::slice::from_ref(&by_default) } else { &*self.callers };
        let able = callers.iter().filter_map(|caller| Some((caller.scheme.preference()?, caller)));
        let chosen = able.min_by_key(|(preference, _)| *preference);
        if self.call_handling == CALL_BACK {
            let address = |caller: &CallerId| (!caller.address.is_empty()).then(|| caller.text());
            return chosen.map_or(Voice::None, |(_, caller)| Voice::Callback(address(caller)));
        }
        match chosen {
            Some((0, _)) => Voice::Sip,
            Some((1, _)) => Voice::Tel,
            Some((_, _)) => Voice::Gsm,
            None => Voice::None,
        }
    }

    fn wants_no_media(&self) -> bool {
        self.media_request.as_deref().is_some_and(|media| media.trim_start_matches('0') == NO_MEDIA)
    }
}

/// Call handling of a unit that wants to be called back (B); any other calls out.
const CALL_BACK: u8 = 1;
