//! Without a database: the journal is what there is.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use common::{act, board_where, claim, close, config, mains, press, submit, submit_as};
use std::time::Duration;
use telecare_alarm::{AlarmId, Refusal};
use telecare_protocol::{Protocol, RepeatProof, Value};
use telecare_queue::{ActError, Answer, Link, Queue};

#[tokio::test]
async fn a_stored_signal_is_on_the_board_and_survives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let first = press("line-1", "1234");
    assert_eq!(submit(&queue, first.clone()).await, Answer::Stored);
    assert_eq!(submit(&queue, mains("line-1", "1234")).await, Answer::Stored);
    assert_eq!(submit(&queue, press("line-2", "1234")).await, Answer::Stored);
    let before = board_where(&queue, "two cards", |board| board.open.len() == 2).await;
    assert_eq!(before.link, Link::Standalone);
    assert!(!before.link.is_degraded());
    act(&queue, AlarmId::from(first.id), "Ann", claim()).await.unwrap();
    queue.close().await;

    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let after = queue.board().borrow().clone();
    assert_eq!(after.open.len(), 2);
    let card = after.find(AlarmId::from(first.id)).unwrap();
    assert_eq!((card.presses, card.signals), (1, 2));
    assert_eq!(&*card.claim.as_ref().unwrap().actor.person, "Ann");
    let detail = queue.detail(card.id).await.unwrap();
    assert_eq!(detail.signals.len(), 2);
    assert_eq!(detail.signals[0].signal.raw, first.raw);
    assert_eq!(detail.log.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_never_overtakes_its_card() {
    const PRESSES: usize = 400;
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    for n in 0..PRESSES {
        let press = press("line-1", &n.to_string());
        let id = AlarmId::from(press.id);
        assert_eq!(submit(&queue, press).await, Answer::Stored);
        assert!(queue.board().borrow().find(id).is_some(), "press {n} was answered before it was a card");
    }
    queue.close().await;
}

#[tokio::test]
async fn a_journal_that_is_made_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new").join("journal");
    let queue = Queue::open(config("r1", &path, None)).await.unwrap();
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).unwrap());
    assert_eq!(mode & 0o777, 0o700);
    queue.close().await;
}

#[tokio::test]
async fn two_names_never_share_a_journal() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let refused = Queue::open(config("r1", directory.path(), None)).await.unwrap_err();
    assert!(refused.to_string().contains("another receiver uses this directory"), "{refused}");
    queue.close().await;
    let refused = Queue::open(config("r2", directory.path(), None)).await.unwrap_err();
    assert!(refused.to_string().contains("belongs to receiver \"r1\""), "{refused}");
}

#[tokio::test]
async fn a_repeat_is_known_after_a_restart_and_a_press_is_a_press() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let first = press("line-1", "1234");
    submit(&queue, first.clone()).await;
    queue.close().await;

    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let copy = |proof| {
        let mut copy = press("line-1", "1234");
        copy.raw = first.raw.clone();
        submit_as(&queue, copy, proof)
    };
    copy(RepeatProof::PreviousOnLine(Duration::from_secs(16))).await;
    copy(RepeatProof::None).await;
    let board = board_where(&queue, "three signals", |board| board.open.iter().any(|card| card.signals == 3)).await;
    assert_eq!((board.open.nth(0).unwrap().presses, board.open.nth(0).unwrap().repeats), (2, 1));
}

#[tokio::test]
async fn a_numbered_messages_repeat_is_known_after_a_restart_whatever_came_between() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let numbered = |sequence: &str, raw: &[u8]| {
        let mut message = press("line-1", "1234");
        message.report.protocol = Protocol::OsborneHoffman;
        message.report.fields = vec![("sequence".to_owned(), Value::Text(sequence.to_owned()))];
        message.raw = raw.to_vec();
        let key = message.report.repeat_key().expect("it has a number");
        (message, RepeatProof::Key { key, window: Duration::from_secs(60) })
    };
    let (first, proof) = numbered("0001", b"one");
    submit_as(&queue, first, proof).await;
    submit(&queue, press("line-1", "1234")).await;
    queue.close().await;

    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    for (sequence, raw) in [("0001", &b"one under another key"[..]), ("0002", b"two")] {
        let (message, proof) = numbered(sequence, raw);
        submit_as(&queue, message, proof).await;
    }
    let board = board_where(&queue, "four signals", |board| board.open.iter().any(|card| card.signals == 4)).await;
    assert_eq!((board.open.nth(0).unwrap().presses, board.open.nth(0).unwrap().repeats), (3, 1));
}

