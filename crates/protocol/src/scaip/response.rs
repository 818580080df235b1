//! The answer: what became of a message, and what its unit is to do about voice.

use super::document::{Elements, code};
use super::read::{ANSWER_ROOT, EMBEDDED_ROOT};
use super::root::{root, scan};
use super::voice::CALL_BACK;
use super::{CallerId, DocumentError, Request, Scheme, Snu};
use crate::digital::Targets;

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

    /// The answer to a request that is stored: the call that its unit wants, where the site has somewhere for it to go.
    pub fn accepted(request: &Request, targets: &Targets) -> Response {
        let target = |caller: CallerId| match caller.scheme {
            Scheme::Sip | Scheme::Sips | Scheme::SipPp => targets.sip.clone(),
            Scheme::Tel => targets.tel.clone(),
            Scheme::Gsm => targets.gsm.clone(),
            Scheme::NoVoice | Scheme::Other(_) => None,
        };
        let calls_out = request.call_handling != CALL_BACK;
        let number = request.ways().into_iter().filter(|_| calls_out).find_map(target);
        let voice = number.map(|number| VoiceReply {
            media: Media::Duplex,
            call: CallHandling::Transferred,
            number: Some(number),
        });
        Response { voice, embedded: request.embedded, ..Response::ok(&request.reference) }
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
                // As such it would be read as the end of a line.
                '\r' => self.text.push_str("&#13;"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn response(number: Snu, text: Option<&str>, voice: Option<VoiceReply>) -> Response {
        Response { number, text: text.map(str::to_owned), voice, ..Response::ok("R1") }
    }

    fn voice(media: Media, call: CallHandling, number: Option<&str>) -> Option<VoiceReply> {
        Some(VoiceReply { media, call, number: number.map(str::to_owned) })
    }

    #[test]
    fn answers_are_written_the_one_way_and_read_again() {
        for (said, document) in [
            (response(Snu::Ok, None, None), "<mrs><ref>R1</ref><snu>0</snu></mrs>"),
            (
                response(Snu::BadContent, Some("a<b & \"c\" 'd'"), None),
                "<mrs><ref>R1</ref><snu>3</snu><ste>a&lt;b &amp; &quot;c&quot; &apos;d&apos;</ste></mrs>",
            ),
            (
                response(Snu::Ok, None, voice(Media::Duplex, CallHandling::Transferred, Some("tel:+441632960001"))),
                "<mrs><ref>R1</ref><snu>0</snu><mre>1</mre><cre>62</cre><tnu>tel:+441632960001</tnu></mrs>",
            ),
            (
                response(Snu::Ok, None, voice(Media::Speaker, CallHandling::Predefined, None)),
                "<mrs><ref>R1</ref><snu>0</snu><mre>3</mre><cre>61</cre></mrs>",
            ),
            (
                Response { embedded: true, ..response(Snu::Busy, None, None) },
                "<scaip><ref>R1</ref><snu>6</snu></scaip>",
            ),
        ] {
            assert_eq!(said.write(), document);
            assert_eq!(Response::read(document.as_bytes()), Ok(said));
        }
    }

    #[test]
    fn a_text_is_for_bad_news_and_has_an_end() {
        assert_eq!(response(Snu::Ok, Some("fine"), None).write(), "<mrs><ref>R1</ref><snu>0</snu></mrs>");
        let long = response(Snu::TooLong, Some(&"x".repeat(500)), None).write();
        assert_eq!(Response::read(long.as_bytes()).unwrap().text.unwrap().len(), TEXT_CHARS_MAX);
    }

    #[test]
    fn answers_of_others_are_read() {
        for (document, expected) in [
            (
                "<?xml version='1.0'?>\n<mrs> <snu>000</snu><mre>01</mre><ref>R1</ref><cve>01.00</cve></mrs>",
                response(Snu::Ok, None, voice(Media::Duplex, CallHandling::Predefined, None)),
            ),
            ("<mrs><ref>R1</ref><snu>0</snu><mre>0</mre><cre>0</cre></mrs>", response(Snu::Ok, None, None)),
            ("<mrs><ref>R1</ref><snu>99</snu><hbi>1</hbi></mrs>", response(Snu::Undefined, None, None)),
            (
                "<mrs><ref>R1</ref><snu>12345</snu><mre>7</mre><cre>9</cre></mrs>",
                response(Snu::Other(12_345), None, voice(Media::Other(7), CallHandling::Other(9), None)),
            ),
        ] {
            assert_eq!(Response::read(document.as_bytes()), Ok(expected), "{document}");
        }
        for (document, name) in [
            ("<mrs><snu>0</snu></mrs>", "MissingElement"),
            ("<mrs><ref>R1</ref></mrs>", "MissingElement"),
            ("<mrs><ref>R1</ref><snu>x</snu></mrs>", "BadContent"),
            ("<mrs><ref>R1</ref><snu>0</snu>", "NotWellFormed"),
            ("<mrq><ref>R1</ref><snu>0</snu></mrq>", "UnknownRoot"),
        ] {
            assert_eq!(Response::read(document.as_bytes()).unwrap_err().name(), name, "{document}");
        }
    }

    /// Who cannot be understood has not said that all is well.
    #[test]
    fn a_broken_answer_is_no_good_news() {
        for (text, reference, number) in [
            ("<mrs><ref>R1</ref><snu>", "R1", Snu::Undefined),
            ("<mrs><ref>R1</ref><snu>x</snu></mrs>", "R1", Snu::Undefined),
            ("<mrs><snu>3</snu>", "", Snu::BadContent),
            ("<mrs/>", "", Snu::Undefined),
        ] {
            let found = Response::recovered(text);
            assert_eq!((found.reference.as_str(), found.number), (reference, number), "{text}");
        }
    }
}
