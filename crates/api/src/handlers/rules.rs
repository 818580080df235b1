//! `GET /v1/rules`: the numbers in force.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::Api;
use crate::access::admit;
use crate::openapi::{Reading, roles};
use crate::problem::Problem;
use crate::shapes::RulesShape;
use crate::tokens::Permission;

/// The rules in force: how long people may wait, what is noise, how tests run.
#[utoipa::path(get, path = "/v1/rules", operation_id = "getRules", tag = "receiver",
    responses((status = 200, description = "The rules", body = RulesShape), Reading),
    extensions(("x-roles" = json!(roles(Permission::List)))))]
pub async fn rules(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<RulesShape>, Problem> {
    admit(&api, &headers, Permission::List)?;
    Ok(Json(RulesShape::of(&api.queue.policy())))
}