#[tokio::test]
async fn an_action_sent_twice_is_done_once() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let first = press("line-1", "1234");
    submit(&queue, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    act(&queue, alarm, "Ann", claim()).await.unwrap();
    let id = uuid::Uuid::new_v4();
    let note = telecare_alarm::Act::Note {
        kind: "999-called".to_owned(),
        text: "on the line".to_owned(),
        reference: "log 17".to_owned(),
    };
    common::act_again(&queue, id, alarm, "Ann", note.clone()).await.unwrap();
    common::act_again(&queue, id, alarm, "Ann", note).await.unwrap();
    let detail = queue.detail(alarm).await.unwrap();
    assert_eq!(detail.log.len(), 2, "{:?}", detail.log);
}

#[tokio::test]
async fn a_close_from_a_stale_screen_is_refused_and_a_signal_after_a_close_opens_a_linked_alarm() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let (first, second) = (press("line-1", "1234"), press("line-1", "1234"));
    submit(&queue, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    act(&queue, alarm, "Ann", claim()).await.unwrap();
    submit(&queue, second.clone()).await;
    match act(&queue, alarm, "Ann", close(first.id)).await {
        Err(ActError::Refused { refusal: Refusal::LaterSignal { last }, alarm: Some(card), .. }) => {
            assert_eq!(last, second.id);
            assert_eq!(card.presses, 2);
        }
        other => panic!("{other:?}"),
    }
    act(&queue, alarm, "Ann", close(second.id)).await.unwrap();
    let third = press("line-1", "1234");
    submit(&queue, third.clone()).await;
    let board = board_where(&queue, "the new card", |board| board.open.len() == 1).await;
    assert_eq!(board.open.nth(0).unwrap().previous, Some(alarm));
    assert_eq!(board.open.nth(0).unwrap().id, AlarmId::from(third.id));
}

#[tokio::test]
async fn a_damaged_journal_is_set_aside_and_its_entries_copied() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    for n in 0..200 {
        submit(&queue, press("line-1", &format!("{n:04}"))).await;
    }
    queue.close().await;
    // A page in the middle: what is before it and what is behind it survives.
    let path = directory.path().join("journal.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let wal = directory.path().join("journal.sqlite-wal");
    assert!(!wal.exists() || std::fs::metadata(&wal).unwrap().len() == 0, "the WAL is moved in at close");
    let page = 4096;
    let middle = bytes.len() / 2 / page * page;
    bytes[middle..middle + page].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();

    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let trouble = tokio::time::timeout(common::PATIENCE, queue.next_trouble()).await.unwrap();
    assert_eq!(trouble.what, "journal-damaged");
    let board = queue.board().borrow().clone();
    assert!(board.open.len() > 190, "one page holds few: {} cards", board.open.len());
    assert_eq!(submit(&queue, press("line-1", "new")).await, Answer::Stored);
    let aside = std::fs::read_dir(directory.path()).unwrap().flatten();
    assert!(aside.filter(|file| file.file_name().to_string_lossy().contains(".damaged-")).count() >= 1);
}

#[tokio::test]
async fn what_a_callers_unit_speaks_is_known_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    assert_eq!(queue.learnt("01527 123456"), None);
    queue.learn("01527 123456", Protocol::SurGard).await;
    queue.learn("01527 123456", Protocol::Bs8521).await;
    assert_eq!(queue.learnt("01527 123456"), Some(Protocol::Bs8521));
    queue.close().await;
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    assert_eq!(queue.learnt("01527 123456"), Some(Protocol::Bs8521));
}

#[tokio::test]
async fn an_answer_is_on_the_board_and_in_the_log_when_it_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    for n in 0..50 {
        let first = press("line-1", &n.to_string());
        submit(&queue, first.clone()).await;
        let alarm = AlarmId::from(first.id);
        act(&queue, alarm, "Ann", claim()).await.unwrap();
        assert!(queue.board().borrow().find(alarm).unwrap().claim.is_some());
        act(&queue, alarm, "Ben", claim()).await.unwrap_err();
        let log = queue.detail(alarm).await.unwrap().log;
        let log: Vec<_> = log.iter().map(|one| (&*one.action.actor.person, one.refused.as_deref())).collect();
        assert_eq!(log, [("Ann", None), ("Ben", Some("taken"))]);
    }
    // And the same from the file alone.
    let alarm = queue.board().borrow().open.nth(0).unwrap().id;
    queue.close().await;
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let log = queue.detail(alarm).await.unwrap().log;
    assert_eq!(log[1].refused.as_deref(), Some("taken"));
}
