//! An alarm as a console sees it at an instant.

use serde::Serialize;
use telecare_alarm::registry::Found;
use telecare_alarm::{Actor, Alarm, Registry, TriggerKey, TriggerState, UnitKey};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CandidateShape, CardCallShape, EscalationShape, OnTestShape, RegisteredShape, Sight, Timestamp, names};

/// One card of the queue, as it is at `now`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Alarm)]
pub struct AlarmShape {
    id: Uuid,
    /// One line in words, for a tired operator.
    #[schema(examples("Pendant, unit 12345, bedroom, 3 presses in 4 min"))]
    headline: String,
    /// The unit in words.
    #[schema(examples("unit 12345"))]
    unit: String,
    /// What two cards of one unit have in common.
    unit_key: String,
    #[schema(schema_with = names::basis)]
    unit_basis: &'static str,
    /// The registered unit behind it.
    #[schema(required = true)]
    registered: Option<RegisteredShape>,
    /// Units that have the caller's number, where there are several: any of them, or none.
    #[schema(max_items = 50)]
    candidates: Vec<CandidateShape>,
    /// 1 most urgent to 5. It never falls.
    #[schema(minimum = 1, maximum = 5)]
    priority: u8,
    /// How often it went up because nobody helped: of two alarms of one priority the higher level comes first.
    #[schema(minimum = 0, maximum = 20)]
    level: u8,
    #[schema(schema_with = names::class)]
    class: &'static str,
    #[schema(schema_with = names::standing)]
    standing: &'static str,
    #[schema(schema_with = names::listing)]
    listed: &'static str,
    /// Last byte of its earliest signal.
    opened_at: Timestamp,
    /// Last byte of its latest signal.
    last_at: Timestamp,
    /// Whole seconds since `opened_at`, by this receiver's clock.
    #[schema(minimum = 0)]
    age_s: i64,
    /// When it was first served to an operator's or supervisor's console; null until then.
    #[schema(required = true)]
    served_at: Option<Timestamp>,
    /// Signals that want an answer, proven repeats not counted.
    presses: u32,
    /// All signals, repeats included.
    signals: u32,
    /// Proven repeats among them.
    repeats: u32,
    #[schema(required = true)]
    first_press_at: Option<Timestamp>,
    #[schema(required = true)]
    last_press_at: Option<Timestamp>,
    /// The signal that came last: what `shown` must name.
    last_signal: Uuid,
    /// A signal that nobody has claimed or seen, or a hold whose time has come: this card must ring.
    #[schema(required = true)]
    ringing: Option<RingShape>,
    /// Who has it.
    #[schema(required = true)]
    claim: Option<ClaimShape>,
    /// Put aside by its holder.
    #[schema(required = true)]
    hold: Option<HoldShape>,
    /// A second holder, from a receiver that was cut off: show both until one lets go.
    #[schema(required = true)]
    contest: Option<ContestShape>,
    /// How it ended.
    #[schema(required = true)]
    closed: Option<ClosedShape>,
    /// When it went up, or out, and who was told; the latest.
    #[schema(max_items = 24)]
    escalations: Vec<EscalationShape>,
    /// The alarm that stands for the test it came under.
    #[schema(required = true)]
    test: Option<Uuid>,
    /// The test that it stands for.
    #[schema(required = true)]
    on_test: Option<OnTestShape>,
    /// The open incident it belongs to.
    #[schema(required = true)]
    incident: Option<Uuid>,
    /// How many open alarms belong to it, when it is an incident.
    #[schema(minimum = 0)]
    members: usize,
    /// Numbers to ring back, the caller's first.
    #[schema(max_items = 5)]
    call_back: Vec<String>,
    /// Who telephoned, as told last.
    #[schema(required = true)]
    caller: Option<CallerShape>,
    /// The calls that its signals came in, earliest first; the latest.
    #[schema(max_items = 8)]
    calls: Vec<CardCallShape>,
    /// Everything raised or cleared, by trigger and place.
    triggers: Vec<TriggerShape>,
    /// The line of the signal that opened it.
    line: String,
    /// The receiver that opened it.
    receiver: String,
    /// The policy rule that ranked its most urgent signal.
    rule: String,
    /// Heard on a line that only listens beside another platform, whose operators answer it.
    shadow: bool,
    /// The unit's alarm before this one. Where it is long ago, the card says so a moment after it is first shown.
    #[schema(required = true)]
    previous: Option<Uuid>,
}

