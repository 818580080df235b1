//! Reading a body: size, XML, document type, root, elements, type, data, and what only deserves a warning.

use roxmltree::Node;

use super::document::{Document, Kind, OTHERS_MAX, VERSION};
use super::error::ReadError;
use crate::bs8521::Frame;
use crate::xml::{XmlError, parse};

/// Bytes of a body at most (C: one datagram holds 1,300).
pub const BODY_BYTES_MAX: usize = 4_096;

/// Digits of an alarm, and of a heartbeat: G and R.
pub(super) const ALARM_DIGITS: usize = 24;
pub(super) const HEARTBEAT_DIGITS: usize = 12;
const CHECKSUM_DIGITS: usize = 2;

const ELEMENTS: [&str; 5] = ["version", "type", "data", "time", "mac"];

/// A body that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Why.
    pub error: ReadError,
    /// Its kind, where that much was read. A heartbeat with bad data is a sign of life all the same.
    pub kind: Option<Kind>,
}

/// Reads a body.
pub fn read(body: &[u8]) -> Result<Document, Bad> {
    read_body(body, false)
}

/// The same, but an alarm may end in the checksum that the digits have in DTMF, if it is right (vector E2).
pub fn read_with_checksum(body: &[u8]) -> Result<Document, Bad> {
    read_body(body, true)
}

fn read_body(body: &[u8], may_have_checksum: bool) -> Result<Document, Bad> {
    let mut document = elements(body).map_err(|error| Bad { error, kind: None })?;
    let (kind, data) = (document.kind, document.data.as_str());
    let checked = match kind {
        Kind::Alarm if may_have_checksum && has_checksum(data) => {
            document.data.truncate(ALARM_DIGITS);
            document.warnings.push("Checksum");
            Ok(())
        }
        Kind::Alarm => digits(data, ALARM_DIGITS),
        Kind::Heartbeat => digits(data, HEARTBEAT_DIGITS),
        Kind::Command
        | Kind::Rejected
        | Kind::Busy
        | Kind::Response
        | Kind::Programming
        | Kind::Programmed
        | Kind::Acknowledgement => Ok(()),
    };
    checked.map_err(|error| Bad { error, kind: Some(kind) })?;
    let found = [
        (!document.others.is_empty(), "UnknownElement"),
        (document.version != VERSION, "VersionUnknown"),
        (document.time_of_day().is_none(), "BadTime"),
    ];
    document.warnings.extend(found.into_iter().filter(|(is_found, _)| *is_found).map(|(_, name)| name));
    Ok(document)
}

fn elements(body: &[u8]) -> Result<Document, ReadError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(ReadError::TooLarge { got: body.len() });
    }
    let text = std::str::from_utf8(body).map_err(|_| ReadError::NotXml)?;
    let xml = parse(text.trim()).map_err(|error| match error {
        XmlError::DocumentType => ReadError::DtdForbidden,
        XmlError::Malformed => ReadError::NotXml,
    })?;
    let root = xml.root_element();
    if root.tag_name().name() != "ATM" {
        return Err(ReadError::WrongRoot { name: root.tag_name().name().to_owned() });
    }
    let mut five: [Option<String>; 5] = Default::default();
    let mut others = Vec::new();
    for element in root.children().filter(Node::is_element) {
        let name = element.tag_name().name();
        let slot = ELEMENTS.into_iter().zip(&mut five).find(|(known, _)| *known == name);
        match slot {
            Some((name, Some(_))) => return Err(ReadError::DuplicateElement { name }),
            Some((_, slot)) => *slot = Some(said(element)),
            None if others.len() < OTHERS_MAX => others.push((name.to_owned(), said(element))),
            None => {}
        }
    }
    let is_acknowledgement = matches!(&five, [_, Some(kind), ..] if kind == Kind::Acknowledgement.code());
    for (name, said) in ELEMENTS.into_iter().zip(&five) {
        let may_be_empty = is_acknowledgement && name == "data";
        if !may_be_empty && said.as_deref().is_none_or(str::is_empty) {
            return Err(ReadError::MissingElement { name });
        }
    }
    let [version, kind, data, time, mac] = five.map(Option::unwrap_or_default);
    let Some(kind) = Kind::of(&kind) else { return Err(ReadError::UnknownType { name: kind }) };
    Ok(Document { version, kind, data, time, mac, others, warnings: Vec::new() })
}

/// The text of an element, whatever comments stand in it, without the white space around it.
fn said(element: Node<'_, '_>) -> String {
    let text: String = element.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    text.trim().to_owned()
}

