//! `GET /v1/calls`: the last calls on the lines, failed ones too. The engineer has just made a test call and wants
//! to know what the receiver heard of it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use time::OffsetDateTime;

use super::{Api, parameters};
use crate::access::admit;
use crate::calls::Call;
use crate::openapi::{Asking, roles};
use crate::problem::Problem;
use crate::shapes::CallsShape;
use crate::tokens::Permission;

/// Calls in one answer unless asked otherwise, and at most.
const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 500;
/// Digits of a number that is asked for. Fewer would match half a town.
const DIGITS_MIN: usize = 3;
const DIGITS_MAX: usize = 20;
/// Longest text that is asked for, characters.
const TEXT_CHARS_MAX: usize = 40;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    number: Option<&'a str>,
    account: Option<&'a str>,
    line: Option<&'a str>,
    limit: usize,
}

/// The last calls on this receiver's lines, the latest end first; also those of which nothing came.
///
/// In memory: a restart forgets them.
#[utoipa::path(get, path = "/v1/calls", operation_id = "listCalls", tag = "calls",
    params(
        ("number" = Option<String>, Query, description = "Telephone number, compared by its last digits",
            min_length = 3, max_length = 40, pattern = r"^[^0-9]*([0-9][^0-9]*){3,20}$", example = "123456"),
        ("account" = Option<String>, Query, description = "Account or unit number as said, compared whole",
            min_length = 1, max_length = 40),
        ("line" = Option<String>, Query, description = "Name of a line", min_length = 1, max_length = 40),
        ("limit" = Option<u32>, Query, description = "Most calls; 100 when not given", minimum = 1, maximum = 500)),
    responses((status = 200, description = "The calls", body = CallsShape), Asking),
    extensions(("x-roles" = json!(roles(Permission::Calls)))))]
pub async fn calls(
    State(api): State<Arc<Api>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<CallsShape>, Problem> {
    admit(&api, &headers, Permission::Calls)?;
    let query = parameters(query)?;
    let asked = Asked::of(&query)?;
    let calls = api.settings.calls.latest(|call| asked.wants(call), asked.limit);
    Ok(Json(CallsShape::of(&calls, &api.settings.receiver, OffsetDateTime::now_utc())))
}

impl Asked<'_> {
    fn of(query: &HashMap<String, String>) -> Result<Asked<'_>, Problem> {
        let number = text(query, "number")?;
        let digits = |number: &str| number.chars().filter(char::is_ascii_digit).count();
        if number.is_some_and(|number| !(DIGITS_MIN..=DIGITS_MAX).contains(&digits(number))) {
            let what = format!("`number` must have {DIGITS_MIN} to {DIGITS_MAX} digits");
            return Err(Problem::invalid("number", what));
        }
        let limit = match query.get("limit").map(|text| text.parse::<usize>()) {
            None => LIMIT_DEFAULT,
            Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
            Some(_) => return Err(Problem::invalid("limit", format!("`limit` must be 1 to {LIMIT_MAX}"))),
        };
        Ok(Asked { number, account: text(query, "account")?, line: text(query, "line")?, limit })
    }

    fn wants(&self, call: &Call) -> bool {
        self.line.is_none_or(|line| call.line.as_str() == line)
            && self.account.is_none_or(|account| call.identity.as_deref() == Some(account))
            && self.number.is_none_or(|number| call.is_from(number))
    }
}

fn text<'a>(query: &'a HashMap<String, String>, field: &'static str) -> Result<Option<&'a str>, Problem> {
    match query.get(field) {
        Some(text) if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX => {
            Err(Problem::invalid(field, format!("`{field}` must have 1 to {TEXT_CHARS_MAX} characters")))
        }
        text => Ok(text.map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn what_is_asked_for_has_bounds() {
        let good = query(&[("number", "+44 1527"), ("line", "a"), ("account", "0012"), ("limit", "500")]);
        let expected = Asked { number: Some("+44 1527"), account: Some("0012"), line: Some("a"), limit: LIMIT_MAX };
        assert_eq!(Asked::of(&good).unwrap(), expected);
        assert_eq!(Asked::of(&query(&[])).unwrap().limit, LIMIT_DEFAULT);
        let long = "1".repeat(TEXT_CHARS_MAX + 1);
        for (field, value) in [
            ("number", "12"),
            ("number", "a b"),
            ("number", &long[..DIGITS_MAX + 1]),
            ("limit", "0"),
            ("limit", "501"),
            ("limit", "few"),
            ("line", ""),
            ("account", &long),
        ] {
            assert!(Asked::of(&query(&[(field, value)])).is_err(), "{field}={value}");
        }
    }
}
