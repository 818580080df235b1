//! Which path is whose. Everything else is a problem in the same form, and so is a panic.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::task::JoinSet;

use crate::handlers::{self, Api};
use crate::metrics;
use crate::problem::Problem;

/// Every path of the API.
pub fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/v1/health", get(handlers::health))
        .route("/v1/alarms", get(handlers::list))
        .route("/v1/alarms/{id}", get(handlers::detail))
        .route("/v1/alarms/{id}/{act}", post(handlers::act))
        .fallback(nothing_there)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(contain))
        .with_state(api)
}

async fn nothing_there(request: Request) -> Problem {
    Problem::no_such_path(request.uri().path())
}

async fn wrong_method(request: Request) -> Problem {
    Problem::wrong_method(request.method().as_str(), request.uri().path())
}

/// Runs a handler on a task of its own: if it panics, its request is answered 500 and nothing else happens.
/// When the connection ends first, the set is dropped and the handler with it.
async fn contain(request: Request, next: Next) -> Response {
    let route = route(request.uri().path());
    let mut handler = JoinSet::new();
    handler.spawn(next.run(request));
    let response = match handler.join_next().await {
        Some(Ok(response)) => response,
        Some(Err(_)) | None => {
            metrics::count_panic();
            tracing::error!(route, "a handler panicked; its request was answered 500");
            Problem::internal().into_response()
        }
    };
    metrics::count_request(route, response.status().as_u16());
    response
}

/// The route's name for metrics: a closed set, whatever is asked for.
fn route(path: &str) -> &'static str {
    let mut parts = path.trim_start_matches('/').splitn(5, '/');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("v1"), Some("health"), None, _, _) => "health",
        (Some("v1"), Some("alarms"), None, _, _) => "list",
        (Some("v1"), Some("alarms"), Some(_), None, _) => "detail",
        (Some("v1"), Some("alarms"), Some(_), Some(_), None) => "act",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;

    #[tokio::test]
    async fn a_panic_is_one_500_and_tells_nothing() {
        async fn faulty() -> Response {
            panic!("a secret of the inside")
        }
        let router: Router = Router::new().route("/v1/alarms", get(faulty)).layer(middleware::from_fn(contain));
        let service = TowerToHyperService::new(router);
        for _ in 0..2 {
            let request = Request::get("/v1/alarms").body(Body::empty()).unwrap();
            let response = service.call(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let body = to_bytes(response.into_body(), 10_000).await.unwrap();
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(json["type"], "urn:telecare:problem:internal");
            assert!(!json.to_string().contains("secret"));
        }
    }

    #[test]
    fn routes_are_a_closed_set() {
        let table = [
            ("/v1/health", "health"),
            ("/v1/alarms", "list"),
            ("/v1/alarms/7", "detail"),
            ("/v1/alarms/7/claim", "act"),
            ("/v1/alarms/7/claim/x", "other"),
            ("/", "other"),
            ("/v2/alarms", "other"),
        ];
        for (path, name) in table {
            assert_eq!(route(path), name, "{path}");
        }
    }
}
