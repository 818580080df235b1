//! What a block says, protocol-neutral.
//!
//! Fields of a report: `header`, `call_address`, `message`, `beep_coding`, `call_type`, `transmissions`, `priority`,
//! `call_status`, `system_status`, each as sent; `records` (a list: `id`, `data`) for records of other kinds and
//! second ones of a kind. A missing or blank record is left out; no default is filled in, because none is known.
//!
//! Who speaks: the call address is the identity. What stands for the dwelling, the site's table says
//! ([`Texts`]); without a row it is the whole display message, so that two texts are two units.

use super::{BlockError, Read, Record, Texts, UnitFrom};
use crate::codes::Table;
use crate::report::{texts, warnings};
use crate::{Codes, Event, Fields, Location, Mode, Origin, Outcome, Protocol, Report, Status, Trigger, Value};

/// Characters of a call address (A).
const ADDRESS_MAX: usize = 16;
/// Characters of a display message (A).
const MESSAGE_MAX: usize = 128;
/// Call type that takes an earlier call back (A).
pub(super) const RESET: &str = "1";

/// Records and the names of their fields.
const FIELDS: [(&str, &str); 8] = [
    ("1", "call_address"),
    ("2", "message"),
    ("3", "beep_coding"),
    ("4", "call_type"),
    ("5", "transmissions"),
    ("6", "priority"),
    ("7", "call_status"),
    ("8", "system_status"),
];

/// The report of one block. A header that no table has is an error; in strict mode, so is each deviation.
pub fn report(read: &Read, codes: &Codes, table: &Texts, mode: Mode) -> Result<Report, BlockError> {
    let block = &read.block;
    let header = block.header.to_string();
    if codes.find(Table::EspaHeaders, &header).is_none() {
        return Err(BlockError::UnknownHeader { header: block.header });
    }
    let deviations = deviations(read, codes);
    if let (Mode::Strict, Some((_, record))) = (mode, deviations.first()) {
        return Err(BlockError::BadRecord { record: (*record).to_owned() });
    }
    let said = |id: &str| block.data(id).map(tidy).filter(|data| !data.is_empty());
    let message = said("2");
    let mut local_unit = None;
    let (origin, events) = match block.header {
        '2' => statuses(codes, said("7").as_deref(), said("8").as_deref()),
        '3' => (Origin::Unit, vec![request(codes)]),
        _ => {
            let call = table.find(block);
            local_unit = call.as_ref().and_then(|call| call.unit.clone());
            if local_unit.is_none() && table.unit == UnitFrom::Text {
                local_unit.clone_from(&message);
            }
            let place = message.as_ref().filter(|text| local_unit.as_ref() != Some(*text));
            let location = place.map(|text| Location { code: text.clone(), words: text.clone() });
            let (trigger, mut status, words) = match call {
                Some(call) => (call.trigger, call.status, call.words),
                None => (Trigger::Unknown, Status::Unknown, unknown_words(message.as_deref())),
            };
            if said("4").as_deref() == Some(RESET) {
                status = Status::Restored;
            }
            let (trigger, status, words) = match (trigger, status, &message) {
                // Nothing says what it takes back.
                (Trigger::Unknown, Status::Restored, None) => {
                    (Trigger::Cancel, Status::Active, codes.words(Table::EspaTypes, RESET))
                }
                other => (other.0, other.1, words),
            };
            (Origin::Unit, vec![Event { trigger, status, code: header.clone(), words, location }])
        }
    };
    let mut found = read.warnings.clone();
    found.extend(deviations.iter().map(|(name, _)| *name));
    found.dedup();
    Ok(Report {
        protocol: Protocol::Espa444,
        outcome: Outcome::Decoded,
        origin,
        identity: said("1"),
        local_unit,
        caller: None,
        fields: fields(read),
        warnings: warnings(&found, &events),
        events,
    })
}

/// Status information: about a call (record 7), about the system (record 8), or both.
fn statuses(codes: &Codes, call: Option<&str>, system: Option<&str>) -> (Origin, Vec<Event>) {
    let mut events: Vec<Event> = Vec::new();
    events.extend(system.map(|code| codes.event(Table::EspaSystemStatus, code, "")));
    events.extend(call.map(|code| codes.event(Table::EspaCallStatus, code, "")));
    if events.is_empty() {
        let words = codes.words(Table::EspaHeaders, "2");
        events.push(Event {
            trigger: Trigger::Information,
            status: Status::Active,
            code: "2".to_owned(),
            words,
            location: None,
        });
    }
    let origin = if call.is_none() && system.is_some() { Origin::HardwareReceiver } else { Origin::Unit };
    (origin, events)
}

fn request(codes: &Codes) -> Event {
    let words = codes.words(Table::EspaHeaders, "3");
    Event { trigger: Trigger::Information, status: Status::Active, code: "3".to_owned(), words, location: None }
}

fn unknown_words(message: Option<&str>) -> String {
    message.map_or_else(|| "unknown ESPA call without a text".to_owned(), |text| format!("unknown ESPA text {text:?}"))
}

/// Deviations from the document that leave the block readable, with the record each is in.
fn deviations<'a>(read: &'a Read, codes: &Codes) -> Vec<(&'static str, &'a str)> {
    let block = &read.block;
    let mut found = Vec::new();
    let long = |id: &str, most: usize| block.data(id).is_some_and(|data| data.chars().count() > most);
    let unknown = |id: &str, table| block.data(id).is_some_and(|data| codes.find(table, data.trim()).is_none());
    let is_call = matches!(block.header, '1' | '4');
    found.extend((is_call && block.data("1").is_none_or(|data| data.trim().is_empty())).then_some(("NoAddress", "1")));
    found.extend(long("1", ADDRESS_MAX).then_some(("AddressLength", "1")));
    found.extend(long("2", MESSAGE_MAX).then_some(("TextLength", "2")));
    found.extend(unknown("4", Table::EspaTypes).then_some(("CallType", "4")));
    found.extend(unknown("6", Table::EspaPriorities).then_some(("Priority", "6")));
    if let Some(record) = block.records.iter().find(|record| name_of(record).is_none()) {
        found.push(("UnknownRecord", record.id.as_str()));
    }
    if let Some(record) = others(read).find(|record| name_of(record).is_some()) {
        found.push(("RepeatedRecord", record.id.as_str()));
    }
    found
}

fn name_of(record: &Record) -> Option<&'static str> {
    FIELDS.iter().find(|(id, _)| *id == record.id).map(|(_, name)| *name)
}

/// Records that have no field of their own: of other kinds, and second ones of a kind.
fn others(read: &Read) -> impl Iterator<Item = &Record> {
    let records = &read.block.records;
    records.iter().enumerate().filter_map(move |(at, record)| {
        let earlier = records.iter().take(at).any(|other| other.id == record.id);
        (earlier || name_of(record).is_none()).then_some(record)
    })
}

fn fields(read: &Read) -> Fields {
    let mut fields = texts(&[("header", &read.block.header.to_string())]);
    for (id, name) in FIELDS {
        fields.extend(texts(&[(name, &tidy(read.block.data(id).unwrap_or_default()))]));
    }
    let others: Vec<Fields> = others(read).map(|record| texts(&[("id", &record.id), ("data", &record.data)])).collect();
    if !others.is_empty() {
        fields.push(("records".to_owned(), Value::List(others)));
    }
    fields
}

/// Without control characters and blanks around it.
fn tidy(data: &str) -> String {
    let clean: String = data.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_owned()
}
