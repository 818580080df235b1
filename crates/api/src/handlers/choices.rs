//! `GET /v1/choices`: what operators choose from.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::Api;
use crate::access::admit;
use crate::openapi::{Reading, roles};
use crate::problem::Problem;
use crate::shapes::ChoicesShape;
use crate::tokens::Permission;

/// The centre's outcomes and note kinds, as its configuration has them.
#[utoipa::path(get, path = "/v1/choices", operation_id = "getChoices", tag = "alarms",
    responses((status = 200, description = "The choices", body = ChoicesShape), Reading),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn choices(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<ChoicesShape>, Problem> {
    admit(&api, &headers, Permission::Detail)?;
    Ok(Json(ChoicesShape::of(&api.settings.choices)))
}
