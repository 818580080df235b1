//! `POST /v1/alarms/{id}/...`: what a person does to an alarm. One handler an act; what they have in common is
//! [`perform`].

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Serialize;
use telecare_alarm::{Act, Action, ActionId, Actor, AlarmId, SignalId};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Api, alarm_id, bad_path, sight};
use crate::access::{Asker, admit};
use crate::metrics;
use crate::openapi::{Acting, roles};
use crate::problem::Problem;
use crate::shapes::requests::{
    ActBody, ActRequest, Close, CloseOther, CloseOtherRequest, CloseRequest, Hold, HoldRequest, Note, NoteRequest,
    Nothing, Own, Seen, SeenRequest, Transfer, TransferRequest,
};
use crate::shapes::{AlarmShape, Timestamp};
use crate::tokens::Permission;

/// An action was done, now or by the same request before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Acted)]
pub struct ActedShape {
    pub now: Timestamp,
    /// The answer is this receiver's own because the database is away.
    pub degraded: bool,
    /// The alarm after it.
    pub alarm: AlarmShape,
}

/// The alarm's id as it stands in the path.
pub type Id = Result<Path<String>, PathRejection>;
/// What an action is answered.
pub type Answer = Result<Json<ActedShape>, Problem>;

/// What somebody wants to do, as asked.
pub struct Wanted<T> {
    pub alarm: AlarmId,
    /// The action's id.
    pub action: Uuid,
    pub actor: Actor,
    pub asker: Asker,
    /// The act's own fields.
    pub own: T,
}

impl<T: Own> Wanted<T> {
    /// Admits who asks, then reads what is asked.
    pub async fn of(
        api: &Api,
        id: Id,
        headers: HeaderMap,
        body: Body,
        needed: Permission,
    ) -> Result<Wanted<T>, Problem> {
        let asker = admit(api, &headers, on_test(api, &id, needed))?;
        let Path(id) = id.map_err(bad_path)?;
        let alarm = alarm_id(&id)?;
        let ActBody { given, own } = ActBody::<T>::read(body).await?;
        let actor = asker.actor(given.operator.as_deref(), given.desk.as_deref())?;
        Ok(Wanted { alarm, action: given.action, actor, asker, own })
    }
}

