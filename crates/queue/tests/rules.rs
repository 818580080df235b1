//! The rules in the stores: done once however many receivers try, also across restarts and outages.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{act, board_where, claim, close, config, connected, mains, press, signal, submit};
use telecare_alarm::registry::import::Row;
use telecare_alarm::registry::{Field, UnitId};
use telecare_alarm::rules::Target;
use telecare_alarm::{
    Act, Alarm, AlarmId, Basis, Class, Lane, Listing, Policy, Shelves, Signal, SignalId, Standing, Test,
};
use telecare_protocol::{Status, Trigger};
use telecare_queue::registry::Import;
use telecare_queue::{Board, Link, Queue, QueueConfig};
use telecare_tests::postgres::{Postgres, url_at};
use telecare_tests::proxy::{Network, Proxy};
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

/// The policy as shipped with other numbers, and somebody to tell.
fn policy(sections: &str) -> Arc<Policy> {
    let (table, _) = include_str!("../../../config/policy.toml").split_once("\n[answer-s]").unwrap();
    let policy = Policy::parse(&format!("{table}\n{sections}")).unwrap();
    Arc::new(policy.with_targets(vec![Target { name: "pager".into(), from_level: 1 }]))
}

/// Quick to answer, and slow in everything else.
const QUICK: &str = "[answer-s]\nperson = [1, 2]\n[watch]\nunserved-s = 600\nunwatched-s = 0\n";
const SLOW: &str = "[watch]\nunserved-s = 600\nunwatched-s = 0\n";

fn settings(receiver: &str, directory: &Path, database: Option<&str>, sections: &str) -> QueueConfig {
    QueueConfig { policy: policy(sections), ..config(receiver, directory, database) }
}

fn escalated(board: &Board, alarm: AlarmId) -> Vec<String> {
    let card = board.find(alarm);
    card.iter().flat_map(|card| &card.escalations).map(|one| one.rule.to_string()).collect()
}

async fn until_escalated(queue: &Queue, alarm: AlarmId, rules: &[&str]) -> Arc<Board> {
    board_where(queue, "escalated", |board| escalated(board, alarm) == rules).await
}

#[tokio::test]
async fn two_receivers_escalate_once_and_both_show_it() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = TempDir::new().unwrap();
    let open = |name: &str| Queue::open(settings(name, &directory.path().join(name), Some(&url), QUICK));
    let (one, two) = (open("r1").await.unwrap(), open("r2").await.unwrap());
    connected(&one).await;
    connected(&two).await;
    let first = press("shared", "1234");
    submit(&one, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    for queue in [&one, &two] {
        let board = until_escalated(queue, alarm, &["unanswered-1", "unanswered-2"]).await;
        let card = board.find(alarm).unwrap();
        assert_eq!((card.level, card.steps), (2, 2));
        assert!(card.escalations.iter().all(|one| &*one.deliveries[0].target == "pager"));
    }
    connected(&one).await;
    connected(&two).await;
    let done = "SELECT count(*), count(DISTINCT rule) FROM action WHERE act = 'escalate' AND refused IS NULL";
    assert_eq!(server.sql(&database, done).unwrap().trim(), "2|2");
    let row = "SELECT level, jsonb_array_length(escalations), press_times <> '[]' FROM alarm";
    assert_eq!(server.sql(&database, row).unwrap().trim(), "2|2|t");
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn what_was_due_while_nothing_ran_is_done_after_the_start_and_once() {
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    let directory = TempDir::new().unwrap();
    for (name, url) in [("standalone", None), ("database", Some(url.as_str()))] {
        let directory = directory.path().join(name);
        let queue = Queue::open(settings("r1", &directory, url, SLOW)).await.unwrap();
        if url.is_some() {
            connected(&queue).await;
        }
        let (lost, held, waiting) = (press("a", "1"), press("a", "2"), press("a", "3"));
        for signal in [&lost, &held, &waiting] {
            submit(&queue, signal.clone()).await;
        }
        let id = |signal: &Signal| AlarmId::from(signal.id);
        act(&queue, id(&lost), "Ann", Act::Claim { lease: Duration::from_millis(1) }).await.unwrap();
        act(&queue, id(&held), "Ann", claim()).await.unwrap();
        let until = OffsetDateTime::now_utc() + Duration::from_secs(3_600);
        act(&queue, id(&held), "Ann", Act::Hold { shown: held.id, until, reason: "visit".to_owned() }).await.unwrap();
        until_escalated(&queue, id(&lost), &["lease-lost"]).await;
        queue.close().await;
        // Stricter from now on: what was slow is over its time at the start.
        for _ in 0..2 {
            let queue = Queue::open(settings("r1", &directory, url, QUICK)).await.unwrap();
            until_escalated(&queue, id(&waiting), &["unanswered-1", "unanswered-2"]).await;
            until_escalated(&queue, id(&lost), &["lease-lost", "unanswered-1", "unanswered-2"]).await;
            let board = queue.board().borrow().clone();
            let card = board.find(id(&held)).unwrap();
            assert_eq!((card.standing(OffsetDateTime::now_utc()), card.level), (Standing::Held, 0), "{name}");
            if url.is_some() {
                connected(&queue).await;
            }
            queue.close().await;
        }
    }
}

#[tokio::test]
async fn cut_off_it_escalates_by_itself_and_the_database_hears_of_it_once() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let proxy = Proxy::before(server.port()).unwrap();
    let directory = TempDir::new().unwrap();
    let url = url_at(proxy.port(), &database);
    let queue = Queue::open(settings("r1", directory.path(), Some(&url), QUICK)).await.unwrap();
    connected(&queue).await;
    proxy.set(Network::Down);
    board_where(&queue, "cut off", |board| board.link == Link::CutOff).await;
    let first = press("a", "1");
    submit(&queue, first.clone()).await;
    let alarm = AlarmId::from(first.id);
    until_escalated(&queue, alarm, &["unanswered-1", "unanswered-2"]).await;
    proxy.set(Network::Up);
    let board = connected(&queue).await;
    assert_eq!(escalated(&board, alarm), ["unanswered-1", "unanswered-2"]);
    let row = "SELECT level, (SELECT count(*) FROM action WHERE act = 'escalate' AND refused IS NULL) FROM alarm";
    assert_eq!(server.sql(&database, row).unwrap().trim(), "2|2");
    queue.close().await;
}

