//! Every refusal of the API: RFC 9457 problem details, `application/problem+json`.
//!
//! `type` and `refusal` name what happened and are for programs; `title` and `detail` are for people. A
//! refused action carries the alarm as it is, so that whoever lost sees the holder or the later signal.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use telecare_alarm::choices::NoSuchChoice;
use telecare_alarm::{Choices, Refusal};
use telecare_queue::registry::RegistryError;
use telecare_queue::{ActError, OperateError};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::shapes::{ActorShape, AlarmShape, RowErrorShape, Sight, Timestamp, names};

/// How soon a client should try again when nothing can be stored, seconds.
const RETRY_AFTER_S: u32 = 1;

/// One refusal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    shape: Box<ProblemShape>,
}

/// A refusal: problem details of RFC 9457. `type` says what happened, for programs; `title` and `detail` are for
/// people. A refused action carries the alarm as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemShape {
    #[serde(rename = "type")]
    #[schema(format = "uri", examples("urn:telecare:problem:taken"))]
    kind: String,
    /// The same for every problem of its type.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// The part of the request that was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<&'static str>,
    /// What `field` may be instead, where that is a short list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    allowed: Option<Vec<String>>,
    /// Why the rules refused an action.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = names::refusal)]
    refusal: Option<&'static str>,
    /// Who has the alarm, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    holder: Option<ActorShape>,
    /// The unit's later alarm, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    later_alarm: Option<Uuid>,
    /// The answer is this receiver's own because the database is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    degraded: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    now: Option<Timestamp>,
    /// The alarm as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    alarm: Option<AlarmShape>,
    /// The first 200 wrong rows of an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    rows: Option<Vec<RowErrorShape>>,
}

impl Problem {
    /// A part of the request cannot be understood.
    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Problem {
        let mut problem =
            Problem::new(StatusCode::BAD_REQUEST, "invalid-request", "The request cannot be understood", detail);
        problem.shape.field = Some(field);
        problem
    }

    /// No token that works came with the request. Which of the reasons it was, only the log says.
    pub fn unauthorised() -> Problem {
        let detail = "send a token of this receiver that has not expired, as `Authorization: Bearer TOKEN`";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", "A valid token is needed", detail)
    }

