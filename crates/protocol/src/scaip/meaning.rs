//! What a request says, protocol-neutral.
//!
//! Fields of a report, each only where it says something: `ref`, `mty`, `cid`, `dty`, `did`, `dco` with `component` in
//! words, `dte`, `crd` (a list: `scheme`, `address`), `stc`, `stt`, `lco`, `lva`, `lte`, `geo`, `tim`, `gga`, `ico`, `ite`,
//! `ame`, `mreq`, `ver` where it is not 01.00; `sco` with `system_configuration` in words, `cha`, `hbo`, `pri` where they
//! are not zero; `unknown`, names of elements nobody knows.
//!
//! A group's controller speaks for many dwellings under one identity. There the device named by `did` is the local unit:
//! what a flat's unit and a flat's trigger are called is not known to differ, and two people must never be one card (C).

use super::request::VERSION;
use super::{Class, Request};
use crate::codes::{Code, Table};
use crate::report::{texts, warnings};
use crate::{Codes, Event, Fields, Location, Origin, Outcome, Protocol, Report, Sender, Status, Trigger, Value};

/// What identifies a message: the fields that a copy of it has alike (C).
const KEY: [&str; 7] = ["cid", "ref", "mty", "dty", "did", "stc", "lco"];

impl Request {
    /// Whose message it is.
    pub fn sender(&self) -> Sender {
        Sender { protocol: Protocol::Scaip, identity: self.controller.clone() }
    }

    /// What every copy of the message has in common. A unit that counts anew uses references again: what it says with
    /// them differs.
    pub fn repeat_key(&self) -> Vec<u8> {
        key(&self.said())
    }

    /// The report. That of a heartbeat is for tools: a session gives a sign of life.
    pub fn report(&self, codes: &Codes) -> Report {
        let (trigger, status) = self.meaning(codes);
        let event =
            Event { trigger, status, code: self.code(), words: self.words(codes), location: self.location(codes) };
        let device = self.device_id.as_deref().filter(|device| device.bytes().any(|c| c != b'0'));
        let events = vec![event];
        let mut warnings = warnings(&self.warnings, &events);
        let status_code =
            self.status_code.is_none_or(|code| codes.find(Table::ScaipStatusCodes, &long(code)).is_some());
        let known = status_code && codes.find(Table::ScaipDeviceTypes, &long(self.device_type)).is_some();
        if !known && trigger != Trigger::Unknown {
            warnings.push("UnknownCode".to_owned());
        }
        Report {
            protocol: Protocol::Scaip,
            outcome: Outcome::Decoded,
            origin: Origin::Unit,
            identity: Some(self.controller.clone()),
            local_unit: device.filter(|_| self.system_configuration != 0).map(str::to_owned),
            caller: None,
            events,
            fields: self.fields(codes),
            warnings,
        }
    }

    /// Trigger and status. `codes.toml` says how the two codes are one.
    fn meaning(&self, codes: &Codes) -> (Trigger, Status) {
        let device = codes.find(Table::ScaipDeviceTypes, &long(self.device_type)).and_then(|row| row.trigger);
        let row = self.status_code.and_then(|code| codes.find(Table::ScaipStatusCodes, &long(code)));
        let own = row.and_then(|row| row.trigger);
        let class = self.class();
        match class {
            Class::Heartbeat => (Trigger::Information, Status::Present),
            Class::Reset => device.map_or((Trigger::Cancel, Status::Active), |device| (device, Status::Restored)),
            Class::Information => {
                let told = own.filter(|own| matches!(own, Trigger::HelpArrived | Trigger::Service));
                (told.unwrap_or(Trigger::Information), Status::Active)
            }
            Class::Cancel => (own.unwrap_or(Trigger::Cancel), Status::Active),
            Class::Test => (own.unwrap_or(Trigger::PeriodicTest), Status::Active),
            Class::LifeAlarm | Class::Care | Class::TechnicalUrgent | Class::Technical | Class::Restoral => {
                self.event(class, device, row)
            }
        }
    }

    fn event(&self, class: Class, device: Option<Trigger>, row: Option<&Code>) -> (Trigger, Status) {
        let said = match (self.status_code, row) {
            (None, _) => Status::Active,
            (Some(_), None) => Status::Unknown,
            (Some(_), Some(row)) => row.status.unwrap_or(Status::Active),
        };
        if let Some(device) = device.filter(|_| self.is_of_life_device()) {
            return (device, said);
        }
        let or = |fits: fn(Trigger) -> bool, other: Trigger| device.filter(|device| fits(*device)).unwrap_or(other);
        let trigger = match (self.status_code, row) {
            (Some(_), None) => Trigger::Unknown,
            (None, _) => or(Trigger::calls_for_help, Trigger::Emergency),
            (Some(_), Some(row)) => match row.trigger {
                Some(Trigger::Emergency) => or(Trigger::calls_for_help, Trigger::Emergency),
                Some(own) => own,
                None if said == Status::Restored => or(|_| true, Trigger::System),
                None if class == Class::LifeAlarm => or(is_sensor, Trigger::Emergency),
                None => or(is_sensor, Trigger::System),
            },
        };
        (trigger, said)
    }

