//! What an event says, protocol-neutral. The data is that of SIA DC-09: SIA DC-03 text, or Contact ID.
//!
//! Fields of a report: `token`, `sequence`, `receiver`, `line`, `account`, `system_account`, `panel_id` (opened where it
//! can be), `time` (seconds since 1970 in hex, as sent), `trailer`. Then for SIA
//! `function`, `listen_in` (seconds), `text` of a block that is text, `events` (a list, as in Sur-Gard lines); for Contact
//! ID `qualifier`, `code`, `group`, `zone`; for data nobody reads `data`.

use super::cipher::{BLOCK_BYTES, Cipher};
use super::{Event as Sent, Message, Read};
use crate::report::{texts, warnings};
use crate::sia_dc09::{self, Data, TokenName};
use crate::{Codes, Event, Fields, Origin, Outcome, Protocol, Report, Status, Trigger, Value};

/// The report of one message; none for a heartbeat, which is a sign of life. With the connection's cipher the panel's
/// identity can be opened.
pub fn report(read: &Read, cipher: Option<&Cipher>, codes: &Codes) -> Option<Report> {
    let Message::Event(sent) = &read.message else { return None };
    let mut found = read.warnings.clone();
    let (events, mut fields, is_part_unread) = said(sent, codes).unwrap_or_else(|| {
        found.push("UndecodedData");
        (undecoded(sent), Fields::new(), true)
    });
    if is_part_unread {
        fields.extend(texts(&[("data", &sent.data)]));
        if !found.contains(&"UndecodedData") {
            found.push("UnreadText");
        }
    }
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

/// None where the data is not what the token says, or of a kind that is not read here.
fn said(sent: &Sent, codes: &Codes) -> Option<(Vec<Event>, Fields, bool)> {
    let token = match sent.token.as_str() {
        "SIA-DCS" => TokenName::SiaDcs,
        "ADM-CID" => TokenName::AdmCid,
        _ => return None,
    };
    // The account before the bar is read already.
    let data = Data::read(token, &format!("|{}", sent.data)).ok()?;
    let (events, fields) = sia_dc09::said(&data.said, codes)?;
    Some((events, fields, data.unread_part))
}

/// The envelope was read, what is in it was not: an operator sees the data as it came.
fn undecoded(sent: &Sent) -> Vec<Event> {
    let words = "data of a kind that is not read here".to_owned();
    let (trigger, status) = (Trigger::Unknown, Status::Unknown);
    vec![Event { trigger, status, code: sent.token.clone(), words, location: None }]
}
