//! `GET /v1/alarms`: the open alarms, at once or when they change.
//!
//! A console sends the cursor it has. While that is the present one, the request waits: for the next board,
//! for a card that comes back by time alone, or for the end of its wait. It never touches a database.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use telecare_queue::Board;
use time::OffsetDateTime;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::rendered::{Renderings, Seen};
use super::{Api, note_served, parameters};
use crate::access::admit;
use crate::cursor::{cursor, lapses_in};
use crate::metrics;
use crate::openapi::{Asking, roles};
use crate::problem::Problem;
use crate::shapes::list::ALARMS_MAX;
use crate::shapes::{ListShape, Sight};
use crate::tokens::Permission;

/// Longest wait of a poll, seconds; a longer one is cut to this.
const WAIT_S_MAX: u64 = 30;
/// Longest wait that may be asked for, seconds; a longer one is a mistake.
const WAIT_S_ASKED_MAX: u64 = 86_400;
/// Most polls that wait at once. One more is answered at once and told to come again in a second.
const WAITING_POLLS_MAX: usize = 2_048;

/// What the polls share.
pub struct List {
    waiting: Semaphore,
    renderings: Renderings,
}

/// A poll as asked.
#[derive(Debug, PartialEq, Eq)]
struct Poll {
    /// The cursor the console has.
    known: Option<String>,
    /// How long to wait for another.
    wait: Duration,
    /// Whether an unchanged list is 304.
    conditional: bool,
    wanted: Wanted,
}

/// Which of the open alarms are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
enum Wanted {
    /// The queue and what is on test.
    Shown,
    /// What is aside, too.
    All,
}

/// The open alarms, at once or when they change.
///
/// With `wait` and the present cursor the request waits for a change:
/// the only push there is. Any request keeps its console's claims; a list shown to an operator or supervisor is noted
/// on the alarms that nobody was shown before.
#[utoipa::path(get, path = "/v1/alarms", operation_id = "listAlarms", tag = "alarms",
    params(
        ("cursor" = Option<String>, Query, description = "`cursor` of the list the console has; an unknown one gets the list at once"),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 86_400, example = 30,
            description = "Seconds to wait for a change; more than 30, or than half a lease, is cut to that"),
        ("listed" = inline(Option<Wanted>), Query, description = "`shown`, the default: the queue and what is on test; `all`: what is aside, too"),
        ("If-None-Match" = Option<String>, Header, description = "The cursor as an entity tag: an unchanged list is 304")),
    responses(
        (status = 200, description = "The list", body = ListShape, headers(
            ("ETag" = String, description = "The cursor, quoted"),
            ("Retry-After" = u32, description = "Seconds; too many polls wait already, so this one did not"))),
        (status = 304, description = "The list is as `If-None-Match` has it"),
        Asking),
    extensions(("x-roles" = json!(roles(Permission::List)))))]
pub async fn list(
    State(api): State<Arc<Api>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asker = admit(&api, &headers, Permission::List)?;
    let poll = Poll::of(&parameters(query)?, &headers)?.within(api.settings.lease);
    let mut boards = api.queue.board();
    let first = boards.borrow_and_update().clone();
    let waits = !poll.wait.is_zero() && poll.known.as_ref() == Some(&cursor(&first, OffsetDateTime::now_utc()));
    let crowded = waits && !wait_in_turn(&api, &mut boards, poll.known.as_deref(), poll.wait).await;
    let board = boards.borrow().clone();
    let mut response = answer(&api, &board, &poll, OffsetDateTime::now_utc())?;
    // What is aside was shown to nobody.
    let sight = Sight::of(&board, OffsetDateTime::now_utc());
    let shown = board.open.iter().filter(|alarm| poll.wanted == Wanted::All || sight.listing(alarm).is_shown());
    note_served(&api, &asker, shown.take(ALARMS_MAX).map(|alarm| &**alarm));
    if crowded {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(1_u32));
    }
    Ok(response)
}

/// Waits for a change as one of so many; false when too many wait already.
pub(super) async fn wait_in_turn(
    api: &Api,
    boards: &mut watch::Receiver<Arc<Board>>,
    known: Option<&str>,
    longest: Duration,
) -> bool {
    let Ok(_place) = api.list.waiting.try_acquire() else { return false };
    metrics::poll_waits();
    let _counted = Waiting;
    wait(boards, api.stop.clone(), known, longest).await;
    true
}

/// Counts a waiting console out again, also one that hangs up.
struct Waiting;

impl Drop for Waiting {
    fn drop(&mut self) {
        metrics::poll_answered();
    }
}

/// Until the cursor is another one, the wait is over or the receiver stops.
async fn wait(
    boards: &mut watch::Receiver<Arc<Board>>,
    mut stop: watch::Receiver<bool>,
    known: Option<&str>,
    wait: Duration,
) {
    let until = Instant::now() + wait;
    let mut stopping = pin!(stop.wait_for(|stop| *stop));
    loop {
        let board = boards.borrow_and_update().clone();
        let now = OffsetDateTime::now_utc();
        if known != Some(cursor(&board, now).as_str()) {
            return;
        }
        // One millisecond more than the instant, so that a coarse timer does not wake just before it.
        let lapse = lapses_in(&board, now).map(|lapse| Instant::now() + lapse + Duration::from_millis(1));
        drop(board);
        tokio::select! {
            changed = boards.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(lapse.map_or(until, |lapse| lapse.min(until))) => {
                if Instant::now() >= until {
                    return;
                }
            }
            // Also when nobody is left to say so: then the receiver is gone already.
            _ = &mut stopping => return,
        }
    }
}

