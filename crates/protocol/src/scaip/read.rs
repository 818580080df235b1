//! A document: a request, an answer, or neither.

use super::document::Elements;
use super::root::{root, scan, text_of};
use super::{Bad, DOCUMENT_BYTES_MAX, DocumentError, Request, Response};

/// The root of a request, and of a request in the dialect that embeds its answers.
pub(super) const ROOT: &str = "mrq";
pub(super) const EMBEDDED_ROOT: &str = "scaip";
/// The root of an answer, and those of the draft of 2012.
pub(super) const ANSWER_ROOT: &str = "mrs";
const DRAFT_ROOT: &str = "message-request";
const DRAFT_ANSWER_ROOT: &str = "message-response";

/// Which dialects beside the document's own are spoken with a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialects {
    /// The root is `scaip`, and the answer goes into the body of the SIP answer to the message, which RFC 3428 forbids
    /// (B: one platform).
    pub embedded_reply: bool,
}

/// What a document is.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A request.
    Request(Box<Request>),
    /// Something that is no request and has to be looked at.
    Bad(Box<Bad>),
    /// An answer. It is never answered: two receivers that answer each other would never end.
    Answer(Response),
}

/// Reads a document. Checked in this order, and the first failure counts: size, document type, form, root, mandatory
/// elements, contents.
pub fn read(body: &[u8], dialects: Dialects) -> Read {
    let (text, is_latin) = text_of(body.get(..DOCUMENT_BYTES_MAX).unwrap_or(body));
    let warnings = if is_latin { vec!["Latin1"] } else { Vec::new() };
    if is_answer(&text) {
        return Read::Answer(Response::recovered(&text));
    }
    let embedded = dialects.embedded_reply && root(&text) == Some(EMBEDDED_ROOT);
    match request(&text, body.len(), dialects, warnings.clone()) {
        Ok(request) => Read::Request(Box::new(Request { embedded, ..request })),
        Err(bad) => Read::Bad(Box::new(Bad { embedded, warnings, ..*bad })),
    }
}

fn request(text: &str, bytes: usize, dialects: Dialects, warnings: Vec<&'static str>) -> Result<Request, Box<Bad>> {
    if bytes > DOCUMENT_BYTES_MAX {
        return Err(Box::new(Bad::of_text(DocumentError::TooLong { bytes }, text)));
    }
    let elements = Elements::parse(text).map_err(|error| Box::new(Bad::of_text(error, text)))?;
    let request = check_root(&elements.root, dialects).and_then(|()| Request::of(&elements, warnings));
    request.map_err(|error| Box::new(Bad::of_elements(error, &elements)))
}

fn check_root(root: &str, dialects: Dialects) -> Result<(), DocumentError> {
    match root {
        ROOT => Ok(()),
        EMBEDDED_ROOT if dialects.embedded_reply => Ok(()),
        DRAFT_ROOT => Err(DocumentError::Draft2012 { root: root.to_owned() }),
        other => Err(DocumentError::UnknownRoot { root: other.to_owned() }),
    }
}

