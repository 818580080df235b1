//! What a frame says, protocol-neutral. Reserved and proprietary codes never reject a frame: they warn.

use super::Frame;
use crate::codes::Table;
use crate::{Codes, Event, Location, Origin, Outcome, Protocol, Report, Status, Value};

/// The report of one frame.
///
/// Grouped equipment (category 1-3) is its controller, with the local unit beside it; everything else is one
/// identity made of controller and local unit together. Leading zeros are stripped, as central systems show
/// them; nothing left is `0` (layout notes, confidence B; vectors V1, V12).
pub fn report(frame: &Frame, codes: &Codes) -> Report {
    let grouped = frame.is_grouped();
    let identity = if grouped { frame.controller.clone() } else { format!("{}{}", frame.controller, frame.local_unit) };
    Report {
        protocol: Protocol::Bs8521,
        outcome: Outcome::Decoded,
        origin: Origin::Unit,
        identity: Some(stripped(&identity)),
        local_unit: grouped.then(|| frame.local_unit.clone()),
        caller: None,
        events: vec![event(frame, codes)],
        fields: fields(frame),
        warnings: warnings(frame, codes).into_iter().map(str::to_owned).collect(),
    }
}

fn event(frame: &Frame, codes: &Codes) -> Event {
    let status = codes.find(Table::Bs8521Statuses, &frame.status).and_then(|row| row.status);
    // 00 is the table's own "no location information".
    let location = (frame.location != "00").then(|| Location {
        code: frame.location.clone(),
        words: codes.words(Table::Bs8521Locations, &frame.location),
    });
    let event = codes.event(Table::Bs8521Events, &frame.event, "");
    Event { status: status.unwrap_or(Status::Unknown), location, ..event }
}

fn fields(frame: &Frame) -> crate::Fields {
    let text = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
    vec![
        text("category", &frame.category),
        text("speech", &frame.speech),
        text("type", &frame.conformance),
        text("controller", &frame.controller),
        text("local_unit", &frame.local_unit),
        text("event", &frame.event),
        text("location", &frame.location),
        ("priority".to_owned(), Value::Number(frame.priority.parse().unwrap_or(0))),
        text("status", &frame.status),
    ]
}

/// Warnings in the order of the fields. A code that a site's table knows is not warned about.
fn warnings(frame: &Frame, codes: &Codes) -> Vec<&'static str> {
    let unknown = |table, code: &str| codes.find(table, code).is_none();
    let mut warnings = Vec::new();
    if unknown(Table::Bs8521Categories, &frame.category) {
        warnings.push("ReservedSystem");
    }
    if unknown(Table::Bs8521Speech, &frame.speech) {
        warnings.push("ReservedSpeech");
    }
    if frame.conformance != "00" {
        warnings.push("NonConformingType");
    }
    if unknown(Table::Bs8521Events, &frame.event) {
        warnings.push(if frame.event.starts_with('0') { "UnallocatedEvent" } else { "ReservedEvent" });
    }
    if unknown(Table::Bs8521Locations, &frame.location) {
        warnings.push(if proprietary(&frame.location) { "ProprietaryLocation" } else { "ReservedLocation" });
    }
    if unknown(Table::Bs8521Statuses, &frame.status) {
        warnings.push(if proprietary(&frame.status) { "ProprietaryStatus" } else { "ReservedStatus" });
    }
    warnings
}

/// Two-digit codes 80-99 are the makers' own; those below are reserved (confidence B).
fn proprietary(code: &str) -> bool {
    code.starts_with(['8', '9'])
}

pub(crate) fn stripped(digits: &str) -> String {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trigger;

    fn read(body: &str) -> Report {
        report(&Frame::decode_body(body.as_bytes()).unwrap(), &Codes::builtin())
    }

    #[test]
    fn dispersed_and_grouped_identities() {
        let dispersed = read("01000001234500000190190076");
        assert_eq!((dispersed.identity.as_deref(), dispersed.local_unit), (Some("123450000"), None));
        let grouped = read("12004412007700270101180048");
        assert_eq!((grouped.identity.as_deref(), grouped.local_unit.as_deref()), (Some("44120077"), Some("0027")));
        assert_eq!(read("00000000000000000000000040").identity.as_deref(), Some("0"));
    }

    #[test]
    fn status_says_how_the_event_stands() {
        for (body, trigger, status) in [
            ("00000001234500000510120670", Trigger::Mains, Status::Fault),
            ("00000001234500000510110467", Trigger::Mains, Status::Restored),
            ("00000001234500000190120775", Trigger::Pendant, Status::LowBattery),
            ("01000001234500002506044562", Trigger::Unknown, Status::Unknown),
        ] {
            let report = read(body);
            assert_eq!((report.events[0].trigger, report.events[0].status), (trigger, status), "{body}");
        }
    }

    #[test]
    fn location_00_is_none() {
        assert_eq!(read("00000000000000000000000040").events[0].location, None);
        let kitchen = read("01000055001200000162290074").events[0].location.clone().unwrap();
        assert_eq!((kitchen.code.as_str(), kitchen.words.as_str()), ("22", "kitchen (main)"));
    }
}
