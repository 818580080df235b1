//! `doctor` on set-ups that are broken in one way each.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Receiver, Setup, binary};

/// An entry that the database would not take.
const QUARANTINE: &str = "INSERT INTO quarantine (receiver, seq, kind, id, why, hash, body)
    VALUES ('test-1', 1, 'signal', gen_random_uuid(), 'a test', 'h', 'b')";
/// A schema from the future.
const NEWER: &str = "UPDATE _sqlx_migrations SET version = 9999
    WHERE version = (SELECT max(version) FROM _sqlx_migrations)";

/// A receiver's files, right in every way: what a test then breaks.
struct Host {
    directory: tempfile::TempDir,
    lines: String,
}

impl Host {
    fn new() -> Host {
        let directory = tempfile::tempdir().unwrap();
        // The receiver's program is asked about its configuration.
        binary("telecare-receiver").unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(directory.path().join("journal")).unwrap();
        fs::set_permissions(directory.path().join("journal"), fs::Permissions::from_mode(0o700)).unwrap();
        let host = Host { directory, lines: String::new() };
        let tokens = host.path("tokens.toml");
        let added = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
            .args(["token", "add", "--person", "Ann", "--role", "operator", "--file"])
            .arg(&tokens)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(added.success());
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What doctor finds, and its exit code.
    fn look(&self, user: &str, more: &str) -> (Option<i32>, Vec<Value>) {
        let (api, metrics) = (port::free().unwrap(), port::free().unwrap());
        let text = format!(
            "[receiver]\nname = \"d-1\"\n[journal]\ndirectory = \"journal\"\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n\
             [api]\nlisten = \"127.0.0.1:{api}\"\n{more}\n{}",
            self.lines
        );
        fs::write(self.path("receiver.toml"), text).unwrap();
        doctor(&self.path("receiver.toml"), user)
    }
}

fn doctor(config: &Path, user: &str) -> (Option<i32>, Vec<Value>) {
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(["doctor", "--json", "--user", user, "--config"])
        .arg(config)
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    (output.status.code(), told["findings"].as_array().unwrap().clone())
}

/// The user this test runs as.
fn me() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn has(findings: &[Value], area: &str, state: &str, words: &str) -> bool {
    let fits = |finding: &&Value| {
        let text = format!("{} {}", finding["what"], finding["remedy"]);
        finding["area"] == area && finding["state"] == state && text.contains(words)
    };
    findings.iter().filter(fits).count() > 0
}

#[track_caller]
fn assert_has(findings: &[Value], area: &str, state: &str, words: &str) {
    assert!(has(findings, area, state, words), "no {state} finding on {area} with {words:?} in {findings:#?}");
}

#[test]
fn a_good_host_has_nothing_broken_and_its_disk_is_timed() {
    let host = Host::new();
    let (code, findings) = host.look(&me(), "");
    assert_eq!(code, Some(0), "{findings:#?}");
    for (area, words) in
        [("config", "ok, 0 lines"), ("journal", "a sync takes"), ("tokens", "1 tokens work"), ("network", "is free")]
    {
        assert_has(&findings, area, "ok", words);
    }
    let left: Vec<_> = fs::read_dir(host.path("journal")).unwrap().collect();
    assert!(left.is_empty(), "nothing is left behind: {left:?}");
}

#[test]
fn rights_are_judged_for_the_receivers_user() {
    let host = Host::new();
    fs::set_permissions(host.path("journal"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(host.path("tokens.toml"), fs::Permissions::from_mode(0o660)).unwrap();
    let (code, findings) = host.look("nobody", "");
    assert_eq!(code, Some(1));
    assert_has(&findings, "journal", "broken", "cannot be written by nobody");
    assert_has(&findings, "journal", "worry", "chmod o-rwx");
    assert_has(&findings, "tokens", "broken", "nobody cannot read");
    assert_has(&findings, "tokens", "broken", "chmod go-w");
    fs::remove_dir(host.path("journal")).unwrap();
    assert_has(&host.look("nobody", "").1, "journal", "broken", "install -d -o nobody");
    assert_has(&host.look("no-such-user", "").1, "user", "broken", "no-such-user");
}

#[test]
fn ports_that_are_missing_taken_or_no_ports_are_told() {
    let mut host = Host::new();
    let pty = Pty::new(&host.path("ttyS7")).unwrap();
    fs::write(host.path("file"), "").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let serial = |name: &str, path: &Path| {
        format!("[[line]]\nname = {name:?}\nprotocol = \"surgard\"\nserial = {{ path = {path:?}, speed = 1200 }}\n")
    };
    host.lines =
        serial("gone", &host.path("ttyS8")) + &serial("used", pty.port().path()) + &serial("odd", &host.path("file"));
    host.lines += &format!(
        "[[line]]\nname = \"net\"\nprotocol = \"surgard\"\ntcp-listen = {{ address = \"{}\" }}\n",
        taken.local_addr().unwrap()
    );
    let (code, findings) = host.look(&me(), "");
    assert_eq!(code, Some(1));
    assert_has(&findings, "serial", "broken", "line gone");
    assert_has(&findings, "serial", "broken", "line odd");
    assert_has(&findings, "serial", "broken", "line used");
    assert_has(&findings, "serial", "ok", "line used");
    assert_has(&findings, "network", "broken", "line net: ");
}

#[test]
fn a_running_receivers_own_ports_and_lock_are_its_own() {
    let receiver = Receiver::start(Setup::default()).unwrap();
    let (_, findings) = doctor(&receiver.directory().join("receiver.toml"), &me());
    assert_has(&findings, "journal", "ok", "a receiver is running on it");
    assert_has(&findings, "network", "ok", "held by telecare-receiv");
    assert!(!has(&findings, "network", "broken", ""), "{findings:#?}");
}

#[test]
fn a_database_of_this_software_is_known_and_its_quarantine_is_told() {
    let postgres = Postgres::shared().unwrap();
    let database = postgres.create_database().unwrap();
    let receiver = Receiver::start(Setup { database: vec![postgres.url(&database)], ..Setup::default() }).unwrap();
    receiver.console(0).until_connected().unwrap();
    let config = receiver.directory().join("receiver.toml");
    let (_, findings) = doctor(&config, &me());
    assert_has(&findings, "database", "ok", "is this software's");
    assert!(!has(&findings, "database", "worry", "quarantine"), "{findings:#?}");
    postgres.sql(&database, QUARANTINE).unwrap();
    assert_has(&doctor(&config, &me()).1, "database", "worry", "1 entries are in quarantine");
    postgres.sql(&database, NEWER).unwrap();
    assert_has(&doctor(&config, &me()).1, "database", "broken", "newer than this software");
}

#[test]
fn a_wrong_configuration_is_told_with_its_line() {
    let host = Host::new();
    let (code, findings) = host.look(&me(), "tokns = \"x\"");
    assert_eq!(code, Some(1));
    assert_has(&findings, "config", "broken", "tokns");
}

#[test]
fn a_database_that_would_lose_what_it_has_is_broken() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.create_database().unwrap();
    let host = Host::new();
    let section = format!("[database]\nurls = [{:?}]\n", postgres.url(&database));
    let (code, findings) = host.look(&me(), &section);
    assert_eq!(code, Some(0), "{findings:#?}");
    assert_has(&findings, "database", "ok", "no telecare schema yet");
    for setting in ["fsync = off", "full_page_writes = off", "synchronous_commit = off"] {
        postgres.sql(&database, &format!("ALTER SYSTEM SET {setting}")).unwrap();
    }
    postgres.stop().unwrap();
    let (code, findings) = host.look(&me(), &section);
    assert_eq!(code, Some(1));
    assert_has(&findings, "database", "broken", "not reachable");
    assert_has(&findings, "database", "broken", "no server can be written");
    postgres.start_again().unwrap();
    let (code, findings) = host.look(&me(), &section);
    assert_eq!(code, Some(1));
    assert_has(&findings, "database", "broken", "fsync is off");
    assert_has(&findings, "database", "broken", "full_page_writes is off");
    assert_has(&findings, "database", "worry", "synchronous_commit is off");
}
