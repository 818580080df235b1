//! With a real PostgreSQL: commits, outages, two receivers, restored copies.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use std::time::Duration;

use common::{act, board_where, claim, close, config, connected, mains, press, submit};
use telecare_alarm::{AlarmId, Refusal, Standing};
use telecare_queue::{ActError, Answer, Link, Queue};
use telecare_tests::postgres::{Postgres, url_at};
use telecare_tests::proxy::{Network, Proxy};
use tempfile::TempDir;
use time::OffsetDateTime;

struct Site {
    url: String,
    database: String,
    directory: TempDir,
}

/// A database of its own on the server that all tests of this process share.
fn site() -> (&'static Postgres, Site) {
    let server = Postgres::shared().expect("a private PostgreSQL");
    let database = server.create_database().expect("a database");
    let url = server.url(&database);
    (server, Site { url, database, directory: TempDir::new().unwrap() })
}

async fn open(site: &Site, receiver: &str) -> Queue {
    let directory = site.directory.path().join(receiver);
    Queue::open(config(receiver, &directory, Some(&site.url))).await.unwrap()
}

#[tokio::test]
async fn signals_and_actions_are_committed_and_readable() {
    let (server, site) = site();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    let first = press("line-1", "1234");
    assert_eq!(submit(&queue, first.clone()).await, Answer::Stored);
    assert_eq!(submit(&queue, press("line-1", "1234")).await, Answer::Stored);
    assert_eq!(submit(&queue, mains("line-1", "77")).await, Answer::Stored);
    let alarm = AlarmId::from(first.id);
    let acted = act(&queue, alarm, "Ann", claim()).await.unwrap();
    assert!(!acted.degraded);
    connected(&queue).await;
    let text =
        server.sql(&site.database, "SELECT unit_words, priority, presses, claimed_by FROM alarm ORDER BY priority");
    assert_eq!(text.unwrap().trim(), "unit 1234|1|2|Ann\nunit 77|4|0|");
    let text = server.sql(&site.database, "SELECT count(*), count(DISTINCT alarm), sum(position) FROM signal").unwrap();
    assert_eq!(text.trim(), "3|2|4");
    let raw = server.sql(&site.database, "SELECT convert_from(raw, 'UTF8') FROM signal ORDER BY id LIMIT 1").unwrap();
    assert_eq!(raw.trim().as_bytes(), first.raw);
    let detail = queue.detail(alarm).await.unwrap();
    assert_eq!((detail.signals.len(), detail.log.len()), (2, 1));
    let board = queue.board().borrow().clone();
    act(&queue, alarm, "Ann", close(board.find(alarm).unwrap().last_signal)).await.unwrap();
    connected(&queue).await;
    let text = server.sql(&site.database, "SELECT act, person, refused FROM action ORDER BY at").unwrap();
    assert_eq!(text.trim(), "claim|Ann|\nclose|Ann|");
    queue.close().await;
}

/// Counts the signals whose hash covers the hash of the signal before, and what they say themselves.
const LINKS: &str = "WITH chain AS (
    SELECT seq, hash, 'signal' AS kind, id, body, lag(hash) OVER (ORDER BY seq) AS previous FROM signal)
    SELECT count(*) FILTER (WHERE hash = sha256(previous || int8send(seq) || convert_to(kind, 'UTF8') || '\\x00'
           || uuid_send(id) || convert_to(body, 'UTF8'))) FROM chain";

#[tokio::test]
async fn the_chain_in_the_database_verifies() {
    let (server, site) = site();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    for n in 0..5 {
        submit(&queue, press("line-1", &n.to_string())).await;
    }
    connected(&queue).await;
    assert_eq!(server.sql(&site.database, LINKS).unwrap().trim(), "4");
    queue.close().await;
}

