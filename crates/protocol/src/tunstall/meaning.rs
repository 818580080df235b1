//! What frames and messages say, protocol-neutral. Unknown codes never reject a frame: they warn.

use super::checksum::Map;
use super::frame::Body;
use super::{Frame, OldFrame, Signalling, Verified, Waiting};
use crate::codes::Table;
use crate::{Codes, Event, Fields, Location, Origin, Outcome, Protocol, Report, Status, Trigger, Value};

/// What a dwelling's alarm inherits from the frame that opened its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The protocol of the call.
    pub protocol: Protocol,
    /// The scheme.
    pub identity: Option<String>,
    /// How it signals, where that is known.
    pub signalling: Option<Signalling>,
    /// Dwellings follow.
    pub is_grouped: bool,
    /// Both sides can speak at once.
    pub is_duplex: bool,
}

impl Opened {
    /// What a frame says of its call; `otherwise` is the protocol of one that no map matched.
    pub fn of_frame(verified: &Verified, signalling: Option<Signalling>, otherwise: Protocol) -> Opened {
        let protocol = verified.map.map_or(otherwise, Map::protocol);
        let frame = match &verified.body {
            Body::Opening(frame) => Some(frame),
            Body::Service(_) => None,
        };
        Opened {
            protocol,
            identity: frame.and_then(Frame::shown_identity),
            signalling,
            is_grouped: frame.is_some_and(Frame::is_grouped),
            is_duplex: frame.is_some_and(Frame::is_duplex),
        }
    }

    /// A scheme of which nothing is known.
    pub fn of_scheme(protocol: Protocol) -> Opened {
        Opened { protocol, identity: None, signalling: None, is_grouped: true, is_duplex: false }
    }

    /// What a burst frame says of its call.
    pub fn of_old(frame: &OldFrame) -> Opened {
        Opened {
            protocol: Protocol::TtOld,
            identity: Some(frame.identity.clone()),
            signalling: None,
            is_grouped: frame.is_grouped(),
            is_duplex: false,
        }
    }

    fn report(&self, events: Vec<Event>, fields: Fields, warnings: &[&str]) -> Report {
        Report {
            protocol: self.protocol,
            outcome: Outcome::Decoded,
            origin: Origin::Unit,
            identity: self.identity.clone(),
            local_unit: None,
            caller: None,
            events,
            fields,
            warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
        }
    }

    fn signalling_field(&self) -> Option<(String, Value)> {
        self.signalling.map(|signalling| text("signalling", signalling.as_str()))
    }
}

/// The report of an opening frame, or of a record of its shape. A grouped system's frame does not tell the dwelling.
pub fn report(verified: &Verified, opened: &Opened, codes: &Codes) -> Report {
    let mut warnings = Vec::new();
    let (events, mut fields) = match &verified.body {
        Body::Opening(frame) => {
            let event = call_event(&frame.call, opened, codes, &mut warnings);
            if frame.reserved != "0" {
                warnings.push("ReservedNotZero");
            }
            let location = frame.extra.get(..2).and_then(|code| known_location(code, codes));
            (vec![Event { location, ..event }], frame_fields(frame))
        }
        Body::Service(record) => {
            let code = if record.starts_with("****") { "parameter" } else { "other" };
            (vec![codes.event(Table::TunstallRecords, code, "")], vec![text("record", record)])
        }
    };
    match verified.map {
        Some(Map::TtNewAlternate) => warnings.push("AlternateChecksumMap"),
        None => warnings.push("Unverified"),
        Some(Map::Tt92 | Map::TtNew) => {}
    }
    fields.push(text("checksum", verified.map.map_or("none", Map::as_str)));
    fields.extend(opened.signalling_field());
    opened.report(events, fields, &warnings)
}

/// The report of a dwelling's alarm in a grouped system. A low battery is an event beside it, never instead of it.
pub fn waiting_report(waiting: &Waiting, opened: &Opened, codes: &Codes) -> Report {
    let mut warnings = vec!["NoChecksum"];
    let grouped = Opened { is_grouped: true, ..opened.clone() };
    let event = call_event(&waiting.call, &grouped, codes, &mut warnings);
    // 00 is taken for "no location" (C).
    let location = (waiting.location != "00").then(|| {
        known_location(&waiting.location, codes).unwrap_or_else(|| Location {
            code: waiting.location.clone(),
            words: format!("location {}", waiting.location),
        })
    });
    let mut events = vec![Event { location, ..event }];
    if waiting.is_battery_low {
        let words = "trigger's battery low".to_owned();
        let (trigger, status) = (Trigger::Battery, Status::LowBattery);
        events.push(Event { trigger, status, code: "1".to_owned(), words, location: None });
    }
    let mut fields = vec![
        text("call", &waiting.call),
        text("unit", &waiting.unit),
        text("battery", if waiting.is_battery_low { "low" } else { "ok" }),
        text("location", &waiting.location),
    ];
    fields.extend(opened.signalling_field());
    let report = opened.report(events, fields, &warnings);
    Report { local_unit: Some(waiting.unit.clone()), ..report }
}

