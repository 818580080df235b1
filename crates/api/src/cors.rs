//! Pages of other origins: a front-end served elsewhere asks from its users' browsers.
//!
//! Only the origins of the configuration, compared whole; no wildcard; no credentials, because a token travels in a
//! header that the page sets itself. Whoever is not named gets the same answers without the headers, and the
//! browser keeps them from the page.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::handlers::Api;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, if-none-match");
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static("etag, retry-after");
/// How long a browser may remember the answer to a preflight, seconds.
const REMEMBERED_S: u32 = 600;

/// An origin as browsers write it: `https://console.example.org`, with a port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is https://HOST or https://HOST:PORT in lower case, without a path, a wildcard or the default port")]
pub struct NoOrigin;

impl Origin {
    /// Reads an origin as a configuration names it.
    pub fn parse(text: &str) -> Result<Origin, NoOrigin> {
        let (rest, own_port) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, ":443"),
            (_, Some(rest)) => (rest, ":80"),
            (None, None) => return Err(NoOrigin),
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
        if rest.is_empty() || !rest.chars().all(plain) || rest.ends_with(own_port) || rest.ends_with(':') {
            return Err(NoOrigin);
        }
        HeaderValue::from_str(text).map(Origin).map_err(|_| NoOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Answers preflights and marks answers for the pages that may read them.
pub async fn answer(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let origins = &api.settings.origins;
    let allowed = request.headers().get(header::ORIGIN).filter(|origin| origins.iter().any(|o| o.0 == **origin));
    let allowed = allowed.cloned();
    let mut response = match is_preflight(&request) {
        true => preflight(allowed.is_some()),
        false => next.run(request).await,
    };
    if !origins.is_empty() {
        // A cache must not give one page the answer to another.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = allowed {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(allowed: bool) -> Response {
    let mut headers = HeaderMap::new();
    if allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(REMEMBERED_S));
    }
    (StatusCode::NO_CONTENT, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in ["https://a.example", "http://localhost:5173", "https://a-1.example:8443", "http://[::1]:3000"] {
            assert_eq!(Origin::parse(good).unwrap().to_string(), good);
        }
        for wrong in [
            "",
            "*",
            "null",
            "a.example",
            "https://",
            "https://*.example",
            "https://a.example/",
            "https://A.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://a.example:",
            "ftp://a.example",
            "https://u@a.example",
        ] {
            assert_eq!(Origin::parse(wrong), Err(NoOrigin), "{wrong}");
        }
    }
}