#[tokio::test]
async fn two_receivers_share_one_queue_and_one_winner() {
    let (_, site) = site();
    let (one, two) = (open(&site, "r1").await, open(&site, "r2").await);
    connected(&one).await;
    connected(&two).await;
    let first = press("shared", "1234");
    submit(&one, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    board_where(&two, "the other's alarm", |board| board.find(alarm).is_some()).await;
    // The same unit on the other receiver joins the same card.
    submit(&two, press("shared", "1234")).await;
    board_where(&one, "both signals", |board| board.find(alarm).is_some_and(|card| card.signals == 2)).await;
    let (ann, ben) = tokio::join!(act(&one, alarm, "Ann", claim()), act(&two, alarm, "Ben", claim()));
    let winners = [&ann, &ben].iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(winners, 1, "{ann:?} {ben:?}");
    let lost = ann.err().or(ben.err()).unwrap();
    assert!(matches!(lost, ActError::Refused { refusal: Refusal::Taken { .. }, .. }), "{lost:?}");
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn an_outage_is_bridged_and_everything_is_committed_once() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let site = Site { url: server.url(&database), database, directory: TempDir::new().unwrap() };
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    let first = press("line-1", "1");
    submit(&queue, first.clone()).await;
    server.stop().unwrap();
    for n in 2..=20 {
        assert_eq!(submit(&queue, press("line-1", &n.to_string())).await, Answer::Stored);
    }
    let acted = act(&queue, AlarmId::from(first.id), "Ann", claim()).await.unwrap();
    assert!(acted.degraded);
    assert_eq!(acted.alarm.standing(OffsetDateTime::now_utc()), Standing::Claimed);
    let board = board_where(&queue, "cut off", |board| board.link.is_degraded()).await;
    assert_eq!(board.open.len(), 20);
    // A restart in the middle of the outage loses nothing.
    queue.close().await;
    let queue = open(&site, "r1").await;
    assert_eq!(queue.board().borrow().open.len(), 20);
    server.start_again().unwrap();
    let board = connected(&queue).await;
    assert_eq!(board.open.len(), 20);
    assert!(board.find(AlarmId::from(first.id)).unwrap().claim.is_some());
    let text = server.sql(&site.database, "SELECT count(*), count(DISTINCT id), sum(presses) FROM alarm").unwrap();
    assert_eq!(text.trim(), "20|20|20");
    assert_eq!(server.sql(&site.database, "SELECT count(*) FROM signal").unwrap().trim(), "20");
    queue.close().await;
}

#[tokio::test]
async fn a_frozen_server_delays_no_answer_and_loses_nothing() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let site = Site { url: server.url(&database), database, directory: TempDir::new().unwrap() };
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    server.freeze().unwrap();
    let first = press("line-1", "1");
    assert_eq!(submit(&queue, first.clone()).await, Answer::Stored);
    let acted = act(&queue, AlarmId::from(first.id), "Ann", claim()).await.unwrap();
    assert!(acted.degraded, "the answer is this receiver's own");
    server.thaw().unwrap();
    connected(&queue).await;
    assert_eq!(server.sql(&site.database, "SELECT count(*) FROM signal").unwrap().trim(), "1");
    assert_eq!(server.sql(&site.database, "SELECT claimed_by FROM alarm").unwrap().trim(), "Ann");
    queue.close().await;
}

#[tokio::test]
async fn a_claim_conflict_is_shown_to_both() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let proxy = Proxy::before(server.port()).unwrap();
    let site = Site { url: server.url(&database), database: database.clone(), directory: TempDir::new().unwrap() };
    let far = Site { url: url_at(proxy.port(), &database), database, directory: TempDir::new().unwrap() };
    let (near, away) = (open(&site, "r1").await, open(&far, "r2").await);
    connected(&near).await;
    connected(&away).await;
    let first = press("shared", "1234");
    submit(&near, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    board_where(&away, "the alarm", |board| board.find(alarm).is_some()).await;
    proxy.set(Network::Down);
    board_where(&away, "cut off", |board| board.link == Link::CutOff).await;
    act(&near, alarm, "Ann", claim()).await.unwrap();
    assert!(act(&away, alarm, "Ben", claim()).await.unwrap().degraded);
    proxy.set(Network::Up);
    for queue in [&near, &away] {
        let board =
            board_where(queue, "the conflict", |board| board.find(alarm).is_some_and(|card| card.contest.is_some()))
                .await;
        let card = board.find(alarm).unwrap();
        assert_eq!(&*card.claim.as_ref().unwrap().actor.person, "Ann");
        assert_eq!(&*card.contest.as_ref().unwrap().actor.person, "Ben");
    }
    near.close().await;
    away.close().await;
}

