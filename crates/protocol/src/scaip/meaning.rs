//! What a request says, protocol-neutral.
//!
//! Fields of a report, each only where it says something: `ref`, `mty`, `cid`, `dty`, `did`, `dco` with `component` in
//! words, `dte`, `crd` (a list: `scheme`, `address`), `stc`, `stt`, `lco`, `lva`, `lte`, `geo`, `tim`, `gga`, `ico`, `ite`,
//! `ame`, `mreq`, `ver` where it is not 01.00; `sco` with `system_configuration` in words, `cha`, `hbo`, `pri` where they
//! are not zero; `callback`, where a unit that wants to be called back says that it is reached; `unknown`, names of
//! elements nobody knows.
//!
//! A group's controller speaks for many dwellings under one identity. There the device named by `did` is the local unit:
//! what a flat's unit and a flat's trigger are called is not known to differ, and two people must never be one card (C).

use super::request::VERSION;
use super::{Class, Request, Voice};
use crate::codes::{Code, Table};
use crate::report::{texts, warnings};
use crate::{Codes, Event, Fields, Location, Origin, Outcome, Protocol, Report, Sender, Status, Trigger, Value};

/// What identifies a message: the fields that a copy of it has alike (C).
const KEY: [&str; 7] = ["cid", "ref", "mty", "dty", "did", "stc", "lco"];

