//! A stored action.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use sqlx::types::Json;
use telecare_alarm::{Act, Action, ActionId, Actor, AlarmId, CallId, Rule, SignalId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Unreadable, clean, micros};

/// An action as the journal's body and most of the database's row: its fields are those of the type `action_row`, in their
/// order.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::Type)]
#[sqlx(type_name = "action_row")]
pub struct ActionRecord {
    id: Uuid,
    alarm: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    person: String,
    desk: String,
    act: String,
    #[serde(default)]
    lease_ms: Option<i64>,
    #[serde(default)]
    shown: Option<Uuid>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    held_until: Option<OffsetDateTime>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    note_kind: Option<String>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    given_to: Option<String>,
    #[serde(default)]
    by_supervisor: Option<bool>,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    due: Option<OffsetDateTime>,
    #[serde(default)]
    targets: Option<Json<Vec<String>>>,
    #[serde(default)]
    delivered: Option<bool>,
    #[serde(default)]
    incident: Option<String>,
    #[serde(default)]
    call: Option<Uuid>,
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    asked: Option<Uuid>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

impl ActionRecord {
    /// The stored form of an action.
    pub fn of(action: &Action) -> ActionRecord {
        let mut record = ActionRecord {
            id: action.id.0,
            alarm: action.alarm.0,
            at: micros(action.at),
            person: clean(&action.actor.person),
            desk: clean(&action.actor.desk),
            act: action.act.name().to_owned(),
            lease_ms: None,
            shown: None,
            held_until: None,
            reason: None,
            outcome: None,
            text: None,
            note_kind: None,
            reference: None,
            given_to: None,
            by_supervisor: None,
            rule: None,
            due: None,
            targets: None,
            delivered: None,
            incident: None,
            call: None,
            command: None,
            asked: None,
            ended_at: None,
        };
        match &action.act {
            Act::Claim { lease } | Act::Renew { lease } | Act::Resume { lease } => {
                record.lease_ms = i64::try_from(lease.as_millis()).ok();
            }
            Act::Seen { shown } => record.shown = Some(shown.0),
            Act::Hold { shown, until, reason } => {
                record.shown = Some(shown.0);
                record.held_until = Some(micros(*until));
                record.reason = Some(clean(reason));
            }
            Act::Release | Act::Served | Act::OffTest => {}
            Act::Transfer { to, lease } => {
                record.given_to = Some(clean(to));
                record.lease_ms = i64::try_from(lease.as_millis()).ok();
            }
            Act::Note { kind, text, reference } => {
                record.text = Some(clean(text));
                record.note_kind = Some(clean(kind)).filter(|kind| !kind.is_empty());
                record.reference = Some(clean(reference)).filter(|reference| !reference.is_empty());
            }
            Act::Close { shown, outcome, text } => {
                record.shown = Some(shown.0);
                record.outcome = Some(clean(outcome));
                record.text = Some(clean(text));
            }
            Act::Reopen { by_supervisor } => record.by_supervisor = Some(*by_supervisor),
            Act::CloseOther { shown, outcome, text, reason } => {
                record.shown = Some(shown.0);
                record.outcome = Some(clean(outcome));
                record.text = Some(clean(text));
                record.reason = Some(clean(reason));
            }
            Act::StopTest { text } => record.text = Some(clean(text)),
            Act::Escalate { rule, due, targets } => {
                record.rule = Some(rule.to_string());
                record.due = Some(micros(*due));
                record.targets = Some(Json(targets.iter().map(|target| clean(target)).collect()));
            }
            Act::CalledOut { rule, due, target, delivered } => {
                record.rule = Some(rule.to_string());
                record.due = Some(micros(*due));
                record.targets = Some(Json(vec![clean(target)]));
                record.delivered = Some(*delivered);
            }
            Act::Join { incident } => record.incident = Some(clean(incident)),
            Act::CloseByRule { shown, outcome } => {
                record.shown = Some(shown.0);
                record.outcome = Some(clean(outcome));
            }
            Act::Operate { call, command } => {
                record.call = Some(call.0);
                record.command = Some(clean(command));
            }
            Act::Operated { asked, call, command, outcome } => {
                record.asked = Some(asked.0);
                record.call = Some(call.0);
                record.command = Some(clean(command));
                record.outcome = Some(clean(outcome));
            }
            Act::CallEnded { call, at, how } => {
                record.call = Some(call.0);
                record.ended_at = Some(micros(*at));
                record.outcome = Some(clean(how));
            }
        }
        record
    }

