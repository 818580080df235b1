//! A request as a unit writes it, for test calls; and damaged ones, for tests of receivers.

use super::read::{EMBEDDED_ROOT, ROOT};
use super::request::VERSION;
use super::response::Writer;
use super::{CallerId, MessageType, Position, Request, Scheme};

/// Device type of a unit as a whole, and the status code of a test (A).
const UNIT: u16 = 2;
const TEST: u16 = 102;
/// A root of nobody.
const WRONG_ROOT: &str = "message";

/// What is made wrong with a document, and with which number a receiver answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The device type is left out: 7.
    MissingElement,
    /// The status code has a letter in it: 3.
    BadCode,
    /// It breaks off in the status code: 2.
    Truncated,
    /// The root is of no protocol: 2.
    WrongRoot,
    /// A document type with entities comes before it: 2.
    DocumentType,
}

impl Damage {
    /// Every kind.
    pub const ALL: [Damage; 5] =
        [Damage::MissingElement, Damage::BadCode, Damage::Truncated, Damage::WrongRoot, Damage::DocumentType];

    /// The name, for options.
    pub fn as_str(self) -> &'static str {
        match self {
            Damage::MissingElement => "missing-element",
            Damage::BadCode => "bad-code",
            Damage::Truncated => "truncated",
            Damage::WrongRoot => "wrong-root",
            Damage::DocumentType => "document-type",
        }
    }
}

impl Request {
    /// A test call without voice. The reference is the caller's: 16 letters and digits, not again within a day.
    pub fn test_call(reference: &str, controller: &str) -> Request {
        let no_voice = CallerId { scheme: Scheme::NoVoice, address: String::new() };
        Request { callers: vec![no_voice], ..Request::new(reference, controller, UNIT, Some(TEST)) }
    }

    /// A heartbeat.
    pub fn heartbeat(reference: &str, controller: &str) -> Request {
        let message_type = MessageType::Heartbeat;
        Request { message_type, ..Request::test_call(reference, controller) }
    }

    /// An event that says as little as it may.
    pub fn new(reference: &str, controller: &str, device_type: u16, status_code: Option<u16>) -> Request {
        Request {
            reference: reference.to_owned(),
            version: VERSION.to_owned(),
            system_configuration: 0,
            call_handling: 0,
            message_type: MessageType::Event,
            heartbeat_options: 0,
            controller: controller.to_owned(),
            device_type,
            device_id: None,
            component: None,
            device_text: None,
            callers: Vec::new(),
            status_code,
            status_text: None,
            priority: 0,
            location: 0,
            location_value: None,
            position: Position::default(),
            location_text: None,
            information_code: None,
            information_text: None,
            more_follows: false,
            media_request: None,
            unknown: Vec::new(),
            embedded: false,
            warnings: Vec::new(),
        }
    }

    /// The document, always written the same way: no declaration, no blanks, the usual order, nothing that says no more
    /// than its absence but the message type.
    pub fn write(&self) -> String {
        self.written(None)
    }

    /// The document with something wrong.
    pub fn write_damaged(&self, damage: Damage) -> String {
        self.written(Some(damage))
    }