/// Exactly so many digits. A letter is told of by its place only where the length is right.
fn digits(data: &str, want: usize) -> Result<(), ReadError> {
    let got = data.chars().count();
    if got != want {
        return Err(ReadError::DataLength { got, want });
    }
    let bad = data.chars().position(|character| !character.is_ascii_digit());
    bad.map_or(Ok(()), |index| Err(ReadError::IllegalDigit { index }))
}

fn has_checksum(data: &str) -> bool {
    data.len() == ALARM_DIGITS.saturating_add(CHECKSUM_DIGITS) && Frame::decode_body(data.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn atm(kind: &str, data: &str) -> String {
        format!(
            "<ATM><version>1.5</version><type>{kind}</type><data>{data}</data><time>14:05:09</time><mac>x</mac></ATM>"
        )
    }

    fn error(body: &str) -> ReadError {
        read(body.as_bytes()).unwrap_err().error
    }

    #[test]
    fn checks_come_in_their_order() {
        let alarm = atm("1", "010000012345000001901900");
        let dtd = "<!DOCTYPE ATM [<!ENTITY a \"1\">]>";
        assert_eq!(error(&format!("{dtd}{}", "x".repeat(BODY_BYTES_MAX))).name(), "TooLarge");
        assert_eq!(error(&format!("{dtd}<B/>")), ReadError::DtdForbidden);
        assert_eq!(error("<B><type/><type/></B>"), ReadError::WrongRoot { name: "B".into() });
        let twice = alarm.replace("<time>", "<type>Z</type><time>");
        assert_eq!(error(&twice), ReadError::DuplicateElement { name: "type" });
        assert_eq!(error(&atm("Z", "")), ReadError::MissingElement { name: "data" });
        assert_eq!(error(&atm("3", "1")), ReadError::UnknownType { name: "3".into() });
        assert_eq!(error(&atm("1", "A")), ReadError::DataLength { got: 1, want: 24 });
        assert_eq!(read(atm("0", "1").as_bytes()).unwrap_err().kind, Some(Kind::Heartbeat));
    }

    #[test]
    fn only_an_acknowledgement_may_say_nothing() {
        assert_eq!(read(atm("A", "").as_bytes()).unwrap().data, "");
        assert_eq!(read(atm("A", "").replace("<data></data>", "").as_bytes()).unwrap().data, "");
        assert_eq!(error(&atm("A", "").replace("<mac>x</mac>", "")), ReadError::MissingElement { name: "mac" });
        assert_eq!(error(&atm("5", " ")), ReadError::MissingElement { name: "data" });
    }

    #[test]
    fn text_is_all_of_it_without_comments_and_white_space() {
        let body = atm("1", " 010000012345<!-- G -->0000<![CDATA[01901900]]>\n");
        assert_eq!(read(body.as_bytes()).unwrap().data, "010000012345000001901900");
    }

    #[test]
    fn a_checksum_is_taken_where_a_site_says_so_and_it_is_right() {
        let body = |sum: &str| atm("1", &format!("010000012345000001901900{sum}")).into_bytes();
        let document = read_with_checksum(&body("76")).unwrap();
        assert_eq!((document.data.as_str(), &*document.warnings), ("010000012345000001901900", &["Checksum"][..]));
        let too_long = ReadError::DataLength { got: 26, want: 24 };
        assert_eq!(read_with_checksum(&body("77")).unwrap_err().error, too_long);
        assert_eq!(read(&body("76")).unwrap_err().error, too_long);
        assert!(read_with_checksum(&body("")).unwrap().warnings.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            kind in proptest::sample::select(Kind::ALL.to_vec()),
            (version, data, time, mac) in ("[!-~][ -~]{0,9}", "[!-~]{1,30}", "[!-~é]{1,9}", "[!-~]{1,20}"),
            others in proptest::collection::vec(("[a-z][a-z0-9]{5,9}", "[ -~\r\n]{0,9}"), 0..4),
        ) {
            let data = match kind {
                Kind::Alarm => "010000012345000001901900".to_owned(),
                Kind::Heartbeat => "000123450000".to_owned(),
                _ => data,
            };
            let trimmed = |text: String| text.trim().to_owned();
            prop_assume!(others.iter().all(|(name, _)| !ELEMENTS.contains(&name.as_str())));
            let others = others.into_iter().map(|(name, said)| (name, trimmed(said))).collect();
            let mut document =
                Document { version: trimmed(version), kind, data, time, mac, others, warnings: Vec::new() };
            let again = read(&document.write()).unwrap();
            document.warnings.clone_from(&again.warnings);
            prop_assert_eq!(again, document);
        }

        #[test]
        fn a_cut_document_is_none(to in 0usize..120) {
            let body = atm("1", "010000012345000001901900");
            prop_assert!(read(&body.as_bytes()[..to.min(body.len() - 1)]).is_err());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_with_checksum(&bytes);
        }
    }
}
