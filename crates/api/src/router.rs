//! Which path is whose. Everything else is a problem in the same form, and so is a panic.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::task::JoinSet;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::handlers::{
    Api, act, call, calls, choices, detail, document, expected, health, list, members, on_test, orphans, rules, units,
    units_csv,
};
use crate::problem::Problem;
use crate::{cors, metrics, openapi};

/// Every path of the API, each with its part of the document.
fn documented() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(openapi::Frame::openapi())
        .routes(routes!(list::list))
        .routes(routes!(detail::detail))
        .routes(routes!(members::members))
        .routes(routes!(act::claim))
        .routes(routes!(act::renew))
        .routes(routes!(act::seen))
        .routes(routes!(act::hold))
        .routes(routes!(act::resume))
        .routes(routes!(act::release))
        .routes(routes!(act::transfer))
        .routes(routes!(act::note))
        .routes(routes!(act::close))
        .routes(routes!(act::close_other))
        .routes(routes!(act::reopen))
        .routes(routes!(call::call))
        .routes(routes!(on_test::list, on_test::start))
        .routes(routes!(on_test::record))
        .routes(routes!(on_test::stop))
        .routes(routes!(choices::choices))
        .routes(routes!(rules::rules))
        .routes(routes!(expected::expected))
        .routes(routes!(calls::calls))
        .routes(routes!(units::list))
        .routes(routes!(units::detail))
        .routes(routes!(units_csv::import))
        .routes(routes!(units_csv::export))
        .routes(routes!(orphans::orphans))
        .routes(routes!(health::health))
        .routes(routes!(document::document))
}

/// The document of every path.
pub fn document() -> OpenApi {
    documented().split_for_parts().1
}

/// Every path, and what happens beside them.
pub fn router(api: Arc<Api>) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .fallback(nothing_there)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(contain))
        .layer(middleware::from_fn_with_state(api.clone(), cors::answer))
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
        (Some("v1"), Some("choices"), None, _, _) => "choices",
        (Some("v1"), Some("rules"), None, _, _) => "rules",
        (Some("v1"), Some("expected"), None, _, _) => "expected",
        (Some("v1"), Some("tests"), None, _, _) => "tests",
        (Some("v1"), Some("tests"), Some(_), None, _) => "test",
        (Some("v1"), Some("tests"), Some(_), Some("stop"), None) => "test",
        (Some("v1"), Some("calls"), None, _, _) => "calls",
        (Some("v1"), Some("units"), None, _, _) => "units",
        (Some("v1"), Some("units"), Some("import"), None, _) => "import",
        (Some("v1"), Some("units"), Some(_), None, _) => "unit",
        (Some("v1"), Some("units.csv"), None, _, _) => "export",
        (Some("v1"), Some("orphans"), None, _, _) => "orphans",
        (Some("v1"), Some("openapi.json"), None, _, _) => "openapi",
        (Some("v1"), Some("alarms"), None, _, _) => "list",
        (Some("v1"), Some("alarms"), Some(_), None, _) => "detail",
        (Some("v1"), Some("alarms"), Some(_), Some("members"), None) => "members",
        (Some("v1"), Some("alarms"), Some(_), Some("call"), None) => "call",
        (Some("v1"), Some("alarms"), Some(_), Some(_), None) => "act",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::routing::get;
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
            ("/v1/calls", "calls"),
            ("/v1/choices", "choices"),
            ("/v1/units", "units"),
            ("/v1/units/7", "unit"),
            ("/v1/units/import", "import"),
            ("/v1/units.csv", "export"),
            ("/v1/orphans", "orphans"),
            ("/v1/openapi.json", "openapi"),
            ("/v1/alarms", "list"),
            ("/v1/rules", "rules"),
            ("/v1/expected", "expected"),
            ("/v1/tests", "tests"),
            ("/v1/tests/7", "test"),
            ("/v1/tests/7/stop", "test"),
            ("/v1/tests/7/go", "other"),
            ("/v1/alarms/7/members", "members"),
            ("/v1/alarms/7", "detail"),
            ("/v1/alarms/7/call", "call"),
            ("/v1/alarms/7/claim", "act"),
            ("/v1/alarms/7/claim/x", "other"),
            ("/", "other"),
            ("/v2/alarms", "other"),
        ];
        for (path, name) in table {
            assert_eq!(route(path), name, "{path}");
            assert!(metrics::ROUTES.contains(&name), "{name} is not shown at zero from the start");
        }
    }
}
