//! Reopening, transferring, first serving and lease renewal, in both stores.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use std::time::Duration;

use common::{act, board_where, claim, close, config, connected, press, submit};
use sqlx::Connection;
use telecare_alarm::{Act, Actor, AlarmId, Refusal, Signal, Standing};
use telecare_queue::{ActError, Heard, Link, Queue};
use telecare_tests::postgres::{Postgres, url_at};
use telecare_tests::proxy::{Network, Proxy};
use tempfile::TempDir;
use time::OffsetDateTime;

async fn closed(queue: &Queue, signal: &Signal) -> AlarmId {
    submit(queue, signal.clone()).await;
    let alarm = AlarmId::from(signal.id);
    act(queue, alarm, "Ann", claim()).await.unwrap();
    act(queue, alarm, "Ann", close(signal.id)).await.unwrap();
    alarm
}

/// A receiver whose database is behind a network that can go away.
struct Far {
    server: Postgres,
    database: String,
    proxy: Proxy,
    directory: TempDir,
    url: String,
    queue: Queue,
}

async fn far() -> Far {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let proxy = Proxy::before(server.port()).unwrap();
    let directory = TempDir::new().unwrap();
    let url = url_at(proxy.port(), &database);
    let queue = Queue::open(config("r1", directory.path(), Some(&url))).await.unwrap();
    connected(&queue).await;
    Far { server, database, proxy, directory, url, queue }
}

/// Two receivers on one database.
struct Pair {
    server: &'static Postgres,
    database: String,
    one: Queue,
    two: Queue,
    _directory: TempDir,
}

async fn pair() -> Pair {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = TempDir::new().unwrap();
    let open = |name: &str| Queue::open(config(name, &directory.path().join(name), Some(&url)));
    let (one, two) = (open("r1").await.unwrap(), open("r2").await.unwrap());
    connected(&one).await;
    connected(&two).await;
    Pair { server, database, one, two, _directory: directory }
}

