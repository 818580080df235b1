//! Signals heard beside another platform: kept like any other, and told apart in both stores.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use common::{board_where, config, connected, press, submit, submit_as};
use std::time::Duration;
use telecare_alarm::Signal;
use telecare_protocol::RepeatProof;
use telecare_queue::{Answer, Queue};
use telecare_tests::postgres::Postgres;

fn shadow(unit: &str) -> Signal {
    Signal { shadow: true, ..press("line-1", unit) }
}

#[tokio::test]
async fn a_shadow_stays_one_in_the_journal_and_in_the_database() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    assert_eq!(submit(&queue, shadow("1")).await, Answer::Stored);
    assert_eq!(submit(&queue, press("line-1", "2")).await, Answer::Stored);
    board_where(&queue, "two cards", |board| board.open.len() == 2).await;
    queue.close().await;

    let queue = Queue::open(config("r1", directory.path(), Some(&url))).await.unwrap();
    let board = connected(&queue).await;
    let shown = |unit: &str| board.open.iter().find(|alarm| alarm.unit.words.ends_with(unit)).unwrap().shadow;
    assert!(shown("1") && !shown("2"));
    assert_eq!(submit(&queue, shadow("3")).await, Answer::Stored);
    connected(&queue).await;
    for table in ["alarm", "signal"] {
        let marked = format!("SELECT unit_words FROM {table} WHERE shadow ORDER BY unit_words");
        assert_eq!(server.sql(&database, &marked).unwrap().trim(), "unit 1\nunit 3", "{table}");
    }
    let card = board.open.iter().find(|alarm| alarm.shadow).unwrap();
    assert!(queue.detail(card.id).await.unwrap().signals[0].signal.shadow);
}

#[tokio::test]
async fn a_proven_repeat_is_answered_as_one() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let first = press("line-1", "1");
    assert_eq!(submit(&queue, first.clone()).await, Answer::Stored);
    let copy = || Signal { raw: first.raw.clone(), ..press("line-1", "1") };
    let proof = RepeatProof::PreviousOnLine(Duration::from_secs(60));
    assert_eq!(submit_as(&queue, copy(), proof).await, Answer::Repeat);
    assert_eq!(submit_as(&queue, copy(), RepeatProof::None).await, Answer::Stored);
}
