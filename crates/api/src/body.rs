//! The body of an action, field by field, so that a refusal can name the field that was wrong.
//!
//! Fields we do not know are passed over: an older receiver must not refuse a newer console's claim.

use axum::body::{Body, to_bytes};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::problem::Problem;

/// Largest body, bytes; a larger one is 413.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a body may take to arrive; then 408.
const BODY_WAIT_MAX: Duration = Duration::from_secs(10);
/// Longest name of a desk or an outcome, characters.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest free text, characters.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// A body that is a JSON object.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body within its bounds.
    pub async fn read(body: Body) -> Result<Fields, Problem> {
        let bytes = tokio::time::timeout(BODY_WAIT_MAX, to_bytes(body, BODY_BYTES_MAX))
            .await
            .map_err(|_| Problem::too_slow())?
            .map_err(|error| {
                // The limit is the only error of `to_bytes` that a client can still be told of.
                tracing::debug!(%error, "a body could not be read");
                Problem::too_large(BODY_BYTES_MAX)
            })?;
        Fields::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Fields, Problem> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(Problem::invalid("body", "the body must be a JSON object")),
            Err(error) => Err(Problem::invalid("body", format!("the body is not JSON: {error}"))),
        }
    }

    /// A UUID that must be there.
    pub fn uuid(&self, field: &'static str) -> Result<Uuid, Problem> {
        let text = self.present(field)?;
        match Uuid::try_parse(text) {
            Ok(id) if !id.is_nil() => Ok(id),
            Ok(_) | Err(_) => Err(Problem::invalid(field, format!("`{field}` must be a UUID"))),
        }
    }

    /// A short name that must be there and not be empty.
    pub fn name(&self, field: &'static str) -> Result<&str, Problem> {
        self.name_if_given(field)?.ok_or_else(|| missing(field))
    }

    /// A short name; when it is there it must not be empty.
    pub fn name_if_given(&self, field: &'static str) -> Result<Option<&str>, Problem> {
        let Some(text) = self.optional(field)?.map(str::trim) else { return Ok(None) };
        if text.is_empty() {
            return Err(Problem::invalid(field, format!("`{field}` must not be empty")));
        }
        if text.chars().any(char::is_control) {
            return Err(Problem::invalid(field, format!("`{field}` must be one line of plain text")));
        }
        bounded(text, field, NAME_CHARS_MAX).map(Some)
    }

    /// A free text; empty when it is not there: whether that will do, the rules say.
    pub fn text(&self, field: &'static str) -> Result<&str, Problem> {
        let text = bounded(self.optional(field)?.unwrap_or_default(), field, TEXT_CHARS_MAX)?;
        // The database keeps every character but this one.
        if text.contains('\0') {
            return Err(Problem::invalid(field, format!("`{field}` must not hold the character U+0000")));
        }
        Ok(text)
    }

    /// A free text that must be there and say something.
    pub fn said(&self, field: &'static str) -> Result<&str, Problem> {
        self.present(field)?;
        let text = self.text(field)?;
        if text.trim().is_empty() {
            return Err(Problem::invalid(field, format!("`{field}` must not be empty")));
        }
        Ok(text)
    }

    /// A short name; empty when it is not there: whether that will do, the rules say.
    pub fn code(&self, field: &'static str) -> Result<&str, Problem> {
        Ok(self.name_or_empty(field)?.unwrap_or_default())
    }

    fn name_or_empty(&self, field: &'static str) -> Result<Option<&str>, Problem> {
        match self.optional(field)?.map(str::trim) {
            Some("") | None => Ok(None),
            Some(_) => self.name_if_given(field),
        }
    }

    /// A time that must be there.
    pub fn time(&self, field: &'static str) -> Result<OffsetDateTime, Problem> {
        self.time_if_given(field)?.ok_or_else(|| missing(field))
    }

    /// A time.
    pub fn time_if_given(&self, field: &'static str) -> Result<Option<OffsetDateTime>, Problem> {
        let Some(text) = self.optional(field)? else { return Ok(None) };
        OffsetDateTime::parse(text, &Rfc3339).map(Some).map_err(|_| {
            Problem::invalid(field, format!("`{field}` must be an RFC 3339 time like \"2026-03-01T08:00:00Z\""))
        })
    }

    /// A whole number within bounds.
    pub fn number_if_given(&self, field: &'static str, bounds: RangeInclusive<u32>) -> Result<Option<u32>, Problem> {
        let number = match self.0.get(field) {
            None | Some(Value::Null) => return Ok(None),
            Some(number) => whole(number),
        };
        let number = number.filter(|number| bounds.contains(number));
        let (least, most) = (bounds.start(), bounds.end());
        let wrong = || Problem::invalid(field, format!("`{field}` must be a whole number from {least} to {most}"));
        number.map(Some).ok_or_else(wrong)
    }

    fn present(&self, field: &'static str) -> Result<&str, Problem> {
        self.optional(field)?.ok_or_else(|| missing(field))
    }

    fn optional(&self, field: &'static str) -> Result<Option<&str>, Problem> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(Problem::invalid(field, format!("`{field}` must be a text")))
            }
        }
    }
}

