//! `GET /v1/alarms/{id}`: one alarm with its signals and what people did.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::{Api, alarm_id, bad_path, note_served};
use crate::access::admit;
use crate::openapi::{ReadingOne, roles};
use crate::problem::Problem;
use crate::shapes::DetailShape;
use crate::tokens::Permission;

/// One alarm with its signals and what people did; also under an id that stands for it.
#[utoipa::path(get, path = "/v1/alarms/{id}", operation_id = "getAlarm", tag = "alarms",
    params(("id" = Uuid, Path, description = "The alarm's id")),
    responses((status = 200, description = "The alarm", body = DetailShape), ReadingOne),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn detail(
    State(api): State<Arc<Api>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<DetailShape>, Problem> {
    let now = OffsetDateTime::now_utc();
    let asker = admit(&api, &headers, Permission::Detail)?;
    let Path(id) = path.map_err(bad_path)?;
    let detail = api.queue.detail(alarm_id(&id)?).await.ok_or_else(Problem::unknown_alarm)?;
    note_served(&api, &asker, std::iter::once(&*detail.alarm));
    Ok(Json(DetailShape::of(&detail, &super::sight(&api, now))))
}
