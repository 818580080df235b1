//! The rules from the command line against a real receiver: a supervisor's close, an engineer's test, who is missing,
//! the numbers in force, an incident's members.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use telecare_tests::receiver::{Setup, token, token_of};
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::contact_id;

/// More units than make a storm by the built-in rules.
const STORM_UNITS: usize = 12;

/// A command that goes on; a test that fails must not leave it behind.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn site() -> Site {
    Site::start(Setup { namespace: Some("north".to_owned()), ..Setup::default() }).unwrap()
}

fn run(site: &Site, token: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .env("TELECARE_API", format!("http://127.0.0.1:{}", site.receiver.api_port()))
        .env("TELECARE_TOKEN", token)
        .env("TELECARE_DESK", "desk 7")
        .output()
        .unwrap()
}

/// What a command that must succeed prints.
fn said(site: &Site, token: &str, arguments: &[&str]) -> String {
    let output = run(site, token, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn press(site: &mut Site, account: &str) -> String {
    site.serial.tell(&contact_id("011", account, "E101", 5)).unwrap();
    let alarm = site.receiver.console(1).until_alarm(SERIAL, account).unwrap();
    alarm["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_supervisor_ends_what_somebody_else_has_and_an_operator_does_not() {
    let mut site = site();
    let alarm = press(&mut site, "1234");
    site.receiver.console(1).act(&alarm, "claim", Value::Null).unwrap().alarm().unwrap();
    let end = ["close-other", &alarm, "--outcome", "attended", "--reason", "gone home"];
    let refused = run(&site, &token(0), &end);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("(403)"), "{refused:?}");
    let done = said(&site, &token_of("supervisor"), &end);
    assert!(done.starts_with("close-other: ") && done.contains(": closed"), "{done}");
    let shown = said(&site, &token(0), &["show", &alarm]);
    assert!(shown.contains("close-other by supervisor at desk 7, outcome: attended, reason: gone home"), "{shown}");
    assert!(shown.contains("  level      0\n") && shown.contains("  listed     queue\n"), "{shown}");
    let without = run(&site, &token_of("supervisor"), &["close-other", &alarm, "--outcome", "attended"]);
    assert_eq!(without.status.code(), Some(2), "a reason is needed");
}

#[test]
fn an_engineer_starts_follows_and_stops_a_test() {
    let mut site = site();
    let engineer = token_of("engineer");
    let scope = "identity:north:surgard:1234";
    let start = ["test", "start", scope, "--reason", "new pendant", "--engineer", "Eve", "--minutes", "30"];
    let started = said(&site, &engineer, &start);
    let id = started.lines().last().unwrap().to_owned();
    assert!(started.starts_with("on test: ") && started.contains("by Eve, until "), "{started}");
    let listed = said(&site, &engineer, &["test", "list"]);
    assert!(listed.contains(&id) && listed.contains("[Eve: new pendant]"), "{listed}");

    let alarm = press(&mut site, "1234");
    let before = said(&site, &engineer, &["test", "show", &id[id.len() - 8..]]);
    assert!(before.contains("  1. ") && before.contains(": not seen yet\n"), "{before}");
    let queue = said(&site, &token(0), &["alarms"]);
    let (open, on_test) = queue.split_once("ON TEST\n").unwrap();
    assert!(!open.contains(&alarm[28..]) && on_test.contains(&alarm[28..]), "{queue}");
    said(&site, &engineer, &["seen", &alarm]);
    let after = said(&site, &engineer, &["test", "show", &id]);
    assert!(after.contains(": seen by engineer at desk 7 after "), "{after}");
    let summary = said(&site, &engineer, &["test", "summary", &id]);
    assert!(summary.ends_with("1 of 1 seen.\n") && summary.lines().count() == 1, "{summary}");

    let stopped = said(&site, &engineer, &["test", "stop", &id, "--text", "all well"]);
    assert!(stopped.contains("ended at ") && stopped.ends_with(" by engineer\n"), "{stopped}");
    let followed = said(&site, &engineer, &["test", "show", &id, "--follow"]);
    assert_eq!(followed.matches("  1. ").count(), 1, "{followed}");
    assert!(followed.ends_with(" by engineer\n"), "a test that is over is not waited for: {followed}");
    assert_eq!(said(&site, &engineer, &["test", "list"]), "nothing is on test\n");
}

#[test]
fn a_followed_test_tells_each_attempt_once_and_who_saw_it_until_it_is_over() {
    let mut site = site();
    let engineer = token_of("engineer");
    let start = ["test", "start", "identity:north:surgard:1234", "--reason", "new pendant"];
    let id = said(&site, &engineer, &start).lines().last().unwrap().to_owned();
    let child = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(["test", "show", &id, "--follow"])
        .env("TELECARE_API", format!("http://127.0.0.1:{}", site.receiver.api_port()))
        .env("TELECARE_TOKEN", &engineer)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut follower = Follower(child);
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.nth(2).unwrap().starts_with("  from "), "three lines before anything comes");
    let alarm = press(&mut site, "1234");
    let first = lines.next().unwrap();
    assert!(first.contains("  1. ") && first.ends_with(": not seen yet"), "{first}");
    said(&site, &engineer, &["seen", &alarm]);
    let seen = lines.next().unwrap();
    assert!(seen.contains("  1. ") && seen.contains(": seen by engineer at desk 7 after "), "{seen}");
    said(&site, &engineer, &["test", "stop", &id]);
    let rest: Vec<String> = lines.collect();
    assert!(rest.len() == 2 && rest[0].ends_with("1 of 1 seen.") && rest[1].ends_with(" by engineer"), "{rest:?}");
    assert!(follower.0.wait().unwrap().success());
}

#[test]
fn who_is_missing_and_the_numbers_in_force_are_printed() {
    let site = site();
    let overdue = said(&site, &token(0), &["overdue"]);
    assert!(overdue.starts_with("0 overdue of "), "{overdue}");
    let rules = said(&site, &token(0), &["rules"]);
    assert!(rules.contains("  lone-worker  10, 40 s\n") && rules.contains("\none incident: more than "), "{rules}");
    let numbers: Value = serde_json::from_str(&said(&site, &token(0), &["rules", "--json"])).unwrap();
    let presses = format!("{} presses within {} s", numbers["repeat_presses"], numbers["repeat_within_s"]);
    assert!(rules.contains(&presses) && !rules.contains("null"), "{rules}");
}

#[test]
fn an_incident_lists_its_members() {
    let mut site = site();
    for n in 0..STORM_UNITS {
        site.serial.tell(&contact_id("011", &format!("44{n:02}"), "E384", 7)).unwrap();
    }
    let incident = site.receiver.console(1).until("the incident", |list| {
        list["alarms"].as_array()?.iter().find(|alarm| alarm["members"] == json!(STORM_UNITS)).cloned()
    });
    let id = incident.unwrap()["id"].as_str().unwrap().to_owned();
    let members = said(&site, &token(0), &["incident", &id[28..]]);
    assert!(members.starts_with("12 open alarms, those at most risk first\n"), "{members}");
    for n in 0..STORM_UNITS {
        assert_eq!(members.matches(&format!("44{n:02}")).count(), 1, "{members}");
    }
    let queue = said(&site, &token(0), &["alarms"]);
    assert!(queue.contains("aside: 12 in an incident") && !queue.contains("ASIDE"), "{queue}");
    let all = said(&site, &token(0), &["alarms", "--all"]);
    assert_eq!(all.matches("[in-incident]").count(), STORM_UNITS, "{all}");
}