#[tokio::test]
async fn presses_lift_and_a_policy_read_again_counts_from_then_on() {
    let directory = TempDir::new().unwrap();
    let queue = Queue::open(settings("r1", directory.path(), None, SLOW)).await.unwrap();
    let lift = |n: u8| signal("a", "lift", Trigger::Lift, Status::Active, n, Class::Person, Lane::Urgent);
    let first = lift(2);
    let alarm = AlarmId::from(first.id);
    submit(&queue, first).await;
    submit(&queue, lift(2)).await;
    board_where(&queue, "two presses", |board| board.find(alarm).is_some_and(|card| card.presses == 2)).await;
    let before = queue.policy().hash().to_owned();
    queue.set_policy(policy(&format!("{SLOW}[repeats]\npresses = 2\n"))).await;
    let lifted = |board: &Board| board.find(alarm).is_some_and(|card| card.priority.number() == 1);
    let board = board_where(&queue, "lifted", lifted).await;
    assert_eq!(escalated(&board, alarm), ["pressed-again"]);
    assert_eq!(queue.policy().rules().repeats.presses, 2);
    assert_ne!(queue.policy().hash(), before);
    queue.close().await;
}

fn listing(board: &Board, card: &Alarm) -> Listing {
    let open = board.open.iter().map(|card| &**card);
    Shelves::of(open).listing(card, board.policy.rules(), OffsetDateTime::now_utc())
}

/// What a unit of the namespace `north` says of its mains.
fn power(account: &str, status: Status) -> Signal {
    let mut signal = mains("line-1", account);
    signal.report.events[0].status = status;
    signal.unit.key = format!("unit/in/north/surgard/{account}").into();
    signal
}

#[tokio::test]
async fn a_storm_is_one_incident_that_closes_what_is_under_it() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = TempDir::new().unwrap();
    let queue = Queue::open(settings("r1", directory.path(), Some(&url), SLOW)).await.unwrap();
    connected(&queue).await;
    for n in 0..30 {
        submit(&queue, power(&format!("44{n:03}"), Status::Active)).await;
    }
    let all_under = |board: &Board| {
        board.open.len() == 31
            && board.open.iter().filter(|card| listing(board, card) == Listing::InIncident).count() == 30
    };
    let board = board_where(&queue, "one incident", all_under).await;
    let incident = board.open.iter().find(|card| card.unit.basis == Basis::Group).unwrap().clone();
    assert_eq!(&*incident.unit.words, "accounts 44...");
    let person = press("line-1", "x");
    let person = Signal { unit: power("44005", Status::Active).unit, ..person };
    submit(&queue, person.clone()).await;
    let board = board_where(&queue, "the press", |board| board.open.nth(0).unwrap().presses == 1).await;
    assert_eq!(listing(&board, board.open.nth(0).unwrap()), Listing::Queue);
    act(&queue, incident.id, "Ann", claim()).await.unwrap();
    act(&queue, incident.id, "Ann", close(incident.last_signal)).await.unwrap();
    let board = board_where(&queue, "only the person is left", |board| board.open.len() == 1).await;
    assert_eq!(board.open.nth(0).unwrap().last_signal, person.id);
    connected(&queue).await;
    let closed = "SELECT count(*) FROM alarm WHERE outcome = 'incident-closed' AND closed_by = '(receiver)'";
    assert_eq!(server.sql(&database, closed).unwrap().trim(), "29");
    queue.close().await;
}

