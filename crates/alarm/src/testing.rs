//! Signals and actions for this crate's unit tests.

use std::sync::{Arc, LazyLock};

use telecare_protocol::report::{Event, Location, Status};
use telecare_protocol::{Report, Trigger};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    Act, Action, ActionId, Actor, Alarm, AlarmId, Basis, CallId, ClockState, LineId, Marks, Policy, ReceiverId, Signal,
    SignalId, Stamps, UnitKey,
};

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::builtin);

/// An instant some seconds after a fixed one.
pub fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_700_000_000 + seconds)
}

/// A signal with one event, ranked by the policy as shipped.
pub fn signal(id: u128, seconds: i64, trigger: Trigger, status: Status) -> Signal {
    let event = Event { trigger, status, code: String::new(), words: trigger.words().to_owned(), location: None };
    let mut report = Report::own(trigger, status, "");
    report.events = vec![event];
    let stamp = at(seconds);
    Signal {
        id: SignalId(Uuid::from_u128(id)),
        receiver: ReceiverId::new("redditch-1"),
        line: LineId::new("surgard-1"),
        call: None,
        unit: UnitKey { key: "unit/in/north/surgard/12345".into(), basis: Basis::Identity, words: "unit 12345".into() },
        stamps: Stamps { first_byte: stamp, last_byte: stamp, decoded: stamp },
        ranking: POLICY.triage(&report),
        raw: Vec::new(),
        report,
        repeat_of: None,
        shadow: false,
        marks: Marks::default(),
        software: "test".into(),
        clock: ClockState::Synchronised,
    }
}

/// The same signal from a place in the dwelling.
pub fn placed(mut signal: Signal, words: &str) -> Signal {
    for event in &mut signal.report.events {
        event.location = Some(Location { code: words.to_owned(), words: words.to_owned() });
    }
    signal
}

/// The same signal in a telephone call.
pub fn in_call(signal: Signal, call: u128) -> Signal {
    Signal { call: Some(CallId(Uuid::from_u128(call))), ..signal }
}

/// A card with these signals.
pub fn card(signals: &[Signal]) -> Alarm {
    let (first, later) = signals.split_first().expect("at least one signal");
    let mut alarm = Alarm::open(first, None);
    for signal in later {
        alarm.attach(signal);
    }
    alarm
}

/// A person at a desk.
pub fn actor(person: &str, desk: &str) -> Actor {
    Actor { person: Arc::from(person), desk: Arc::from(desk) }
}

/// Something a person does to a card.
pub fn action(alarm: AlarmId, seconds: i64, actor: &Actor, act: Act) -> Action {
    Action { id: ActionId(Uuid::from_u128(1)), alarm, at: at(seconds), actor: actor.clone(), act }
}