#[tokio::test]
async fn two_cards_opened_apart_become_one_and_both_ids_answer() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let proxy = Proxy::before(server.port()).unwrap();
    let site = Site { url: server.url(&database), database: database.clone(), directory: TempDir::new().unwrap() };
    let far = Site { url: url_at(proxy.port(), &database), database, directory: TempDir::new().unwrap() };
    let (near, away) = (open(&site, "r1").await, open(&far, "r2").await);
    connected(&near).await;
    connected(&away).await;
    proxy.set(Network::Down);
    board_where(&away, "cut off", |board| board.link == Link::CutOff).await;
    let (here, there) = (press("shared", "1234"), press("shared", "1234"));
    submit(&near, here.clone()).await;
    submit(&away, there.clone()).await;
    let (kept, alias) = (AlarmId::from(here.id), AlarmId::from(there.id));
    assert!(act(&away, alias, "Ben", claim()).await.unwrap().degraded);
    proxy.set(Network::Up);
    let board = connected(&away).await;
    assert_eq!(board.open.len(), 1);
    let card = board.find(alias).unwrap();
    assert_eq!((card.id, card.presses), (kept, 2));
    assert_eq!(&*card.claim.as_ref().unwrap().actor.person, "Ben");
    let shown = card.last_signal;
    act(&away, alias, "Ben", close(shown)).await.unwrap();
    board_where(&near, "closed", |board| board.open.is_empty()).await;
    near.close().await;
    away.close().await;
}

#[tokio::test]
async fn a_restored_older_copy_is_filled_up_again() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let site = Site { url: server.url(&database), database, directory: TempDir::new().unwrap() };
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    submit(&queue, press("line-1", "before")).await;
    connected(&queue).await;
    server.stop().unwrap();
    server.base_copy().unwrap();
    server.start_again().unwrap();
    connected(&queue).await;
    let after = press("line-1", "after");
    submit(&queue, after.clone()).await;
    submit(&queue, press("line-1", "before")).await;
    act(&queue, AlarmId::from(after.id), "Ann", claim()).await.unwrap();
    connected(&queue).await;
    server.stop().unwrap();
    server.restore_copy().unwrap();
    board_where(&queue, "cut off", |board| board.link.is_degraded()).await;
    assert_eq!(queue.board().borrow().open.len(), 2, "the board keeps what is acknowledged");
    server.start_again().unwrap();
    let board = connected(&queue).await;
    assert_eq!(board.open.len(), 2);
    assert!(board.find(AlarmId::from(after.id)).unwrap().claim.is_some());
    let text = server.sql(&site.database, "SELECT unit_words, presses, signals FROM alarm ORDER BY 1").unwrap();
    assert_eq!(text.trim(), "unit after|1|1\nunit before|2|2");
    queue.close().await;
}

#[tokio::test]
async fn a_newer_schema_means_journal_mode_and_a_trouble() {
    let (server, site) = site();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    queue.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', true, '\\x00', 0)";
    server.sql(&site.database, newer).unwrap();
    let queue = open(&site, "r1").await;
    let trouble = tokio::time::timeout(common::PATIENCE, queue.next_trouble()).await.unwrap();
    assert_eq!((trouble.what, trouble.active), ("database-schema-newer", true));
    assert_eq!(submit(&queue, press("line-1", "1")).await, Answer::Stored);
    server.sql(&site.database, "DELETE FROM _sqlx_migrations WHERE version = 9999").unwrap();
    connected(&queue).await;
    assert_eq!(server.sql(&site.database, "SELECT count(*) FROM signal").unwrap().trim(), "1");
    queue.close().await;
}

