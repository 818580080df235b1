//! Telephone calls: on the board while they last, and on the cards of their signals in both stores.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use common::{board_where, config, connected, press, submit};
use telecare_alarm::{AlarmId, CallId, LineId, Signal};
use telecare_protocol::call::{End, Speech};
use telecare_queue::{Board, CallHandle, LiveCall, Queue, Reach, Supports};
use telecare_tests::postgres::Postgres;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use uuid::Uuid;

fn begin(queue: &Queue) -> CallHandle {
    let call = LiveCall {
        id: CallId(Uuid::now_v7()),
        line: LineId::new("modem-1"),
        caller: Some("01527 1".to_owned()),
        began: OffsetDateTime::now_utc(),
        reach: Reach::Extension("21".to_owned()),
        speech: Speech::None,
        supports: Supports::NONE,
        talker: None,
    };
    queue.live_calls().begin(call, mpsc::channel(1).0)
}

fn press_in(call: &CallHandle, unit: &str) -> Signal {
    Signal { call: Some(call.id()), ..press("modem-1", unit) }
}

fn end_of(board: &Board, alarm: AlarmId) -> Option<String> {
    let ended = board.find(alarm)?.calls.first()?.ended.as_ref()?;
    Some(ended.how.to_string())
}

fn is_missed(board: &Board, alarm: AlarmId) -> bool {
    board.find(alarm).is_some_and(|card| card.escalations.iter().any(|one| one.rule.to_string() == "missed-call"))
}

#[tokio::test]
async fn each_change_of_a_call_is_another_version_of_the_board() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let call = begin(&queue);
    let board = board_where(&queue, "a call", |board| board.calls.contains_key(&call.id())).await;
    call.speech(Speech::Listen);
    let listens = |board: &Board| board.calls.values().any(|call| call.speech == Speech::Listen);
    let heard = board_where(&queue, "listening", listens).await;
    assert!(heard.version > board.version && heard.cursor() != board.cursor());
    let signal = press_in(&call, "1");
    submit(&queue, signal.clone()).await;
    let alarm = AlarmId::from(signal.id);
    let board = board_where(&queue, "a card", |board| board.find(alarm).is_some()).await;
    assert_eq!(board.find(alarm).unwrap().calls[0].id, call.id());
    assert_eq!(end_of(&board, alarm), None);
    call.end(End::RemoteHangup);
    let board = board_where(&queue, "missed", |board| is_missed(board, alarm)).await;
    assert_eq!((end_of(&board, alarm).as_deref(), board.calls.len()), (Some("remote-hangup"), 0));
    assert_eq!(board.find(alarm).unwrap().level, 1);
    queue.close().await;
}

#[tokio::test]
async fn a_call_is_on_its_card_in_both_stores_and_ends_once() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = tempfile::tempdir().unwrap();
    let settings = |name: &str| config(name, &directory.path().join(name), Some(&url));
    let (one, two) = (Queue::open(settings("r1")).await.unwrap(), Queue::open(settings("r2")).await.unwrap());
    connected(&one).await;
    connected(&two).await;
    let call = begin(&one);
    let signal = press_in(&call, "1");
    submit(&one, signal.clone()).await;
    let alarm = AlarmId::from(signal.id);
    let board = board_where(&two, "the other's card", |board| board.find(alarm).is_some()).await;
    assert_eq!((board.find(alarm).unwrap().calls[0].id, board.calls.len()), (call.id(), 0));
    call.end(End::ClearedDown);
    for queue in [&one, &two] {
        let board = board_where(queue, "missed", |board| is_missed(board, alarm)).await;
        assert_eq!(end_of(&board, alarm).as_deref(), Some("cleared-down"));
    }
    connected(&one).await;
    let kept = "SELECT (SELECT call FROM signal) = (SELECT call FROM action WHERE act = 'call-ended'), \
                calls -> 0 ->> 'how', level, (SELECT outcome FROM action WHERE act = 'call-ended') FROM alarm";
    assert_eq!(server.sql(&database, kept).unwrap().trim(), "t|cleared-down|1|cleared-down");
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_start_ends_the_calls_that_this_receiver_had() {
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    let directory = tempfile::tempdir().unwrap();
    for (name, url) in [("standalone", None), ("database", Some(url.as_str()))] {
        let directory = directory.path().join(name);
        let queue = Queue::open(config("r1", &directory, url)).await.unwrap();
        let call = begin(&queue);
        let signal = press_in(&call, "1");
        submit(&queue, signal.clone()).await;
        let alarm = AlarmId::from(signal.id);
        queue.close().await;
        std::mem::forget(call);
        let queue = Queue::open(config("r1", &directory, url)).await.unwrap();
        let board = board_where(&queue, "lost", |board| end_of(board, alarm).is_some()).await;
        assert_eq!(end_of(&board, alarm).as_deref(), Some("lost"), "{name}");
        board_where(&queue, "missed", |board| is_missed(board, alarm)).await;
        queue.close().await;
    }
}
