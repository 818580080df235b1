//! What people did to an alarm.

use serde::Serialize;
use telecare_alarm::Act;
use telecare_queue::LoggedAction;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Timestamp, names};

/// One action, done or refused. Fields an act has none of are absent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LogEntry)]
pub struct LogShape {
    action: Uuid,
    at: Timestamp,
    /// The receiver that took it in.
    receiver: String,
    person: String,
    desk: String,
    #[schema(schema_with = names::act)]
    act: &'static str,
    #[schema(schema_with = names::refusal_or_none)]
    refused: Option<String>,
    /// The last signal the person was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shown: Option<Uuid>,
    /// Until when it was put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<Timestamp>,
    /// Why it was put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// How it ended, or what became of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<String>,
    /// The text of a note or a close.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
    /// The kind of a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kind: Option<String>,
    /// A number of somebody else's, an ambulance log's for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reference: Option<String>,
    /// The person it was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<String>,
    /// Whether a supervisor reopened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by_supervisor: Option<bool>,
    /// The rule that the receiver acted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("unanswered-2"))]
    rule: Option<String>,
    /// When the rule asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    due: Option<Timestamp>,
    /// Who was to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 32)]
    targets: Option<Vec<String>>,
    /// Whether they were told; else the receiver gave up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    delivered: Option<bool>,
    /// The call that was commanded, or that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    call: Option<Uuid>,
    /// The command that was given to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("door-1"))]
    command: Option<String>,
    /// The action whose outcome this tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    asked: Option<Uuid>,
    /// When the call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended: Option<Timestamp>,
    /// The incident that the card joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    incident: Option<String>,
}

impl LogShape {
    /// The action as it was kept.
    pub fn of(logged: &LoggedAction) -> LogShape {
        let action = &logged.action;
        let bare = LogShape {
            action: action.id.0,
            at: Timestamp(action.at),
            receiver: logged.receiver.to_string(),
            person: action.actor.person.to_string(),
            desk: action.actor.desk.to_string(),
            act: action.act.name(),
            refused: logged.refused.clone(),
            shown: None,
            until: None,
            reason: None,
            outcome: None,
            text: None,
            kind: None,
            reference: None,
            to: None,
            by_supervisor: None,
            rule: None,
            due: None,
            targets: None,
            delivered: None,
            call: None,
            command: None,
            asked: None,
            ended: None,
            incident: None,
        };
        bare.with(&action.act)
    }

    /// With what the person gave with the act.
    fn with(self, act: &Act) -> LogShape {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        match act {
            Act::Claim { .. } | Act::Renew { .. } | Act::Resume { .. } | Act::Release | Act::Served | Act::OffTest => {
                self
            }
            Act::Seen { shown } => LogShape { shown: Some(shown.0), ..self },
            Act::Hold { shown, until, reason } => {
                LogShape { shown: Some(shown.0), until: Some(Timestamp(*until)), reason: said(reason), ..self }
            }
            Act::Transfer { to, .. } => LogShape { to: said(to), ..self },
            Act::Reopen { by_supervisor } => LogShape { by_supervisor: Some(*by_supervisor), ..self },
            Act::Note { kind, text, reference } => {
                LogShape { kind: said(kind), text: said(text), reference: said(reference), ..self }
            }
            Act::Close { shown, outcome, text } => {
                LogShape { shown: Some(shown.0), outcome: said(outcome), text: Some(text.clone()), ..self }
            }
            Act::CloseOther { shown, outcome, text, reason } => LogShape {
                shown: Some(shown.0),
                outcome: said(outcome),
                text: Some(text.clone()),
                reason: said(reason),
                ..self
            },
            Act::StopTest { text } => LogShape { text: said(text), ..self },
            Act::Escalate { rule, due, targets } => LogShape {
                rule: Some(rule.to_string()),
                due: Some(Timestamp(*due)),
                targets: Some(targets.iter().map(|target| target.to_string()).collect()),
                ..self
            },
            Act::CalledOut { rule, due, target, delivered } => LogShape {
                rule: Some(rule.to_string()),
                due: Some(Timestamp(*due)),
                targets: Some(vec![target.to_string()]),
                delivered: Some(*delivered),
                ..self
            },
            Act::Join { incident } => LogShape { incident: said(incident), ..self },
            Act::CloseByRule { shown, outcome } => LogShape { shown: Some(shown.0), outcome: said(outcome), ..self },
            Act::Operate { call, command } => LogShape { call: Some(call.0), command: said(command), ..self },
            Act::Operated { asked, call, command, outcome } => LogShape {
                asked: Some(asked.0),
                call: Some(call.0),
                command: said(command),
                outcome: said(outcome),
                ..self
            },
            Act::CallEnded { call, at, how } => {
                LogShape { call: Some(call.0), ended: Some(Timestamp(*at)), outcome: said(how), ..self }
            }
        }
    }
}