    /// Device type and status code, as in the document.
    fn code(&self) -> String {
        let status = self.status_code.map(|code| format!("/{code:04}"));
        format!("{:04}{}", self.device_type, status.unwrap_or_default())
    }

    fn words(&self, codes: &Codes) -> String {
        let device = codes.words(Table::ScaipDeviceTypes, &long(self.device_type));
        let status = match self.status_code {
            Some(code) => codes.words(Table::ScaipStatusCodes, &long(code)),
            None => "no status code, taken for a manual alarm".to_owned(),
        };
        format!("{device}: {status}")
    }

    /// Where: the code's words, the number beside it, the unit's own words.
    fn location(&self, codes: &Codes) -> Option<Location> {
        let code = short(self.location);
        let words = (self.location != 0).then(|| codes.words(Table::ScaipLocations, &code));
        let words: Vec<String> =
            [words, self.location_value.clone(), self.location_text.clone()].into_iter().flatten().collect();
        (!words.is_empty()).then(|| Location { code, words: words.join(", ") })
    }

    fn fields(&self, codes: &Codes) -> Fields {
        let said = self.said();
        let said: Vec<(&str, &str)> = said.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let mut fields = texts(&said);
        let callers = self.callers.iter();
        let groups: Vec<Fields> = callers
            .map(|caller| texts(&[("scheme", caller.scheme.as_str()), ("address", &caller.address)]))
            .filter(|group| !group.is_empty())
            .collect();
        if !groups.is_empty() {
            fields.push(("crd".to_owned(), Value::List(groups)));
        }
        let words = |table, code: Option<String>| code.map(|code| codes.words(table, &code)).unwrap_or_default();
        let configuration = (self.system_configuration != 0).then(|| self.system_configuration.to_string());
        fields.extend(texts(&[
            ("component", &words(Table::ScaipComponents, self.component.map(short))),
            ("system_configuration", &words(Table::ScaipConfigurations, configuration)),
            ("unknown", &self.unknown.join(", ")),
        ]));
        fields
    }

    /// Every element but `crd` as a text, in the usual order; empty where it says no more than its absence.
    pub(super) fn said(&self) -> Vec<(&'static str, String)> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let digit = |digit: u8| if digit == 0 { String::new() } else { digit.to_string() };
        let version = if self.version == VERSION { String::new() } else { self.version.clone() };
        vec![
            ("ref", self.reference.clone()),
            ("ver", version),
            ("sco", digit(self.system_configuration)),
            ("cha", digit(self.call_handling)),
            ("mty", self.message_type.as_str().to_owned()),
            ("hbo", digit(self.heartbeat_options)),
            ("cid", self.controller.clone()),
            ("dty", long(self.device_type)),
            ("did", text(&self.device_id)),
            ("dco", self.component.map(short).unwrap_or_default()),
            ("dte", text(&self.device_text)),
            ("stc", self.status_code.map(long).unwrap_or_default()),
            ("stt", text(&self.status_text)),
            ("pri", digit(self.priority)),
            ("lco", if self.location == 0 { String::new() } else { short(self.location) }),
            ("lva", text(&self.location_value)),
            ("geo", text(&self.position.geo)),
            ("tim", text(&self.position.tim)),
            ("gga", text(&self.position.gga)),
            ("lte", text(&self.location_text)),
            ("ico", self.information_code.map(short).unwrap_or_default()),
            ("ite", text(&self.information_text)),
            ("ame", digit(self.more_follows.into())),
            ("mreq", text(&self.media_request)),
        ]
    }
}

/// A device type or status code, as it is written.
fn long(code: u16) -> String {
    format!("{code:04}")
}

/// A component or location, as it is written.
fn short(code: u16) -> String {
    format!("{code:03}")
}

/// What a person or a sensor raises, not the equipment about itself.
fn is_sensor(trigger: Trigger) -> bool {
    trigger <= Trigger::Environment
}

/// Of a report's own fields, so that a stored one gives it again; none where it could not be read.
pub(crate) fn repeat_key(report: &Report) -> Option<Vec<u8>> {
    if report.outcome != Outcome::Decoded {
        return None;
    }
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::List(_) => String::new(),
    };
    let said: Vec<(&str, String)> = report.fields.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    Some(key(&said))
}

fn key(said: &[(&str, String)]) -> Vec<u8> {
    let of = |name: &&str| said.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str());
    format!("{:?}", KEY.iter().map(of).collect::<Vec<_>>()).into_bytes()
}
