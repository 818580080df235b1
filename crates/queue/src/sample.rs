//! Signals and actions for this crate's unit tests.

use std::time::Duration;

use telecare_alarm::{
    Act, Action, ActionId, Actor, AlarmId, Basis, Class, ClockState, Lane, LineId, Marks, Priority, Ranking,
    ReceiverId, Signal, SignalId, Stamps, UnitKey,
};
use telecare_protocol::{Event, Location, Origin, Outcome, Protocol, Report, Status, Trigger, Value};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

pub const START: OffsetDateTime = datetime!(2026-11-21 02:00:00.123456 UTC);

/// A pendant press of a unit, the nth of a test, each a second after the one before.
pub fn press(unit: &str, n: u64) -> Signal {
    let at = START + Duration::from_secs(n);
    let location = Some(Location { code: "007".to_owned(), words: "zone 007".to_owned() });
    let words = "pendant \u{1b} pressed".to_owned();
    let event = Event { trigger: Trigger::Pendant, status: Status::Active, code: "101".to_owned(), words, location };
    Signal {
        id: SignalId(Uuid::from_u64_pair(0x0199_0000_0000_7000 + n, 0x8000_0000_0000_0000)),
        receiver: ReceiverId::new("r1"),
        line: LineId::new("line-1"),
        call: None,
        unit: UnitKey { key: unit.into(), basis: Basis::Identity, words: format!("unit {unit}").into() },
        stamps: Stamps { first_byte: at, last_byte: at, decoded: at },
        ranking: Ranking {
            priority: Priority::HIGHEST,
            class: Class::Person,
            lane: Lane::Urgent,
            rule: "pendant/any".into(),
            policy: "0123456789abcdef".into(),
        },
        raw: vec![0, 0x14, 0xff],
        report: Report {
            protocol: Protocol::SurGard,
            outcome: Outcome::Decoded,
            origin: Origin::Unit,
            identity: Some(unit.to_owned()),
            local_unit: None,
            caller: None,
            events: vec![event],
            fields: vec![
                ("form".to_owned(), Value::Text("5".to_owned())),
                ("priority".to_owned(), Value::Number(9)),
                ("events".to_owned(), Value::List(vec![vec![("code".to_owned(), Value::Text("PA".to_owned()))]])),
            ],
            warnings: vec!["NoiseBefore".to_owned()],
        },
        repeat_of: None,
        shadow: false,
        marks: Marks::default(),
        software: "0.1.0".into(),
        clock: ClockState::Synchronised,
    }
}

/// What a person does to an alarm, some seconds after the start.
pub fn action(n: u64, alarm: AlarmId, person: &str, act: Act) -> Action {
    Action {
        id: ActionId(Uuid::from_u64_pair(n, n)),
        alarm,
        at: START + Duration::from_secs(n),
        actor: Actor { person: person.into(), desk: "desk 1".into() },
        act,
    }
}
