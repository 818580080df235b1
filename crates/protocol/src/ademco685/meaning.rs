//! What a line says, protocol-neutral.
//!
//! Fields of a report, by form: `form`, `receiver`, `line`, `account`; then Contact ID `qualifier` (E, R, P),
//! `code`, `group`, `zone`, `kind` (C or U); pulse `event`, `zone`, CAPS `number` beside them; Silent Knight `code`; High Speed `channels`, `auxiliary`; the
//! receiver's own messages `source`, `channels`, `auxiliary`.

use super::{Body, Line, Make, Read};
use crate::codes::Table;
use crate::report::{texts, warnings};
use crate::{
    Codes, Event, Fields, Location, Origin, Outcome, Protocol, Report, Status, Trigger, contact_id, high_speed,
};

/// The report of one line; none for a link check, which is a sign of life.
pub fn report(read: &Read, codes: &Codes) -> Option<Report> {
    let line = &read.line;
    let (origin, events, fields) = match &line.body {
        Body::Heartbeat => return None,
        Body::Pulse { event, .. } => {
            let event = event.to_string();
            (Origin::Unit, vec![pulse_event(codes, &event, None)], texts(&[("event", &event)]))
        }
        Body::PulseZone { event, zone, .. } => {
            let (event, zone) = (event.to_string(), zone.to_string());
            (Origin::Unit, vec![pulse_event(codes, &event, Some(&zone))], texts(&[("event", &event), ("zone", &zone)]))
        }
        Body::Combined { number, .. } => {
            let hex = |digit: u8| format!("{digit:X}");
            let (event, zone) = (hex(number >> 4), hex(number & 0x0F));
            let fields = texts(&[("number", &format!("{number:03}")), ("event", &event), ("zone", &zone)]);
            (Origin::Unit, vec![pulse_event(codes, &event, Some(&zone))], fields)
        }
        Body::Compact { code, .. } => {
            (Origin::Unit, vec![codes.event(Table::Ademco685Pairs, code, "")], texts(&[("code", code)]))
        }
        Body::HighSpeed { channels, auxiliary, .. } => {
            (Origin::Unit, high_speed::events(codes, channels, *auxiliary), channel_fields(channels, *auxiliary))
        }
        Body::ContactId { qualifier, code, group, kind, zone, .. } => {
            let mut event = contact_id::event(codes, *qualifier, code, zone);
            if let (Some(location), 'U') = (&mut event.location, kind) {
                location.words = format!("user {}", location.code);
            }
            let kind = texts(&[("kind", &kind.to_string())]);
            (Origin::Unit, vec![event], [contact_id::fields(*qualifier, code, group, zone), kind].concat())
        }
        Body::Own { source, channels, auxiliary } => {
            let fields = [texts(&[("source", source)]), channel_fields(channels, *auxiliary)].concat();
            (Origin::HardwareReceiver, own_messages(codes, source, channels), fields)
        }
    };
    Some(Report {
        protocol: match read.make {
            Make::Ademco685 => Protocol::Ademco685,
            Make::Cp220 => Protocol::Cp220,
        },
        outcome: Outcome::Decoded,
        origin,
        identity: identity(&line.body),
        local_unit: None,
        caller: None,
        fields: [header_fields(line), fields].concat(),
        warnings: warnings(&read.warnings, &events),
        events,
    })
}

/// The account as sent. One with a digit that could not be read names nobody: two people may share it.
fn identity(body: &Body) -> Option<String> {
    body.account().filter(|account| !account.contains('X')).map(str::to_owned)
}

fn header_fields(line: &Line) -> Fields {
    let mut fields = texts(&[("form", line.body.form())]);
    if let Some(header) = &line.header {
        fields.extend(texts(&[("receiver", &header.receiver), ("line", &header.line)]));
    }
    fields.extend(texts(&[("account", line.body.account().unwrap_or_default())]));
    fields
}

fn channel_fields(channels: &str, auxiliary: char) -> Fields {
    texts(&[("channels", channels), ("auxiliary", &auxiliary.to_string())])
}

/// What an event digit means, here and in the tones of Ademco Express: with its zone, where a site's table says what
/// both mean together; else the event alone, in that zone.
pub(crate) fn pulse_event(codes: &Codes, event: &str, zone: Option<&str>) -> Event {
    let zone = zone.unwrap_or_default();
    let both = format!("{event}{zone}");
    match codes.find(Table::Ademco685Pairs, &both) {
        Some(_) => codes.event(Table::Ademco685Pairs, &both, ""),
        None => codes.event(Table::Ademco685Pulse, event, zone),
    }
}

/// One event per channel that is not at rest; the channel's own row, else that of its source. Whether it began
/// or ended the value says.
fn own_messages(codes: &Codes, source: &str, channels: &str) -> Vec<Event> {
    let message = |(n, value): (u8, char)| {
        let known = Some(format!("{source}{n}")).filter(|code| codes.find(Table::Ademco685Own, code).is_some());
        let mut event = codes.event(Table::Ademco685Own, known.as_deref().unwrap_or(source), "");
        event.location = Some(Location { code: format!("{source}{n}"), words: format!("{source} channel {n}") });
        match value {
            '3' => event.status = Status::Restored,
            '6' => event.status = Status::Present,
            _ => {}
        }
        event
    };
    let events: Vec<Event> = high_speed::speaking(channels).map(message).collect();
    if !events.is_empty() {
        return events;
    }
    let words = codes.words(Table::Ademco685Own, source);
    let code = source.to_owned();
    vec![Event { trigger: Trigger::Information, status: Status::Active, code, words, location: None }]
}