/// Of a unit that wants to be called back and does not say where.
const NO_ADDRESS: &str = "wanted";

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
            // "Charged" or "online" does not say that the danger is over.
            return (device, if said == Status::Restored { Status::Active } else { said });
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
        let callback = match self.voice() {
            Voice::Callback(address) => address.unwrap_or_else(|| NO_ADDRESS.to_owned()),
            Voice::None | Voice::Sip | Voice::Tel | Voice::Gsm => String::new(),
        };
        fields.extend(texts(&[
            ("callback", &callback),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaip::MessageType;

    fn request(device: u16, status: Option<u16>) -> Request {
        Request::new("R1", "90000001", device, status)
    }

    fn meaning(request: &Request) -> (Trigger, Status) {
        let event = &request.report(&Codes::builtin()).events[0];
        (event.trigger, event.status)
    }

    #[test]
    fn device_and_status_code_are_one_event() {
        use Status::{Active, Busy, Fault, LowBattery, NoSpeech, Restored};
        for (device, status, expected) in [
            (3, Some(10), (Trigger::Pendant, Active)),
            (4, Some(10), (Trigger::FixedTrigger, Active)),
            (2, Some(10), (Trigger::FixedTrigger, Active)),
            (3, None, (Trigger::Pendant, Active)),
            (45, None, (Trigger::Emergency, Active)),
            (5, Some(9), (Trigger::Fall, Active)),
            (23, Some(9), (Trigger::Smoke, Active)),
            (26, None, (Trigger::CarbonMonoxide, Active)),
            (33, Some(9), (Trigger::Flood, Active)),
            (14, Some(9), (Trigger::DoorOpen, Active)),
            (14, Some(10), (Trigger::Emergency, Active)),
            (31, Some(9), (Trigger::Emergency, Active)),
            (3, Some(110), (Trigger::Pendant, Active)),
            (46, Some(6), (Trigger::Lift, Active)),
            (3, Some(6), (Trigger::Pendant, Active)),
            (45, Some(6), (Trigger::System, Active)),
            (2, Some(16), (Trigger::Battery, LowBattery)),
            (3, Some(16), (Trigger::Battery, LowBattery)),
            (23, Some(16), (Trigger::Smoke, LowBattery)),
            (5, Some(67), (Trigger::Fall, Fault)),
            (23, Some(75), (Trigger::Smoke, Active)),
            (2, Some(75), (Trigger::Communication, Restored)),
            (2, Some(67), (Trigger::System, Fault)),
            (2, Some(85), (Trigger::Mains, Fault)),
            (2, Some(86), (Trigger::Mains, Restored)),
            (23, Some(86), (Trigger::Mains, Restored)),
            (23, Some(94), (Trigger::Smoke, Restored)),
            (3, Some(93), (Trigger::Pendant, Restored)),
            (45, Some(94), (Trigger::System, Restored)),
            (2, Some(17), (Trigger::System, Busy)),
            (2, Some(89), (Trigger::System, NoSpeech)),
            (12, Some(117), (Trigger::Occupancy, Active)),
            (11, Some(81), (Trigger::Medication, Active)),
            (14, Some(125), (Trigger::Tamper, Active)),
            (2, Some(102), (Trigger::PeriodicTest, Active)),
            (23, Some(103), (Trigger::PeriodicTest, Active)),
            (3, Some(19), (Trigger::Cancel, Active)),
            (3, Some(2), (Trigger::Cancel, Active)),
            (3, Some(128), (Trigger::Unknown, Status::Unknown)),
            (2, Some(0), (Trigger::Unknown, Status::Unknown)),
            (23, Some(9_999), (Trigger::Smoke, Status::Unknown)),
            (199, Some(10), (Trigger::Emergency, Active)),
            (199, Some(16), (Trigger::Battery, LowBattery)),
            (199, Some(128), (Trigger::Unknown, Status::Unknown)),
        ] {
            assert_eq!(meaning(&request(device, status)), expected, "{device} {status:?}");
        }
    }

    #[test]
    fn the_kind_of_message_decides_before_the_status_code() {
        for (kind, device, status, expected) in [
            (MessageType::Heartbeat, 2, 9, (Trigger::Information, Status::Present)),
            (MessageType::Reset, 5, 10, (Trigger::Fall, Status::Restored)),
            (MessageType::Reset, 199, 10, (Trigger::Cancel, Status::Active)),
            (MessageType::Information, 5, 10, (Trigger::Information, Status::Active)),
            (MessageType::Information, 5, 88, (Trigger::HelpArrived, Status::Active)),
        ] {
            let request = Request { message_type: kind, ..request(device, Some(status)) };
            assert_eq!(meaning(&request), expected, "{kind:?} {device} {status}");
        }
    }

    #[test]
    fn words_are_of_both_tables_and_say_what_is_unknown() {
        let codes = Codes::builtin();
        for (device, status, code, words, warns) in [
            (5, Some(9), "0005/0009", "fall detector: automatic alarm", false),
            (3, None, "0003", "personal trigger: no status code, taken for a manual alarm", false),
            (199, Some(10), "0199/0010", "unknown SCAIP device type \"0199\": manual alarm", true),
            (42, Some(10), "0042/0010", "unknown SCAIP device type \"0042\": manual alarm", true),
            (3, Some(128), "0003/0128", "personal trigger: unknown SCAIP status code \"0128\"", true),
            (23, Some(128), "0023/0128", "smoke detector: unknown SCAIP status code \"0128\"", true),
        ] {
            let report = request(device, status).report(&codes);
            assert_eq!((report.events[0].code.as_str(), report.events[0].words.as_str()), (code, words));
            assert_eq!(report.warnings, if warns { vec!["UnknownCode"] } else { Vec::new() }, "{words}");
        }
    }

    #[test]
    fn a_place_is_the_code_the_number_and_the_units_own_words() {
        let codes = Codes::builtin();
        let text = |text: &str| Some(text.to_owned());
        for (location, value, own, expected) in [
            (0, None, None, None),
            (12, None, None, Some(("012", "bedroom"))),
            (44, text("17"), text("left"), Some(("044", "apartment, 17, left"))),
            (0, None, text("under the stairs"), Some(("000", "under the stairs"))),
            (900, None, None, Some(("900", "unknown location \"900\""))),
        ] {
            let request = Request { location, location_value: value, location_text: own, ..request(3, Some(10)) };
            let found = request.report(&codes).events[0].location.clone();
            let found = found.as_ref().map(|place| (place.code.as_str(), place.words.as_str()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn behind_a_groups_controller_the_device_is_the_local_unit() {
        for (configuration, device, expected) in [
            (0, Some("0117"), None),
            (1, Some("0117"), Some("0117")),
            (2, Some("0117"), Some("0117")),
            (3, Some("A1"), Some("A1")),
            (1, Some("00"), None),
            (1, None, None),
        ] {
            let device_id = device.map(str::to_owned);
            let request = Request { system_configuration: configuration, device_id, ..request(48, Some(85)) };
            assert_eq!(request.report(&Codes::builtin()).local_unit.as_deref(), expected);
        }
    }

    /// Each of the seven tells messages apart, and nothing else does.
    #[test]
    fn the_key_is_of_seven_fields() {
        let key = |change: fn(&mut Request)| {
            let mut request = request(3, Some(10));
            change(&mut request);
            let report = request.report(&Codes::builtin());
            assert_eq!(report.repeat_key(), Some(request.repeat_key()));
            request.repeat_key()
        };
        let same = key(|_| {});
        let others = [
            key(|request| request.controller.push('1')),
            key(|request| request.reference.push('1')),
            key(|request| request.message_type = MessageType::Reset),
            key(|request| request.device_type = 4),
            key(|request| request.device_id = Some("1".to_owned())),
            key(|request| request.status_code = None),
            key(|request| request.location = 1),
        ];
        for (place, other) in others.iter().enumerate() {
            assert!(*other != same && others.iter().filter(|one| *one == other).count() == 1, "{place}");
        }
        assert_eq!(key(|request| request.information_text = Some("x".to_owned())), same);
        assert_eq!(key(|request| request.priority = 1), same);
        assert_eq!(key(|request| request.callers.clear()), same);
    }
}