/// Take an alarm.
///
/// Of several who try, exactly one has it; the others get 409 with the holder.
#[utoipa::path(post, path = "/v1/alarms/{id}/claim", operation_id = "claimAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = ActRequest,
    responses((status = 200, description = "It is yours", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn claim(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let lease = api.settings.lease;
    perform(api, id, headers, body, Permission::Act, |Nothing {}, _, _| Ok(Act::Claim { lease })).await
}

/// Keep a claim.
///
/// Any other request with the same token says so, too.
#[utoipa::path(post, path = "/v1/alarms/{id}/renew", operation_id = "renewClaim", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = ActRequest,
    responses((status = 200, description = "The claim holds on", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn renew(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let lease = api.settings.lease;
    perform(api, id, headers, body, Permission::Act, |Nothing {}, _, _| Ok(Act::Renew { lease })).await
}

/// The holder has seen a later press, which then stops ringing.
#[utoipa::path(post, path = "/v1/alarms/{id}/seen", operation_id = "markSeen", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = SeenRequest,
    responses((status = 200, description = "It rings no more", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn seen(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let act = |own: Seen, _: &Api, _: &Asker| Ok(Act::Seen { shown: SignalId(own.shown) });
    perform(api, id, headers, body, Permission::Act, act).await
}

/// Put an alarm aside until a time.
///
/// A new press, fire or a more urgent signal ends it at once.
#[utoipa::path(post, path = "/v1/alarms/{id}/hold", operation_id = "holdAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = HoldRequest,
    responses((status = 200, description = "It is put aside", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn hold(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let act = |own: Hold, _: &Api, _: &Asker| {
        Ok(Act::Hold { shown: SignalId(own.shown), until: own.until, reason: own.reason })
    };
    perform(api, id, headers, body, Permission::Act, act).await
}

/// Take an alarm up again before its hold ends.
#[utoipa::path(post, path = "/v1/alarms/{id}/resume", operation_id = "resumeAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = ActRequest,
    responses((status = 200, description = "It is claimed again", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn resume(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let lease = api.settings.lease;
    perform(api, id, headers, body, Permission::Act, |Nothing {}, _, _| Ok(Act::Resume { lease })).await
}

/// Give an alarm back to everyone.
#[utoipa::path(post, path = "/v1/alarms/{id}/release", operation_id = "releaseAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = ActRequest,
    responses((status = 200, description = "It waits for everyone", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn release(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    perform(api, id, headers, body, Permission::Act, |Nothing {}, _, _| Ok(Act::Release)).await
}

/// Give an alarm to somebody else by name.
///
/// It rings for them; unanswered, it waits for everyone.
#[utoipa::path(post, path = "/v1/alarms/{id}/transfer", operation_id = "transferAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = TransferRequest,
    responses((status = 200, description = "It is theirs", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn transfer(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let lease = api.settings.lease;
    let act = |own: Transfer, _: &Api, _: &Asker| Ok(Act::Transfer { to: Arc::from(own.to), lease });
    perform(api, id, headers, body, Permission::Act, act).await
}

/// Write something down on an alarm, open or closed.
///
/// Needs no claim.
#[utoipa::path(post, path = "/v1/alarms/{id}/note", operation_id = "noteOnAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = NoteRequest,
    responses((status = 200, description = "It is written down", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Note)))))]
pub async fn note(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let act = |Note { kind, text, reference }: Note, api: &Api, _: &Asker| {
        let [kind, text, reference] = [kind, text, reference].map(Option::unwrap_or_default);
        let choices = &api.settings.choices;
        choices.check_note(&kind).map_err(|error| Problem::no_such_choice(&error, choices))?;
        Ok(Act::Note { kind, text, reference })
    };
    perform(api, id, headers, body, Permission::Note, act).await
}

/// End an alarm with an outcome.
///
/// Refused when a signal came that the screen had not shown.
#[utoipa::path(post, path = "/v1/alarms/{id}/close", operation_id = "closeAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = CloseRequest,
    responses((status = 200, description = "It is closed", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn close(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let act = |Close { shown, outcome, text }: Close, api: &Api, _: &Asker| {
        let text = text.unwrap_or_default();
        let choices = &api.settings.choices;
        choices.check_close(&outcome, &text).map_err(|error| Problem::no_such_choice(&error, choices))?;
        Ok(Act::Close { shown: SignalId(shown), outcome, text })
    };
    perform(api, id, headers, body, Permission::Act, act).await
}

/// End an alarm that somebody else has: a supervisor's alone, with a reason.
///
/// Both names stay on record.
#[utoipa::path(post, path = "/v1/alarms/{id}/close-other", operation_id = "closeOther", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = CloseOtherRequest,
    responses((status = 200, description = "It is closed", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Overrule)))))]
pub async fn close_other(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let act = |CloseOther { shown, outcome, text, reason }: CloseOther, api: &Api, _: &Asker| {
        let text = text.unwrap_or_default();
        let choices = &api.settings.choices;
        choices.check_close(&outcome, &text).map_err(|error| Problem::no_such_choice(&error, choices))?;
        Ok(Act::CloseOther { shown: SignalId(shown), outcome, text, reason })
    };
    perform(api, id, headers, body, Permission::Overrule, act).await
}

/// Undo a close: an operator within ten minutes, a supervisor later, too.
///
/// The alarm waits for everyone again.
#[utoipa::path(post, path = "/v1/alarms/{id}/reopen", operation_id = "reopenAlarm", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = ActRequest,
    responses((status = 200, description = "It waits for everyone", body = ActedShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn reopen(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let act = |Nothing {}, _: &Api, asker: &Asker| Ok(Act::Reopen { by_supervisor: asker.supervises() });
    perform(api, id, headers, body, Permission::Act, act).await
}

/// Does an action, or says why not and shows the alarm as it is.
async fn perform<T: Own>(
    api: Arc<Api>,
    id: Id,
    headers: HeaderMap,
    body: Body,
    needed: Permission,
    act: impl FnOnce(T, &Api, &Asker) -> Result<Act, Problem>,
) -> Answer {
    let begun = Instant::now();
    let Wanted { alarm, action, actor, asker, own } = Wanted::<T>::of(&api, id, headers, body, needed).await?;
    let act = act(own, &api, &asker)?;
    let action = Action { id: ActionId(action), alarm, at: OffsetDateTime::now_utc(), actor, act };
    let done = done(&api, action).await;
    metrics::time_act(begun.elapsed());
    done
}

/// Whoever may test works the cards that are on test.
fn on_test(api: &Api, id: &Id, needed: Permission) -> Permission {
    let board = api.queue.board().borrow().clone();
    let card = id.as_ref().ok().and_then(|Path(id)| alarm_id(id).ok()).and_then(|id| board.find(id));
    let test = card.and_then(|card| card.marks.test).and_then(|test| board.find(test));
    let now = OffsetDateTime::now_utc();
    let runs = test.and_then(|test| test.on_test.as_ref().filter(|_| test.closed.is_none()));
    let runs = runs.is_some_and(|test| now < test.until);
    if needed == Permission::Act && runs { Permission::Test } else { needed }
}

/// On a task of its own: a console that hangs up in the middle must not leave an action half done.
async fn done(api: &Api, action: Action) -> Answer {
    let AlarmId(alarm) = action.alarm;
    let queue = api.queue.clone();
    let acted = tokio::spawn(async move { queue.act(action).await }).await.map_err(|error| {
        tracing::error!(%error, %alarm, "an action met a fault of our own");
        Problem::internal()
    })?;
    let now = OffsetDateTime::now_utc();
    let sight = sight(api, now);
    let acted = acted.map_err(|error| Problem::of_act(&error, &sight))?;
    let alarm = AlarmShape::of(&acted.alarm, &sight);
    Ok(Json(ActedShape { now: Timestamp(now), degraded: acted.degraded, alarm }))
}
