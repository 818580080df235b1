//! What people did to an alarm.

use serde::Serialize;
use telecare_alarm::Act;
use telecare_queue::LoggedAction;
use uuid::Uuid;

use super::Timestamp;

/// One action, done or refused.
#[derive(Clone, Debug, Serialize)]
pub struct LogShape {
    action: Uuid,
    at: Timestamp,
    receiver: String,
    person: String,
    desk: String,
    act: &'static str,
    #[serde(flatten)]
    said: SaidShape,
    /// None when it was done; else the name of the refusal.
    refused: Option<String>,
}

/// What the person gave with the action; absent where the act has no such thing.
#[derive(Clone, Debug, Default, Serialize)]
struct SaidShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_supervisor: Option<bool>,
}

impl LogShape {
    /// The action as it was kept.
    pub fn of(logged: &LoggedAction) -> LogShape {
        let action = &logged.action;
        LogShape {
            action: action.id.0,
            at: Timestamp(action.at),
            receiver: logged.receiver.to_string(),
            person: action.actor.person.to_string(),
            desk: action.actor.desk.to_string(),
            act: action.act.name(),
            said: said(&action.act),
            refused: logged.refused.clone(),
        }
    }
}

fn said(act: &Act) -> SaidShape {
    let nothing = SaidShape::default();
    match act {
        Act::Claim { .. } | Act::Renew { .. } | Act::Resume { .. } | Act::Release | Act::Served => nothing,
        Act::Seen { shown } => SaidShape { shown: Some(shown.0), ..nothing },
        Act::Hold { shown, until, reason } => {
            SaidShape { shown: Some(shown.0), until: Some(Timestamp(*until)), reason: Some(reason.clone()), ..nothing }
        }
        Act::Transfer { to, .. } => SaidShape { to: Some(to.to_string()), ..nothing },
        Act::Reopen { by_supervisor } => SaidShape { by_supervisor: Some(*by_supervisor), ..nothing },
        Act::Note { kind, text, reference } => {
            let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
            SaidShape { kind: said(kind), text: said(text), reference: said(reference), ..nothing }
        }
        Act::Close { shown, outcome, text } => {
            SaidShape { shown: Some(shown.0), outcome: Some(outcome.clone()), text: Some(text.clone()), ..nothing }
        }
    }
}
