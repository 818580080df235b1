//! What `decode` prints: one JSON object a frame. The names are kept for ever; scripts read them.
//!
//! ```text
//! {"input", "outcome": "report" | "control" | "error", "protocol",
//!  "report": {the protocol's own fields, identity, trigger, location, status, neutral: {the same four}},
//!  "control", "error": {"name", its fields}, "warnings": [names]}
//! ```
//!
//! What does not apply is null. A protocol's own field keeps its plain name: BS 8521 has a `location` and a
//! `status` of its own, which are codes; the protocol-neutral ones are always under `neutral`, too.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use telecare_api::shapes::{FieldsShape, escaped};
use telecare_protocol::{Decoded, Fault, Fields, Protocol, Report, What};

/// One frame and what it held.
#[derive(Serialize)]
pub struct DecodedShape {
    input: String,
    outcome: &'static str,
    protocol: &'static str,
    report: Option<ReportShape>,
    control: Option<&'static str>,
    error: Option<FaultShape>,
    warnings: Vec<String>,
}

struct ReportShape {
    fields: Fields,
    neutral: Neutral,
}

/// What a report means, whichever protocol it came in. Of several events, the one that a person or a hazard
/// raised, else the first.
#[derive(Serialize)]
struct Neutral {
    identity: Option<String>,
    trigger: Option<&'static str>,
    location: Option<String>,
    status: Option<&'static str>,
}

struct FaultShape(Fault);

impl DecodedShape {
    /// The shape of one frame of a protocol.
    pub fn of(protocol: Protocol, decoded: &Decoded) -> DecodedShape {
        let (outcome, report, control, error) = match &decoded.what {
            What::Report(report) => ("report", Some(ReportShape::of(report)), None, None),
            What::Control(name) => ("control", None, Some(*name), None),
            What::Error(fault) => ("error", None, None, Some(FaultShape(fault.clone()))),
        };
        DecodedShape {
            input: escaped(&decoded.input),
            outcome,
            protocol: protocol.as_str(),
            report,
            control,
            error,
            warnings: decoded.warnings.clone(),
        }
    }
}

impl ReportShape {
    fn of(report: &Report) -> ReportShape {
        let event = report.principal();
        let location = event.and_then(|event| event.location.as_ref());
        let neutral = Neutral {
            identity: report.identity.clone(),
            trigger: event.map(|event| event.trigger.as_str()),
            location: location.map(|location| location.words.clone()),
            status: event.map(|event| event.status.as_str()),
        };
        ReportShape { fields: report.fields.clone(), neutral }
    }
}

impl Serialize for ReportShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let neutral = &self.neutral;
        let plain = [
            ("identity", neutral.identity.as_deref()),
            ("trigger", neutral.trigger),
            ("location", neutral.location.as_deref()),
            ("status", neutral.status),
        ];
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, &telecare_api::shapes::ValueShape(value))?;
        }
        for (name, value) in plain {
            if self.fields.iter().all(|(field, _)| field != name) {
                map.serialize_entry(name, &value)?;
            }
        }
        map.serialize_entry("neutral", neutral)?;
        map.end()
    }
}

impl Serialize for FaultShape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = ("name".to_owned(), telecare_protocol::Value::Text(self.0.name.clone()));
        let fields = std::iter::once(name).chain(self.0.fields.iter().cloned()).collect();
        FieldsShape(fields).serialize(serializer)
    }
}

/// The same in words, for people.
pub fn in_words(decoded: &Decoded) -> String {
    let mut text = format!("{}\n", escaped(&decoded.input));
    match &decoded.what {
        What::Report(report) => {
            for event in &report.events {
                let place = event.location.as_ref().map_or(String::new(), |location| format!(", {}", location.words));
                let (words, code, status) = (&event.words, &event.code, event.status.as_str());
                text += &format!("  {}: {words} ({code}), {status}{place}\n", event.trigger.words());
            }
            text += &format!("  from {}\n", report.identity.as_deref().unwrap_or("nobody named"));
            text += &format!("  fields: {}\n", fields_in_words(&report.fields));
        }
        What::Control(name) => text += &format!("  {name}: keeps the link, no alarm\n"),
        What::Error(fault) => text += &format!("  cannot be read: {} {}\n", fault.name, fields_in_words(&fault.fields)),
    }
    if !decoded.warnings.is_empty() {
        text += &format!("  warnings: {}\n", decoded.warnings.join(", "));
    }
    text
}

/// Names and values in their order.
pub fn fields_in_words(fields: &Fields) -> String {
    use telecare_protocol::Value;
    let one = |(name, value): &(String, Value)| match value {
        Value::Text(text) => format!("{name} {text}"),
        Value::Number(number) => format!("{name} {number}"),
        Value::List(groups) => {
            let groups: Vec<String> = groups.iter().map(fields_in_words).collect();
            format!("{name} [{}]", groups.join("; "))
        }
    };
    fields.iter().map(one).collect::<Vec<_>>().join(", ")
}
