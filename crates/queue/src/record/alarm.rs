//! A stored alarm: the last known row of a card.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use sqlx::types::Json;
use telecare_alarm::alarm::CallerHeard;
use telecare_alarm::{
    Actor, Alarm, AlarmId, Claim, Closed, Contest, Hold, LineId, Marks, Priority, ReceiverId, Ring, SignalId,
    TriggerKey, TriggerState, UnitKey,
};
use telecare_protocol::Trigger;
use time::OffsetDateTime;
use uuid::Uuid;

use super::call::CallRecord;
use super::rules::{EscalationRecord, Stamp, TestRecord};
use super::{Unreadable, clean, micros, read, stored};

/// An alarm as the journal's state and the database's row: its fields are those of the type `alarm_row`, in their order.
/// Most of it is nothing, which is not written.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "alarm_row")]
pub struct AlarmRecord {
    pub id: Uuid,
    unit_key: String,
    unit_basis: String,
    unit_words: String,
    receiver: String,
    line: String,
    priority: i16,
    class: String,
    rule: String,
    #[serde(with = "time::serde::rfc3339")]
    opened_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_at: OffsetDateTime,
    presses: i32,
    #[serde(default, with = "time::serde::rfc3339::option")]
    first_press_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    last_press_at: Option<OffsetDateTime>,
    signals: i32,
    repeats: i32,
    last_signal: Uuid,
    #[serde(default, with = "time::serde::rfc3339::option")]
    ringing_since: Option<OffsetDateTime>,
    ringing: i32,
    claimed_by: Option<String>,
    claimed_desk: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    claimed_since: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    lease_until: Option<OffsetDateTime>,
    #[serde(default)]
    given_by: Option<String>,
    #[serde(default)]
    given_desk: Option<String>,
    held_by: Option<String>,
    held_desk: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    held_since: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    held_until: Option<OffsetDateTime>,
    held_reason: Option<String>,
    contested_by: Option<String>,
    contested_desk: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    contested_at: Option<OffsetDateTime>,
    contested_act: Option<String>,
    closed_by: Option<String>,
    closed_desk: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    outcome: Option<String>,
    closing_text: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    served_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    caller_at: Option<OffsetDateTime>,
    caller_number: Option<String>,
    caller_name: Option<String>,
    triggers: Json<Vec<TriggerRecord>>,
    #[serde(default)]
    calls: Json<Vec<CallRecord>>,
    #[serde(default)]
    shadow: bool,
    #[serde(default)]
    level: i16,
    #[serde(default)]
    steps: i16,
    #[serde(default)]
    press_times: Json<Vec<Stamp>>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    lifted_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    let_go_at: Option<OffsetDateTime>,
    #[serde(default)]
    escalations: Json<Vec<EscalationRecord>>,
    #[serde(default)]
    test: Option<Uuid>,
    #[serde(default)]
    incident: Option<String>,
    #[serde(default)]
    runaway: bool,
    #[serde(default)]
    on_test: Option<Json<TestRecord>>,
    previous: Option<Uuid>,
    pub revision: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TriggerRecord {
    trigger: String,
    place: String,
    place_words: String,
    #[serde(default, with = "time::serde::rfc3339::option")]
    raised_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    cleared_at: Option<OffsetDateTime>,
    count: u32,
}

impl AlarmRecord {
    /// The stored form of an alarm.
    pub fn of(alarm: &Alarm) -> AlarmRecord {
        let (claim, hold) = (alarm.claim.as_ref(), alarm.hold.as_ref());
        let (contest, closed) = (alarm.contest.as_ref(), alarm.closed.as_ref());
        let given_by = claim.and_then(|claim| claim.given_by.as_ref());
        let person = |actor: &Actor| clean(&actor.person);
        let desk = |actor: &Actor| clean(&actor.desk);
        AlarmRecord {
            id: alarm.id.0,
            unit_key: clean(&alarm.unit.key),
            unit_basis: alarm.unit.basis.as_str().to_owned(),
            unit_words: clean(&alarm.unit.words),
            receiver: alarm.receiver.as_str().to_owned(),
            line: alarm.line.as_str().to_owned(),
            priority: alarm.priority.number().into(),
            class: alarm.class.as_str().to_owned(),
            rule: clean(&alarm.rule),
            opened_at: micros(alarm.opened_at),
            last_at: micros(alarm.last_at),
            presses: stored(alarm.presses),
            first_press_at: alarm.pressed.map(|(first, _)| micros(first)),
            last_press_at: alarm.pressed.map(|(_, last)| micros(last)),
            signals: stored(alarm.signals),
            repeats: stored(alarm.repeats),
            last_signal: alarm.last_signal.0,
            ringing_since: alarm.ring.map(|ring| micros(ring.since)),
            ringing: alarm.ring.map_or(0, |ring| stored(ring.count)),
            claimed_by: claim.map(|claim| person(&claim.actor)),
            claimed_desk: claim.map(|claim| desk(&claim.actor)),
            claimed_since: claim.map(|claim| micros(claim.since)),
            lease_until: claim.map(|claim| micros(claim.lease_until)),
            given_by: given_by.map(person),
            given_desk: given_by.map(desk),
            held_by: hold.map(|hold| person(&hold.actor)),
            held_desk: hold.map(|hold| desk(&hold.actor)),
            held_since: hold.map(|hold| micros(hold.since)),
            held_until: hold.map(|hold| micros(hold.until)),
            held_reason: hold.map(|hold| clean(&hold.reason)),
            contested_by: contest.map(|contest| person(&contest.actor)),
            contested_desk: contest.map(|contest| desk(&contest.actor)),
            contested_at: contest.map(|contest| micros(contest.at)),
            contested_act: contest.map(|contest| clean(&contest.act)),
            closed_by: closed.map(|closed| person(&closed.actor)),
            closed_desk: closed.map(|closed| desk(&closed.actor)),
            closed_at: closed.map(|closed| micros(closed.at)),
            outcome: closed.map(|closed| clean(&closed.outcome)),
            closing_text: closed.map(|closed| clean(&closed.text)),
            served_at: alarm.served_at.map(micros),
            caller_at: alarm.caller.as_ref().map(|caller| micros(caller.at)),
            caller_number: alarm.caller.as_ref().and_then(|caller| caller.number.as_deref()).map(clean),
            caller_name: alarm.caller.as_ref().and_then(|caller| caller.name.as_deref()).map(clean),
            triggers: Json(alarm.triggers.iter().map(TriggerRecord::of).collect()),
            calls: Json(alarm.calls.iter().map(CallRecord::of).collect()),
            shadow: alarm.shadow,
            level: alarm.level.into(),
            steps: alarm.steps.into(),
            press_times: Json(alarm.press_times.iter().map(|at| Stamp(micros(*at))).collect()),
            lifted_at: alarm.lifted_at.map(micros),
            let_go_at: alarm.let_go_at.map(micros),
            escalations: Json(alarm.escalations.iter().map(EscalationRecord::of).collect()),
            test: alarm.marks.test.map(|test| test.0),
            incident: alarm.marks.incident.as_deref().map(clean),
            runaway: alarm.marks.runaway,
            on_test: alarm.on_test.as_ref().map(TestRecord::of).map(Json),
            previous: alarm.previous.map(|id| id.0),
            revision: alarm.revision,
        }
    }

