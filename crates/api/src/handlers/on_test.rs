//! `/v1/tests`: putting units on test, watching what comes, and the record of it.
//!
//! A test is an alarm of its own, so an engineer's view waits for changes of the same board as everyone's.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use telecare_alarm::{Act, Action, ActionId, Actor, Alarm, AlarmId, Scope, Test};
use telecare_queue::{ActError, Board};
use time::OffsetDateTime;
use uuid::Uuid;

use super::list::{asked_wait, wait_in_turn};
use super::{Api, alarm_id, bad_path, parameters, sight};
use crate::access::admit;
use crate::cursor::cursor;
use crate::openapi::{Acting, Reading, ReadingOne, roles};
use crate::problem::Problem;
use crate::shapes::requests::{ActBody, StartTest, StartTestRequest, StopTest, StopTestRequest};
use crate::shapes::{TestRecordShape, TestShape, TestsShape};
use crate::tokens::Permission;

type Id = Result<Path<String>, PathRejection>;

/// Tests that run.
#[utoipa::path(get, path = "/v1/tests", operation_id = "listTests", tag = "tests",
    responses((status = 200, description = "The tests", body = TestsShape), Reading),
    extensions(("x-roles" = json!(roles(Permission::Test)))))]
pub async fn list(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<TestsShape>, Problem> {
    admit(&api, &headers, Permission::Test)?;
    let board = api.queue.board().borrow().clone();
    Ok(Json(TestsShape::of(&board, OffsetDateTime::now_utc())))
}

/// Put a unit, a scheme or an identity on test.
///
/// One scope has one test: the same again, or a later end, goes on with it. It returns by itself.
#[utoipa::path(post, path = "/v1/tests", operation_id = "startTest", tag = "tests", request_body = StartTestRequest,
    responses((status = 200, description = "It is on test", body = TestShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Test)))))]
pub async fn start(State(api): State<Arc<Api>>, headers: HeaderMap, body: Body) -> Result<Json<TestShape>, Problem> {
    let asker = admit(&api, &headers, Permission::Test)?;
    let ActBody { given, own } = ActBody::<StartTest>::read(body).await?;
    let actor = asker.actor(given.operator.as_deref(), given.desk.as_deref())?;
    let now = OffsetDateTime::now_utc();
    let test = test_of(&api, own, &actor, now)?;
    let queue = api.queue.clone();
    // On a task of its own: a console that hangs up must not leave it half done.
    let started = tokio::spawn(async move { queue.start_test(test).await }).await;
    let id = started.map_err(|_| Problem::internal())?.map_err(|error| Problem::of_act(&error, &sight(&api, now)))?;
    tracing::info!(token = asker.token(), test = %id, "a test is started");
    let board = api.queue.board().borrow().clone();
    board.find(id).and_then(|alarm| TestShape::of(alarm)).map(Json).ok_or_else(|| Problem::no_such("test"))
}

/// A test with what came under it, at once or when it changes.
///
/// Made of what is stored: what is told here is kept, and what is kept is told here.
#[utoipa::path(get, path = "/v1/tests/{id}", operation_id = "getTest", tag = "tests",
    params(("id" = Uuid, Path, description = "The test's id"),
        ("cursor" = Option<String>, Query, description = "`cursor` of the answer before"),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 86_400, description = "Seconds to wait for a change")),
    responses((status = 200, description = "The test", body = TestRecordShape), ReadingOne),
    extensions(("x-roles" = json!(roles(Permission::Test)))))]
pub async fn record(
    State(api): State<Arc<Api>>,
    id: Id,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<TestRecordShape>, Problem> {
    admit(&api, &headers, Permission::Test)?;
    let Path(id) = id.map_err(bad_path)?;
    let (id, query) = (alarm_id(&id)?, parameters(query)?);
    let longest = asked_wait(&query)?.min(api.settings.lease / 2);
    let mut boards = api.queue.board();
    if let Some(known) = query.get("cursor") {
        // With too many waiting it is answered at once.
        wait_in_turn(&api, &mut boards, Some(known), longest).await;
    }
    let now = OffsetDateTime::now_utc();
    let cursor = cursor(&boards.borrow().clone(), now);
    let record = api.queue.test_record(id).await.ok_or_else(|| Problem::no_such("test"))?;
    TestRecordShape::of(&record, cursor, now).map(Json).ok_or_else(|| Problem::no_such("test"))
}

/// End a test before its time.
///
/// Alarms of it on which everything was seen are closed by whoever ends it; the rest waits for everyone.
#[utoipa::path(post, path = "/v1/tests/{id}/stop", operation_id = "stopTest", tag = "tests",
    params(("id" = Uuid, Path, description = "The test's id")), request_body = StopTestRequest,
    responses((status = 200, description = "It is over", body = TestShape), Acting),
    extensions(("x-roles" = json!(roles(Permission::Test)))))]
