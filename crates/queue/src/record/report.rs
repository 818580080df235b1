//! The report inside a stored signal.

use serde::{Deserialize, Serialize};
use telecare_protocol::{Caller, Event, Fault, Fields, Location, Origin, Outcome, Protocol, Report, Trigger, Value};

use super::{Unreadable, clean};

/// What the unit said, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportRecord {
    origin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<FaultRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    local_unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller_name: Option<String>,
    events: Vec<EventRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<(String, ValueRecord)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FaultRecord {
    name: String,
    #[serde(default)]
    fields: Vec<(String, ValueRecord)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct EventRecord {
    trigger: String,
    status: String,
    code: String,
    words: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum ValueRecord {
    Number(i64),
    Text(String),
    List(Vec<Vec<(String, ValueRecord)>>),
}

impl ReportRecord {
    /// The stored form of a report.
    pub fn of(report: &Report) -> ReportRecord {
        ReportRecord {
            origin: origin_name(report.origin).to_owned(),
            fault: match &report.outcome {
                Outcome::Decoded => None,
                Outcome::Unreadable(fault) => {
                    Some(FaultRecord { name: clean(&fault.name), fields: fields_of(&fault.fields) })
                }
            },
            local_unit: report.local_unit.as_deref().map(clean),
            caller_name: report.caller.as_ref().and_then(|caller| caller.name.as_deref()).map(clean),
            events: report.events.iter().map(EventRecord::of).collect(),
            fields: fields_of(&report.fields),
            warnings: report.warnings.iter().map(|warning| clean(warning)).collect(),
        }
    }

    /// The report, given the parts of it that the signal's own columns hold.
    pub fn restore(
        &self,
        protocol: Protocol,
        identity: Option<String>,
        caller_number: Option<String>,
    ) -> Result<Report, Unreadable> {
        let outcome = match &self.fault {
            None => Outcome::Decoded,
            Some(fault) => Outcome::Unreadable(Fault { name: fault.name.clone(), fields: restore(&fault.fields) }),
        };
        let caller = match (caller_number, &self.caller_name) {
            (None, None) => None,
            (number, name) => Some(Caller { number, name: name.clone() }),
        };
        Ok(Report {
            protocol,
            outcome,
            origin: origin_named(&self.origin)?,
            identity,
            local_unit: self.local_unit.clone(),
            caller,
            events: self.events.iter().map(EventRecord::restore).collect::<Result<_, _>>()?,
            fields: restore(&self.fields),
            warnings: self.warnings.clone(),
        })
    }
}

impl EventRecord {
    fn of(event: &Event) -> EventRecord {
        EventRecord {
            trigger: event.trigger.as_str().to_owned(),
            status: event.status.as_str().to_owned(),
            code: clean(&event.code),
            words: clean(&event.words),
            place: event.location.as_ref().map(|place| (clean(&place.code), clean(&place.words))),
        }
    }

    fn restore(&self) -> Result<Event, Unreadable> {
        Ok(Event {
            // A trigger of a newer version is still a signal: it is kept as an unknown one.
            trigger: self.trigger.parse().unwrap_or(Trigger::Unknown),
            status: self.status.parse().map_err(|error| Unreadable::new("status", error))?,
            code: self.code.clone(),
            words: self.words.clone(),
            location: self.place.clone().map(|(code, words)| Location { code, words }),
        })
    }
}

fn fields_of(fields: &Fields) -> Vec<(String, ValueRecord)> {
    fields.iter().map(|(name, value)| (clean(name), value_of(value))).collect()
}

fn value_of(value: &Value) -> ValueRecord {
    match value {
        Value::Text(text) => ValueRecord::Text(clean(text)),
        Value::Number(number) => ValueRecord::Number(*number),
        Value::List(groups) => ValueRecord::List(groups.iter().map(fields_of).collect()),
    }
}

fn restore(fields: &[(String, ValueRecord)]) -> Fields {
    let value = |value: &ValueRecord| match value {
        ValueRecord::Number(number) => Value::Number(*number),
        ValueRecord::Text(text) => Value::Text(text.clone()),
        ValueRecord::List(groups) => Value::List(groups.iter().map(|group| restore(group)).collect()),
    };
    fields.iter().map(|(name, stored)| (name.clone(), value(stored))).collect()
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Unit => "unit",
        Origin::HardwareReceiver => "hardware-receiver",
        Origin::Line => "line",
    }
}

fn origin_named(name: &str) -> Result<Origin, Unreadable> {
    match name {
        "unit" => Ok(Origin::Unit),
        "hardware-receiver" => Ok(Origin::HardwareReceiver),
        "line" => Ok(Origin::Line),
        other => Err(Unreadable::new("origin", other)),
    }
}