#[tokio::test]
async fn an_entry_that_no_table_takes_goes_to_quarantine_alone() {
    let (server, site) = site();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    server.sql(&site.database, "ALTER TABLE signal ADD CHECK (identity <> 'poison')").unwrap();
    let sent: Vec<_> = (0..20).map(|n| if n == 7 { "poison".to_owned() } else { n.to_string() }).collect();
    let answers = sent.iter().map(|unit| submit(&queue, press("line-1", unit)));
    let mut tasks = Vec::new();
    for answer in answers {
        tasks.push(answer);
    }
    for answer in tasks {
        assert_eq!(answer.await, Answer::Stored);
    }
    connected(&queue).await;
    assert_eq!(server.sql(&site.database, "SELECT count(*) FROM signal").unwrap().trim(), "19");
    let kept =
        server.sql(&site.database, "SELECT kind, convert_from(body, 'UTF8')::jsonb ->> 'identity' FROM quarantine");
    assert_eq!(kept.unwrap().trim(), "signal|poison");
    let trouble = tokio::time::timeout(common::PATIENCE, queue.next_trouble()).await.unwrap();
    assert_eq!(trouble.what, "quarantined");
    queue.close().await;
}

#[tokio::test]
async fn a_fresh_journal_continues_the_chain_the_database_knows() {
    let (server, site) = site();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    submit(&queue, press("line-1", "1")).await;
    connected(&queue).await;
    queue.close().await;
    std::fs::remove_dir_all(site.directory.path().join("r1")).unwrap();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    assert_eq!(queue.board().borrow().open.len(), 1, "the board comes from the database");
    submit(&queue, press("line-1", "2")).await;
    connected(&queue).await;
    assert_eq!(server.sql(&site.database, LINKS).unwrap().trim(), "1");
    queue.close().await;
}

#[tokio::test]
async fn two_hundred_consoles_claim_a_thousand_alarms_once_each() {
    let (server, site) = site();
    let queue = open(&site, "r1").await;
    connected(&queue).await;
    let signals: Vec<_> = (0..1_000).map(|n| press("line-1", &format!("{n:04}"))).collect();
    let stored = signals.iter().map(|signal| {
        tokio::spawn({
            let (queue, signal) = (queue.clone(), signal.clone());
            async move { submit(&queue, signal).await }
        })
    });
    for answer in stored.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), Answer::Stored);
    }
    let alarms: Vec<_> = signals.iter().map(|signal| AlarmId::from(signal.id)).collect();
    let consoles = (0..200).map(|console| {
        let (queue, alarms) = (queue.clone(), alarms.clone());
        tokio::spawn(async move {
            let mut won = 0_usize;
            // Each console starts elsewhere and meets the others on the way.
            for n in 0..25 {
                let alarm = alarms[(console * 5 + n) % alarms.len()];
                won += usize::from(act(&queue, alarm, &format!("operator {console}"), claim()).await.is_ok());
            }
            won
        })
    });
    let mut won = 0;
    for console in consoles.collect::<Vec<_>>() {
        won += console.await.unwrap();
    }
    assert_eq!(won, 1_000);
    // On a busy machine the database may have been away for a moment, and some of the answers this receiver's.
    connected(&queue).await;
    let text = server.sql(&site.database, "SELECT count(*), count(claimed_by) FROM alarm").unwrap();
    assert_eq!(text.trim(), "1000|1000");
    let text = server.sql(&site.database, "SELECT count(*) FROM action WHERE refused IS NULL").unwrap();
    assert_eq!(text.trim(), "1000");
    tokio::time::timeout(Duration::from_secs(10), queue.close()).await.unwrap();
}
