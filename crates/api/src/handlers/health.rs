//! `GET /v1/health`: whether this receiver can take alarms in. No token, so that a watchdog needs none.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Api;
use crate::shapes::HealthShape;

/// Whether this receiver can take alarms in: 200 while anything can store, 503 while nothing can.
///
/// No personal datum, so it needs no token.
#[utoipa::path(get, path = "/v1/health", operation_id = "getHealth", tag = "receiver", security(()),
    responses(
        (status = 200, description = "Alarms can be taken in", body = HealthShape),
        (status = 503, description = "Nothing can be stored, so nothing is acknowledged", body = HealthShape)))]
pub async fn health(State(api): State<Arc<Api>>) -> Response {
    let board = api.queue.board().borrow().clone();
    let can_store = api.queue.can_store();
    let status = if can_store { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(HealthShape::of(&board, can_store, &api.settings))).into_response()
}
