//! `POST /v1/alarms/{id}/{act}`: what a person does to an alarm.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use serde::Serialize;
use telecare_alarm::{Act, Action, ActionId, Actor, SignalId};
use time::OffsetDateTime;

use super::{Api, alarm_id, bad_path};
use crate::access::admit;
use crate::body::Fields;
use crate::metrics;
use crate::problem::Problem;
use crate::shapes::{AlarmShape, Timestamp};
use crate::tokens::Permission;

/// The answer to an action that was done.
#[derive(Debug, Serialize)]
pub struct ActedShape {
    now: Timestamp,
    /// The answer is this receiver's own because the database is away.
    degraded: bool,
    alarm: AlarmShape,
}

/// An act by its place in the path. Which fields belong to it, [`ActName::read`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ActName {
    Claim,
    Renew,
    Seen,
    Hold,
    Resume,
    Release,
    Note,
    Close,
}

/// Does an action, or says why not and shows the alarm as it is.
pub async fn act(
    State(api): State<Arc<Api>>,
    uri: Uri,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ActedShape>, Problem> {
    let begun = Instant::now();
    let Path((id, name)) = path.map_err(bad_path)?;
    let name = ActName::of(&name).ok_or_else(|| Problem::no_such_path(uri.path()))?;
    let token = admit(&api.settings.tokens, &headers, name.permission(), OffsetDateTime::now_utc())?;
    let alarm = alarm_id(&id)?;
    let fields = Fields::read(body).await?;
    let action = Action {
        id: ActionId(fields.uuid("action")?),
        alarm,
        at: OffsetDateTime::now_utc(),
        actor: Actor { person: token.person, desk: Arc::from(fields.name("desk")?) },
        act: name.read(&fields, api.settings.lease)?,
    };
    // On a task of its own: a console that hangs up in the middle must not leave an action half done.
    let queue = api.queue.clone();
    let acted = tokio::spawn(async move { queue.act(action).await }).await.map_err(|error| {
        tracing::error!(%error, "an action met a fault of our own");
        Problem::internal()
    })?;
    metrics::time_act(begun.elapsed());
    let now = OffsetDateTime::now_utc();
    let acted = acted.map_err(|error| Problem::of_act(&error, now))?;
    Ok(Json(ActedShape { now: Timestamp(now), degraded: acted.degraded, alarm: AlarmShape::of(&acted.alarm, now) }))
}

impl ActName {
    fn of(name: &str) -> Option<ActName> {
        match name {
            "claim" => Some(ActName::Claim),
            "renew" => Some(ActName::Renew),
            "seen" => Some(ActName::Seen),
            "hold" => Some(ActName::Hold),
            "resume" => Some(ActName::Resume),
            "release" => Some(ActName::Release),
            "note" => Some(ActName::Note),
            "close" => Some(ActName::Close),
            _ => None,
        }
    }

    fn permission(self) -> Permission {
        match self {
            ActName::Note => Permission::Note,
            ActName::Claim
            | ActName::Renew
            | ActName::Seen
            | ActName::Hold
            | ActName::Resume
            | ActName::Release
            | ActName::Close => Permission::Act,
        }
    }

    /// The act with its fields. Texts that are not there are empty: whether that will do, the rules say.
    fn read(self, fields: &Fields, lease: Duration) -> Result<Act, Problem> {
        Ok(match self {
            ActName::Claim => Act::Claim { lease },
            ActName::Renew => Act::Renew { lease },
            ActName::Seen => Act::Seen { shown: shown(fields)? },
            ActName::Hold => Act::Hold {
                shown: shown(fields)?,
                until: fields.time("until")?,
                reason: fields.text("reason")?.to_owned(),
            },
            ActName::Resume => Act::Resume { lease },
            ActName::Release => Act::Release,
            ActName::Note => Act::Note {
                kind: fields.text("kind")?.to_owned(),
                text: fields.text("text")?.to_owned(),
                reference: fields.text("reference")?.to_owned(),
            },
            ActName::Close => Act::Close {
                shown: shown(fields)?,
                outcome: fields.code("outcome")?.to_owned(),
                text: fields.text("text")?.to_owned(),
            },
        })
    }
}

fn shown(fields: &Fields) -> Result<SignalId, Problem> {
    fields.uuid("shown").map(SignalId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use uuid::Uuid;

    const LEASE: Duration = Duration::from_secs(120);

    #[tokio::test]
    async fn each_act_reads_its_own_fields() {
        let shown = SignalId(Uuid::from_u128(7));
        let until = datetime!(2026-03-01 9:00 UTC);
        let text = || "t".to_owned();
        let table = [
            ("claim", Act::Claim { lease: LEASE }),
            ("renew", Act::Renew { lease: LEASE }),
            ("seen", Act::Seen { shown }),
            ("hold", Act::Hold { shown, until, reason: "r".to_owned() }),
            ("resume", Act::Resume { lease: LEASE }),
            ("release", Act::Release),
            ("note", Act::Note { kind: String::new(), text: text(), reference: String::new() }),
            ("close", Act::Close { shown, outcome: "o".to_owned(), text: text() }),
        ];
        let body = r#"{"shown":"00000000-0000-0000-0000-000000000007","until":"2026-03-01T10:00:00+01:00",
            "reason":"r","outcome":"o","text":"t"}"#;
        let fields = Fields::read(Body::from(body)).await.unwrap();
        let empty = Fields::read(Body::from("{}")).await.unwrap();
        for (name, expected) in table {
            let act = ActName::of(name).unwrap();
            assert_eq!(act.read(&fields, LEASE).unwrap(), expected, "{name}");
            assert_eq!(expected.name(), name);
            let needs_more = matches!(name, "seen" | "hold" | "close");
            assert_eq!(act.read(&empty, LEASE).is_err(), needs_more, "{name}");
        }
        assert_eq!(ActName::of("delete"), None);
    }
}
