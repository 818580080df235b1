//! `POST /v1/alarms/{id}/call`: a command to the line of a call.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use telecare_alarm::{ActionId, CallId};
use telecare_queue::Commanded;
use time::OffsetDateTime;

use super::act::{ActedShape, Answer, Id, Wanted};
use super::{Api, sight};
use crate::openapi::{Operating, roles};
use crate::problem::Problem;
use crate::shapes::requests::{Command, CommandRequest};
use crate::shapes::{AlarmShape, Timestamp};
use crate::tokens::Permission;

/// Speak, listen, clear, open a door: a command to a call of an alarm that is yours.
///
/// It is kept before the line hears of it, and sent there once however often the request comes. What came of it is in
/// the alarm's log, also when this answer is 504.
#[utoipa::path(post, path = "/v1/alarms/{id}/call", operation_id = "commandCall", tag = "actions",
    params(("id" = Uuid, Path, description = "The alarm's id")), request_body = CommandRequest,
    responses((status = 200, description = "The unit confirmed it, or the line was released", body = ActedShape), Operating),
    extensions(("x-roles" = json!(roles(Permission::Act)))))]
pub async fn call(State(api): State<Arc<Api>>, id: Id, headers: HeaderMap, body: Body) -> Answer {
    let Wanted { alarm, action, actor, own, .. } =
        Wanted::<Command>::of(&api, id, headers, body, Permission::Act).await?;
    let wanted = own.wanted()?;
    let commanded = Commanded { id: ActionId(action), alarm, call: CallId(own.call), by: actor, wanted };
    let done = api.queue.operate(commanded).await;
    let now = OffsetDateTime::now_utc();
    let sight = sight(&api, now);
    done.map_err(|error| Problem::of_command(&error, &sight))?;
    let board = api.queue.board().borrow().clone();
    let alarm = board.find(alarm).ok_or_else(Problem::unknown_alarm)?;
    let (degraded, alarm) = (board.link.is_degraded(), AlarmShape::of(alarm, &sight));
    Ok(Json(ActedShape { now: Timestamp(now), degraded, alarm }))
}
