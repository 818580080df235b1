//! The registry with a real PostgreSQL: imports, dry runs, history, names in an outage, senders nobody knows.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::{PATIENCE, board_where, config, connected, press, submit};
use telecare_alarm::registry::import::Row;
use telecare_alarm::registry::{Field, Found, UnitId};
use telecare_alarm::{AlarmId, Basis, Place, Registry, Signal, UnitKey};
use telecare_protocol::report::Caller;
use telecare_queue::Queue;
use telecare_queue::registry::{Import, Imported, RegistryError};
use telecare_tests::postgres::Postgres;
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

struct Site {
    server: &'static Postgres,
    database: String,
    directory: TempDir,
}

impl Site {
    fn new() -> Site {
        let server = Postgres::shared().expect("a private PostgreSQL");
        Site { server, database: server.create_database().expect("a database"), directory: TempDir::new().unwrap() }
    }

    async fn open(&self, receiver: &str) -> Queue {
        let directory = self.directory.path().join(receiver);
        Queue::open(config(receiver, &directory, Some(&self.server.url(&self.database)))).await.unwrap()
    }

    fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.database, sql).unwrap().trim().to_owned()
    }
}

fn row(line: u64, cells: &[(Field, &str)]) -> Row {
    let cells = cells.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
    Row { line, id: None, fresh: UnitId(Uuid::new_v4()), cells }
}

fn unit(line: u64, reference: &str, label: &str, identities: &str) -> Row {
    row(line, &[(Field::Reference, reference), (Field::Label, label), (Field::Identities, identities)])
}

async fn import(queue: &Queue, rows: Vec<Row>, dry_run: bool) -> Result<Imported, RegistryError> {
    let import = Import { id: Uuid::new_v4(), person: "Sue".to_owned(), rows, dry_run };
    tokio::time::timeout(PATIENCE, queue.import_units(import)).await.expect("an answer in time")
}

/// A press of an account in the namespace `north`, as intake makes it.
fn told(queue: &Queue, account: &str) -> Signal {
    named(queue, press("line-1", account))
}

fn named(queue: &Queue, mut signal: Signal) -> Signal {
    let place = Place { receiver: &signal.receiver, line: &signal.line, namespace: Some("north") };
    signal.unit = UnitKey::of(&signal.report, &place, signal.id, &queue.registry());
    signal
}

async fn known(queue: &Queue, what: &str, holds: impl Fn(&Registry) -> bool) -> Arc<Registry> {
    board_where(queue, what, |board| holds(&board.registry)).await.registry.clone()
}