    /// The alarm.
    pub fn restore(self) -> Result<Alarm, Unreadable> {
        let unreadable = |error| Unreadable::new("alarm", error);
        let claim = actor(self.claimed_by, self.claimed_desk).zip(self.claimed_since).zip(self.lease_until);
        let given_by = actor(self.given_by, self.given_desk);
        let hold = actor(self.held_by, self.held_desk).zip(self.held_since).zip(self.held_until);
        let (held_reason, contested_act) = (self.held_reason, self.contested_act);
        let (outcome, closing_text) = (self.outcome, self.closing_text);
        let (caller_number, caller_name) = (self.caller_number, self.caller_name);
        Ok(Alarm {
            id: AlarmId(self.id),
            unit: UnitKey {
                key: self.unit_key.into(),
                basis: self.unit_basis.parse().map_err(unreadable)?,
                words: self.unit_words.into(),
            },
            receiver: ReceiverId::new(&self.receiver),
            line: LineId::new(&self.line),
            priority: Priority::new(read(self.priority)).ok_or_else(|| Unreadable::new("priority", self.priority))?,
            class: self.class.parse().map_err(unreadable)?,
            rule: self.rule.into(),
            opened_at: self.opened_at,
            last_at: self.last_at,
            presses: read(self.presses),
            pressed: self.first_press_at.zip(self.last_press_at),
            signals: read(self.signals),
            repeats: read(self.repeats),
            triggers: self.triggers.0.into_iter().map(TriggerRecord::restore).collect(),
            caller: self.caller_at.map(|at| CallerHeard { at, number: caller_number, name: caller_name }),
            calls: self.calls.0.into_iter().map(CallRecord::restore).collect(),
            last_signal: SignalId(self.last_signal),
            ring: self.ringing_since.map(|since| Ring { since, count: read(self.ringing) }),
            claim: claim.map(|((actor, since), lease_until)| Claim { actor, since, lease_until, given_by }),
            hold: hold.map(|((actor, since), until)| Hold {
                actor,
                since,
                until,
                reason: held_reason.unwrap_or_default(),
            }),
            contest: actor(self.contested_by, self.contested_desk).zip(self.contested_at).map(|(actor, at)| Contest {
                actor,
                at,
                act: contested_act.unwrap_or_default(),
            }),
            closed: actor(self.closed_by, self.closed_desk).zip(self.closed_at).map(|(actor, at)| Closed {
                actor,
                at,
                outcome: outcome.unwrap_or_default(),
                text: closing_text.unwrap_or_default(),
            }),
            served_at: self.served_at,
            shadow: self.shadow,
            level: read(self.level),
            steps: read(self.steps),
            press_times: self.press_times.0.into_iter().map(|Stamp(at)| at).collect(),
            lifted_at: self.lifted_at,
            let_go_at: self.let_go_at,
            escalations: self.escalations.0.into_iter().filter_map(EscalationRecord::restore).collect(),
            marks: Marks {
                test: self.test.map(AlarmId),
                incident: self.incident.map(Into::into),
                runaway: self.runaway,
            },
            on_test: self.on_test.and_then(|Json(test)| test.restore()),
            previous: self.previous.map(AlarmId),
            revision: self.revision,
        })
    }
}

impl TriggerRecord {
    fn of((key, state): (&TriggerKey, &TriggerState)) -> TriggerRecord {
        TriggerRecord {
            trigger: key.trigger.as_str().to_owned(),
            place: clean(&key.place),
            place_words: clean(&state.place_words),
            raised_at: state.raised.map(micros),
            cleared_at: state.cleared.map(micros),
            count: state.count,
        }
    }

    fn restore(self) -> (TriggerKey, TriggerState) {
        // A trigger of a newer version still shows, as an unknown one.
        let trigger = self.trigger.parse().unwrap_or(Trigger::Unknown);
        let state = TriggerState {
            place_words: self.place_words,
            raised: self.raised_at,
            cleared: self.cleared_at,
            count: self.count,
        };
        (TriggerKey { trigger, place: self.place }, state)
    }
}

fn actor(person: Option<String>, desk: Option<String>) -> Option<Actor> {
    Some(Actor { person: person?.into(), desk: desk.unwrap_or_default().into() })
}
