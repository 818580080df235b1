//! What a unit does wrong with its bytes: with a document before SIP, with a SIP message before the wire.

use std::collections::BTreeSet;

use super::settings::UnitFault;
use crate::scaip::{self, Damage, Dialects, Read};

/// A branch that no unit should use twice.
const BRANCH: &str = "branch=z9hG4bKtelecare";
/// Bytes that a length says too many.
const TOO_MANY: usize = 10;

/// The document with the first of the faults that documents can have.
pub(super) fn document(body: Vec<u8>, faults: &BTreeSet<UnitFault>) -> Vec<u8> {
    let Some((fault, damage)) = faults.iter().find_map(|fault| Some((*fault, damage(*fault)?))) else { return body };
    if let Read::Request(request) = scaip::read(&body, Dialects { embedded_reply: true }) {
        return request.write_damaged(damage).into_bytes();
    }
    let text = String::from_utf8_lossy(&body);
    let damaged = match fault {
        UnitFault::Truncated => text.split_once("</data>").map(|(head, _)| head.to_owned()),
        UnitFault::WrongRoot => Some(text.replace("<ATM>", "<message>").replace("</ATM>", "</message>")),
        UnitFault::MissingElement => between(&text, "<data>", "</data>").map(|(head, _, tail)| format!("{head}{tail}")),
        UnitFault::DocumentType => Some(format!("<!DOCTYPE ATM [<!ENTITY a \"aaaaaaaaaa\">]>{text}")),
        UnitFault::BadCode => between(&text, "<data>", "</data>").map(|(head, data, tail)| {
            let short = data.get(1..).unwrap_or_default();
            format!("{head}<data>{short}</data>{tail}")
        }),
        _ => None,
    };
    damaged.map_or(body, String::into_bytes)
}

/// What SCAIP documents call it.
fn damage(fault: UnitFault) -> Option<Damage> {
    match fault {
        UnitFault::Truncated => Some(Damage::Truncated),
        UnitFault::WrongRoot => Some(Damage::WrongRoot),
        UnitFault::MissingElement => Some(Damage::MissingElement),
        UnitFault::DocumentType => Some(Damage::DocumentType),
        UnitFault::BadCode => Some(Damage::BadCode),
        UnitFault::NoFromTag
        | UnitFault::ConstantBranch
        | UnitFault::WrongLength
        | UnitFault::Deaf
        | UnitFault::Duplicate
        | UnitFault::WrongPassword => None,
    }
}

/// What goes onto the wire for a request of the unit's: once or twice, its head changed.
pub(super) fn request(bytes: Vec<u8>, faults: &BTreeSet<UnitFault>) -> Vec<Vec<u8>> {
    let is_changed = [UnitFault::NoFromTag, UnitFault::ConstantBranch, UnitFault::WrongLength];
    let bytes = if is_changed.iter().any(|fault| faults.contains(fault)) { changed(&bytes, faults) } else { bytes };
    let copies = if faults.contains(&UnitFault::Duplicate) { 2 } else { 1 };
    vec![bytes; copies]
}

fn changed(bytes: &[u8], faults: &BTreeSet<UnitFault>) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return bytes.to_vec() };
    let lines: Vec<String> = head.split("\r\n").map(|line| header(line, faults)).collect();
    format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
}

fn header(line: &str, faults: &BTreeSet<UnitFault>) -> String {
    let cut = |line: &str, at: &str, more: &str| {
        line.split_once(at).map_or_else(|| line.to_owned(), |(head, _)| format!("{head}{more}"))
    };
    match line.split_once(": ") {
        Some(("From", _)) if faults.contains(&UnitFault::NoFromTag) => cut(line, ";tag=", ""),
        Some(("Via", _)) if faults.contains(&UnitFault::ConstantBranch) => cut(line, "branch=", BRANCH),
        Some(("Content-Length", length)) if faults.contains(&UnitFault::WrongLength) => {
            let length: usize = length.parse().unwrap_or_default();
            format!("Content-Length: {}", length.saturating_add(TOO_MANY))
        }
        _ => line.to_owned(),
    }
}

/// What is before, inside and behind.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<(&'t str, &'t str, &'t str)> {
    let (head, rest) = text.split_once(open)?;
    let (inside, tail) = rest.split_once(close)?;
    Some((head, inside, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATM: &str = "<ATM><version>1.5</version><type>1</type><data>000000009999000005800000</data><time>1</time><mac>m</mac></ATM>";

    #[test]
    fn documents_of_now_ip_are_damaged_as_named() {
        for (fault, expected) in [
            (UnitFault::Truncated, "<ATM><version>1.5</version><type>1</type><data>000000009999000005800000"),
            (UnitFault::MissingElement, "<ATM><version>1.5</version><type>1</type><time>1</time><mac>m</mac></ATM>"),
            (UnitFault::Deaf, ATM),
        ] {
            let damaged = document(ATM.as_bytes().to_vec(), &BTreeSet::from([fault]));
            assert_eq!(String::from_utf8(damaged).unwrap(), expected, "{fault:?}");
        }
        let text = |fault| String::from_utf8(document(ATM.as_bytes().to_vec(), &BTreeSet::from([fault]))).unwrap();
        assert!(text(UnitFault::WrongRoot).starts_with("<message><version>"));
        assert!(text(UnitFault::DocumentType).starts_with("<!DOCTYPE ATM"));
        assert!(text(UnitFault::BadCode).contains("<data>00000009999000005800000</data>"));
    }

    #[test]
    fn heads_are_changed_as_named() {
        let bytes = b"MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bK1\r\nFrom: <sip:1@h>;tag=x\r\n\
            Content-Length: 2\r\n\r\nab";
        let text = |faults: &[UnitFault]| {
            let faults = faults.iter().copied().collect();
            request(bytes.to_vec(), &faults).into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect()
        };
        let all: Vec<String> = text(&UnitFault::ALL);
        let expected = "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKtelecare\r\nFrom: <sip:1@h>\r\n\
            Content-Length: 12\r\n\r\nab";
        assert_eq!(all, [expected, expected]);
        let none: Vec<String> = text(&[UnitFault::Deaf]);
        assert_eq!(none, [std::str::from_utf8(bytes).unwrap()]);
    }
}