#[tokio::test]
async fn a_restored_mains_failure_is_over_also_in_the_database() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let directory = TempDir::new().unwrap();
    let url = server.url(&database);
    let queue = Queue::open(settings("r1", directory.path(), Some(&url), SLOW)).await.unwrap();
    connected(&queue).await;
    submit(&queue, power("1", Status::Active)).await;
    let board = board_where(&queue, "the failure", |board| board.open.len() == 1).await;
    assert_eq!(listing(&board, board.open.nth(0).unwrap()), Listing::WaitsForRestore);
    submit(&queue, power("1", Status::Restored)).await;
    board_where(&queue, "closed", |board| board.open.is_empty() && board.closed.len() == 1).await;
    connected(&queue).await;
    let row = "SELECT outcome, signals FROM alarm";
    assert_eq!(server.sql(&database, row).unwrap().trim(), "restored|2");
    queue.close().await;
}

#[tokio::test]
async fn a_test_and_its_record_survive_a_restart_in_both_stores() {
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    let directory = TempDir::new().unwrap();
    for (name, url) in [("standalone", None), ("database", Some(url.as_str()))] {
        let directory = directory.path().join(name);
        let open = || Queue::open(settings("r1", &directory, url, SLOW));
        let queue = open().await.unwrap();
        if url.is_some() {
            connected(&queue).await;
        }
        let until = OffsetDateTime::now_utc() + Duration::from_secs(3_600);
        let scope = "identity:north:surgard:0042".parse().unwrap();
        let test = Test { until, engineer: "Eve".to_owned(), reason: "new pendant".to_owned(), scope };
        let id = queue.start_test(test.clone()).await.unwrap();
        assert_eq!(queue.start_test(test).await.unwrap(), id, "one scope, one test");
        let of_unit = |signal: Signal| Signal { unit: power("0042", Status::Active).unit, ..signal };
        let (first, second) = (of_unit(press("line-1", "0042")), of_unit(press("line-1", "0042")));
        submit(&queue, first.clone()).await;
        let card = AlarmId::from(first.id);
        act(&queue, card, "Eve", Act::Seen { shown: first.id }).await.unwrap();
        queue.close().await;
        let queue = open().await.unwrap();
        submit(&queue, second.clone()).await;
        submit(&queue, press("line-1", "another")).await;
        if url.is_some() {
            connected(&queue).await;
        }
        let record = queue.test_record(id).await.unwrap();
        let ids: Vec<(SignalId, AlarmId)> = record.signals.iter().map(|(one, on)| (one.signal.id, *on)).collect();
        assert_eq!(ids, [(first.id, card), (second.id, card)], "{name}");
        let signals: Vec<_> = record.signals.iter().map(|(one, on)| (one.signal.clone(), *on)).collect();
        let done: Vec<_> =
            record.log.iter().filter(|one| one.refused.is_none()).map(|one| one.action.clone()).collect();
        let attempts = telecare_alarm::on_test::attempts(&signals, &done);
        let told: Vec<_> = attempts.iter().map(|one| (one.number, one.seen.is_some())).collect();
        assert_eq!(told, [(1, true), (2, false)], "{name}");
        assert_eq!(act(&queue, id, "Eve", Act::StopTest { text: String::new() }).await.unwrap().alarm.id, id);
        let over = |board: &Board| board.find(card).is_some_and(|card| card.marks.test.is_none());
        tokio::time::timeout(Duration::from_secs(30), queue.board().wait_for(|board| over(board)))
            .await
            .unwrap()
            .unwrap();
        queue.close().await;
    }
}

/// A unit that calls every day, in somebody's home or in the store.
async fn import_doris(queue: &Queue, stock: &str) {
    let cells = [
        (Field::Reference, "P-1"),
        (Field::Label, "Doris Hill"),
        (Field::Identities, "north:surgard:0042"),
        (Field::ExpectedInterval, "1 d"),
        (Field::Stock, stock),
    ];
    let cells = cells.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
    let row = Row { line: 2, id: None, fresh: UnitId(Uuid::new_v4()), cells };
    let import = Import { id: Uuid::new_v4(), person: "Sue".to_owned(), rows: vec![row], dry_run: false };
    queue.import_units(import).await.unwrap();
}

