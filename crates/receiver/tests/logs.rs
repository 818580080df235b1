//! What a run leaves in the log: one line a stored signal, and nobody's account, number or name.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::Setup;
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::{frame, sia};

/// Who calls. None of this may be said.
const ACCOUNT: &str = "739155";
const NUMBER: &str = "2025550123";
const NAME: &str = "Mrs A Exemplar     ";
const MARKS: [&str; 6] = [ACCOUNT, NUMBER, "441632960777", "Exemplar", "spoke with the daughter", "person-0"];

fn setup(format: &str) -> Setup {
    let wrapper = ["env", &format!("TELECARE_LOG_FORMAT={format}"), "RUST_LOG=info"];
    // A shell between, because the harness looks for the daemon below its wrapper.
    let shell = ["sh", "-c", "\"$@\"; exit $?", "sh"];
    Setup { wrapper: wrapper.into_iter().chain(shell).map(str::to_owned).collect(), ..Setup::default() }
}

/// A call with everything personal a line can carry, and an operator's whole work on it.
fn call(site: &mut Site) -> Result<()> {
    site.serial.tell(&sia("011", ACCOUNT, "QA01"))?;
    site.serial.tell_once(&format!("4011{ACCOUNT}{NUMBER}"))?;
    site.serial.tell_once("U441632960777FFFFFF")?;
    site.serial.tell_once(&format!("u{NAME}"))?;
    // One that nobody can read, with the account in it.
    site.serial.link().write(&frame(&format!("5011 18{ACCOUNT}")))?;
    let console = site.receiver.console(0);
    let alarm = console.until_alarm(SERIAL, ACCOUNT)?;
    let id = alarm["id"].as_str().context("an id")?;
    console.act(id, "claim", json!({}))?.alarm()?;
    console.act(id, "note", json!({ "text": "spoke with the daughter" }))?.alarm()?;
    let shown = console.until_alarm(SERIAL, ACCOUNT)?["last_signal"].clone();
    console.act(id, "close", json!({ "shown": shown, "outcome": "attended", "text": "" }))?.alarm()?;
    Ok(())
}

fn check_silent(log: &str) -> Result<()> {
    for mark in MARKS {
        let told = log.lines().find(|line| line.contains(mark));
        ensure!(told.is_none(), "the log tells {mark:?}: {}", told.unwrap_or_default());
    }
    Ok(())
}

#[test]
fn nobody_is_named_above_debug_in_any_format() -> Result<()> {
    let postgres = Postgres::start()?;
    for format in ["text", "json", "journald"] {
        let database = postgres.create_database()?;
        let mut site = Site::start(Setup { database: vec![postgres.url(&database)], ..setup(format) })?;
        site.receiver.console(0).until_connected()?;
        call(&mut site)?;
        // Also what is said when things break, and at the next start with everything in the journal.
        postgres.stop()?;
        call(&mut site)?;
        site.receiver.kill_9()?;
        site.receiver.launch()?;
        postgres.start_again()?;
        site.receiver.console(0).until_connected()?;
        site.receiver.terminate()?;
        let log = site.receiver.log();
        check_silent(&log)?;
        ensure!(log.lines().filter(|line| line.contains("signal stored")).count() >= 6, "too little was told:\n{log}");
    }
    Ok(())
}

#[test]
fn a_stored_signal_is_one_line_with_its_facts() -> Result<()> {
    let mut site = Site::start(setup("json"))?;
    site.serial.tell(&sia("011", ACCOUNT, "QA01"))?;
    let console = site.receiver.console(0);
    let id = console.until_alarm(SERIAL, ACCOUNT)?["id"].clone();
    site.receiver.terminate()?;
    let log = site.receiver.log();
    let events: Vec<Value> = log.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let stored: Vec<&Value> = events.iter().filter(|event| event["fields"]["signal"] == id).collect();
    ensure!(stored.len() == 1, "{} lines for one signal", stored.len());
    let (event, fields) = (stored[0], &stored[0]["fields"]);
    assert_eq!(event["level"], "INFO");
    let wanted = json!({ "line": SERIAL, "protocol": "surgard", "priority": 1, "class": "person", "lane": "urgent", "stored": "journal" });
    for (name, value) in wanted.as_object().context("an object")? {
        assert_eq!(&fields[name], value, "{name} in {event}");
    }
    for name in ["trigger", "status", "last_byte"] {
        ensure!(fields[name].as_str().is_some_and(|text| !text.is_empty()), "no {name} in {event}");
    }
    for name in ["decoded_ms", "stored_ms"] {
        ensure!(fields[name].as_f64().is_some_and(|ms| (0.0..60_000.0).contains(&ms)), "{name} in {event}");
    }
    ensure!(fields["message"].as_str().is_some_and(|text| text.starts_with("signal stored: ")), "{event}");
    Ok(())
}

/// systemd names the journal's stream by device and inode; here it is the log file of the test.
#[test]
fn under_systemd_the_log_goes_to_the_journal_by_itself() -> Result<()> {
    if fs::exists("/run/systemd/journal/socket")? {
        println!("this host has a journal, which would get the lines");
        return Ok(());
    }
    let named = "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) \"$@\"; exit $?";
    for (script, is_for_journal) in [(named, true), ("JOURNAL_STREAM=1:1 \"$@\"; exit $?", false)] {
        let wrapper = ["sh", "-c", script, "sh"].map(str::to_owned).to_vec();
        let mut site = Site::start(Setup { wrapper, ..Setup::default() })?;
        site.receiver.terminate()?;
        assert_eq!(site.receiver.log().starts_with("<6>"), is_for_journal, "{}", site.receiver.log());
    }
    Ok(())
}

#[test]
fn for_the_journal_each_line_has_its_priority() -> Result<()> {
    if fs::exists("/run/systemd/journal/socket")? {
        println!("this host has a journal, which gets the lines itself; the entries are tested beside their code");
        return Ok(());
    }
    let mut site = Site::start(setup("journald"))?;
    site.receiver.terminate()?;
    let log = site.receiver.log();
    ensure!(log.lines().count() > 3 && log.lines().all(|line| line.starts_with('<')), "{log}");
    ensure!(log.contains("<6>stopped"), "{log}");
    Ok(())
}
