//! `GET /v1/orphans`: senders heard lately that nobody registered.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use time::{Duration, OffsetDateTime};

use super::{Api, parameters};
use crate::access::admit;
use crate::openapi::{AskingUnits, roles};
use crate::problem::Problem;
use crate::shapes::OrphansShape;
use crate::tokens::Permission;

/// Days that are looked through unless asked otherwise, and at most.
const DAYS_DEFAULT: i64 = 7;
const DAYS_MAX: i64 = 31;

/// Senders heard lately that nobody registered, the one heard last first, with what to write into the registry.
#[utoipa::path(get, path = "/v1/orphans", operation_id = "listOrphans", tag = "units",
    params(("days" = Option<u32>, Query, description = "How far back; 7 days when not given", minimum = 1, maximum = 31)),
    responses((status = 200, description = "The senders", body = OrphansShape), AskingUnits),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn orphans(
    State(api): State<Arc<Api>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<OrphansShape>, Problem> {
    admit(&api, &headers, Permission::Detail)?;
    let days = match parameters(query)?.get("days").map(|text| text.parse::<i64>()) {
        None => DAYS_DEFAULT,
        Some(Ok(days)) if (1..=DAYS_MAX).contains(&days) => days,
        Some(_) => return Err(Problem::invalid("days", format!("`days` must be 1 to {DAYS_MAX}"))),
    };
    let now = OffsetDateTime::now_utc();
    let since = now - Duration::days(days);
    let orphans = api.queue.orphans(since).await.map_err(|error| Problem::of_registry(&error))?;
    Ok(Json(OrphansShape::of(&orphans, since, now)))
}