fn reopen(by_supervisor: bool) -> Act {
    Act::Reopen { by_supervisor }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ActError>) -> Refusal {
    match outcome {
        Err(ActError::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reopened_alarm_waits_again_also_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let alarm = closed(&queue, &press("line-1", "1234")).await;
    let acted = act(&queue, alarm, "Ben", reopen(false)).await.unwrap();
    assert_eq!(acted.alarm.standing(OffsetDateTime::now_utc()), Standing::Waiting);
    assert_eq!(refusal(act(&queue, alarm, "Ben", reopen(false)).await), Refusal::NotClosed);
    queue.close().await;
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let board = queue.board().borrow().clone();
    assert_eq!((board.open.len(), board.closed.len()), (1, 0));
    let log = queue.detail(alarm).await.unwrap().log;
    assert_eq!(log.iter().map(|one| one.action.act.name()).collect::<Vec<_>>(), ["claim", "close", "reopen", "reopen"]);
    queue.close().await;
}

#[tokio::test]
async fn an_alarm_that_a_later_one_has_followed_is_not_reopened() {
    let directory = TempDir::new().unwrap();
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    for url in [None, Some(url.as_str())] {
        let name = if url.is_some() { "database" } else { "standalone" };
        let queue = Queue::open(config("r1", &directory.path().join(name), url)).await.unwrap();
        if url.is_some() {
            connected(&queue).await;
        }
        let alarm = closed(&queue, &press("line-1", "1234")).await;
        let later = press("line-1", "1234");
        submit(&queue, later.clone()).await;
        let by = AlarmId::from(later.id);
        assert_eq!(refusal(act(&queue, alarm, "Ben", reopen(true)).await), Refusal::Superseded { by }, "{name}");
        act(&queue, by, "Ben", claim()).await.unwrap();
        act(&queue, by, "Ben", close(later.id)).await.unwrap();
        act(&queue, alarm, "Ben", reopen(true)).await.unwrap();
        queue.close().await;
    }
}

#[tokio::test]
async fn an_alarm_says_what_its_unit_had_before_though_nobody_here_remembers_it() {
    let Far { server, database, directory, url, queue, proxy: _proxy } = far().await;
    let before = closed(&queue, &press("line-1", "1234")).await;
    connected(&queue).await;
    queue.close().await;
    let hour = "UPDATE alarm SET opened_at = opened_at - interval '1 hour', closed_at = closed_at - interval '1 hour'";
    server.sql(&database, hour).unwrap();
    server.sql(&database, include_str!("../src/database/sql/history.sql")).unwrap();
    let queue = Queue::open(config("r2", &directory.path().join("r2"), Some(&url))).await.unwrap();
    connected(&queue).await;
    let later = press("line-1", "1234");
    submit(&queue, later.clone()).await;
    let alarm = AlarmId::from(later.id);
    let says = |board: &telecare_queue::Board| board.find(alarm).is_some_and(|card| card.previous == Some(before));
    board_where(&queue, "looked up beside", says).await;
    // The row has it with its next change.
    act(&queue, alarm, "Ann", claim()).await.unwrap();
    let kept = |of: &str| server.sql(&database, &format!("SELECT previous FROM {of} WHERE id = '{alarm}'")).unwrap();
    assert_eq!(kept("alarm").trim(), before.to_string());
    queue.close().await;
    // A row that never learnt it: the next receiver looks it up, and so does the history.
    server.sql(&database, "UPDATE alarm SET previous = NULL").unwrap();
    let queue = Queue::open(config("r3", &directory.path().join("r3"), Some(&url))).await.unwrap();
    board_where(&queue, "looked up at the start", says).await;
    queue.close().await;
    let closed =
        "UPDATE alarm SET previous = NULL, closed_by = 'Ann', closed_desk = '', outcome = 'test', closing_text = '',
        closed_at = now() - interval '1 hour'";
    server.sql(&database, closed).unwrap();
    server.sql(&database, include_str!("../src/database/sql/history.sql")).unwrap();
    assert_eq!(kept("alarm_history").trim(), before.to_string());
}

#[tokio::test]
async fn an_id_that_is_there_and_that_nothing_explains_holds_nothing_up() {
    let Far { server, database, proxy, directory: _directory, queue, .. } = far().await;
    let known = press("line-1", "1234");
    submit(&queue, known.clone()).await;
    act(&queue, AlarmId::from(known.id), "Ann", claim()).await.unwrap();
    act(&queue, AlarmId::from(known.id), "Ann", close(known.id)).await.unwrap();
    connected(&queue).await;
    proxy.set(Network::Down);
    board_where(&queue, "cut off", |board| board.link == Link::CutOff).await;
    // A table that lost the signal and kept its alarm: the signal is offered again and would open the alarm again.
    server.sql(&database, "DELETE FROM signal").unwrap();
    proxy.set(Network::Up);
    connected(&queue).await;
    assert_eq!(server.sql(&database, "SELECT count(*) FROM quarantine").unwrap().trim(), "1");
    let later = press("line-1", "5678");
    submit(&queue, later.clone()).await;
    let there = format!("SELECT count(*) FROM signal WHERE id = '{}'", later.id);
    assert_eq!(server.sql(&database, &there).unwrap().trim(), "1");
    queue.close().await;
}

#[tokio::test]
async fn a_supervisor_reopens_what_the_history_has_and_only_with_the_database() {
    let Far { server, database, proxy, directory, url, queue } = far().await;
    let alarm = closed(&queue, &press("line-1", "1234")).await;
    connected(&queue).await;
    queue.close().await;
    // Closed an hour ago, as the tables have it; another journal, so that nothing else remembers it.
    let hour = "UPDATE alarm SET closed_at = closed_at - interval '1 hour'";
    server.sql(&database, hour).unwrap();
    server.sql(&database, include_str!("../src/database/sql/history.sql")).unwrap();
    assert_eq!(server.sql(&database, "SELECT count(*) FROM alarm_history").unwrap().trim(), "1");
    let queue = Queue::open(config("r2", &directory.path().join("r2"), Some(&url))).await.unwrap();
    connected(&queue).await;
    assert!(queue.board().borrow().find(alarm).is_none());
    assert!(matches!(refusal(act(&queue, alarm, "Ben", reopen(false)).await), Refusal::TooLate { .. }));
    let acted = act(&queue, alarm, "Sue", reopen(true)).await.unwrap();
    assert_eq!(acted.alarm.standing(OffsetDateTime::now_utc()), Standing::Waiting);
    let text = server.sql(
        &database,
        "SELECT (SELECT count(*) FROM alarm WHERE closed_at IS NULL), (SELECT count(*) FROM alarm_history)",
    );
    assert_eq!(text.unwrap().trim(), "1|0");
    proxy.set(Network::Down);
    board_where(&queue, "cut off", |board| board.link == Link::CutOff).await;
    let unknown = AlarmId::from(press("line-1", "9").id);
    assert!(matches!(act(&queue, unknown, "Sue", reopen(true)).await, Err(ActError::NeedsDatabase)));
    queue.close().await;
}

#[tokio::test]
async fn a_press_after_a_close_is_a_card_of_its_own_also_when_both_reach_the_database_at_once() {
    let Far { server, database, proxy, directory: _directory, queue, .. } = far().await;
    let known = press("line-1", "known");
    submit(&queue, known.clone()).await;
    connected(&queue).await;
    proxy.set(Network::Down);
    board_where(&queue, "cut off", |board| board.link == Link::CutOff).await;
    let old = AlarmId::from(known.id);
    act(&queue, old, "Ann", claim()).await.unwrap();
    act(&queue, old, "Ann", close(known.id)).await.unwrap();
    let new = press("line-1", "new");
    let opened_away = closed(&queue, &new).await;
    let mut later = Vec::new();
    for unit in ["known", "new"] {
        let press = press("line-1", unit);
        submit(&queue, press.clone()).await;
        later.push(AlarmId::from(press.id));
    }
    proxy.set(Network::Up);
    let board = connected(&queue).await;
    let open: Vec<_> = board.open.iter().map(|card| (card.id, card.previous, card.presses)).collect();
    assert_eq!(open, [(later[0], Some(old), 1), (later[1], Some(opened_away), 1)]);
    let text = server.sql(&database, "SELECT count(*), count(closed_at), max(signals) FROM alarm").unwrap();
    assert_eq!(text.trim(), "4|2|1");
    queue.close().await;
}

#[tokio::test]
async fn a_transfer_is_the_other_persons_on_every_receiver() {
    let Pair { server, database, one, two, _directory } = pair().await;
    let first = press("shared", "1234");
    submit(&one, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    act(&one, alarm, "Ann", claim()).await.unwrap();
    act(&one, alarm, "Ann", Act::Transfer { to: "Ben".into(), lease: Duration::from_secs(120) }).await.unwrap();
    let given = |board: &telecare_queue::Board| {
        let claim = board.find(alarm).and_then(|card| card.claim.clone());
        claim
            .is_some_and(|claim| claim.given_by.is_some_and(|by| &*by.person == "Ann") && &*claim.actor.person == "Ben")
    };
    board_where(&two, "Ben has it", given).await;
    assert!(matches!(refusal(act(&two, alarm, "Cem", claim()).await), Refusal::Taken { .. }));
    act(&two, alarm, "Ben", claim()).await.unwrap();
    assert_eq!(server.sql(&database, "SELECT given_to FROM action WHERE act = 'transfer'").unwrap().trim(), "Ben");
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn first_serving_is_kept_once_and_a_consoles_requests_keep_its_claims() {
    let Pair { server, database, one, two, _directory } = pair().await;
    let first = press("shared", "1234");
    submit(&one, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    board_where(&two, "the alarm", |board| board.find(alarm).is_some()).await;
    let at = |desk: &str| Actor { person: "Ann".into(), desk: desk.into() };
    assert_eq!(one.last_operator_request(), None);
    one.served(&[alarm], &at("desk 1"));
    two.served(&[alarm], &at("desk 2"));
    for queue in [&one, &two] {
        board_where(queue, "served", |board| board.find(alarm).is_some_and(|card| card.served_at.is_some())).await;
    }
    connected(&one).await;
    connected(&two).await;
    assert_eq!(server.sql(&database, "SELECT count(*) FROM action WHERE act = 'served'").unwrap().trim(), "1");

    // A lease of which more than a quarter is gone at once, because the console's is longer.
    act(&one, alarm, "Ann", Act::Claim { lease: Duration::from_secs(30) }).await.unwrap();
    let lease_of = |board: &telecare_queue::Board| board.find(alarm).and_then(|card| card.claim.clone());
    let before = lease_of(&one.board().borrow()).unwrap().lease_until;
    one.console_heard(Heard { person: Some("Ann"), desk: None, operator: true }, Duration::from_secs(120));
    board_where(&one, "renewed", |board| lease_of(board).is_some_and(|claim| claim.lease_until > before)).await;
    assert!(one.last_operator_request().is_some());
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_note_of_serving_that_waits_long_does_not_cost_the_database() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = TempDir::new().unwrap();
    let queue = Queue::open(config("r1", directory.path(), Some(&url))).await.unwrap();
    connected(&queue).await;
    let first = press("line-1", "1234");
    submit(&queue, first.clone()).await;
    connected(&queue).await;
    // Somebody else has the row: whatever is about it waits.
    let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN").execute(&mut other).await.unwrap();
    sqlx::query("SELECT id FROM alarm FOR UPDATE").execute(&mut other).await.unwrap();
    let alarm = AlarmId::from(first.id);
    queue.served(&[alarm], &Actor { person: "Ann".into(), desk: "desk 1".into() });
    board_where(&queue, "the note waits", |board| board.backlog == 1).await;
    let mut board = queue.board();
    let cut_off = board.wait_for(|board| board.link == Link::CutOff);
    let cut_off = tokio::time::timeout(Duration::from_secs(3), cut_off).await.is_ok();
    assert!(!cut_off, "an answer that nobody waits for was late");
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    let board = connected(&queue).await;
    assert!(board.find(alarm).unwrap().served_at.is_some());
    queue.close().await;
}
