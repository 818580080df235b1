//! While connected both stores get an entry at once: whichever is slower, the answer waits for it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use common::*;
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use telecare_alarm::{AlarmId, Signal};
use telecare_protocol::RepeatProof;
use telecare_queue::{Answer, Queue};
use telecare_tests::postgres::Postgres;
use tempfile::TempDir;
use tokio::task::JoinHandle;

struct Site {
    server: Postgres,
    database: String,
    directory: TempDir,
    queue: Queue,
}

impl Site {
    async fn start() -> Site {
        let server = Postgres::start().unwrap();
        let database = server.create_database().unwrap();
        let directory = TempDir::new().unwrap();
        let mut config = config("r1", directory.path(), Some(&server.url(&database)));
        config.ack_wait = PATIENCE;
        let queue = Queue::open(config).await.unwrap();
        connected(&queue).await;
        Site { server, database, directory, queue }
    }

    /// Somebody else writes the journal's file: its own writer waits, and gives up after SQLite's five seconds.
    async fn journal_busy(&self) -> SqliteConnection {
        let path = self.directory.path().join("journal.sqlite");
        let mut other = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        other
    }

    /// A press that is in the database and on the board, and not answered.
    async fn committed_alone(&self) -> (AlarmId, JoinHandle<Answer>) {
        let signal = press("line-1", "1234");
        let alarm = AlarmId::from(signal.id);
        let queue = self.queue.clone();
        let answer = tokio::spawn(async move { submit(&queue, signal).await });
        board_where(&self.queue, "the press", |board| board.find(alarm).is_some()).await;
        assert_eq!(self.server.sql(&self.database, "SELECT count(*) FROM signal").unwrap().trim(), "1");
        assert!(!answer.is_finished(), "the journal does not have it");
        (alarm, answer)
    }
}

#[tokio::test]
async fn a_commit_alone_is_no_answer_and_the_card_counts_it_once() {
    let site = Site::start().await;
    let mut other = site.journal_busy().await;
    let (alarm, answer) = site.committed_alone().await;
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(answer.await.unwrap(), Answer::Stored);
    let card = site.queue.board().borrow().find(alarm).unwrap().clone();
    assert_eq!((card.signals, card.presses), (1, 1));
    // What a start finds in the journal is the same.
    site.queue.close().await;
    let queue = Queue::open(config("r1", site.directory.path(), None)).await.unwrap();
    assert_eq!(queue.board().borrow().open.iter().map(|card| card.signals).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn a_commit_is_the_answer_once_the_journal_has_failed() {
    let site = Site::start().await;
    let other = site.journal_busy().await;
    let (alarm, answer) = site.committed_alone().await;
    assert_eq!(answer.await.unwrap(), Answer::Stored);
    assert!(!site.queue.board().borrow().journal_ok);
    drop(other);
    board_where(&site.queue, "a journal again", |board| board.journal_ok).await;
    assert_eq!(site.queue.board().borrow().find(alarm).unwrap().signals, 1);
}

/// A crash between the two stores: the journal is put back to where it was before the last press.
#[tokio::test]
async fn what_only_the_database_has_of_the_last_run_proves_a_repeat() {
    let server = Postgres::start().unwrap();
    let (database, directory) = (server.create_database().unwrap(), TempDir::new().unwrap());
    let open = async || {
        let queue = Queue::open(config("r1", directory.path(), Some(&server.url(&database)))).await.unwrap();
        connected(&queue).await;
        queue
    };
    let (file, before) = (directory.path().join("journal.sqlite"), directory.path().join("before"));
    let queue = open().await;
    submit(&queue, press("line-1", "1")).await;
    queue.close().await;
    std::fs::copy(&file, &before).unwrap();
    let queue = open().await;
    let unanswered = press("line-1", "2");
    submit(&queue, unanswered.clone()).await;
    queue.close().await;
    std::fs::copy(&before, &file).unwrap();

    let queue = open().await;
    let copy = Signal { raw: unanswered.raw.clone(), ..press("line-1", "2") };
    assert_eq!(submit_as(&queue, copy, RepeatProof::PreviousOnLine(PATIENCE)).await, Answer::Repeat);
    connected(&queue).await;
    let card = queue.board().borrow().find(unanswered.id.into()).unwrap().clone();
    assert_eq!((card.signals, card.repeats, card.presses), (2, 1, 1));
    let used_twice = "SELECT count(*) - count(DISTINCT seq) FROM signal";
    assert_eq!(server.sql(&database, used_twice).unwrap().trim(), "0");
}
