//! Every frame in some bytes, for tools. Lines go through a [`super::Session`], which also looks at the stamp.

use std::time::{Duration, Instant};

use super::content::Content;
use super::data::Data;
use super::heard::Heard;
use super::keys::Keys;
use super::meaning::{Meaning, meaning, unread};
use super::token::TokenName;
use crate::sia_frame::{CR, Deframer, LF};
use crate::{Codes, Fault, Report};

/// What a frame held.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A report.
    Report(Box<Report>),
    /// A sign of life, or a receiver's answer, by name.
    Control(&'static str),
    /// Content that cannot be read, of a sender that can.
    Unread(Fault),
    /// No frame.
    Bad(Fault),
}

/// Every frame in the bytes, in order. Framing at the ends may be left out. There is always at least one result.
pub fn decode_all(bytes: &[u8], keys: &Keys, codes: &Codes) -> Vec<(Vec<u8>, Found, Vec<&'static str>)> {
    let mut framed = bytes.to_vec();
    if framed.first() != Some(&LF) && !framed.is_empty() {
        framed.insert(0, LF);
    }
    if !framed.contains(&CR) && !framed.is_empty() {
        framed.push(CR);
    }
    let now = Instant::now();
    let mut deframer = Deframer::default();
    framed.iter().for_each(|byte| deframer.push(*byte, now));
    deframer.expire(Duration::ZERO, now);
    let mut found = Vec::new();
    while let Some(piece) = deframer.next_piece() {
        match Heard::read(piece) {
            Ok(heard) => {
                let (what, warnings) = read(&heard, keys, codes);
                found.push((heard.raw, what, warnings));
            }
            Err((error, piece)) => found.push((piece.bytes, Found::Bad(error.fault()), Vec::new())),
        }
    }
    if found.is_empty() {
        let fault = Fault { name: "NoFrame".to_owned(), fields: Vec::new() };
        found.push((bytes.to_vec(), Found::Bad(fault), Vec::new()));
    }
    found
}

fn read(heard: &Heard, keys: &Keys, codes: &Codes) -> (Found, Vec<&'static str>) {
    let head = heard.head();
    let mut warnings = heard.warnings.clone();
    let fault = |content: Option<&Content>, name: &str| {
        let fields = unread(head, content, name, &[]).fields;
        Found::Unread(Fault { name: name.to_owned(), fields })
    };
    let content = if head.enciphered {
        let Some(key) = keys.of(head.address.account.as_deref().unwrap_or_default()) else {
            return (fault(None, "NoKey"), warnings);
        };
        let clear = key.decrypt(&heard.frame.content);
        clear.and_then(|clear| Content::read_padded(&clear)).map(|(content, _)| content).ok_or("Undecryptable")
    } else {
        Content::read(&heard.frame.content).ok_or("NoBracket")
    };
    let content = match content {
        Ok(content) => content,
        Err(name) => return (fault(None, name), warnings),
    };
    warnings.extend(&content.warnings);
    let answer = match &*head.token {
        "ACK" => Some("ack"),
        "NAK" => Some("nak"),
        "DUH" => Some("duh"),
        "RSP" => Some("rsp"),
        _ => None,
    };
    if let Some(answer) = answer {
        return (Found::Control(answer), warnings);
    }
    let found = match Data::read(TokenName::of(&head.token), &content.data) {
        Ok(data) => match meaning(head, &content, &data, &warnings, codes) {
            Meaning::Report(report) => Found::Report(report),
            Meaning::Alive(_) => Found::Control("null"),
        },
        Err(error) => fault(Some(&content), error.name()),
    };
    (found, warnings)
}