    /// The action.
    pub fn restore(self) -> Result<Action, Unreadable> {
        let missing = |what| Unreadable::new("action", format!("{what} is missing"));
        let lease = u64::try_from(self.lease_ms.unwrap_or(0)).map(Duration::from_millis);
        let lease = lease.map_err(|error| Unreadable::new("lease", error))?;
        let shown = self.shown.map(SignalId).ok_or_else(|| missing("shown"));
        let rule = self.rule.as_deref().unwrap_or_default().parse::<Rule>();
        let rule = rule.map_err(|error| Unreadable::new("rule", error));
        let due = self.due.ok_or_else(|| missing("due"));
        let call = self.call.map(CallId).ok_or_else(|| missing("call"));
        let act = match self.act.as_str() {
            "claim" => Act::Claim { lease },
            "renew" => Act::Renew { lease },
            "resume" => Act::Resume { lease },
            "seen" => Act::Seen { shown: shown? },
            "hold" => Act::Hold {
                shown: shown?,
                until: self.held_until.ok_or_else(|| missing("held_until"))?,
                reason: self.reason.unwrap_or_default(),
            },
            "release" => Act::Release,
            "served" => Act::Served,
            "transfer" => Act::Transfer { to: self.given_to.ok_or_else(|| missing("given_to"))?.into(), lease },
            "note" => Act::Note {
                kind: self.note_kind.unwrap_or_default(),
                text: self.text.unwrap_or_default(),
                reference: self.reference.unwrap_or_default(),
            },
            "reopen" => Act::Reopen { by_supervisor: self.by_supervisor.unwrap_or(false) },
            "close" => Act::Close {
                shown: shown?,
                outcome: self.outcome.unwrap_or_default(),
                text: self.text.unwrap_or_default(),
            },
            "close-other" => Act::CloseOther {
                shown: shown?,
                outcome: self.outcome.unwrap_or_default(),
                text: self.text.unwrap_or_default(),
                reason: self.reason.unwrap_or_default(),
            },
            "stop-test" => Act::StopTest { text: self.text.unwrap_or_default() },
            "escalate" => Act::Escalate {
                rule: rule?,
                due: due?,
                targets: self.targets.unwrap_or_default().0.into_iter().map(Into::into).collect(),
            },
            "called-out" => Act::CalledOut {
                rule: rule?,
                due: due?,
                target: self.targets.unwrap_or_default().0.pop().ok_or_else(|| missing("targets"))?.into(),
                delivered: self.delivered.unwrap_or(false),
            },
            "join" => Act::Join { incident: self.incident.ok_or_else(|| missing("incident"))?.into() },
            "off-test" => Act::OffTest,
            "close-by-rule" => Act::CloseByRule { shown: shown?, outcome: self.outcome.unwrap_or_default() },
            "operate" => Act::Operate { call: call?, command: self.command.unwrap_or_default() },
            "operated" => Act::Operated {
                asked: ActionId(self.asked.ok_or_else(|| missing("asked"))?),
                call: call?,
                command: self.command.unwrap_or_default(),
                outcome: self.outcome.unwrap_or_default(),
            },
            "call-ended" => Act::CallEnded {
                call: call?,
                at: self.ended_at.ok_or_else(|| missing("ended_at"))?,
                how: self.outcome.unwrap_or_default(),
            },
            other => return Err(Unreadable::new("act", other)),
        };
        Ok(Action {
            id: ActionId(self.id),
            alarm: AlarmId(self.alarm),
            at: self.at,
            actor: Actor { person: self.person.into(), desk: self.desk.into() },
            act,
        })
    }
}
