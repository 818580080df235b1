//! What a frame says, protocol-neutral.
//!
//! Fields of a report: `token`, `sequence`, `receiver`, `prefix`, `account`, `data_account` where the data names another;
//! then SIA `function`, `listen_in`, `events` (a list: `code`, `address`, modifiers, `text`, `unit`) or Contact ID
//! `qualifier`, `code`, `group`, `zone`; then extended data by the names of [`extended_name`], with `position` in degrees
//! where longitude and latitude can be read; then `sent_at`, the stamp. What cannot be read keeps `data`.
//!
//! The account of the header is the identity; that inside the data is shown beside it when it differs (C).

use super::content::{Content, Extended};
use super::data::{Data, Said};
use super::position::position;
use super::stamp::{Stamp, stamp};
use crate::contact_id;
use crate::report::{texts, warnings};
use crate::sia::{self, Block, Packet};
use crate::sia_frame::Head;
use crate::{Codes, Event, Fault, Fields, Location, Origin, Outcome, Protocol, Report, Sender, Status, Trigger, Value};

/// What a frame means.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// A report.
    Report(Box<Report>),
    /// A sign of life of its account.
    Alive(Option<Sender>),
}

/// The names of the pieces of extended data in a report's fields; an unlisted letter keeps its name. Editions differ on
/// C, G and J; what is said stays as sent (B).
pub fn extended_name(kind: char) -> String {
    let name = match kind {
        'A' => "authentication",
        'C' => "supervision_category",
        'G' => "network_path",
        'H' => "occurred_at",
        'I' => "alarm_text",
        'J' => "json",
        'K' => "key_request",
        'L' => "location",
        'M' => "mac_address",
        'N' => "network_address",
        'O' => "building",
        'P' => "programming_data",
        'R' => "room",
        'S' => "site",
        'T' => "alarm_trigger",
        'V' => "verification",
        'X' => "longitude",
        'Y' => "latitude",
        'Z' => "altitude",
        other => return format!("extended_{}", other.to_ascii_lowercase()),
    };
    name.to_owned()
}