/// The report of a burst frame that came twice.
pub fn old_report(frame: &OldFrame, codes: &Codes) -> Report {
    let opened = Opened::of_old(frame);
    let mut warnings = vec!["NoChecksum"];
    let event = call_event(&frame.call, &opened, codes, &mut warnings);
    let equipment = if opened.is_grouped { "grouped" } else { "dispersed" };
    let fields = vec![text("identity", &frame.identity), text("call", &frame.call), text("equipment", equipment)];
    opened.report(vec![event], fields, &warnings)
}

/// Call codes of dwellings, schemes and burst frames stand in tables of their own: what is known of one says nothing
/// of the other.
fn call_event(code: &str, opened: &Opened, codes: &Codes, warnings: &mut Vec<&'static str>) -> Event {
    let table = match (opened.protocol, opened.is_grouped) {
        (Protocol::TtOld, _) => Table::TunstallBursts,
        (_, true) => Table::TunstallGrouped,
        (_, false) => Table::TunstallDispersed,
    };
    if codes.find(table, code).is_none() {
        warnings.push("UnknownCallCode");
    }
    codes.event(table, code, "")
}

/// A location that a site's table knows; none is built in, the meaning is not public.
fn known_location(code: &str, codes: &Codes) -> Option<Location> {
    let row = codes.find(Table::TunstallLocations, code)?;
    Some(Location { code: code.to_owned(), words: row.words.clone() })
}

fn frame_fields(frame: &Frame) -> Fields {
    vec![
        text("type", &frame.kind),
        text("reserved", &frame.reserved),
        text("generic", &frame.generic),
        text("call", &frame.call),
        text("identity", &frame.identity),
        text("extra", &frame.extra),
        text("equipment", if frame.is_grouped() { "grouped" } else { "dispersed" }),
        text("speech", if frame.is_duplex() { "duplex" } else { "switched" }),
    ]
}

fn text(name: &str, value: &str) -> (String, Value) {
    (name.to_owned(), Value::Text(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(body: &str, codes: &Codes) -> Report {
        let verified = Verified::decode_body(body.as_bytes(), &Map::ALL).unwrap();
        report(&verified, &Opened::of_frame(&verified, None, Protocol::Tt92), codes)
    }

    #[test]
    fn a_scheme_is_never_read_by_the_codes_of_dwellings() {
        let codes = Codes::builtin();
        let dispersed = read("1012000000******000037", &codes);
        assert_eq!(dispersed.events[0].trigger, Trigger::PeriodicTest);
        let scheme = read("0031400100******####72", &codes);
        assert_eq!((scheme.events[0].trigger, scheme.events[0].status), (Trigger::Unknown, Status::Unknown));
        assert_eq!(scheme.warnings, ["UnknownCallCode"], "1 is mains of a dwelling");
    }

    #[test]
    fn a_low_battery_does_not_take_the_place_of_an_alarm() {
        let waiting = Waiting { call: "4".into(), unit: "104".into(), is_battery_low: true, location: "00".into() };
        let opened = Opened::of_old(&OldFrame { identity: "1234".into(), call: "1".into() });
        let report = waiting_report(&waiting, &opened, &Codes::builtin());
        let events: Vec<_> = report.events.iter().map(|event| (event.trigger, event.status)).collect();
        assert_eq!(events, [(Trigger::Unknown, Status::Unknown), (Trigger::Battery, Status::LowBattery)]);
        assert_eq!(report.local_unit.as_deref(), Some("104"));
        assert_eq!(report.principal().unwrap().trigger, Trigger::Unknown);
    }

    #[test]
    fn a_site_may_know_codes_and_locations() {
        let text = "[grouped]\n1 = { words = \"pull cord\", trigger = \"fixed-trigger\" }\n\
                    [locations]\n07 = { words = \"bathroom\" }\n";
        let codes = Codes::with_overrides(&BTreeMap::from([("tunstall".to_owned(), text.to_owned())])).unwrap();
        let scheme = read("0031400100******####72", &codes);
        assert_eq!((scheme.events[0].trigger, scheme.warnings.len()), (Trigger::FixedTrigger, 0));
        let placed = read("5018123456******07**04", &codes).events[0].location.clone().unwrap();
        assert_eq!((placed.code.as_str(), placed.words.as_str()), ("07", "bathroom"));
    }
}