pub async fn stop(
    State(api): State<Arc<Api>>,
    id: Id,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TestShape>, Problem> {
    let asker = admit(&api, &headers, Permission::Test)?;
    let Path(id) = id.map_err(bad_path)?;
    let id = alarm_id(&id)?;
    let ActBody { given, own: StopTest { text } } = ActBody::<StopTest>::read(body).await?;
    let actor = asker.actor(given.operator.as_deref(), given.desk.as_deref())?;
    let passed = passed(&api.queue.board().borrow().clone(), id, &actor);
    let stopped = tokio::spawn(ended(api.clone(), id, actor, given.action, text.unwrap_or_default(), passed)).await;
    let alarm = stopped.map_err(|_| Problem::internal())?.map_err(|error| {
        let sight = sight(&api, OffsetDateTime::now_utc());
        Problem::of_act(&error, &sight)
    })?;
    TestShape::of(&alarm).map(Json).ok_or_else(|| Problem::no_such("test"))
}

async fn ended(
    api: Arc<Api>,
    test: AlarmId,
    actor: Actor,
    id: Uuid,
    text: String,
    passed: Vec<Arc<Alarm>>,
) -> Result<Arc<Alarm>, ActError> {
    let act = |id, alarm, act| Action { id, alarm, at: OffsetDateTime::now_utc(), actor: actor.clone(), act };
    let stopped = api.queue.act(act(ActionId(id), test, Act::StopTest { text })).await?.alarm;
    for card in passed {
        let lease = api.settings.lease;
        let close = Act::Close { shown: card.last_signal, outcome: "test".to_owned(), text: String::new() };
        // Somebody may be quicker, or something come meanwhile: then it waits like any other.
        if api.queue.act(act(ActionId(Uuid::new_v4()), card.id, Act::Claim { lease })).await.is_ok()
            && api.queue.act(act(ActionId(Uuid::new_v4()), card.id, close)).await.is_err()
        {
            let _ = api.queue.act(act(ActionId(Uuid::new_v4()), card.id, Act::Release)).await;
        }
    }
    Ok(stopped)
}

/// Cards of a test on which everything was seen, and that nobody else has.
fn passed(board: &Board, test: AlarmId, actor: &Actor) -> Vec<Arc<Alarm>> {
    let is_of_it = |card: &&Arc<Alarm>| card.marks.test == Some(test) && card.ring.is_none();
    let is_theirs = |card: &&Arc<Alarm>| card.holder().is_none_or(|holder| holder.person == actor.person);
    board.open.iter().filter(is_of_it).filter(is_theirs).cloned().collect()
}

fn test_of(api: &Api, asked: StartTest, actor: &Actor, now: OffsetDateTime) -> Result<Test, Problem> {
    let policy = api.queue.policy();
    let rules = policy.rules().test;
    let lasts = match (asked.until, asked.minutes) {
        (Some(until), _) => until - now,
        (None, Some(minutes)) => time::Duration::minutes(i64::from(minutes)),
        (None, None) => time::Duration::try_from(rules.usual).unwrap_or(time::Duration::HOUR),
    };
    if !lasts.is_positive() || lasts > time::Duration::try_from(rules.longest).unwrap_or(time::Duration::HOUR) {
        let field = if asked.until.is_some() { "until" } else { "minutes" };
        let most = rules.longest.as_secs() / 60;
        return Err(Problem::missing(field, format!("a test lasts {most} minutes at most; start another one later")));
    }
    let scope: Scope = asked.scope.parse().map_err(|error| Problem::missing("scope", format!("{error}")))?;
    let registry = api.queue.registry();
    let known = match &scope {
        Scope::Unit(id) => registry.unit(*id).is_some(),
        Scope::Scheme(name) => {
            registry.units().iter().any(|unit| unit.scheme.trim().to_lowercase() == name.to_lowercase())
        }
        Scope::Identity(_) => true,
    };
    if !known {
        return Err(Problem::missing(
            "scope",
            "no registered unit is there; write identity:NAMESPACE:PROTOCOL:ACCOUNT",
        ));
    }
    let engineer = asked.engineer.unwrap_or_else(|| actor.person.to_string());
    // Stores keep microseconds.
    let until = telecare_alarm::escalation::micros(now + lasts);
    Ok(Test { until, engineer, reason: asked.reason, scope })
}
