//! The closed sets of names on the wire, as the document tells them: made from the domain's own names.

use telecare_alarm::registry::{Field, Flag, Risk, Stock};
use telecare_alarm::{Basis, Class, ClockState, Lane, Listing, Standing};
use telecare_protocol::{Origin, Protocol, Status, Trigger};
use telecare_queue::Link;
use telecare_queue::live_calls::Command;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use super::card_call::{CALL_STATES, SPEECH};
use super::report::origin_name;
use super::requests::commands;
use crate::calls::{CallAnswer, CallOutcome};

fn one_of(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}

/// Also null, where there is none.
fn one_of_or_null(names: impl IntoIterator<Item = &'static str>) -> Object {
    let mut object = one_of(names).schema_type(SchemaType::from_iter([Type::String, Type::Null])).build();
    if let Some(values) = &mut object.enum_values {
        values.push(serde_json::Value::Null);
    }
    object
}

pub fn standing() -> Object {
    let all = [Standing::Waiting, Standing::Claimed, Standing::Held, Standing::Closed];
    one_of(all.map(Standing::as_str))
        .description(Some("What the card waits for: `waiting` for anyone, `claimed`, `held` until a time, `closed`."))
        .build()
}

pub fn listing() -> Object {
    let words = "Where it is listed: `queue` with the others, `on-test` apart, the rest aside, because only equipment \
                 spoke on it and nobody has touched it.";
    one_of(Listing::ALL.map(Listing::as_str)).description(Some(words)).build()
}

pub fn told() -> Object {
    one_of(["pending", "delivered", "given-up"]).description(Some("What became of telling it.")).build()
}

pub fn class() -> Object {
    one_of(Class::ALL.map(Class::as_str)).description(Some("What kind of alarm it is, by policy.")).build()
}

pub fn lane() -> Object {
    one_of([Lane::Urgent, Lane::Routine].map(Lane::as_str)).build()
}

pub fn basis() -> Object {
    one_of(Basis::ALL.map(Basis::as_str))
        .description(Some("What the unit was told by. `caller-number` is a guess: say so on the screen."))
        .build()
}

pub fn clock() -> Object {
    let all = [ClockState::Synchronised, ClockState::Unsynchronised, ClockState::Unknown];
    one_of(all.map(ClockState::as_str)).description(Some("The receiver's clock when it came.")).build()
}

pub fn link() -> Object {
    let all = [Link::Connected, Link::CutOff, Link::CatchingUp, Link::Standalone];
    one_of(all.map(Link::as_str)).description(Some("Whose word the answers are.")).build()
}

pub fn protocol() -> Object {
    one_of(Protocol::ALL.map(Protocol::as_str)).build()
}

pub fn trigger() -> Object {
    one_of(Trigger::all().map(Trigger::as_str)).build()
}

pub fn status() -> Object {
    one_of(Status::ALL.map(Status::as_str)).build()
}

pub fn origin() -> Object {
    one_of([Origin::Unit, Origin::HardwareReceiver, Origin::Line].map(origin_name))
        .description(Some("Who speaks: the unit, the hardware receiver itself, or this receiver of its own line."))
        .build()
}

pub fn report_outcome() -> Object {
    one_of(["decoded", "unreadable"]).build()
}

pub fn health() -> Object {
    one_of(["ok", "degraded", "failing"])
        .description(Some(
            "`degraded`: it takes alarms in on its own or without its journal; `failing`: it cannot take any in.",
        ))
        .build()
}

pub fn act() -> Object {
    let people = ["claim", "renew", "seen", "hold", "resume", "release", "transfer", "note", "close", "reopen"];
    let more = ["close-other", "stop-test", "operate"];
    let own = ["served", "escalate", "called-out", "join", "off-test", "close-by-rule", "operated", "call-ended"];
    let words = "The receiver's own, by rule: `served` (the first console was shown the alarm), `escalate`, `called-out` \
                 (what became of telling it), `join` (an incident), `off-test`, `close-by-rule`, `operated` (what became of a command to \
                 a call), `call-ended`.";
    one_of(people.into_iter().chain(more).chain(own)).description(Some(words)).build()
}

pub fn refusal() -> Object {
    let all = [
        "taken",
        "not-holder",
        "closed",
        "later-signal",
        "not-held",
        "not-closed",
        "too-late",
        "superseded",
        "missing",
        "not-taken",
        "not-due",
        "not-test",
        "no-call",
        "unknown-alarm",
    ];
    one_of(all).description(Some("Why the rules refused an action.")).build()
}

/// As [`refusal`], null where an action was done.
pub fn refusal_or_none() -> Object {
    let mut object = one_of_or_null([]);
    object.enum_values = refusal().enum_values.map(|mut names| {
        names.push(serde_json::Value::Null);
        names
    });
    object.description = Some("Null when it was done; else why it was refused.".to_owned());
    object
}

pub fn call_state() -> Object {
    let words = "`on-line`: nobody has answered; `with-operator`; `ended`; `missed`: rang off before anyone answered; \
                 `unknown`: on another receiver that has fallen silent, or that never told the end.";
    one_of(CALL_STATES).description(Some(words)).build()
}

pub fn speech_or_none() -> Object {
    let mut object = one_of_or_null(SPEECH);
    object.description = Some(
        "The speech path as the unit has switched it: who is heard. Null when this receiver does not know.".to_owned(),
    );
    object
}

pub fn call_abilities() -> Object {
    one_of(Command::ALL.map(Command::as_str)).build()
}

pub fn call_command() -> Object {
    one_of(commands().iter().map(|(name, _)| *name)).examples([serde_json::json!("speak")]).build()
}

pub fn text_rule() -> Object {
    one_of(["optional", "required", "none"]).description(Some("Whether a close with this outcome has a text.")).build()
}

pub fn call_outcome() -> Object {
    one_of(CallOutcome::ALL.map(CallOutcome::as_str)).description(Some("What became of the call.")).build()
}

pub fn call_answer() -> Object {
    let mut object = one_of_or_null(CallAnswer::ALL.map(CallAnswer::as_str));
    object.description = Some("What it was answered; null when no answer was owed.".to_owned());
    object
}

pub fn matched_by() -> Object {
    one_of(["identity", "registered-later", "number"])
        .description(Some(
            "How the unit was found. `registered-later`: it was registered after this card was opened, and later \
             signals come on a card of their own. `number`: only by its telephone number, a guess: say so on the screen.",
        ))
        .build()
}

pub fn risk() -> Object {
    one_of(Risk::ALL.map(Risk::as_str)).build()
}

pub fn stock() -> Object {
    one_of(Stock::ALL.map(Stock::as_str))
        .description(Some("Whether somebody depends on it. A unit in store or retired may still call: say so."))
        .build()
}

pub fn flag() -> Object {
    one_of(Flag::ALL.map(Flag::as_str)).build()
}

pub fn unit_field() -> Object {
    one_of(Field::ALL.map(Field::as_str)).build()
}