fn answer(api: &Api, board: &Board, poll: &Poll, now: OffsetDateTime) -> Result<Response, Problem> {
    let cursor = cursor(board, now);
    let unchanged = poll.conditional && poll.known.as_ref() == Some(&cursor);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let seen = Seen { board, cursor: &cursor, all: poll.wanted == Wanted::All, now };
        let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ([json], api.list.renderings.of(seen, &api.settings)?).into_response()
    };
    // A cursor is hex digits and the signs `-:d~`, all fit for a header.
    let etag = HeaderValue::try_from(format!("\"{cursor}\"")).map_err(|_| Problem::internal())?;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

impl List {
    /// Nobody waits, nothing is rendered.
    pub fn new() -> List {
        List { waiting: Semaphore::new(WAITING_POLLS_MAX), renderings: Renderings::default() }
    }
}

impl Poll {
    fn of(query: &HashMap<String, String>, headers: &HeaderMap) -> Result<Poll, Problem> {
        let wanted = match query.get("listed").map(String::as_str) {
            None | Some("shown") => Wanted::Shown,
            Some("all") => Wanted::All,
            Some(_) => return Err(Problem::invalid("listed", "`listed` must be shown or all")),
        };
        let etag = etag(headers);
        Ok(Poll {
            wanted,
            conditional: etag.is_some(),
            known: etag.or_else(|| query.get("cursor").cloned()),
            wait: asked_wait(query)?,
        })
    }
}

impl Poll {
    /// Cut so that its console asks again well before its claims run out.
    fn within(self, lease: Duration) -> Poll {
        Poll { wait: self.wait.min(lease / 2), ..self }
    }
}

/// How long a request wants to wait for a change.
pub(super) fn asked_wait(query: &HashMap<String, String>) -> Result<Duration, Problem> {
    let Some(text) = query.get("wait") else { return Ok(Duration::ZERO) };
    match text.parse::<u64>() {
        Ok(wait_s) if wait_s <= WAIT_S_ASKED_MAX => Ok(Duration::from_secs(wait_s.min(WAIT_S_MAX))),
        Ok(_) | Err(_) => {
            let what = format!("`wait` must be whole seconds; more than {WAIT_S_MAX} is cut to that");
            Err(Problem::invalid("wait", what))
        }
    }
}

/// The cursor in `If-None-Match`. A console has one state of the list, so of several tags the first counts.
fn etag(headers: &HeaderMap) -> Option<String> {
    let tags = headers.get(header::IF_NONE_MATCH)?.to_str().ok()?;
    let tag = tags.split(',').next()?.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::samples::{board_of, waiting_alarm};
    use telecare_queue::Link;

    fn poll(query: &[(&str, &str)], etag: Option<&str>) -> Result<Poll, Problem> {
        let query = query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut headers = HeaderMap::new();
        if let Some(etag) = etag {
            headers.insert(header::IF_NONE_MATCH, etag.parse().unwrap());
        }
        Poll::of(&query, &headers)
    }

    #[test]
    fn a_poll_is_read_with_its_bounds() {
        let known = |cursor: &str| Some(cursor.to_owned());
        let table = [
            (vec![], None, (None, 0, false)),
            (vec![("cursor", "b:1"), ("wait", "5")], None, (known("b:1"), 5, false)),
            (vec![("wait", "900")], Some("\"b:1d~2\""), (known("b:1d~2"), 30, true)),
            (vec![("cursor", "b:1")], Some("W/\"b:2\", \"b:3\""), (known("b:2"), 0, true)),
            (vec![("cursor", "b:1")], Some("*"), (known("b:1"), 0, false)),
        ];
        for (query, etag, (known, wait_s, conditional)) in table {
            let expected = Poll { known, wait: Duration::from_secs(wait_s), conditional, wanted: Wanted::Shown };
            assert_eq!(poll(&query, etag).unwrap(), expected, "{query:?} {etag:?}");
        }
        assert_eq!(poll(&[("wait", "30")], None).unwrap().within(Duration::from_secs(8)).wait, Duration::from_secs(4));
        for wrong in ["-1", "86401", "soon", "1.5", ""] {
            assert!(poll(&[("wait", wrong)], None).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_poll_waits_for_the_next_board_and_no_longer() {
        let board = Arc::new(board_of(vec![waiting_alarm(1)], Link::Connected));
        let (boards, mut watching) = watch::channel(board.clone());
        let (_stop, stopping) = watch::channel(false);
        let (cursor, thirty) = (board.cursor(), Duration::from_secs(30));
        let mut next = (*board).clone();
        next.version += 1;
        let waiting = wait(&mut watching, stopping.clone(), Some(&cursor), thirty);
        let ((), ()) = tokio::join!(waiting, async {
            boards.send_replace(Arc::new(next));
        });
        assert_ne!(watching.borrow().cursor(), board.cursor());
        // An unknown cursor never waits: this would take the whole wait.
        let begun = Instant::now();
        wait(&mut watching, stopping, Some(&cursor), thirty).await;
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_poll_ends_when_the_receiver_stops() {
        let board = Arc::new(board_of(vec![], Link::Connected));
        let (_boards, mut watching) = watch::channel(board.clone());
        let (stop, stopping) = watch::channel(false);
        let (cursor, thirty) = (board.cursor(), Duration::from_secs(30));
        let begun = Instant::now();
        let ((), ()) = tokio::join!(wait(&mut watching, stopping, Some(&cursor), thirty), async {
            stop.send_replace(true);
        });
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
