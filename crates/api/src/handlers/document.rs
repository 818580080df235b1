//! `GET /v1/openapi.json`: the document of this API. No token, so that a developer can begin with nothing.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::openapi;

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", operation_id = "getOpenApi", tag = "receiver", security(()),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], openapi::text()).into_response()
}
