//! The OpenAPI 3.1 document. It is made of the handlers and shapes themselves: a path that is served is a path in the
//! document, and the committed `openapi.json` beside this crate is compared with it byte for byte.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Bytes;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi, Ref, RefOr};
use utoipa::{IntoResponses, Modify};

use crate::problem::ProblemShape;
use crate::router;
use crate::tokens::{Permission, Role};

/// The document before its paths.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Telecare receiver", version = "1", description = include_str!("openapi.md"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    tags(
        (name = "alarms", description = "What waits, and for whom"),
        (name = "actions", description = "What people do to an alarm"),
        (name = "tests", description = "Units on test: what came, and who saw it"),
        (name = "calls", description = "What the lines heard"),
        (name = "units", description = "Who is behind the accounts and numbers"),
        (name = "receiver", description = "The receiver itself")),
    components(schemas(ProblemShape)),
    security(("token" = [])),
    modifiers(&Token)
)]
pub struct Frame;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut OpenApi) {
        let words = "A token of this receiver, made by `telecare-ctl token add`.";
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document's bytes, as they are served and committed.
pub fn text() -> Bytes {
    // A document of texts, numbers and lists of them can always be written.
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
        let text = router::document().to_pretty_json().unwrap_or_default();
        Bytes::from(text + "\n")
    });
    TEXT.clone()
}

/// The roles that a permission is given to, for the document.
pub fn roles(permission: Permission) -> Vec<&'static str> {
    Role::ALL.into_iter().filter(|role| role.may(permission)).map(Role::as_str).collect()
}

/// How a request that only reads can be refused.
pub struct Reading;
/// As [`Reading`], with parameters.
pub struct Asking;
/// As [`Asking`], of one thing by its id.
pub struct ReadingOne;
/// How an action can be refused.
pub struct Acting;
/// As [`Acting`], where a line has to answer.
pub struct Operating;
/// As [`Asking`], of the registry of units.
pub struct AskingUnits;
/// As [`ReadingOne`], of the registry of units.
pub struct ReadingUnit;
/// How an import can be refused.
pub struct Importing;
/// How an export can be refused.
pub struct Exporting;

const INVALID: (u16, &str) = (400, "A part of the request cannot be understood; `field` names it");
const UNAUTHORISED: (u16, &str) = (401, "The token is missing, unknown, expired or revoked");
const FORBIDDEN: (u16, &str) = (403, "The token's role does not allow this, or it acts in another person's name");
const UNKNOWN: (u16, &str) = (404, "There is no such thing");
const TOO_SLOW: (u16, &str) = (408, "The body did not arrive in ten seconds");
const REFUSED: (u16, &str) = (409, "The rules refuse it; `refusal` says why, `holder` and `alarm` how things are");
const UNCOMMANDED: (u16, &str) = (
    409,
    "The rules refuse it (`refusal`), the call is on another receiver (`call-elsewhere`), its line or unit has no such \
     thing (`call-unsupported`) or did not do it (`call-refused`); nothing is sent twice",
);
const UNANSWERED: (u16, &str) =
    (504, "The line has not answered in ten seconds; what comes of it will be in the alarm's log");
const TOO_LARGE: (u16, &str) = (413, "The body is larger than 65536 bytes");
const MISSING: (u16, &str) = (422, "Something is missing or not possible; `field` names it, `allowed` what there is");
const INTERNAL: (u16, &str) = (500, "The receiver met a fault of its own; it is in its log");
const LATE: (u16, &str) = (408, "The file did not arrive in a minute");
const LARGE: (u16, &str) = (413, "The file is larger than 32 MiB");
const WRONG: (u16, &str) =
    (422, "Rows are wrong and nothing was imported; `rows` tells each, or `field` what is missing");
const AWAY: (u16, &str) = (503, "This needs the database, or another file is under way");
const UNABLE: (u16, &str) = (503, "Nothing can be stored at the moment, or this needs the database");

impl IntoResponses for Reading {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[UNAUTHORISED, FORBIDDEN, INTERNAL])
    }
}

impl IntoResponses for Asking {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, UNAUTHORISED, FORBIDDEN, INTERNAL])
    }
}

impl IntoResponses for ReadingOne {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, UNAUTHORISED, FORBIDDEN, UNKNOWN, INTERNAL])
    }
}

impl IntoResponses for Acting {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let refusals = [INVALID, UNAUTHORISED, FORBIDDEN, UNKNOWN, TOO_SLOW, REFUSED, TOO_LARGE, MISSING];
        problems(&[&refusals[..], &[INTERNAL, UNABLE]].concat())
    }
}

impl IntoResponses for Operating {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Acting::responses();
        responses.extend(problems(&[UNCOMMANDED, UNANSWERED]));
        responses
    }
}

impl IntoResponses for AskingUnits {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, UNAUTHORISED, FORBIDDEN, INTERNAL, AWAY])
    }
}

impl IntoResponses for ReadingUnit {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, UNAUTHORISED, FORBIDDEN, UNKNOWN, INTERNAL, AWAY])
    }
}

impl IntoResponses for Importing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[INVALID, UNAUTHORISED, FORBIDDEN, LATE, LARGE, WRONG, INTERNAL, AWAY])
    }
}

impl IntoResponses for Exporting {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[UNAUTHORISED, FORBIDDEN, INTERNAL, AWAY])
    }
}

fn problems(statuses: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    statuses.iter().map(|(status, words)| (status.to_string(), problem(*status, words).into())).collect()
}

/// One refusal with its headers.
fn problem(status: u16, words: &str) -> Response {
    let shape = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(words).content("application/problem+json", shape);
    let text = |words: &str| HeaderBuilder::new().description(Some(words)).build();
    match status {
        401 => response.header("WWW-Authenticate", text("Bearer, and this receiver's realm")).build(),
        503 => response.header("Retry-After", text("Seconds after which to try again")).build(),
        _ => response.build(),
    }
}