/// Whether a text is an answer, also when it is broken. The dialect that names both alike is known by what only an
/// answer says.
fn is_answer(text: &str) -> bool {
    match root(text) {
        Some(ANSWER_ROOT | DRAFT_ANSWER_ROOT) => true,
        Some(EMBEDDED_ROOT) => scan(text, "snu").is_some() && scan(text, "dty").is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaip::{MessageType, Position, Snu};

    fn tolerant(body: &[u8]) -> Read {
        read(body, Dialects::default())
    }

    fn taken(body: &[u8]) -> Request {
        match tolerant(body) {
            Read::Request(request) => *request,
            other => panic!("{}: {other:?}", String::from_utf8_lossy(body)),
        }
    }

    fn refused(body: &[u8]) -> Bad {
        match tolerant(body) {
            Read::Bad(bad) => *bad,
            other => panic!("{}: {other:?}", String::from_utf8_lossy(body)),
        }
    }

    /// A document with these elements beside those it must have.
    fn with(rest: &str) -> Vec<u8> {
        format!("<mrq><ref>R1</ref><cid>12</cid><dty>3</dty>{rest}</mrq>").into_bytes()
    }

    #[test]
    fn a_document_has_at_most_8192_bytes() {
        let of = |bytes: usize| {
            let empty = with("<ite></ite>").len();
            with(&format!("<ite>{}</ite>", "x".repeat(bytes - empty)))
        };
        assert_eq!(taken(&of(DOCUMENT_BYTES_MAX)).warnings, ["LongText"]);
        let bad = refused(&of(DOCUMENT_BYTES_MAX + 1));
        assert_eq!((bad.number, bad.error), (Snu::TooLong, DocumentError::TooLong { bytes: DOCUMENT_BYTES_MAX + 1 }));
        assert_eq!((bad.reference.as_deref(), bad.identity.as_deref()), (Some("R1"), Some("12")));
    }

    #[test]
    fn nothing_is_expanded_but_what_xml_itself_has() {
        let request = taken(&with("<dte>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</dte>"));
        assert_eq!(request.device_text.as_deref(), Some("<>&\"'AB"));
        for (body, name) in [
            (&b"<!DOCTYPE mrq><mrq><ref>R1</ref></mrq>"[..], "DocumentType"),
            (b"<!DOCTYPE mrq SYSTEM \"http://example.org/x\"><mrq/>", "DocumentType"),
            (b"<mrq><ref>R1</ref><cid>1</cid><dty>3</dty><ite>&x;</ite></mrq>", "NotWellFormed"),
        ] {
            let bad = refused(body);
            assert_eq!((bad.error.name(), bad.number), (name, Snu::BadFormat));
        }
    }

    #[test]
    fn characters_are_utf_8_or_latin_1_and_ends_do_not_count() {
        let utf = taken("\u{feff}\r\n  <mrq><ref>R1</ref><cid>1</cid><dty>3</dty><lte>Kök</lte></mrq>\0\0".as_bytes());
        assert_eq!((utf.location_text.as_deref(), utf.warnings.len()), (Some("Kök"), 0));
        let latin = taken(b"<mrq><ref>R1</ref><cid>1</cid><dty>3</dty><lte>K\xf6k</lte></mrq>");
        assert_eq!((latin.location_text.as_deref(), &*latin.warnings), (Some("Kök"), &["Latin1"][..]));
        let bad = refused(b"<mrq><ref>R1</ref><lte>K\xf6k</lte></mrq>");
        assert_eq!((bad.reference.as_deref(), &*bad.warnings), (Some("R1"), &["Latin1"][..]));
    }

    #[test]
    fn the_root_decides_and_an_answer_is_never_answered() {
        assert_eq!(taken(b"<s:mrq xmlns:s='urn:x'><s:ref>R1</s:ref><cid>1</cid><dty>3</dty></s:mrq>").reference, "R1");
        for (body, name) in [
            (&b"<MRQ><ref>R1</ref><cid>1</cid><dty>3</dty></MRQ>"[..], "UnknownRoot"),
            (b"<scaip><ref>R1</ref><cid>1</cid><dty>3</dty></scaip>", "UnknownRoot"),
            (b"<message-request xmlns='urn:x'><reference>1</reference></message-request>", "Draft2012"),
            (b"<mrq><ref>R1</ref>", "NotWellFormed"),
            (b"<mrq><ref>R1</ref></mrq><mrq/>", "NotWellFormed"),
            (b"", "NotWellFormed"),
        ] {
            let bad = refused(body);
            assert_eq!((bad.error.name(), bad.number, bad.embedded), (name, Snu::BadFormat, false));
        }
        let long = format!("<mrs><ref>R1</ref><snu>0</snu><ste>{}</ste></mrs>", "x".repeat(DOCUMENT_BYTES_MAX));
        for body in [
            &b"<mrs><ref>R1</ref><snu>0</snu></mrs>"[..],
            b"<mrs><ref>R1</ref><snu>0",
            b"<!DOCTYPE mrs><mrs><ref>R1</ref></mrs>",
            b"<mrs><ref>R1</ref><cid>1</cid><dty>3</dty></mrs>",
            b"<a:mrs xmlns:a='urn:x'/>",
            b"<scaip><ref>R1</ref><snu>0</snu></scaip>",
            b"<message-response/>",
            long.as_bytes(),
        ] {
            assert!(matches!(tolerant(body), Read::Answer(_)), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn the_embedding_dialect_is_read_where_it_is_spoken() {
        let embedded = Dialects { embedded_reply: true };
        let document = b"<scaip><ver>01.00</ver><cid>+46</cid><dty>4</dty><ref>R1</ref></scaip>";
        let Read::Request(request) = read(document, embedded) else { panic!("it is a request") };
        assert!(request.embedded && request.controller == "+46");
        let Read::Bad(bad) = read(b"<scaip><ref>R1</ref><cid>1", embedded) else { panic!("it is bad") };
        assert_eq!(bad.response().write().split_once('>').unwrap().0, "<scaip");
        let Read::Request(own) = read(&with(""), embedded) else { panic!("it is a request") };
        assert!(!own.embedded);
    }

    #[test]
    fn only_children_of_the_root_count_and_their_own_text() {
        let bad = refused(b"<mrq><ref>R1</ref><dty>3</dty><lge><cid>1</cid></lge><x><cid>2</cid></x></mrq>");
        assert_eq!(bad.error, DocumentError::MissingElement { element: "cid" });
        let request = taken(&with("<geo>1,2</geo><lge>text<geo>3,4</geo><a/></lge>"));
        assert_eq!(request.position, Position { geo: Some("3,4".to_owned()), ..Position::default() });
        assert_eq!(request.unknown, ["geo"]);
        let parts = taken(&with("<dte> a<!-- b --><![CDATA[<c>]]>&#100;<e>f</e> \t\r\n</dte><stt> </stt><mty/>"));
        assert_eq!(parts.device_text.as_deref(), Some("a<c>d"));
        assert_eq!((parts.status_text, parts.message_type), (None, MessageType::Event));
    }

    #[test]
    fn what_comes_again_must_say_the_same() {
        assert_eq!(taken(&with("<stc>10</stc><stc> 10 </stc><stc/>")).status_code, Some(10));
        assert_eq!(taken(&with("<crd>sip:</crd><crd>gsm:</crd>")).callers.len(), 2);
        for (rest, element) in [
            ("<stc>10</stc><stc>11</stc>", "stc"),
            ("<ref>R2</ref>", "ref"),
            ("<mty>ME</mty><mty>PI</mty>", "mty"),
            ("<lge><geo>1,2</geo></lge><lge><geo>1,3</geo></lge>", "lge/geo"),
        ] {
            let bad = refused(&with(rest));
            assert_eq!((bad.error, bad.number), (DocumentError::RepeatedElement { element }, Snu::BadContent));
        }
    }

    #[test]
    fn codes_are_digits_within_their_range() {
        for (rest, ok) in [
            ("<stc>9999</stc>", true),
            ("<stc>00000010</stc>", true),
            ("<stc>000000010</stc>", false),
            ("<stc>10000</stc>", false),
            ("<stc>-1</stc>", false),
            ("<stc>+1</stc>", false),
            ("<stc>1 0</stc>", false),
            ("<stc>\u{661}</stc>", false),
            ("<dco>999</dco>", true),
            ("<dco>1000</dco>", false),
            ("<lco>999</lco>", true),
            ("<lco>1000</lco>", false),
            ("<ico>1000</ico>", false),
            ("<sco>9</sco><cha>09</cha><hbo>001</hbo><pri>9</pri>", true),
            ("<sco>10</sco>", false),
            ("<cha>10</cha>", false),
            ("<hbo>10</hbo>", false),
            ("<pri>x</pri>", false),
        ] {
            match tolerant(&with(rest)) {
                Read::Request(_) => assert!(ok, "{rest}"),
                Read::Bad(bad) => {
                    assert!(!ok && bad.number == Snu::BadContent && bad.error.name() == "BadContent", "{rest}")
                }
                Read::Answer(_) => panic!("{rest}"),
            }
        }
        let dty = |code: &str| tolerant(format!("<mrq><ref>1</ref><cid>1</cid><dty>{code}</dty></mrq>").as_bytes());
        assert!(matches!(dty("00009999"), Read::Request(request) if request.device_type == 9_999));
        assert!(matches!(dty("10000"), Read::Bad(bad) if bad.number == Snu::BadContent));
    }

    #[test]
    fn references_and_identities_are_taken_with_some_room() {
        let of = |reference: &str, cid: &str| {
            let body = format!("<mrq><ref>{reference}</ref><cid>{cid}</cid><dty>3</dty></mrq>");
            match tolerant(body.as_bytes()) {
                Read::Request(request) => Ok(request.warnings.join(",")),
                Read::Bad(bad) => Err((bad.error.name(), bad.reference, bad.identity)),
                Read::Answer(_) => panic!("{body}"),
            }
        };
        let long = "x".repeat(65);
        for (reference, cid, warnings) in [
            ("0123456789ABCDEf", "1234567890123456", ""),
            ("0123456789ABCDEf0", "1", "RefNonconforming"),
            ("a-b", "1", "RefNonconforming"),
            ("ö", "1", "RefNonconforming"),
            (&long[..64], "1", "RefNonconforming"),
            ("1", "12345678901234567", "CidNonconforming"),
            ("1", "+46.a_b-C", "CidNonconforming"),
            ("1", " 7 ", ""),
        ] {
            assert_eq!(of(reference, cid), Ok(warnings.to_owned()), "{reference} {cid}");
        }
        let bad = |reference: Option<&str>, cid: Option<&str>| {
            Err(("BadContent", reference.map(str::to_owned), cid.map(str::to_owned)))
        };
        assert_eq!(of(&long, "1"), bad(None, Some("1")));
        assert_eq!(of("a b", "1"), bad(None, Some("1")));
        assert_eq!(of("1", "a b"), bad(Some("1"), None));
        assert_eq!(of("1", &long[..33]), bad(Some("1"), None));
    }

    #[test]
    fn what_is_checked_first_gives_the_number() {
        for (body, number) in [
            ("<mrq><ref>1</ref><cid>1</cid><stc>x</stc><mty>XX</mty></mrq>", Snu::MissingElement),
            ("<mrq><cid>1</cid><cid>2</cid><dty>3</dty></mrq>", Snu::MissingElement),
            ("<mrx><ref>1</ref></mrx>", Snu::BadFormat),
            ("<mrq><ref>1</ref><cid>1</cid><dty> </dty></mrq>", Snu::MissingElement),
            ("<mrq><ref>1</ref><cid>1</cid><dty>3</dty><mty>me</mty></mrq>", Snu::BadContent),
        ] {
            assert_eq!(refused(body.as_bytes()).number, number, "{body}");
        }
        let long = format!("<!DOCTYPE mrq><mrx>{}", "x".repeat(DOCUMENT_BYTES_MAX));
        assert_eq!(refused(long.as_bytes()).number, Snu::TooLong);
        assert_eq!(refused(b"<!DOCTYPE mrq><mrx>").error, DocumentError::DocumentType);
    }

    #[test]
    fn the_rest_is_kept_and_told() {
        for (rest, warning) in
            [("<ver>1.0</ver>", "BadVersion"), ("<lva>123</lva>", "LongText"), ("<xyz>1</xyz>", "UnknownElement")]
        {
            assert_eq!(taken(&with(rest)).warnings, [warning], "{rest}");
        }
        assert!(taken(&with("<ame>1</ame>")).more_follows && !taken(&with("<ame>0</ame>")).more_follows);
        assert_eq!(taken(&with("<did>123456789012</did>")).device_id.as_deref(), Some("123456789012"));
    }
}
