//! A call on an alarm: where the voice is.

use serde::Serialize;
use telecare_alarm::{Alarm, CardCall};
use telecare_protocol::call::Speech;
use telecare_queue::live_calls::{Command, allows_control, began, later};
use telecare_queue::{LiveCall, Reach};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ActorShape, Sight, Timestamp, names};

/// States of a call.
pub const CALL_STATES: [&str; 5] = [ON_LINE, WITH_OPERATOR, ENDED, MISSED, UNKNOWN];
/// Names of the speech path.
pub const SPEECH: [&str; 4] = ["none", "speak", "listen", "duplex"];

const ON_LINE: &str = "on-line";
const WITH_OPERATOR: &str = "with-operator";
const ENDED: &str = "ended";
const MISSED: &str = "missed";
const UNKNOWN: &str = "unknown";

/// A telephone call that signals of the alarm came in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CardCall)]
pub struct CardCallShape {
    /// Alarms of one call share it.
    id: Uuid,
    #[schema(schema_with = names::call_state)]
    state: &'static str,
    #[schema(schema_with = names::speech_or_none)]
    speech: Option<&'static str>,
    /// How to speak to the caller, as far as this receiver knows.
    reach: ReachShape,
    /// What it can be told to do, see `POST /v1/alarms/{id}/call`; of calls on other receivers nothing is known.
    #[schema(schema_with = abilities)]
    supports: Vec<&'static str>,
    /// Who has the speech path: whoever claimed an alarm of the call, spoke or listened last.
    #[schema(required = true)]
    with: Option<ActorShape>,
    /// Other open alarms on the same call: whoever claims one is offered these.
    #[schema(max_items = 64)]
    others: Vec<Uuid>,
    /// The line it is on.
    line: String,
    /// The receiver that answered it: commands go there.
    receiver: String,
    /// When it was answered.
    #[schema(required = true)]
    began: Option<Timestamp>,
    #[schema(required = true)]
    ended: Option<Timestamp>,
    /// How it ended: the protocol's own word, or `lost` when nobody knows.
    #[schema(required = true, examples("cleared-down"))]
    how: Option<String>,
}

/// How to speak to a caller.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = Reach)]
struct ReachShape {
    /// An extension of the centre's telephone system.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    extension: Option<String>,
    /// No speech on this line: the number to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    call_back: Option<String>,
}

impl ReachShape {
    fn of(reach: &Reach) -> ReachShape {
        match reach.clone() {
            Reach::Unknown => ReachShape::default(),
            Reach::Extension(extension) => ReachShape { extension: Some(extension), call_back: None },
            Reach::CallBack(number) => ReachShape { extension: None, call_back: Some(number) },
        }
    }
}

impl CardCallShape {
    /// A call of an alarm at an instant.
    pub fn of(alarm: &Alarm, call: &CardCall, sight: &Sight) -> CardCallShape {
        let live = sight.calls.get(&call.id).filter(|_| call.ended.is_none());
        let is_here = call.receiver == sight.receiver;
        let spoke = live.and_then(|live| live.talker.clone());
        let with = later(spoke, sight.call_cards.answered(call.id).cloned());
        let is_lasting = live.is_some() || (!is_here && alarm.closed.is_none() && !sight.is_silent(&call.receiver));
        let state = match (&call.ended, is_lasting) {
            (Some(_), _) if call.is_missed() => MISSED,
            (Some(_), _) => ENDED,
            (None, true) if with.is_some() => WITH_OPERATOR,
            (None, true) => ON_LINE,
            // Its end is on its way to the card.
            (None, false) if is_here => ENDED,
            (None, false) => UNKNOWN,
        };
        let others = sight.call_cards.alarms(call.id).iter().filter(|other| **other != alarm.id);
        CardCallShape {
            id: call.id.0,
            state,
            speech: live.map(|live| speech(live.speech)),
            reach: live.map(|live| ReachShape::of(&live.reach)).unwrap_or_default(),
            supports: live.map(|live| supports(live, allows_control(alarm, &sight.registry))).unwrap_or_default(),
            with: with.filter(|_| is_lasting).map(|talker| ActorShape::of(&talker.actor)),
            others: others.map(|other| other.0).collect(),
            line: call.line.to_string(),
            receiver: call.receiver.to_string(),
            began: live.map(|live| live.began).or_else(|| began(call.id)).map(Timestamp),
            ended: call.ended.as_ref().map(|end| Timestamp(end.at)),
            how: call.ended.as_ref().map(|end| end.how.to_string()),
        }
    }
}

fn speech(speech: Speech) -> &'static str {
    match speech {
        Speech::None => "none",
        Speech::Speak => "speak",
        Speech::Listen => "listen",
        Speech::Duplex => "duplex",
    }
}

/// Equipment only where the registry's entry of the unit allows it.
fn supports(live: &LiveCall, control: bool) -> Vec<&'static str> {
    live.supports.iter().filter(|command| control || !command.is_control()).map(Command::as_str).collect()
}

fn abilities() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::ArrayBuilder::new()
        .items(names::call_abilities())
        .max_items(Some(Command::ALL.len()))
        .description(Some("What it can be told to do, by kind; of calls on other receivers nothing is known."))
        .build()
}
