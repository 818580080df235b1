//! How urgent the policy as shipped finds what SCAIP units say, beside what `protocols/scaip/README.md` recommends by
//! class. The policy ranks equipment and sensors of every protocol alike, so it may differ; where it ranks lower, it is
//! listed here and nowhere else.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use telecare_alarm::Policy;
use telecare_protocol::scaip::{Class, Dialects, MessageType, Read, Request, read};
use telecare_protocol::{Codes, Trigger};

/// What is recommended (C); a heartbeat is no signal.
fn recommended(class: Class) -> Option<u8> {
    match class {
        Class::Heartbeat => None,
        Class::LifeAlarm => Some(1),
        Class::Care | Class::TechnicalUrgent => Some(2),
        Class::Cancel | Class::Technical => Some(3),
        Class::Reset | Class::Information | Class::Restoral => Some(4),
        Class::Test => Some(5),
    }
}

/// The vectors whose priority is lower than recommended: id, recommended, found.
const LOWER: [(&str, u8, u8); 5] = [
    ("V07", 3, 4), // battery low: equipment
    ("V08", 2, 4), // malfunction: equipment
    ("V09", 3, 4), // cancel: the card that it belongs to keeps its own
    ("V11", 4, 5), // information: likewise
    ("V20", 2, 4), // power failure: whole towns send it at once
];

#[test]
fn vectors_rank_as_recommended_or_higher() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/scaip/vectors.toml");
    let file: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (policy, codes) = (Policy::builtin(), Codes::builtin());
    let mut lower = Vec::new();
    let mut seen = 0;
    for vector in file["vector"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let (report, recommended) = match read(vector["input"].as_str().unwrap().as_bytes(), Dialects::default()) {
            Read::Request(request) => (request.report(&codes), recommended(request.class())),
            Read::Bad(bad) => (bad.report(&codes), Some(1)),
            Read::Answer(_) => continue,
        };
        let Some(recommended) = recommended else { continue };
        seen += 1;
        let found = policy.triage(&report).priority.number();
        if found > recommended {
            lower.push((id.to_owned(), recommended, found));
        }
    }
    let expected = LOWER.map(|(id, recommended, found)| (id.to_owned(), recommended, found));
    assert_eq!((seen, lower), (30, expected.to_vec()));
}

/// Triggers that the policy ranks lower than their class is recommended to, with both numbers.
const LOWER_TRIGGERS: [(u8, u8, &[Trigger]); 7] = [
    // An alarm of a device that is not worn and finds out about no fire: as the same sensors of other protocols.
    (1, 2, &[Trigger::BogusCaller, Trigger::Intruder, Trigger::Lift]),
    (
        1,
        3,
        &[
            Trigger::Tamper,
            Trigger::Inactivity,
            Trigger::PropertyExit,
            Trigger::Occupancy,
            Trigger::Movement,
            Trigger::DoorOpen,
            Trigger::Enuresis,
            Trigger::Medication,
            Trigger::Flood,
            Trigger::Environment,
        ],
    ),
    (
        2,
        3,
        &[
            Trigger::Tamper,
            Trigger::Inactivity,
            Trigger::Occupancy,
            Trigger::Movement,
            Trigger::DoorOpen,
            Trigger::Medication,
            Trigger::HighTemperature,
            Trigger::LowTemperature,
        ],
    ),
    (
        2,
        4,
        &[
            Trigger::Mains,
            Trigger::Battery,
            Trigger::TelephoneLine,
            Trigger::Radio,
            Trigger::Communication,
            Trigger::System,
        ],
    ),
    (3, 4, &[Trigger::Battery, Trigger::Radio, Trigger::System]),
    (3, 4, &[Trigger::Cancel]),
    (
        4,
        5,
        &[Trigger::Service, Trigger::Opening, Trigger::Closing, Trigger::Bypass, Trigger::Access, Trigger::Information],
    ),
];

/// Every kind of message of every device type with every status code, known or not, and without one.
#[test]
fn only_sensors_and_equipment_rank_lower() {
    let (policy, codes) = (Policy::builtin(), Codes::builtin());
    let mut lower = BTreeSet::new();
    for kind in MessageType::ALL {
        for device in 0..=60 {
            for status in (0..=130).map(Some).chain([None]) {
                let request = Request { message_type: kind, ..Request::new("1", "1", device, status) };
                let Some(recommended) = recommended(request.class()) else { continue };
                let report = request.report(&codes);
                let found = policy.triage(&report).priority.number();
                if found > recommended {
                    lower.insert((recommended, found, report.events[0].trigger));
                }
            }
        }
    }
    let listed = LOWER_TRIGGERS
        .into_iter()
        .flat_map(|(recommended, found, triggers)| triggers.iter().map(move |trigger| (recommended, found, *trigger)));
    assert_eq!(lower, listed.collect());
}