/// A person at a desk. The desk is empty where none is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorShape {
    person: String,
    desk: String,
}

/// Signals that nobody has claimed or seen.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ring)]
struct RingShape {
    /// Last byte of the oldest of them.
    since: Timestamp,
    count: u32,
}

/// Who has an alarm.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Claim)]
struct ClaimShape {
    person: String,
    /// Empty while a person who was given the alarm by name has not taken it up.
    desk: String,
    since: Timestamp,
    /// When it waits for everyone again unless their console asks for something first.
    lease_until: Timestamp,
    /// Who gave it to them; null when they took it.
    #[schema(required = true)]
    given_by: Option<ActorShape>,
}

/// An alarm put aside.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
struct HoldShape {
    person: String,
    desk: String,
    since: Timestamp,
    /// When it comes back by itself.
    until: Timestamp,
    reason: String,
}

/// What a second person did at a receiver that was cut off.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Contest)]
struct ContestShape {
    person: String,
    desk: String,
    at: Timestamp,
    #[schema(schema_with = names::act)]
    act: String,
}

/// How an alarm ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Closed)]
struct ClosedShape {
    person: String,
    desk: String,
    at: Timestamp,
    /// The centre's code, see `/v1/choices`.
    outcome: String,
    text: String,
}

/// Who telephoned.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Caller)]
pub(super) struct CallerShape {
    /// The number as sent.
    #[schema(required = true)]
    pub number: Option<String>,
    /// The name as sent.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// What was raised or cleared at a place. Raised means `raised_at` is not before `cleared_at`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Trigger)]
struct TriggerShape {
    #[schema(schema_with = names::trigger)]
    trigger: &'static str,
    /// The protocol's code of the place; empty when it tells none.
    place: String,
    place_words: String,
    #[schema(required = true)]
    raised_at: Option<Timestamp>,
    #[schema(required = true)]
    cleared_at: Option<Timestamp>,
    /// How often it was raised, proven repeats not counted.
    count: u32,
}

impl ActorShape {
    /// A person at a desk.
    pub fn of(actor: &Actor) -> ActorShape {
        ActorShape { person: actor.person.to_string(), desk: actor.desk.to_string() }
    }
}

impl AlarmShape {
    /// Whole seconds since an alarm was opened.
    pub fn age_s(opened_at: OffsetDateTime, now: OffsetDateTime) -> i64 {
        (now - opened_at).whole_seconds().max(0)
    }

