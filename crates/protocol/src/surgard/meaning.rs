//! What a line says, protocol-neutral.
//!
//! Fields of a report, by form: `form`, `receiver`, `line`, `account` wherever the form has them; then
//! Contact ID `qualifier` (E, R, P), `code`, `group`, `zone`; SIA `function`, `listen_in` (seconds), `events`
//! (a list: `code`, `address`, then modifiers such as `area`, `time`, `date`, `user`, `peripheral`, then `text`,
//! `unit`); pulse `event`, `group`, `zone`; two-way audio `event`, `speech_line`; High Speed `channels`,
//! `auxiliary`; Acron `channels`; BFSK and FSK2 `code`, `zone`; Telenot and CESA `event`, `zone`; caller lines
//! `number` or `name`; a Radionics' pulse and Modem II `status`, `group`, `zone`; a form nobody knows, and one whose
//! layout nobody knows, `text`. A blank field is left out.

use super::{Body, Line, Make, Read};
use crate::codes::Table;
use crate::report::{texts, warnings};
use crate::sia::{self, Block, Packet};
use crate::{Caller, Codes, Event, Fields, Location, Origin, Outcome, Protocol, Report, Status, Trigger, Value};
use crate::{contact_id, high_speed};

/// The report of one line; none for a heartbeat, which is a sign of life.
pub fn report(read: &Read, codes: &Codes) -> Option<Report> {
    let line = &read.line;
    let (origin, events, fields) = match &line.body {
        Body::Heartbeat => return None,
        Body::Basic { account, letter, group, zone } => basic(codes, account, *letter, group, zone),
        Body::ContactId { qualifier, code, group, zone, .. } => {
            let event = contact_id::event(codes, *qualifier, code, zone);
            (Origin::Unit, vec![event], contact_id::fields(*qualifier, code, group, zone))
        }
        Body::Sia { code, address, .. } => {
            let packet = Packet::Event { code: code.clone(), address: address.clone() };
            let (events, list) = sia_events(&Block { function: 'N', packets: vec![packet] }, codes);
            (Origin::Unit, events, vec![("events".to_owned(), Value::List(list))])
        }
        Body::SiaBlock { account, block } => sia_block(codes, line, account, block),
        Body::Own { account, block } => {
            let (_, events, fields) = sia_block(codes, line, account, block);
            (Origin::HardwareReceiver, events, fields)
        }
        Body::HighSpeed { channels, auxiliary, .. } => high_speed(codes, channels, *auxiliary),
        Body::Acron { channels, .. } => {
            (Origin::Unit, high_speed::channels(codes, channels), texts(&[("channels", channels)]))
        }
        Body::Bfsk { code, zone, .. } => coded(codes, Table::SurGardBfsk, code, zone),
        Body::Fsk2 { code, zone, .. } => coded(codes, Table::SurGardFsk2, code, zone),
        Body::Telenot { letter, zone, .. } => lettered(codes, Table::SurGardTelenot, *letter, zone),
        Body::Cesa { letter, zone, .. } => lettered(codes, Table::SurGardCesa, *letter, zone),
        Body::CallerNumber { number, .. } | Body::InternationalNumber { number } => {
            (Origin::Unit, vec![caller_event(read, codes)], texts(&[("number", number)]))
        }
        Body::CallerName { name } => (Origin::Unit, vec![caller_event(read, codes)], texts(&[("name", name)])),
        Body::Status { status, group, zone, .. } => {
            let fields = texts(&[("status", status.trim()), ("group", group), ("zone", zone)]);
            (Origin::Unit, vec![status_event(codes, status, zone)], fields)
        }
        Body::Undecoded { text, .. } | Body::Unknown { text } => {
            (Origin::Unit, vec![unknown_form(read, codes)], texts(&[("text", text)]))
        }
    };
    Some(Report {
        protocol: match read.make {
            Make::SurGard => Protocol::SurGard,
            Make::Radionics6500 => Protocol::Radionics6500,
        },
        outcome: Outcome::Decoded,
        origin,
        identity: identity(&line.body),
        local_unit: None,
        caller: caller(&line.body),
        fields: [header_fields(read), fields].concat(),
        warnings: warnings(&read.warnings, &events),
        events,
    })
}

