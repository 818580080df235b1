//! `GET /v1/alarms/{id}`: one alarm with its signals and what people did.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::{Api, alarm_id, bad_path};
use crate::access::admit;
use crate::problem::Problem;
use crate::shapes::DetailShape;
use crate::tokens::Permission;

/// The alarm, also under an id that stands for it.
pub async fn detail(
    State(api): State<Arc<Api>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<DetailShape>, Problem> {
    let now = OffsetDateTime::now_utc();
    admit(&api.settings.tokens, &headers, Permission::Detail, now)?;
    let Path(id) = path.map_err(bad_path)?;
    let detail = api.queue.detail(alarm_id(&id)?).await.ok_or_else(Problem::unknown_alarm)?;
    Ok(Json(DetailShape::of(&detail, now)))
}
