//! What an event says, protocol-neutral. The data is that of SIA carriers: SIA DC-03 text, or Contact ID.
//!
//! Fields of a report: `token`, `sequence`, `receiver`, `line`, `account`, `system_account`, `panel_id` (opened where it
//! can be), `time` (seconds since 1970 in hex, as sent), `trailer`. Then for SIA
//! `function`, `listen_in` (seconds), `text` of a block that is text, `events` (a list, as in Sur-Gard lines); for Contact
//! ID `qualifier`, `code`, `group`, `zone`; for data nobody reads `data`.

use super::cipher::{BLOCK_BYTES, Cipher};
use super::{Event as Sent, Message, Read};
use crate::contact_id::{self, Qualifier};
use crate::report::{texts, warnings};
use crate::sia::{self, Block, Packet};
use crate::{Codes, Event, Fields, Origin, Outcome, Protocol, Report, Status, Trigger, Value};

/// The report of one message; none for a heartbeat, which is a sign of life. With the connection's cipher the panel's
/// identity can be opened.
pub fn report(read: &Read, cipher: Option<&Cipher>, codes: &Codes) -> Option<Report> {
    let Message::Event(sent) = &read.message else { return None };
    let mut found = read.warnings.clone();
    let (events, fields) = said(sent, codes).unwrap_or_else(|| {
        found.push("UndecodedData");
        undecoded(sent)
    });
    Some(Report {
        protocol: Protocol::OsborneHoffman,
        outcome: Outcome::Decoded,
        origin: Origin::Unit,
        identity: sent.account.clone().or_else(|| sent.system_account.clone()),
        local_unit: None,
        caller: None,
        warnings: warnings(&found, &events),
        events,
        fields: [head(sent, cipher), fields].concat(),
    })
}

/// A sequence that says nothing: such a message has no number of its own.
const NO_SEQUENCE: &str = "0000";

/// Everything that a panel sends alike when it sends a message again: its identity goes under another key on another
/// connection. None where the message has no number, or could not be read.
pub(crate) fn repeat_key(report: &Report) -> Option<Vec<u8>> {
    let sequence = report.fields.iter().find(|(name, _)| name == "sequence")?;
    if sequence.1 == Value::Text(NO_SEQUENCE.to_owned()) {
        return None;
    }
    let alike: Vec<_> = report.fields.iter().filter(|(name, _)| name != "panel_id").collect();
    Some(format!("{alike:?}").into_bytes())
}

fn head(sent: &Sent, cipher: Option<&Cipher>) -> Fields {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    let panel_id = sent.panel_id.as_deref().map(|id| opened(id, cipher).unwrap_or_else(|| id.to_owned()));
    texts(&[
        ("token", &sent.token),
        ("sequence", &sent.sequence),
        ("receiver", &sent.receiver),
        ("line", &sent.line),
        ("account", &or_none(&sent.account)),
        ("system_account", &or_none(&sent.system_account)),
        ("panel_id", &panel_id.unwrap_or_default()),
        ("time", &or_none(&sent.time)),
        ("trailer", &sent.rest),
    ])
}

/// The identity that 16 hex digits hide: 8 hex digits under the connection's key.
pub(super) fn opened(id: &str, cipher: Option<&Cipher>) -> Option<String> {
    let (pairs, _) = id.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let block: [u8; BLOCK_BYTES] = bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
    let opened = cipher?.open_block(block);
    let digits = opened.iter().all(u8::is_ascii_hexdigit);
    digits.then(|| opened.iter().map(|byte| char::from(*byte)).collect())
}

/// None where the data is of another kind than the token says, or of a kind that is not read here.
fn said(sent: &Sent, codes: &Codes) -> Option<(Vec<Event>, Fields)> {
    match sent.token.as_str() {
        "SIA-DCS" => sia::parse(&sent.data).map(|block| sia_block(&block, codes)),
        "ADM-CID" => contact_id(&sent.data, codes),
        _ => None,
    }
}

/// `QXYZ GG CCC`.
fn contact_id(data: &str, codes: &Codes) -> Option<(Vec<Event>, Fields)> {
    let mut parts = data.split(' ');
    let (Some(first), Some(group), Some(zone), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let (qualifier, code) = first.split_at_checked(1)?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !(digits(code, 3) && digits(group, 2) && digits(zone, 3)) {
        return None;
    }
    let qualifier = Qualifier::from_char(qualifier.chars().next()?)?;
    let event = contact_id::event(codes, qualifier, code, zone);
    Some((vec![event], contact_id::fields(qualifier, code, group, zone)))
}

fn sia_block(block: &Block, codes: &Codes) -> (Vec<Event>, Fields) {
    let mut fields = texts(&[("function", &block.function.to_string())]);
    for packet in &block.packets {
        match packet {
            Packet::ListenIn { seconds } => fields.extend(texts(&[("listen_in", seconds)])),
            Packet::Text(text) if block.function == 'A' => fields.extend(texts(&[("text", text)])),
            Packet::Text(_) | Packet::Modifier { .. } | Packet::Event { .. } | Packet::Unit(_) => {}
        }
    }
    let (mut events, list): (Vec<Event>, Vec<Fields>) =
        sia::said(block, codes).into_iter().map(|said| (said.event, said.fields)).unzip();
    fields.push(("events".to_owned(), Value::List(list)));
    if events.is_empty() {
        // Listen-in alone is a request for speech, text alone is information.
        let listen = block.packets.iter().any(|packet| matches!(packet, Packet::ListenIn { .. }));
        let trigger = if listen { Trigger::SpeechRequest } else { Trigger::Information };
        events.push(event(trigger, Status::Active, &block.function.to_string(), trigger.words()));
    }
    (events, fields)
}

/// The envelope was read, what is in it was not: an operator sees the data as it came.
fn undecoded(sent: &Sent) -> (Vec<Event>, Fields) {
    let event = event(Trigger::Unknown, Status::Unknown, &sent.token, "data of a kind that is not read here");
    (vec![event], texts(&[("data", &sent.data)]))
}

fn event(trigger: Trigger, status: Status, code: &str, words: &str) -> Event {
    Event { trigger, status, code: code.to_owned(), words: words.to_owned(), location: None }
}
