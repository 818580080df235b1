//! `GET /v1/alarms/{id}/members`: what belongs to an incident.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::{Api, alarm_id, bad_path, parameters};
use crate::access::admit;
use crate::openapi::{ReadingOne, roles};
use crate::problem::Problem;
use crate::shapes::{MembersShape, Sight};
use crate::tokens::Permission;

/// Members of one answer, unless asked otherwise, and at most.
const MEMBERS_DEFAULT: usize = 200;
const MEMBERS_MAX: usize = 1_000;

/// The open alarms of an incident, those whose people are at most risk first.
#[utoipa::path(get, path = "/v1/alarms/{id}/members", operation_id = "listMembers", tag = "alarms",
    params(("id" = Uuid, Path, description = "The incident's id"),
        ("after" = Option<u32>, Query, description = "`next` of the answer before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "200 when not given")),
    responses((status = 200, description = "Its alarms", body = MembersShape), ReadingOne),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn members(
    State(api): State<Arc<Api>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<MembersShape>, Problem> {
    admit(&api, &headers, Permission::Detail)?;
    let Path(id) = path.map_err(bad_path)?;
    let id = alarm_id(&id)?;
    let query = parameters(query)?;
    let after = number(&query, "after", 0, usize::MAX)?.unwrap_or(0);
    let limit = number(&query, "limit", 1, MEMBERS_MAX)?.unwrap_or(MEMBERS_DEFAULT);
    let board = api.queue.board().borrow().clone();
    let incident = board.find(id).ok_or_else(Problem::unknown_alarm)?;
    if !incident.is_incident() {
        return Err(Problem::no_such("incident"));
    }
    let sight = Sight::of(&board, OffsetDateTime::now_utc());
    Ok(Json(MembersShape::of(incident, &board, &sight, after, limit)))
}

/// A number of a query within its bounds.
pub(super) fn number(
    query: &HashMap<String, String>,
    field: &'static str,
    min: usize,
    max: usize,
) -> Result<Option<usize>, Problem> {
    match query.get(field).map(|text| text.parse::<usize>()) {
        None => Ok(None),
        Some(Ok(number)) if (min..=max).contains(&number) => Ok(Some(number)),
        Some(_) => Err(Problem::invalid(field, format!("`{field}` must be a whole number from {min} to {max}"))),
    }
}