/// The meaning of a frame that was read.
pub fn meaning(head: &Head, content: &Content, data: &Data, found: &[&'static str], codes: &Codes) -> Meaning {
    let Some((events, fields)) = said(&data.said, codes) else { return Meaning::Alive(sender(head)) };
    let account = head.address.account.as_deref();
    let other_account = data.account.as_deref().filter(|other| Some(*other) != account);
    let mut found = found.to_vec();
    found.extend(other_account.map(|_| "DataAccount"));
    found.extend(data.unread_part.then_some("UnreadText"));
    let unread = if data.unread_part { &*content.data } else { "" };
    Meaning::Report(Box::new(Report {
        protocol: Protocol::SiaDc09,
        outcome: Outcome::Decoded,
        origin: Origin::Unit,
        identity: account.map(str::to_owned),
        local_unit: None,
        caller: None,
        fields: [
            head_fields(head),
            texts(&[("data_account", other_account.unwrap_or_default())]),
            fields,
            texts(&[("data", unread)]),
            tail(content),
        ]
        .concat(),
        warnings: warnings(&found, &events),
        events,
    }))
}

/// The events and fields of data, whichever frame carries it; none for a sign of life.
pub(crate) fn said(said: &Said, codes: &Codes) -> Option<(Vec<Event>, Fields)> {
    match said {
        Said::Alive => None,
        Said::Sia(blocks) => Some(sia_text(blocks, codes)),
        Said::ContactId { qualifier, code, group, zone } => {
            let event = contact_id::event(codes, *qualifier, code, zone);
            Some((vec![event], contact_id::fields(*qualifier, code, group, zone)))
        }
    }
}

/// Whose frame it is.
fn sender(head: &Head) -> Option<Sender> {
    let identity = head.address.account.clone()?;
    Some(Sender { protocol: Protocol::SiaDc09, identity })
}

/// A frame of a known sender whose content cannot be read: kept, and shown to people.
pub fn unread(head: &Head, content: Option<&Content>, name: &str, found: &[&'static str]) -> Report {
    let data = content.map(|content| texts(&[("data", &content.data)])).unwrap_or_default();
    let fields = [head_fields(head), data, content.map(tail).unwrap_or_default()].concat();
    let mut report = Report::unreadable(Protocol::SiaDc09, Fault { name: name.to_owned(), fields: fields.clone() });
    report.identity.clone_from(&head.address.account);
    report.warnings = found.iter().map(|name| (*name).to_owned()).collect();
    report.fields = fields;
    report
}

/// The same token, account, prefix, receiver, sequence and content; the stamp may have been made anew. Of content that
/// nobody read nothing is known, so it proves nothing.
pub(crate) fn repeat_key(report: &Report) -> Option<Vec<u8>> {
    let unread = matches!(report.outcome, Outcome::Unreadable(_));
    let said = |name: &str| report.fields.iter().any(|(known, _)| known == name);
    if !said("sequence") || (unread && !said("data")) {
        return None;
    }
    let kept = report.fields.iter().filter(|(name, _)| name != "sent_at");
    Some(kept.map(|(name, value)| format!("{name}={value:?};")).collect::<String>().into_bytes())
}

fn head_fields(head: &Head) -> Fields {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let address = &head.address;
    texts(&[
        ("token", &head.token),
        ("sequence", &format!("{:04}", head.sequence)),
        ("receiver", &said(&address.receiver)),
        ("prefix", &said(&address.line)),
        ("account", &said(&address.account)),
    ])
}

fn tail(content: &Content) -> Fields {
    let named = |one: &Extended| (extended_name(one.kind), Value::Text(one.text.clone()));
    // A key that somebody sends is not written down.
    let shown = content.extended.iter().filter(|one| one.kind != 'K' && !one.text.trim().is_empty());
    let mut fields: Fields = shown.map(named).collect();
    let of = |kind| content.extended.iter().find(|one| one.kind == kind).map(|one| &*one.text);
    if let (Some(longitude), Some(latitude)) = (of('X'), of('Y'))
        && let Some(position) = position(latitude, longitude)
    {
        fields.push(("position".to_owned(), Value::Text(position)));
    }
    match &content.stamp {
        Stamp::Missing => {}
        Stamp::At(at) => fields.push(("sent_at".to_owned(), Value::Text(stamp(*at)))),
        Stamp::Impossible(text) => fields.push(("sent_at".to_owned(), Value::Text(text.clone()))),
    }
    fields
}

/// Events block by block. The text of a block of text belongs to the event before it.
fn sia_text(blocks: &[Block], codes: &Codes) -> (Vec<Event>, Fields) {
    let mut events = Vec::new();
    let mut list: Vec<Fields> = Vec::new();
    let mut fields = Fields::new();
    for block in blocks {
        for said in sia::said(block, codes) {
            events.push(said.event);
            list.push(said.fields);
        }
        for packet in &block.packets {
            match packet {
                Packet::ListenIn { seconds } => fields.extend(texts(&[("listen_in", seconds)])),
                Packet::Text(words) if block.function == 'A' => match list.last_mut() {
                    Some(last) => last.extend(texts(&[("text", words)])),
                    None => fields.extend(texts(&[("text", words)])),
                },
                Packet::Modifier { .. } | Packet::Event { .. } | Packet::Text(_) | Packet::Unit(_) => {}
            }
        }
    }
    let functions: String = blocks.iter().map(|block| block.function).collect();
    fields.splice(0..0, texts(&[("function", &functions)]));
    if events.is_empty() {
        events.push(without_event(&functions));
    }
    fields.push(("events".to_owned(), Value::List(list)));
    (events, fields)
}

/// Text that names no event: listen-in alone is a request for speech, text alone is information.
fn without_event(functions: &str) -> Event {
    let listen = functions.contains('L');
    let trigger = if listen { Trigger::SpeechRequest } else { Trigger::Information };
    let words = trigger.words().to_owned();
    let none: Option<Location> = None;
    Event { trigger, status: Status::Active, code: functions.to_owned(), words, location: none }
}
