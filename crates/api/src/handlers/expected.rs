//! `GET /v1/expected`: who was to be heard by now, and was not.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::members::number;
use super::{Api, parameters};
use crate::access::admit;
use crate::openapi::{Asking, roles};
use crate::problem::Problem;
use crate::shapes::ExpectedShape;
use crate::tokens::Permission;

/// The missing of one answer, unless asked otherwise, and at most.
const MISSING_DEFAULT: usize = 200;
const MISSING_MAX: usize = 1_000;

/// Units that were to be heard by now and were not, the longest missing first.
#[utoipa::path(get, path = "/v1/expected", operation_id = "listMissing", tag = "units",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "200 when not given")),
    responses((status = 200, description = "Who is missing", body = ExpectedShape), Asking),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn expected(
    State(api): State<Arc<Api>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<ExpectedShape>, Problem> {
    admit(&api, &headers, Permission::Detail)?;
    let limit = number(&parameters(query)?, "limit", 1, MISSING_MAX)?.unwrap_or(MISSING_DEFAULT);
    let overdue = api.queue.overdue().await;
    let board = api.queue.board().borrow().clone();
    Ok(Json(ExpectedShape::of(&board, &overdue, limit, OffsetDateTime::now_utc())))
}