/// Whether a body speaks of the caller of the event before it.
pub(super) fn is_about_caller(body: &Body) -> bool {
    matches!(body, Body::CallerNumber { .. } | Body::InternationalNumber { .. } | Body::CallerName { .. })
}

/// The account as sent. A caller line names an account only to point at the event before it.
fn identity(body: &Body) -> Option<String> {
    if is_about_caller(body) { None } else { body.account().map(str::to_owned) }
}

fn header_fields(read: &Read) -> Fields {
    let line = &read.line;
    let mut fields = texts(&[("form", &line.body.form(read.make).to_string())]);
    if let Some(header) = &line.header {
        fields.extend(texts(&[("receiver", &header.receiver), ("line", &header.line)]));
    }
    fields.extend(line.body.account().map(|account| ("account".to_owned(), Value::Text(account.to_owned()))));
    fields
}

/// Form 1. On account 0000 the letter and number together may be a message of the receiver itself; P there is
/// speech waiting on a line (vector G09).
fn basic(codes: &Codes, account: &str, letter: char, group: &str, zone: &str) -> (Origin, Vec<Event>, Fields) {
    let letter_text = letter.to_string();
    if letter == 'P' {
        let fields = texts(&[("event", &letter_text), ("speech_line", zone)]);
        let origin = if is_receiver_account(account) { Origin::HardwareReceiver } else { Origin::Unit };
        return (origin, vec![codes.event(Table::SurGardLetters, &letter_text, zone)], fields);
    }
    let fields = texts(&[("event", &letter_text), ("group", group), ("zone", zone)]);
    let message: String = format!("{letter}{group}{zone}").split_whitespace().collect();
    if is_receiver_account(account) && codes.find(Table::SurGardOwn, &message).is_some() {
        return (Origin::HardwareReceiver, vec![codes.event(Table::SurGardOwn, &message, "")], fields);
    }
    let address = if zone.bytes().all(|digit| digit == b'0') { "" } else { zone };
    let event = codes.event(Table::SurGardLetters, &letter_text, address);
    (origin_of(account, std::slice::from_ref(&event)), vec![event], fields)
}

fn sia_block(codes: &Codes, line: &Line, account: &str, block: &Block) -> (Origin, Vec<Event>, Fields) {
    let mut fields = texts(&[("function", &block.function.to_string())]);
    for packet in &block.packets {
        if let Packet::ListenIn { seconds } = packet {
            fields.extend(texts(&[("listen_in", seconds)]));
        }
        if let (Packet::Text(text), 'A') = (packet, block.function) {
            fields.extend(texts(&[("text", text)]));
        }
    }
    let (mut events, list) = sia_events(block, codes);
    fields.push(("events".to_owned(), Value::List(list)));
    if is_receiver_account(account) {
        events.iter_mut().for_each(|event| own_message(codes, line, event));
    }
    if events.is_empty() {
        events.push(without_event(codes, block));
    }
    (origin_of(account, &events), events, fields)
}

/// Replaces what a SIA code says in general by what it says from the receiver itself. From the main processor
/// (line 000) no call is behind YC (vector G15), from a line card there is (receiver's messages, confidence B).
fn own_message(codes: &Codes, line: &Line, event: &mut Event) {
    let main = line.header.as_ref().is_some_and(|h| h.line.len() >= 3 && h.line.bytes().all(|digit| digit == b'0'));
    let tables: &[Table] = if main { &[Table::SurGardMainProcessor, Table::SurGardOwn] } else { &[Table::SurGardOwn] };
    if let Some(row) = tables.iter().find_map(|table| codes.find(*table, &event.code)) {
        event.trigger = row.trigger.unwrap_or(Trigger::HardwareReceiver);
        event.status = row.status.unwrap_or(Status::Active);
        event.words = row.words.clone();
        if let Some(location) = &mut event.location {
            location.words = format!("line {}", location.code);
        }
    }
}