    /// The token's role does not reach that far.
    pub fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "Your role does not allow this", detail)
    }

    /// Something that only this token, or this centre's choices, make necessary is not there.
    pub fn missing(field: &'static str, detail: impl Into<String>) -> Problem {
        let title = "Something is missing or not possible";
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "missing", title, detail);
        problem.shape.field = Some(field);
        problem
    }

    /// The centre has no such choice; names the codes it has.
    pub fn no_such_choice(error: &NoSuchChoice, choices: &Choices) -> Problem {
        let outcomes = || choices.outcomes.iter().map(|outcome| outcome.code.clone()).collect();
        let (field, allowed) = match error {
            NoSuchChoice::Outcome(_) => ("outcome", Some(outcomes())),
            NoSuchChoice::NoteKind(_) => ("kind", Some(choices.note_kinds.iter().map(|k| k.code.clone()).collect())),
            NoSuchChoice::TextMissing(_) | NoSuchChoice::TextNotWanted(_) => ("text", None),
        };
        let title = "The centre has no such choice";
        let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-such-choice", title, error.to_string());
        problem.shape.field = Some(field);
        problem.shape.allowed = allowed;
        problem
    }

    /// The path is not one of ours.
    pub fn no_such_path(path: &str) -> Problem {
        let detail = format!("there is nothing at {path}");
        Problem::new(StatusCode::NOT_FOUND, "no-such-path", "No such path", detail)
    }

    /// The path is ours, the method is not.
    pub fn wrong_method(method: &str, path: &str) -> Problem {
        let detail = format!("{path} does not take {method}");
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "Wrong method", detail)
    }

    /// The body is larger than the bound.
    pub fn too_large(bytes_max: usize) -> Problem {
        let detail = format!("a body may have {bytes_max} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    /// The body did not come in time.
    pub fn too_slow() -> Problem {
        let detail = "the body did not arrive in time";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The request took too long", detail)
    }

    /// A handler panicked. What happened is in the log, not in the answer.
    pub fn internal() -> Problem {
        let detail = "the receiver met a fault of its own; it is in its log";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal fault", detail)
    }

    /// No such alarm is known here.
    pub fn unknown_alarm() -> Problem {
        Problem::refused(&Refusal::UnknownAlarm)
    }

    /// What the queue said to an action, at an instant.
    pub fn of_act(error: &ActError, sight: &Sight) -> Problem {
        match error {
            ActError::Refused { refusal, alarm, degraded } => {
                let mut problem = Problem::refused(refusal);
                problem.shape.degraded = Some(*degraded);
                problem.shape.now = Some(Timestamp(sight.now));
                problem.shape.alarm = alarm.as_ref().map(|alarm| AlarmShape::of(alarm, sight));
                problem
            }
            ActError::CannotStore => {
                let title = "Nothing can be stored at the moment";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "cannot-store", title, error.to_string())
            }
            ActError::NeedsDatabase => Problem::needs_database(),
        }
    }

    /// What became of a command to a call, at an instant.
    pub fn of_command(error: &OperateError, sight: &Sight) -> Problem {
        let (status, name, title) = match error {
            OperateError::Act(error) => return Problem::of_act(error, sight),
            OperateError::Elsewhere(_) => (StatusCode::CONFLICT, "call-elsewhere", "The call is on another receiver"),
            OperateError::Unsupported(_) => (StatusCode::CONFLICT, "call-unsupported", "The call has no such thing"),
            OperateError::Refused(_) => (StatusCode::CONFLICT, "call-refused", "The line did not do it"),
            OperateError::NoAnswer => (StatusCode::GATEWAY_TIMEOUT, "call-no-answer", "The line has not answered"),
        };
        Problem::new(status, name, title, error.to_string())
    }

    /// Only the database has it, and it is away or not configured.
    pub fn needs_database() -> Problem {
        let title = "This needs the database";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "needs-database", title, ActError::NeedsDatabase.to_string())
    }

    /// Another file is being imported or exported.
    pub fn busy() -> Problem {
        let detail = "one file is imported or exported at a time; try again in a moment";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Another file is under way", detail)
    }

    /// The alarm is no incident, or stands for no test.
    pub fn no_such(what: &'static str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "no-such", "No such thing", format!("this is no {what} that is known here"))
    }

    /// No such unit is known here.
    pub fn unknown_unit() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "unknown-unit", "No such unit", "no unit with this id is known here")
    }

    /// What the registry said.
    pub fn of_registry(error: &RegistryError) -> Problem {
        match error {
            RegistryError::Rows(rows) => {
                let detail = format!("{} errors in the file; nothing was imported", rows.len());
                let title = "The file cannot be imported";
                let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-rows", title, detail);
                problem.shape.rows = Some(RowErrorShape::first(rows));
                problem
            }
            RegistryError::NeedsDatabase => Problem::needs_database(),
            RegistryError::Away(_) | RegistryError::TooSlow => {
                tracing::warn!(%error, "the registry did not answer");
                Problem::needs_database()
            }
        }
    }

    fn refused(refusal: &Refusal) -> Problem {
        let (status, title, field) = match refusal {
            Refusal::Taken { .. } => (StatusCode::CONFLICT, "Someone else has this alarm", None),
            Refusal::NotHolder { .. } => (StatusCode::CONFLICT, "This alarm is not yours", None),
            Refusal::Closed { .. } => (StatusCode::CONFLICT, "This alarm is closed", None),
            Refusal::LaterSignal { .. } => (StatusCode::CONFLICT, "A later signal came", Some("shown")),
            Refusal::NotClosed => (StatusCode::CONFLICT, "This alarm is not closed", None),
            Refusal::TooLate { .. } => (StatusCode::CONFLICT, "This alarm was closed too long ago", None),
            Refusal::Superseded { .. } => (StatusCode::CONFLICT, "The unit has a later alarm", None),
            Refusal::NotHeld => (StatusCode::CONFLICT, "This alarm is not on hold", None),
            Refusal::NotTaken => (StatusCode::CONFLICT, "Nobody else has this alarm", None),
            Refusal::NotDue => (StatusCode::CONFLICT, "The rule does not ask for this", None),
            Refusal::NotTest => (StatusCode::CONFLICT, "This alarm stands for no test", None),
            Refusal::NoCall => (StatusCode::CONFLICT, "The call is over", None),
            Refusal::Missing { what } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "Something is missing or not possible", Some(*what))
            }
            Refusal::UnknownAlarm => (StatusCode::NOT_FOUND, "No such alarm", None),
        };
        let mut problem = Problem::new(status, refusal.name(), title, refusal.to_string());
        problem.shape.field = field;
        problem.shape.refusal = Some(refusal.name());
        match refusal {
            Refusal::Taken { holder } | Refusal::NotHolder { holder: Some(holder) } => {
                problem.shape.holder = Some(ActorShape::of(holder));
            }
            Refusal::Superseded { by } => problem.shape.later_alarm = Some(by.0),
            Refusal::NotHolder { holder: None }
            | Refusal::Closed { .. }
            | Refusal::LaterSignal { .. }
            | Refusal::NotClosed
            | Refusal::TooLate { .. }
            | Refusal::NotHeld
            | Refusal::NotTaken
            | Refusal::NotDue
            | Refusal::NotTest
            | Refusal::NoCall
            | Refusal::Missing { .. }
            | Refusal::UnknownAlarm => {}
        }
        problem
    }

    fn new(status: StatusCode, name: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
        let shape = ProblemShape {
            kind: format!("urn:telecare:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            allowed: None,
            refusal: None,
            holder: None,
            later_alarm: None,
            degraded: None,
            now: None,
            alarm: None,
            rows: None,
        };
        Problem { status, shape: Box::new(shape) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&*self.shape)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"telecare\""));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use telecare_alarm::{Actor, AlarmId, SignalId};
    use telecare_queue::Board;
    use time::macros::datetime;
    use uuid::Uuid;

    fn ann() -> Actor {
        Actor { person: Arc::from("Ann"), desk: Arc::from("desk-2") }
    }

    #[test]
    fn each_refusal_has_its_status_its_name_and_words() {
        let at = datetime!(2026-03-01 8:00 UTC);
        let last = SignalId(Uuid::from_u128(7));
        let table = [
            (Refusal::Taken { holder: ann() }, 409, "taken", None, "Ann at desk-2"),
            (Refusal::NotHolder { holder: None }, 409, "not-holder", None, "claim"),
            (Refusal::Closed { by: ann(), at }, 409, "closed", None, "Ann at desk-2"),
            (Refusal::LaterSignal { last }, 409, "later-signal", Some("shown"), "later signal"),
            (Refusal::NotClosed, 409, "not-closed", None, "not closed"),
            (Refusal::TooLate { closed_at: at }, 409, "too-late", None, "supervisor"),
            (Refusal::Superseded { by: AlarmId(Uuid::from_u128(8)) }, 409, "superseded", None, "later alarm"),
            (Refusal::NotHeld, 409, "not-held", None, "hold"),
            (Refusal::NotTaken, 409, "not-taken", None, "nobody else"),
            (Refusal::NotDue, 409, "not-due", None, "no longer"),
            (Refusal::NotTest, 409, "not-test", None, "no test"),
            (Refusal::NoCall, 409, "no-call", None, "over"),
            (Refusal::Missing { what: "outcome" }, 422, "missing", Some("outcome"), "outcome"),
            (Refusal::UnknownAlarm, 404, "unknown-alarm", None, "no such alarm"),
        ];
        for (refusal, status, name, field, words) in table {
            let error = ActError::Refused { refusal, alarm: None, degraded: true };
            let problem = Problem::of_act(&error, &Sight::of(&Board::empty(Uuid::nil()), at));
            let json = serde_json::to_value(&problem.shape).unwrap();
            assert_eq!(problem.status.as_u16(), status, "{name}");
            assert_eq!(json["status"], status, "{name}");
            assert_eq!(json["refusal"], name);
            assert_eq!(json["type"], format!("urn:telecare:problem:{name}"));
            assert_eq!(json["field"].as_str(), field, "{name}");
            assert!(json["detail"].as_str().unwrap().contains(words), "{name}");
            assert_eq!(json["degraded"], true);
        }
    }

    #[test]
    fn the_headers_tell_a_client_what_to_do() {
        let unauthorised = Problem::unauthorised().into_response();
        assert_eq!(unauthorised.headers()["content-type"], "application/problem+json");
        assert!(unauthorised.headers().contains_key("www-authenticate"));
        let sight = Sight::of(&Board::empty(Uuid::nil()), datetime!(2026-03-01 8:00 UTC));
        let away = Problem::of_act(&ActError::CannotStore, &sight).into_response();
        assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(away.headers()["retry-after"], "1");
    }
}
