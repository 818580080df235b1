//! An alarm as a console sees it at an instant.

use serde::Serialize;
use telecare_alarm::{Alarm, TriggerKey, TriggerState};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Timestamp;

/// One card.
#[derive(Clone, Debug, Serialize)]
pub struct AlarmShape {
    id: Uuid,
    /// One line in words, for a tired operator.
    headline: String,
    /// The unit in words.
    unit: String,
    /// What two cards of one unit have in common.
    unit_key: String,
    /// What the unit was told by: a caller's number is a guess.
    unit_basis: &'static str,
    /// 1 most urgent to 5.
    priority: u8,
    class: &'static str,
    standing: &'static str,
    opened_at: Timestamp,
    last_at: Timestamp,
    /// Whole seconds since it was opened.
    age_s: i64,
    presses: u32,
    signals: u32,
    repeats: u32,
    first_press_at: Option<Timestamp>,
    last_press_at: Option<Timestamp>,
    /// What `shown` must name.
    last_signal: Uuid,
    ringing: Option<RingShape>,
    claim: Option<ClaimShape>,
    hold: Option<HoldShape>,
    contest: Option<ContestShape>,
    closed: Option<ClosedShape>,
    caller: Option<CallerShape>,
    triggers: Vec<TriggerShape>,
    line: String,
    receiver: String,
    rule: String,
    previous: Option<Uuid>,
}

#[derive(Clone, Debug, Serialize)]
struct RingShape {
    since: Timestamp,
    count: u32,
}

#[derive(Clone, Debug, Serialize)]
struct ClaimShape {
    person: String,
    desk: String,
    since: Timestamp,
    lease_until: Timestamp,
}

#[derive(Clone, Debug, Serialize)]
struct HoldShape {
    person: String,
    desk: String,
    since: Timestamp,
    until: Timestamp,
    reason: String,
}

#[derive(Clone, Debug, Serialize)]
struct ContestShape {
    person: String,
    desk: String,
    at: Timestamp,
    act: String,
}

#[derive(Clone, Debug, Serialize)]
struct ClosedShape {
    person: String,
    desk: String,
    at: Timestamp,
    outcome: String,
    text: String,
}

#[derive(Clone, Debug, Serialize)]
struct CallerShape {
    number: Option<String>,
    name: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct TriggerShape {
    trigger: &'static str,
    place: String,
    place_words: String,
    raised_at: Option<Timestamp>,
    cleared_at: Option<Timestamp>,
    count: u32,
}

impl AlarmShape {
    /// The card as it is at an instant: standing, age and headline go by it.
    pub fn of(alarm: &Alarm, now: OffsetDateTime) -> AlarmShape {
        AlarmShape {
            id: alarm.id.0,
            headline: alarm.headline(now),
            unit: alarm.unit.words.to_string(),
            unit_key: alarm.unit.key.to_string(),
            unit_basis: alarm.unit.basis.as_str(),
            priority: alarm.priority.number(),
            class: alarm.class.as_str(),
            standing: alarm.standing(now).as_str(),
            opened_at: Timestamp(alarm.opened_at),
            last_at: Timestamp(alarm.last_at),
            age_s: (now - alarm.opened_at).whole_seconds().max(0),
            presses: alarm.presses,
            signals: alarm.signals,
            repeats: alarm.repeats,
            first_press_at: alarm.pressed.map(|(first, _)| Timestamp(first)),
            last_press_at: alarm.pressed.map(|(_, last)| Timestamp(last)),
            last_signal: alarm.last_signal.0,
            ringing: alarm.ring.map(|ring| RingShape { since: Timestamp(ring.since), count: ring.count }),
            claim: claim(alarm),
            hold: hold(alarm),
            contest: contest(alarm),
            closed: closed(alarm),
            caller: alarm
                .caller
                .as_ref()
                .map(|caller| CallerShape { number: caller.number.clone(), name: caller.name.clone() }),
            triggers: alarm.triggers.iter().map(trigger).collect(),
            line: alarm.line.to_string(),
            receiver: alarm.receiver.to_string(),
            rule: alarm.rule.to_string(),
            previous: alarm.previous.map(|previous| previous.0),
        }
    }
}

fn claim(alarm: &Alarm) -> Option<ClaimShape> {
    alarm.claim.as_ref().map(|claim| ClaimShape {
        person: claim.actor.person.to_string(),
        desk: claim.actor.desk.to_string(),
        since: Timestamp(claim.since),
        lease_until: Timestamp(claim.lease_until),
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