/// A whole number. To JSON Schema 30.0 is one, and some clients write all their numbers so.
fn whole(value: &Value) -> Option<u32> {
    let text = value.as_number()?.to_string();
    text.strip_suffix(".0").unwrap_or(&text).parse().ok()
}

fn missing(field: &'static str) -> Problem {
    Problem::invalid(field, format!("`{field}` is missing"))
}

fn bounded<'a>(text: &'a str, field: &'static str, chars_max: usize) -> Result<&'a str, Problem> {
    if text.chars().count() <= chars_max {
        return Ok(text);
    }
    Err(Problem::invalid(field, format!("`{field}` may have {chars_max} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    /// The status of a problem and its fields, as a client reads them.
    async fn told<T: std::fmt::Debug>(result: Result<T, Problem>) -> (StatusCode, Value) {
        let response = result.unwrap_err().into_response();
        let status = response.status();
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap())
    }

    #[tokio::test]
    async fn each_wrong_field_is_named_with_what_was_wrong() {
        let long = format!(r#"{{"desk":"{}"}}"#, "x".repeat(NAME_CHARS_MAX + 1));
        let table = [
            (r#"{"desk":7}"#, "desk", "must be a text"),
            (r#"{"desk":" "}"#, "desk", "must not be empty"),
            (r#"{"desk":"a\nb"}"#, "desk", "one line"),
            (r#"{}"#, "desk", "missing"),
            (r#"{"desk":null}"#, "desk", "missing"),
            (&long, "desk", "100 characters"),
        ];
        for (text, field, words) in table {
            let (status, json) = told(Fields::parse(text.as_bytes()).unwrap().name("desk")).await;
            assert_eq!((status.as_u16(), json["field"].as_str()), (400, Some(field)), "{text}");
            assert!(json["detail"].as_str().unwrap().contains(words), "{text}: {json}");
        }
        for text in [r#"{"action":"7"}"#, r#"{"action":"00000000-0000-0000-0000-000000000000"}"#] {
            let (_, json) = told(Fields::parse(text.as_bytes()).unwrap().uuid("action")).await;
            assert_eq!(json["field"], "action", "{text}");
        }
        let (_, json) = told(Fields::parse(br#"{"until":"soon"}"#).unwrap().time("until")).await;
        assert!(json["detail"].as_str().unwrap().contains("RFC 3339"));
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let table =
            [("30", Some(30)), ("30.0", Some(30)), ("3e1", Some(30)), ("30.5", None), ("0", None), ("-0.0", None)];
        for (text, number) in table.into_iter().chain([("1e10", None), ("\"30\"", None), ("[]", None), ("9", None)]) {
            let fields = Fields::parse(format!(r#"{{"minutes":{text}}}"#).as_bytes()).unwrap();
            assert_eq!(fields.number_if_given("minutes", 10..=30).ok(), number.map(Some), "{text}");
        }
        assert_eq!(Fields::parse(b"{}").unwrap().number_if_given("minutes", 10..=30).unwrap(), None);
    }

    #[tokio::test]
    async fn a_body_is_one_bounded_json_object() {
        for (text, words) in [("[]", "JSON object"), ("{", "not JSON"), ("", "not JSON")] {
            let (status, json) = told(Fields::read(Body::from(text)).await).await;
            assert_eq!((status.as_u16(), json["field"].as_str()), (400, Some("body")), "{text}");
            assert!(json["detail"].as_str().unwrap().contains(words), "{text}: {json}");
        }
        let (status, _) = told(Fields::read(Body::from("x".repeat(BODY_BYTES_MAX + 1))).await).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        let fields = Fields::read(Body::from(r#"{"desk":" 2 ","new":{}}"#)).await.unwrap();
        assert_eq!(fields.name("desk").unwrap(), "2");
        assert_eq!(fields.text("text").unwrap(), "");
    }
}