/// A block that names no event: listen-in alone is a request for speech, text alone is information.
fn without_event(codes: &Codes, block: &Block) -> Event {
    let listen = block.packets.iter().any(|packet| matches!(packet, Packet::ListenIn { .. }));
    let trigger = if listen { Trigger::SpeechRequest } else { Trigger::Information };
    let words = codes.words(Table::SurGardForms, "S");
    Event { trigger, status: Status::Active, code: block.function.to_string(), words, location: None }
}

fn sia_events(block: &Block, codes: &Codes) -> (Vec<Event>, Vec<Fields>) {
    sia::said(block, codes).into_iter().map(|said| (said.event, said.fields)).unzip()
}

/// Account 0000 is the receiver's own, but a person's signal is never taken for one: a panel may have been left
/// without an account.
pub(crate) fn origin_of(account: &str, events: &[Event]) -> Origin {
    let person = |event: &Event| event.trigger.calls_for_help() && event.trigger != Trigger::FaultyCall;
    if is_receiver_account(account) && !events.iter().any(person) { Origin::HardwareReceiver } else { Origin::Unit }
}

fn is_receiver_account(account: &str) -> bool {
    account.len() >= 4 && account.bytes().all(|digit| digit == b'0')
}

fn high_speed(codes: &Codes, channels: &str, auxiliary: char) -> (Origin, Vec<Event>, Fields) {
    let fields = texts(&[("channels", channels), ("auxiliary", &auxiliary.to_string())]);
    (Origin::Unit, high_speed::events(codes, channels, auxiliary), fields)
}

fn coded(codes: &Codes, table: Table, code: &str, zone: &str) -> (Origin, Vec<Event>, Fields) {
    (Origin::Unit, vec![codes.event(table, code, zone)], texts(&[("code", code), ("zone", zone)]))
}

fn lettered(codes: &Codes, table: Table, letter: char, zone: &str) -> (Origin, Vec<Event>, Fields) {
    let letter = letter.to_string();
    (Origin::Unit, vec![codes.event(table, &letter, zone)], texts(&[("event", &letter), ("zone", zone)]))
}

fn caller_event(read: &Read, codes: &Codes) -> Event {
    let (form, words) = form_in_words(read, codes);
    Event { trigger: Trigger::CallerIdentity, status: Status::Active, code: form, words, location: None }
}

fn caller(body: &Body) -> Option<Caller> {
    match body {
        Body::CallerNumber { number, .. } | Body::InternationalNumber { number } => {
            Some(Caller { number: Some(number.clone()), name: None })
        }
        Body::CallerName { name } => Some(Caller { number: None, name: Some(name.clone()) }),
        _ => None,
    }
}

fn unknown_form(read: &Read, codes: &Codes) -> Event {
    let (form, words) = form_in_words(read, codes);
    Event { trigger: Trigger::Unknown, status: Status::Unknown, code: form, words, location: None::<Location> }
}

fn form_in_words(read: &Read, codes: &Codes) -> (String, String) {
    let form = read.line.body.form(read.make).to_string();
    let table = match read.make {
        Make::SurGard => Table::SurGardForms,
        Make::Radionics6500 => Table::RadionicsForms,
    };
    let words = codes.words(table, &form);
    (form, words)
}

/// The status of a Radionics by its own table; a single letter that is not in it by Sur-Gard's letters (C).
fn status_event(codes: &Codes, status: &str, zone: &str) -> Event {
    let status = status.trim();
    let table = match codes.find(Table::RadionicsStatus, status) {
        None if status.len() == 1 => Table::SurGardLetters,
        _ => Table::RadionicsStatus,
    };
    codes.event(table, status, if zone.bytes().all(|digit| digit == b'0') { "" } else { zone })
}