/// Waits until the journal holds so many names.
async fn journal_has(directory: &Path, names: i64) {
    use sqlx::Connection;
    let path = directory.join("journal.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).read_only(true);
    let begun = std::time::Instant::now();
    loop {
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let count = "SELECT count(*) FROM state WHERE kind = 'unit'";
        if sqlx::query_scalar::<_, i64>(count).fetch_one(&mut connection).await.unwrap() == names {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{names} names in the journal");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_import_is_all_or_nothing_and_every_change_is_kept() {
    let site = Site::new();
    let queue = site.open("r1").await;
    connected(&queue).await;
    let rows = || vec![unit(2, "a", "Doris Hill", "north:surgard:0042"), unit(3, "b", "Lift 3", "north:surgard:7")];

    let dry = import(&queue, rows(), true).await.unwrap();
    assert_eq!((dry.plan.changes.len(), dry.version), (2, 0));
    let counts = "SELECT (SELECT count(*) FROM unit), (SELECT count(*) FROM unit_identity),
                  (SELECT count(*) FROM unit_change), (SELECT version FROM registry_version)";
    assert_eq!(site.sql(counts), "0|0|0|0", "a dry run changes nothing");

    let made = import(&queue, rows(), false).await.unwrap();
    assert_eq!((made.plan.changes.len(), made.version), (2, 1));
    assert_eq!(queue.registry().units().len(), 2, "who imports knows at once");
    let again = import(&queue, rows(), false).await.unwrap();
    assert_eq!((again.plan.changes.len(), again.plan.unchanged, again.version), (0, 2, 1));

    let swap = vec![
        row(2, &[(Field::Reference, "a"), (Field::Identities, "north:surgard:7"), (Field::Stock, "retired")]),
        row(3, &[(Field::Reference, "b"), (Field::Identities, "north:surgard:0042")]),
    ];
    let half = import(&queue, swap[..1].to_vec(), false).await.unwrap_err();
    assert!(matches!(half, RegistryError::Rows(ref errors) if errors[0].line == 2), "{half:?}");
    assert_eq!(site.sql(counts), "2|2|2|1", "a wrong row changes nothing");
    assert_eq!(import(&queue, swap, false).await.unwrap().version, 2);
    assert_eq!(site.sql(counts), "2|2|4|2");
    let told = "SELECT old ->> 'stock', new ->> 'stock', old ->> 'identities', person FROM unit_change \
                WHERE version = 2 AND new ? 'stock'";
    assert_eq!(site.sql(told), "on-loan|retired|north:surgard:0042|Sue");
    let id = queue.registry().units().iter().find(|unit| unit.reference == "a").unwrap().id;
    let history = queue.unit_history(id).await.unwrap();
    assert_eq!(history.iter().map(|change| (change.version, change.made)).collect::<Vec<_>>(), [(2, false), (1, true)]);
    let stock = (Field::Stock, "on-loan".to_owned(), "retired".to_owned());
    assert!(history[0].fields.contains(&stock) && history[0].fields.len() == 2, "{history:?}");
    assert_eq!((&*history[1].person, &*history[1].receiver), ("Sue", "r1"));
    queue.close().await;
}

#[tokio::test]
async fn another_receiver_hears_of_names_and_of_a_swap_of_references() {
    let site = Site::new();
    let (one, two) = (site.open("r1").await, site.open("r2").await);
    connected(&one).await;
    connected(&two).await;
    import(&one, vec![unit(2, "a", "A", "north:surgard:1"), unit(3, "b", "B", "")], false).await.unwrap();
    let names = known(&two, "two units", |registry| registry.units().len() == 2).await;
    let ids: Vec<UnitId> = names.units().iter().map(|unit| unit.id).collect();
    let mut swap = vec![row(2, &[(Field::Reference, "b")]), row(3, &[(Field::Reference, "a")])];
    swap.iter_mut().zip(&ids).for_each(|(row, id)| row.id = Some(*id));
    import(&two, swap, false).await.unwrap();
    let names = known(&one, "the swap", |registry| registry.version() == 2).await;
    assert_eq!(names.unit(ids[0]).map(|unit| &*unit.reference), Some("b"));
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn names_survive_an_outage_and_a_restart_in_it() {
    let server = Postgres::start().unwrap();
    let database = server.create_database().unwrap();
    let directory = TempDir::new().unwrap();
    let open = || Queue::open(config("r1", directory.path(), Some(&server.url(&database))));
    let queue = open().await.unwrap();
    connected(&queue).await;
    let rows: Vec<Row> =
        (0..600).map(|n| unit(n + 2, &n.to_string(), &format!("Flat {n}"), &format!("north:surgard:{n:04}"))).collect();
    import(&queue, rows, false).await.unwrap();
    journal_has(directory.path(), 600).await;
    queue.close().await;
    // A connection reads the board afresh, which must not wipe the names out.
    let queue = open().await.unwrap();
    connected(&queue).await;
    queue.close().await;
    server.stop().unwrap();
    let queue = open().await.unwrap();
    assert_eq!(queue.registry().units().len(), 600);
    let pressed = told(&queue, "0042");
    assert_eq!((pressed.unit.basis, &*pressed.unit.words), (Basis::Registered, "Flat 42"));
    submit(&queue, pressed.clone()).await;
    let board = board_where(&queue, "the press", |board| board.open.len() == 1).await;
    assert!(board.open.nth(0).unwrap().headline(OffsetDateTime::now_utc()).contains("Flat 42"));
    let refused = import(&queue, vec![unit(2, "0", "Flat 0", "")], false).await.unwrap_err();
    assert!(matches!(refused, RegistryError::NeedsDatabase), "{refused:?}");
    server.start_again().unwrap();
    let board = connected(&queue).await;
    assert_eq!(board.find(AlarmId::from(pressed.id)).unwrap().unit.basis, Basis::Registered);
    queue.close().await;
}

#[tokio::test]
async fn a_unit_that_a_restored_database_does_not_know_is_forgotten() {
    let site = Site::new();
    let queue = site.open("r1").await;
    connected(&queue).await;
    import(&queue, vec![unit(2, "a", "A", "north:surgard:1"), unit(3, "b", "B", "")], false).await.unwrap();
    let journal = site.directory.path().join("r1");
    journal_has(&journal, 2).await;
    // As an older copy would have it: the same version, from another import.
    site.sql(
        "DELETE FROM unit_identity; DELETE FROM unit WHERE reference = 'a'; \
         UPDATE registry_version SET import = gen_random_uuid()",
    );
    known(&queue, "one unit", |registry| registry.units().len() == 1).await;
    journal_has(&journal, 1).await;
    queue.close().await;
}

#[tokio::test]
async fn an_unknown_sender_is_listed_until_somebody_registers_it() {
    let site = Site::new();
    let queue = site.open("r1").await;
    connected(&queue).await;
    let first = told(&queue, "0042");
    submit(&queue, first.clone()).await;
    submit(&queue, told(&queue, "0042")).await;
    submit(&queue, told(&queue, "77")).await;
    let mut by_number = press("line-1", "");
    by_number.report.identity = None;
    by_number.report.caller = Some(Caller { number: Some("01632 960042".to_owned()), name: None });
    submit(&queue, named(&queue, by_number)).await;
    connected(&queue).await;
    let since = OffsetDateTime::now_utc() - Duration::from_secs(3_600);
    let orphans = queue.orphans(since).await.unwrap();
    let told_of: Vec<_> = orphans.iter().map(|one| (&*one.sender.words, one.signals, &*one.trigger)).collect();
    let caller = "caller 01632 960042 (by number, a guess)";
    assert_eq!(told_of, [(caller, 1, "pendant"), ("unit 77", 1, "pendant"), ("unit 0042", 2, "pendant")]);
    assert_eq!(orphans[0].caller.as_deref(), Some("01632 960042"));
    assert!(queue.orphans(OffsetDateTime::now_utc() + Duration::from_secs(60)).await.unwrap().is_empty());

    let mut doris = unit(2, "a", "Doris Hill", "north:surgard:0042");
    doris.cells.push((Field::Phones, "+44 1632 960042".to_owned()));
    import(&queue, vec![doris], false).await.unwrap();
    let left = queue.orphans(since).await.unwrap();
    assert_eq!(left.iter().map(|one| &*one.sender.words).collect::<Vec<_>>(), ["unit 77"]);
    let board = queue.board().borrow().clone();
    let card = board.find(AlarmId::from(first.id)).unwrap();
    assert_eq!((card.unit.basis, &*card.unit.words), (Basis::Identity, "unit 0042"), "what was kept stays");
    assert!(matches!(board.registry.found(&card.unit, None), Found::Unit(unit) if unit.label == "Doris Hill"));
    let later = told(&queue, "0042");
    assert_eq!((later.unit.basis, &*later.unit.words), (Basis::Registered, "Doris Hill"));
    queue.close().await;
}

#[tokio::test]
async fn without_a_database_the_registry_says_that_it_needs_one() {
    let directory = TempDir::new().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let id = UnitId(Uuid::new_v4());
    let now = OffsetDateTime::now_utc();
    assert!(matches!(import(&queue, Vec::new(), true).await, Err(RegistryError::NeedsDatabase)));
    assert!(matches!(queue.unit_history(id).await, Err(RegistryError::NeedsDatabase)));
    assert!(matches!(queue.orphans(now).await, Err(RegistryError::NeedsDatabase)));
    assert!(queue.registry().units().is_empty());
    queue.close().await;
}
