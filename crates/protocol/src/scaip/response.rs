//! The answer: what became of a message, and what its unit is to do about voice.

use super::document::{Elements, code};
use super::read::{ANSWER_ROOT, EMBEDDED_ROOT};
use super::root::{root, scan};
use super::{DocumentError, Snu};

/// The reference of an answer to what had none that could be echoed (C).
pub(super) const NO_REFERENCE: &str = "0";
/// Characters of a status text (A).
const TEXT_CHARS_MAX: usize = 128;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `ref` of the message that is answered, as sent; empty where an answer was read that has none.
    pub reference: String,
    /// `snu`.
    pub number: Snu,
    /// `ste`, for whoever looks for the reason; written only when the number is not zero, up to 128 characters.
    pub text: Option<String>,
    /// The voice call that is wanted; none for no call.
    pub voice: Option<VoiceReply>,
    /// Whether it is of the dialect that carries it in the body of the SIP answer.
    pub embedded: bool,
}

/// The voice call that a unit is to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceReply {
    /// `mre`.
    pub media: Media,
    /// `cre`.
    pub call: CallHandling,
    /// `tnu`: whom to call, `sip:`, `tel:` or `gsm:`.
    pub number: Option<String>,
}

/// Which way voice goes (B); zero, no call, is an answer without a [`VoiceReply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// 1: both ways.
    Duplex,
    /// 2: the operator only listens.
    Microphone,
    /// 3: the operator only speaks.
    Speaker,
    /// Any other.
    Other(u16),
}

/// Whom the unit calls (A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallHandling {
    /// 61: the receiver that is set in the unit; also when nothing is said.
    Predefined,
    /// 62: the number in the answer.
    Transferred,
    /// Any other.
    Other(u16),
}

impl Media {
    fn number(self) -> u16 {
        match self {
            Media::Duplex => 1,
            Media::Microphone => 2,
            Media::Speaker => 3,
            Media::Other(number) => number,
        }
    }

    fn of(number: u16) -> Option<Media> {
        match number {
            0 => None,
            1 => Some(Media::Duplex),
            2 => Some(Media::Microphone),
            3 => Some(Media::Speaker),
            other => Some(Media::Other(other)),
        }
    }
}

impl CallHandling {
    fn number(self) -> u16 {
        match self {
            CallHandling::Predefined => 61,
            CallHandling::Transferred => 62,
            CallHandling::Other(number) => number,
        }
    }

    fn of(number: u16) -> CallHandling {
        match number {
            61 => CallHandling::Predefined,
            62 => CallHandling::Transferred,
            other => CallHandling::Other(other),
        }
    }
}

impl Response {
    /// The answer to a message that is stored.
    pub fn ok(reference: &str) -> Response {
        Response { reference: reference.to_owned(), number: Snu::Ok, text: None, voice: None, embedded: false }
    }

    /// Reads a well-formed answer, for whoever sent the message.
    pub fn read(body: &[u8]) -> Result<Response, DocumentError> {
        let (text, _) = super::root::text_of(body);
        let elements = Elements::parse(&text)?;
        if !matches!(elements.root.as_str(), ANSWER_ROOT | EMBEDDED_ROOT) {
            return Err(DocumentError::UnknownRoot { root: elements.root });
        }
        let embedded = elements.root == EMBEDDED_ROOT;
        let find = |element: &'static str| elements.one(element);
        let missing = |element: &'static str| DocumentError::MissingElement { element };
        let reference = find("ref")?.ok_or_else(|| missing("ref"))?.to_owned();
        let number = find("snu")?.ok_or_else(|| missing("snu"))?;
        let number: u32 =
            number.parse().map_err(|_| DocumentError::BadContent { element: "snu", content: number.to_owned() })?;
        let media = elements.code("mre", 99)?.and_then(Media::of);
        let call = elements.code("cre", 99)?.map_or(CallHandling::Predefined, CallHandling::of);
        let to = find("tnu")?.map(str::to_owned);
        let voice = media.map(|media| VoiceReply { media, call, number: to });
        Ok(Response { reference, number: Snu::of(number), text: find("ste")?.map(str::to_owned), voice, embedded })
    }

    /// What can be read of an answer, however broken. One without a readable number is no good news.
    pub(super) fn recovered(text: &str) -> Response {
        if let Ok(response) = Response::read(text.as_bytes()) {
            return response;
        }
        let number = scan(text, "snu").and_then(|number| code(number, u16::MAX));
        Response {
            reference: scan(text, "ref").unwrap_or_default().to_owned(),
            number: number.map_or(Snu::Undefined, |number| Snu::of(number.into())),
            text: scan(text, "ste").map(str::to_owned),
            voice: None,
            embedded: root(text) == Some(EMBEDDED_ROOT),
        }
    }

    /// The document, always written the same way: no declaration, no blanks, `ste` only with bad news, what is about
    /// voice only where a call is wanted.
    pub fn write(&self) -> String {
        let mut document = Writer::new(if self.embedded { EMBEDDED_ROOT } else { ANSWER_ROOT });
        document.element("ref", &self.reference);
        document.element("snu", &self.number.number().to_string());
        if self.number != Snu::Ok
            && let Some(text) = &self.text
        {
            document.element("ste", &text.chars().take(TEXT_CHARS_MAX).collect::<String>());
        }
        if let Some(voice) = &self.voice {
            document.element("mre", &voice.media.number().to_string());
            document.element("cre", &voice.call.number().to_string());
            if let Some(number) = &voice.number {
                document.element("tnu", number);
            }
        }
        document.end()
    }
}

/// Writes elements one after the other, without blanks.
pub(super) struct Writer {
    root: &'static str,
    text: String,
}

impl Writer {
    pub(super) fn new(root: &'static str) -> Writer {
        Writer { root, text: format!("<{root}>") }
    }

    pub(super) fn open(&mut self, name: &str) {
        self.text.push_str(&format!("<{name}>"));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.text.push_str(&format!("</{name}>"));
    }

    pub(super) fn element(&mut self, name: &str, content: &str) {
        self.open(name);
        for c in content.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&apos;"),
                c => self.text.push(c),
            }
        }
        self.close(name);
    }

    pub(super) fn end(mut self) -> String {
        self.close(self.root);
        self.text
    }
}
