//! `GET /v1/units` and `GET /v1/units/{id}`: who is behind the accounts and numbers.
//!
//! Both answer from what this receiver knows, also while the database is away: an operator needs the address then
//! as much as ever. Only the history of changes is the database's alone.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use telecare_alarm::registry::{self, UnitId};
use telecare_queue::{Board, Link};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Api, bad_path, parameters};
use crate::access::admit;
use crate::openapi::{ReadingUnit, roles};
use crate::problem::Problem;
use crate::shapes::{UnitDetailShape, UnitsShape};
use crate::tokens::Permission;

/// Units in one answer unless asked otherwise, and at most.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 1_000;
/// Most searches at once; one more waits for its turn.
const SEARCHES_MAX: usize = 2;
/// Longest text that is asked for, characters.
const TEXT_CHARS_MAX: usize = 200;

static SEARCHES: Semaphore = Semaphore::const_new(SEARCHES_MAX);

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    query: registry::Query,
    after: Option<UnitId>,
    limit: usize,
}

/// Units of the registry, by label. While the database is away, as they were known last.
#[utoipa::path(get, path = "/v1/units", operation_id = "listUnits", tag = "units",
    params(
        ("query" = Option<String>, Query, description = "Words that all stand in label, scheme, address, reference, \
            customer, numbers or identities", max_length = 200),
        ("account" = Option<String>, Query, description = "An account or local unit as sent, leading zeros and all",
            min_length = 1, max_length = 200),
        ("number" = Option<String>, Query, description = "A telephone number in any spelling",
            min_length = 1, max_length = 200),
        ("after" = Option<Uuid>, Query, description = "`next` of the answer before"),
        ("limit" = Option<u32>, Query, description = "Most units; 100 when not given", minimum = 1, maximum = 1_000)),
    responses((status = 200, description = "The units", body = UnitsShape), ReadingUnit),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn list(
    State(api): State<Arc<Api>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<UnitsShape>, Problem> {
    admit(&api, &headers, Permission::Detail)?;
    let asked = Asked::of(&parameters(query)?)?;
    let board = known(&api)?;
    // Looking through many units takes a while; these threads have consoles to serve.
    let _place = SEARCHES.acquire().await.map_err(|_| Problem::internal())?;
    let registry = board.registry.clone();
    let search = move || registry.search(&asked.query, asked.after, asked.limit);
    let page = tokio::task::spawn_blocking(search).await.map_err(|_| Problem::internal())?;
    let page = page.ok_or_else(Problem::unknown_unit)?;
    let now = OffsetDateTime::now_utc();
    Ok(Json(UnitsShape::of(&page, board.registry.version(), board.link.is_degraded(), now)))
}

/// One unit with its history of changes.
#[utoipa::path(get, path = "/v1/units/{id}", operation_id = "getUnit", tag = "units",
    params(("id" = Uuid, Path, description = "The unit's id")),
    responses((status = 200, description = "The unit", body = UnitDetailShape), ReadingUnit),
    extensions(("x-roles" = json!(roles(Permission::Detail)))))]
pub async fn detail(
    State(api): State<Arc<Api>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<UnitDetailShape>, Problem> {
    admit(&api, &headers, Permission::Detail)?;
    let Path(id) = path.map_err(bad_path)?;
    let id = Uuid::try_parse(&id).map(UnitId);
    let id = id.map_err(|_| Problem::invalid("id", "the unit's id in the path must be a UUID"))?;
    let board = known(&api)?;
    let unit = board.registry.unit(id).ok_or_else(Problem::unknown_unit)?;
    let history = match api.queue.unit_history(id).await {
        Ok(history) => Some(history),
        Err(error) => {
            tracing::debug!(%error, "a unit is told without its history");
            None
        }
    };
    let degraded = board.link.is_degraded() || history.is_none();
    Ok(Json(UnitDetailShape::of(unit, history.as_deref(), degraded, OffsetDateTime::now_utc())))
}

/// The board, where there is a registry behind it.
fn known(api: &Api) -> Result<Arc<Board>, Problem> {
    let board = api.queue.board().borrow().clone();
    if board.link == Link::Standalone { Err(Problem::needs_database()) } else { Ok(board) }
}

impl Asked {
    fn of(query: &HashMap<String, String>) -> Result<Asked, Problem> {
        let limit = match query.get("limit").map(|text| text.parse::<usize>()) {
            None => LIMIT_DEFAULT,
            Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
            Some(_) => return Err(Problem::invalid("limit", format!("`limit` must be 1 to {LIMIT_MAX}"))),
        };
        let after = query.get("after").map(|text| Uuid::try_parse(text)).transpose();
        let after = after.map_err(|_| Problem::invalid("after", "`after` must be a UUID"))?.map(UnitId);
        let text = text(query, "query", 0)?.unwrap_or_default();
        let query = registry::Query {
            text,
            account: self::text(query, "account", 1)?,
            number: self::text(query, "number", 1)?,
        };
        Ok(Asked { query, after, limit })
    }
}

fn text(query: &HashMap<String, String>, field: &'static str, min: usize) -> Result<Option<String>, Problem> {
    match query.get(field) {
        Some(text) if !(min..=TEXT_CHARS_MAX).contains(&text.chars().count()) => {
            Err(Problem::invalid(field, format!("`{field}` must have {min} to {TEXT_CHARS_MAX} characters")))
        }
        text => Ok(text.cloned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_has_bounds() {
        let query = |pairs: &[(&str, &str)]| {
            Asked::of(&pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
        };
        assert_eq!(query(&[]).unwrap(), Asked { query: registry::Query::default(), after: None, limit: 100 });
        let asked =
            query(&[("query", "hill"), ("account", "0042"), ("limit", "1000"), ("after", &Uuid::nil().to_string())]);
        let asked = asked.unwrap();
        assert_eq!((&*asked.query.text, asked.query.account.as_deref(), asked.limit), ("hill", Some("0042"), 1_000));
        assert_eq!(asked.after, Some(UnitId(Uuid::nil())));
        let long = "x".repeat(201);
        for (field, value) in
            [("limit", "0"), ("limit", "1001"), ("after", "7"), ("account", ""), ("number", ""), ("query", &*long)]
        {
            assert!(query(&[(field, value)]).is_err(), "{field}={value}");
        }
    }
}