    fn written(&self, damage: Option<Damage>) -> String {
        let root = if self.embedded { EMBEDDED_ROOT } else { ROOT };
        let mut document = Writer::new(if damage == Some(Damage::WrongRoot) { WRONG_ROOT } else { root });
        let position = &self.position;
        let has_position = [&position.geo, &position.tim, &position.gga].iter().any(|part| part.is_some());
        for (name, content) in self.said() {
            match (damage, name) {
                (Some(Damage::MissingElement), "dty") => {}
                (Some(Damage::BadCode), "stc") => document.element(name, "0x10"),
                _ if content.is_empty() => {}
                _ => document.element(name, &content),
            }
            match name {
                "dte" => self.callers.iter().for_each(|caller| document.element("crd", &caller.text())),
                "lva" if has_position => document.open("lge"),
                "gga" if has_position => document.close("lge"),
                _ => {}
            }
        }
        let whole = document.end();
        match damage {
            Some(Damage::Truncated) => {
                let begun = whole.rsplit_once("</stc>").map_or(whole.as_str(), |(begun, _)| begun);
                begun.strip_suffix(|_: char| true).unwrap_or_default().to_owned()
            }
            Some(Damage::DocumentType) => format!("<!DOCTYPE mrq [<!ENTITY a \"aaaaaaaaaa\">]>{whole}"),
            _ => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scaip::{Class, Dialects, Read, Snu, read};

    fn again(document: &str) -> Request {
        let dialects = Dialects { embedded_reply: true };
        match read(document.as_bytes(), dialects) {
            Read::Request(request) => *request,
            other => panic!("{document}: {other:?}"),
        }
    }

    #[test]
    fn a_test_call_is_a_test_without_voice() {
        let call = Request::test_call("aB3dE5gH7jK9mN1p", "90000023");
        assert_eq!(
            call.write(),
            "<mrq><ref>aB3dE5gH7jK9mN1p</ref><mty>ME</mty><cid>90000023</cid><dty>0002</dty>\
             <crd>no-voice:</crd><stc>0102</stc></mrq>"
        );
        assert_eq!(call.class(), Class::Test);
        assert_eq!(again(&call.write()), call);
        let beat = Request::heartbeat("1", "2");
        assert_eq!((again(&beat.write()).class(), beat.class()), (Class::Heartbeat, Class::Heartbeat));
    }

    #[test]
    fn every_element_is_written_in_its_place() {
        let document = "<mrq><ref>A1</ref><ver>01.01</ver><sco>1</sco><cha>1</cha><mty>IN</mty><hbo>1</hbo><cid>9</cid>\
            <dty>0005</dty><did>00A1</did><dco>002</dco><dte>a &amp; b</dte><crd>gsm:</crd><crd>sip:a@b</crd>\
            <stc>0009</stc><stt>s</stt><pri>1</pri><lco>012</lco><lva>2</lva>\
            <lge><geo>53.4,-2.2</geo><tim>2026-03-01T09:15+00:00</tim><gga>$GPGGA</gga></lge>\
            <lte>l</lte><ico>001</ico><ite>i</ite><ame>1</ame><mreq>4</mreq></mrq>";
        let request = again(document);
        assert_eq!(request.write(), document);
        assert_eq!(again(&request.write()), request);
        let embedded = Request { embedded: true, ..request };
        assert_eq!(again(&embedded.write()), embedded);
    }

    #[test]
    fn damage_is_answered_with_its_number() {
        let expected = [Snu::MissingElement, Snu::BadContent, Snu::BadFormat, Snu::BadFormat, Snu::BadFormat];
        for (damage, number) in Damage::ALL.into_iter().zip(expected) {
            let document = Request::new("R7", "90000001", 3, Some(10)).write_damaged(damage);
            let Read::Bad(bad) = read(document.as_bytes(), Dialects { embedded_reply: true }) else {
                panic!("{document}");
            };
            assert_eq!((bad.number, bad.reference.as_deref()), (number, Some("R7")), "{document}");
            assert_eq!(bad.identity.as_deref(), Some("90000001"));
        }
    }

    fn text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[ -~ä-ü\r\n]{1,40}")
    }

    proptest! {
        /// What is written is read as it was meant, whatever characters are in the texts.
        #[test]
        fn what_is_written_is_read_the_same(
            reference in "[!-~]{1,64}",
            controller in "[0-9A-Za-z+._-]{1,32}",
            codes in (0..10_000_u16, proptest::option::of(0..10_000_u16), proptest::option::of(0..1_000_u16), 0..1_000_u16),
            texts in (text(), text(), text(), text(), text()),
            digits in (0..10_u8, 0..10_u8, 0..10_u8, 0..10_u8),
            kind in 0..4_usize,
            crd in proptest::collection::vec("[ -~]{1,20}", 0..3),
        ) {
            let trim = |text: Option<String>| {
                text.map(|text| text.trim_matches([' ', '\r', '\n']).to_owned()).filter(|text| !text.is_empty())
            };
            let crd = crd.into_iter().filter(|crd| !crd.trim().is_empty());
            let request = Request {
                message_type: MessageType::ALL[kind],
                component: codes.2,
                location: codes.3,
                device_id: trim(texts.0),
                device_text: trim(texts.1),
                location_text: trim(texts.2),
                information_text: trim(texts.3),
                position: Position { geo: trim(texts.4), ..Position::default() },
                system_configuration: digits.0,
                call_handling: digits.1,
                heartbeat_options: digits.2,
                priority: digits.3,
                callers: crd.map(|crd| CallerId::read(crd.trim())).collect(),
                ..Request::new(&reference, &controller, codes.0, codes.1)
            };
            let found = again(&request.write());
            prop_assert_eq!(Request { warnings: Vec::new(), ..found }, request);
        }
    }
}