    /// The card as it is seen at an instant: standing, age and headline go by it.
    pub fn of(alarm: &Alarm, sight: &Sight) -> AlarmShape {
        let (registry, now) = (&*sight.registry, sight.now);
        let (registered, candidates) = RegisteredShape::of(alarm, registry);
        let caller = alarm.caller.as_ref().and_then(|caller| caller.number.as_deref());
        let headline = match registry.words_since(&alarm.unit, caller) {
            None => alarm.headline(now),
            Some(words) => {
                let unit = UnitKey { words: words.into(), ..alarm.unit.clone() };
                Alarm { unit, ..alarm.clone() }.headline(now)
            }
        };
        AlarmShape {
            id: alarm.id.0,
            headline,
            unit: alarm.unit.words.to_string(),
            unit_key: alarm.unit.key.to_string(),
            unit_basis: alarm.unit.basis.as_str(),
            registered,
            candidates,
            priority: alarm.priority.number(),
            level: alarm.level,
            class: alarm.class.as_str(),
            standing: alarm.standing(now).as_str(),
            listed: sight.listing(alarm).as_str(),
            opened_at: Timestamp(alarm.opened_at),
            last_at: Timestamp(alarm.last_at),
            age_s: AlarmShape::age_s(alarm.opened_at, now),
            served_at: alarm.served_at.map(Timestamp),
            presses: alarm.presses,
            signals: alarm.signals,
            repeats: alarm.repeats,
            first_press_at: alarm.pressed.map(|(first, _)| Timestamp(first)),
            last_press_at: alarm.pressed.map(|(_, last)| Timestamp(last)),
            last_signal: alarm.last_signal.0,
            ringing: alarm.ringing(now).map(|ring| RingShape { since: Timestamp(ring.since), count: ring.count }),
            claim: claim(alarm),
            hold: hold(alarm),
            contest: contest(alarm),
            closed: closed(alarm),
            escalations: alarm.escalations.iter().map(EscalationShape::of).collect(),
            test: alarm.marks.test.map(|test| test.0),
            on_test: alarm.on_test.as_ref().map(OnTestShape::of),
            incident: sight.incident_of(alarm).map(|incident| incident.0),
            members: sight.members(alarm),
            call_back: call_back(alarm, registry),
            caller: alarm
                .caller
                .as_ref()
                .map(|caller| CallerShape { number: caller.number.clone(), name: caller.name.clone() }),
            calls: alarm.calls.iter().map(|call| CardCallShape::of(alarm, call, sight)).collect(),
            triggers: alarm.triggers.iter().map(trigger).collect(),
            line: alarm.line.to_string(),
            receiver: alarm.receiver.to_string(),
            rule: alarm.rule.to_string(),
            shadow: alarm.shadow,
            previous: alarm.previous.map(|previous| previous.0),
        }
    }
}

/// Numbers to ring back, at most.
const CALL_BACK_MAX: usize = 5;

/// The number that called, and those of the unit: a silent or failed call is somebody's.
fn call_back(alarm: &Alarm, registry: &Registry) -> Vec<String> {
    let caller = alarm.caller.as_ref().and_then(|caller| caller.number.clone());
    let phones = match registry.found(&alarm.unit, caller.as_deref()) {
        Found::Unit(unit) | Found::ByNumber(unit) => unit.phones.clone(),
        Found::Several(_) | Found::Nobody => Vec::new(),
    };
    let mut numbers: Vec<String> = Vec::new();
    for number in caller.into_iter().chain(phones) {
        if !number.is_empty() && !numbers.contains(&number) && numbers.len() < CALL_BACK_MAX {
            numbers.push(number);
        }
    }
    numbers
}

fn claim(alarm: &Alarm) -> Option<ClaimShape> {
    alarm.claim.as_ref().map(|claim| ClaimShape {
        person: claim.actor.person.to_string(),
        desk: claim.actor.desk.to_string(),
        since: Timestamp(claim.since),
        lease_until: Timestamp(claim.lease_until),
        given_by: claim.given_by.as_ref().map(ActorShape::of),
    })
}

fn hold(alarm: &Alarm) -> Option<HoldShape> {
    alarm.hold.as_ref().map(|hold| HoldShape {
        person: hold.actor.person.to_string(),
        desk: hold.actor.desk.to_string(),
        since: Timestamp(hold.since),
        until: Timestamp(hold.until),
        reason: hold.reason.clone(),
    })
}

fn contest(alarm: &Alarm) -> Option<ContestShape> {
    alarm.contest.as_ref().map(|contest| ContestShape {
        person: contest.actor.person.to_string(),
        desk: contest.actor.desk.to_string(),
        at: Timestamp(contest.at),
        act: contest.act.clone(),
    })
}

fn closed(alarm: &Alarm) -> Option<ClosedShape> {
    alarm.closed.as_ref().map(|closed| ClosedShape {
        person: closed.actor.person.to_string(),
        desk: closed.actor.desk.to_string(),
        at: Timestamp(closed.at),
        outcome: closed.outcome.clone(),
        text: closed.text.clone(),
    })
}

fn trigger((key, state): (&TriggerKey, &TriggerState)) -> TriggerShape {
    TriggerShape {
        trigger: key.trigger.as_str(),
        place: key.place.clone(),
        place_words: state.place_words.clone(),
        raised_at: state.raised.map(Timestamp),
        cleared_at: state.cleared.map(Timestamp),
        count: state.count,
    }
}
