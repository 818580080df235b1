//! The writer bets on the rows it knows. A lost bet costs time and nothing else.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use common::*;
use telecare_queue::{Link, Queue};
use telecare_tests::postgres::Postgres;
use telecare_tests::wait;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// More than wait for their commit, and by how many.
const NEAR: usize = 500;
const FAR: usize = 100;

struct Site {
    server: Postgres,
    database: String,
    _directory: TempDir,
    queue: Queue,
}

async fn site(ack_wait_s: u64) -> Site {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let directory = TempDir::new().unwrap();
    let mut config = config("r1", directory.path(), Some(&server.url(&database)));
    config.ack_wait = std::time::Duration::from_secs(ack_wait_s);
    if let Some(database) = &mut config.database {
        database.stall = PATIENCE;
    }
    let queue = Queue::open(config).await.unwrap();
    connected(&queue).await;
    Site { server, database, _directory: directory, queue }
}

#[tokio::test]
async fn a_row_that_somebody_changed_is_folded_as_it_is_now() {
    let Site { server, database, queue, .. } = &site(60).await;
    submit(queue, press("line-1", "1234")).await;
    server.sql(database, "UPDATE alarm SET presses = 7, revision = revision + 1").unwrap();
    submit(queue, press("line-1", "1234")).await;
    connected(queue).await;
    assert_eq!(server.sql(database, "SELECT presses FROM alarm").unwrap(), "8");
    assert_eq!(queue.board().borrow().open.nth(0).unwrap().presses, 8);
}

#[tokio::test]
async fn a_row_that_lies_elsewhere_now_is_found() {
    let Site { server, database, queue, .. } = &site(60).await;
    let signal = press("line-1", "1234");
    submit(queue, signal.clone()).await;
    act(queue, signal.id.into(), "Ann", claim()).await.unwrap();
    let places = "SELECT (SELECT ctid FROM alarm), (SELECT ctid FROM receiver)";
    let before = server.sql(database, places).unwrap();
    for table in ["alarm", "receiver"] {
        server.sql(database, &format!("VACUUM FULL {table}")).unwrap();
    }
    assert_ne!(server.sql(database, places).unwrap(), before, "they were moved");
    act(queue, signal.id.into(), "Ann", close(signal.id)).await.unwrap();
    assert_eq!(server.sql(database, "SELECT closed_by FROM alarm").unwrap(), "Ann");
    connected(queue).await;
}

#[tokio::test]
async fn nobody_is_refused_for_what_was_so_before() {
    let Site { server, database, queue, .. } = &site(60).await;
    let signal = press("line-1", "1234");
    submit(queue, signal.clone()).await;
    act(queue, signal.id.into(), "Ann", claim()).await.unwrap();
    let released = "UPDATE alarm SET claimed_by = NULL, claimed_desk = NULL, claimed_since = NULL, lease_until = NULL, \
                    revision = revision + 1";
    server.sql(database, released).unwrap();
    act(queue, signal.id.into(), "Ben", claim()).await.unwrap();
    assert_eq!(server.sql(database, "SELECT claimed_by FROM alarm").unwrap(), "Ben");
}

#[tokio::test]
async fn an_answer_waits_for_no_commit_that_is_far_off() {
    let Site { server, queue, .. } = &site(600).await;
    server.freeze().unwrap();
    let mut waiting = JoinSet::new();
    for n in 0..NEAR + FAR {
        let (queue, signal) = (queue.clone(), press("line-1", &n.to_string()));
        waiting.spawn(async move { submit(&queue, signal).await });
    }
    for _ in 0..FAR {
        waiting.join_next().await.unwrap().unwrap();
    }
    assert_eq!(queue.board().borrow().link, Link::Connected, "nothing else let them go");
    server.thaw().unwrap();
    while let Some(answered) = waiting.join_next().await {
        answered.unwrap();
    }
}

/// Else each press and claim would walk through all versions of its card that a held snapshot keeps. PostgreSQL counts
/// rows that were written and looks into indexes together, so the one count tells when the other is complete.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_written_where_the_writer_left_it() {
    const PRESSES: u32 = 50;
    let Site { server, database, queue, .. } = &site(60).await;
    for _ in 0..=PRESSES {
        submit(queue, press("line-1", "1234")).await;
    }
    let counts = "SELECT n_tup_upd, sum(i.idx_scan) FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid) \
                  WHERE t.relname = 'alarm' GROUP BY n_tup_upd";
    let looks = tokio::task::block_in_place(|| {
        wait::until("the presses to be counted", || {
            let counts = server.sql(database, counts)?;
            let (written, looks) = counts.split_once('|').unwrap_or(("0", "0"));
            Ok((written.parse::<u32>()? >= PRESSES).then(|| looks.to_owned()))
        })
    });
    let looks: u32 = looks.unwrap().parse().unwrap();
    assert!(looks < PRESSES / 2, "{looks} looks into the indexes of cards for {PRESSES} presses");
}

/// Else each claim would leave an entry in every index, for as long as somebody holds a snapshot open.
#[tokio::test]
async fn an_index_has_no_column_that_a_press_or_a_claim_changes() {
    let Site { server, database, .. } = &site(60).await;
    let columns = "SELECT string_agg(DISTINCT attname, ' ') FROM pg_index JOIN pg_attribute ON attrelid = indrelid \
                   WHERE indrelid = 'alarm'::regclass AND (attnum = ANY (indkey) \
                   OR pg_get_expr(indpred, indrelid) LIKE '%' || attname || '%')";
    assert_eq!(server.sql(database, columns).unwrap(), "closed_at id unit_key");
}