/// As a receiver wrote it down two days ago.
async fn heard_two_days_ago(server: &'static Postgres, database: &str) {
    kept_rows(server, database, 1).await;
    let before = "UPDATE expectation SET heard_at = now() - interval '2 days', was_heard = true, \
                  changed = pg_current_xact_id()";
    // The queues run on this thread: one of them may have locked the row and has to get on.
    let database = database.to_owned();
    tokio::task::spawn_blocking(move || server.sql(&database, before)).await.unwrap().unwrap();
}

async fn kept_rows(server: &Postgres, database: &str, rows: usize) {
    while server.sql(database, "SELECT count(*) FROM expectation").unwrap().trim() != rows.to_string() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_unit_that_is_issued_again_is_expected_anew_after_a_restart_too() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let directory = TempDir::new().unwrap();
    let settings = || settings("r1", &directory.path().join("r1"), Some(&server.url(&database)), SLOW);
    let queue = Queue::open(settings()).await.unwrap();
    connected(&queue).await;
    import_doris(&queue, "on-loan").await;
    heard_two_days_ago(server, &database).await;
    board_where(&queue, "it is missing", |board| board.overdue == 1).await;
    import_doris(&queue, "in-store").await;
    board_where(&queue, "nothing is expected", |board| (board.expected, board.overdue) == (0, 0)).await;
    kept_rows(server, &database, 0).await;
    queue.close().await;
    let queue = Queue::open(settings()).await.unwrap();
    connected(&queue).await;
    import_doris(&queue, "on-loan").await;
    board_where(&queue, "it is expected anew", |board| (board.expected, board.overdue) == (1, 0)).await;
    kept_rows(server, &database, 1).await;
    queue.close().await;
    let queue = Queue::open(settings()).await.unwrap();
    connected(&queue).await;
    board_where(&queue, "it is expected still", |board| (board.expected, board.overdue) == (1, 0)).await;
    queue.close().await;
}

#[tokio::test]
async fn a_missed_call_is_told_once_by_two_receivers_and_taken_back_when_it_comes() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = TempDir::new().unwrap();
    let open = |name: &str| Queue::open(settings(name, &directory.path().join(name), Some(&url), SLOW));
    let (one, two) = (open("r1").await.unwrap(), open("r2").await.unwrap());
    connected(&one).await;
    connected(&two).await;
    import_doris(&one, "on-loan").await;
    for queue in [&one, &two] {
        board_where(queue, "one is expected", |board| board.expected == 1).await;
    }
    heard_two_days_ago(server, &database).await;
    for queue in [&one, &two] {
        board_where(queue, "it is missing", |board| board.overdue == 1 && board.open.len() == 1).await;
    }
    connected(&one).await;
    connected(&two).await;
    assert_eq!(server.sql(&database, "SELECT count(*), max(trigger) FROM signal").unwrap().trim(), "1|missed-test");
    assert_eq!(two.overdue().await.len(), 1);
    let board = one.board().borrow().clone();
    let missed = board.open.nth(0).unwrap().clone();
    assert_eq!((&*missed.unit.words, missed.class), ("Doris Hill", Class::Technical));
    let key = missed.unit.clone();
    let call = signal("line-1", "0042", Trigger::PeriodicTest, Status::Active, 5, Class::Test, Lane::Routine);
    submit(&two, Signal { unit: key, ..call }).await;
    for queue in [&one, &two] {
        board_where(queue, "it was heard", |board| board.overdue == 0).await;
    }
    let restored = |board: &Board| {
        board.find(missed.id).is_some_and(|card| {
            card.triggers.iter().any(|(key, state)| key.trigger == Trigger::MissedTest && !state.is_raised())
        })
    };
    board_where(&one, "taken back", restored).await;
    connected(&one).await;
    connected(&two).await;
    assert_eq!(server.sql(&database, "SELECT count(*) FROM signal WHERE trigger = 'missed-test'").unwrap().trim(), "2");
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn nobody_watching_is_a_trouble_until_a_console_asks() {
    let directory = TempDir::new().unwrap();
    let queue = Queue::open(settings("r1", directory.path(), None, "[watch]\nunwatched-s = 3\n")).await.unwrap();
    let trouble = tokio::time::timeout(common::PATIENCE, queue.next_trouble()).await.unwrap();
    assert_eq!((trouble.what, trouble.active), ("unwatched", true));
    let heard = telecare_queue::Heard { person: Some("Ann"), desk: None, operator: true };
    queue.console_heard(heard, Duration::from_secs(120));
    let trouble = tokio::time::timeout(common::PATIENCE, queue.next_trouble()).await.unwrap();
    assert_eq!((trouble.what, trouble.active), ("unwatched", false));
    queue.close().await;
}
