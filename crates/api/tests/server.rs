//! The API as a console meets it: the real server on a loopback port over a real queue that stands alone.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use desk::Server;
use serde_json::{Value, json};
use uuid::Uuid;

/// Half of the wait that the polls below ask for: an answer after it was not woken by what happened.
const WOKEN: Duration = Duration::from_secs(15);
/// A lease nobody outlives in a test.
const LONG: Duration = Duration::from_secs(600);

#[test]
fn an_alarm_lives_from_its_press_to_its_close() {
    let server = Server::start(LONG);
    let (ann, ben) = (server.desk("Ann", "operator"), server.desk("Ben", "operator"));
    let pressed = server.press("1234");
    let alarm = ann.only_alarm();
    assert_eq!((&alarm["id"], &alarm["standing"]), (&json!(pressed), &json!("waiting")));
    assert_eq!((&alarm["priority"], &alarm["presses"]), (&json!(1), &json!(1)));

    let claimed = ann.act(pressed, "claim", json!({}));
    assert_eq!((claimed.status, &claimed.json["alarm"]["claim"]["person"]), (200, &json!("Ann")));
    assert_eq!(claimed.json["degraded"], false);
    let lost = ben.act(pressed, "claim", json!({}));
    assert_eq!((lost.status, &lost.json["refusal"]), (409, &json!("taken")));
    assert_eq!(lost.json["alarm"]["claim"]["desk"], "desk of Ann", "the loser sees the holder");

    let again = server.press("1234");
    let stale = ann.act(pressed, "close", json!({"shown": pressed, "outcome": "attended", "text": "fine"}));
    assert_eq!((stale.status, &stale.json["refusal"]), (409, &json!("later-signal")));
    assert_eq!(stale.json["alarm"]["last_signal"], json!(again), "the stale screen sees the later signal");
    assert_eq!(ann.act(pressed, "seen", json!({"shown": again})).status, 200);
    assert_eq!(ann.act(pressed, "close", json!({"shown": again, "outcome": " "})).status, 422);
    let closed = ann.act(pressed, "close", json!({"shown": again, "outcome": "attended", "text": "fine"}));
    assert_eq!((closed.status, &closed.json["alarm"]["standing"]), (200, &json!("closed")));
    ann.until_list(|alarms| alarms.is_empty());
    assert_eq!(ben.act(pressed, "claim", json!({})).json["refusal"], "closed");

    // That an action was refused is written down a moment after its answer.
    let detail = ben.until_detail(pressed, |detail| done(detail) == ["claim", "seen", "close"]);
    assert_eq!(detail["signals"].as_array().unwrap().len(), 2);
    assert_eq!(detail["signals"][0]["raw"], "5011 181234E10101001\\x14");
}

/// The acts of an alarm's log that were not refused.
fn done(detail: &Value) -> Vec<&str> {
    let log = detail["log"].as_array().unwrap().iter();
    let by_people = log.filter(|action| action["refused"].is_null() && action["act"] != "served");
    by_people.map(|action| action["act"].as_str().unwrap()).collect()
}

#[test]
fn one_action_sent_twice_is_done_once() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let pressed = server.press("1234");
    let action = json!({"action": Uuid::new_v4(), "text": "her daughter is there"});
    for _ in 0..2 {
        assert_eq!(ann.act(pressed, "note", action.clone()).status, 200);
    }
    assert_eq!(done(&ann.get(&format!("/v1/alarms/{pressed}")).json), ["note"]);
}

#[test]
fn a_waiting_console_hears_of_a_press_at_once() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let cursor = ann.list("").json["cursor"].as_str().unwrap().to_owned();
    let unchanged = ann.get_if("/v1/alarms", &format!("\"{cursor}\""));
    assert_eq!((unchanged.status, unchanged.header("etag")), (304, format!("\"{cursor}\"")));
    let begun = Instant::now();
    let waiting = {
        let (ann, query) = (ann.clone(), format!("?wait=30&cursor={cursor}"));
        thread::spawn(move || ann.list(&query))
    };
    let pressed = server.press("1234");
    let woken = waiting.join().unwrap();
    assert_eq!(woken.json["alarms"][0]["id"], json!(pressed));
    assert!(begun.elapsed() < WOKEN);
    assert_ne!(woken.json["cursor"], json!(cursor));
    // The console's old cursor is unknown by then: this does not wait.
    assert_eq!(ann.get_if("/v1/alarms?wait=30", &format!("\"{cursor}\"")).status, 200);
    let polled = ann.list(&format!("?wait=0&cursor={}", woken.json["cursor"].as_str().unwrap()));
    assert_eq!(polled.json["alarms"][0]["id"], json!(pressed), "no change in no time is the same list");
}

#[test]
fn a_waiting_console_hears_that_a_lease_is_over() {
    let server = Server::start(Duration::from_secs(1));
    let (ann, ben) = (server.desk("Ann", "operator"), server.desk("Ben", "operator"));
    let pressed = server.press("1234");
    assert_eq!(ann.act(pressed, "claim", json!({})).status, 200);
    let begun = Instant::now();
    // Not by a console of her own: asking would keep her claim.
    ben.until_list(|alarms| alarms[0]["standing"] == "waiting");
    assert!(begun.elapsed() < WOKEN);
    // The rules take it from her and put it one level up, with what was done on record.
    let list = ben.until_list(|alarms| alarms[0]["level"] == 1 && alarms[0]["claim"].is_null());
    assert_eq!(list["alarms"][0]["escalations"][0]["rule"], "lease-lost");
    // That she was shown it is noted, and then nothing more changes.
    ben.until_list(|alarms| !alarms[0]["served_at"].is_null());
    // A slow machine may still be at it.
    let is_unchanged = || {
        let list = ben.get("/v1/alarms").json;
        ben.get_if("/v1/alarms", &format!("\"{}\"", list["cursor"].as_str().unwrap())).status == 304
    };
    assert!((0..100).any(|_| is_unchanged()));
}

#[test]
fn each_role_reaches_as_far_as_it_may() {
    let server = Server::start(LONG);
    let pressed = server.press("1234");
    let table = [
        ("operator", [200, 200, 200, 200]),
        ("supervisor", [200, 200, 200, 200]),
        ("engineer", [200, 200, 200, 403]),
        ("auditor", [200, 200, 403, 403]),
        ("monitor", [200, 403, 403, 403]),
        ("source", [403, 403, 403, 403]),
    ];
    for (role, expected) in table {
        let desk = server.desk("Pat", role);
        let got = [
            desk.list("").status,
            desk.get(&format!("/v1/alarms/{pressed}")).status,
            desk.act(pressed, "note", json!({"text": "x"})).status,
            desk.act(pressed, "claim", json!({})).status,
        ];
        assert_eq!(got, expected, "{role}");
    }
}

#[test]
fn without_a_good_token_only_health_answers() {
    let server = Server::start(LONG);
    let (expired, revoked) = (server.expired_desk("Ann"), server.revoked_desk("Ben"));
    for desk in [server.desk_with("tc_wrong"), server.desk_with(""), expired, revoked] {
        for answer in [desk.list(""), desk.act(Uuid::new_v4(), "claim", json!({}))] {
            assert_eq!(answer.status, 401);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.json["type"], "urn:telecare:problem:unauthorised");
        }
        let health = desk.get("/v1/health");
        assert_eq!((health.status, &health.json["status"]), (200, &json!("ok")));
        assert_eq!(health.json["link"], "standalone");
    }
}

#[test]
fn every_refusal_is_a_problem_that_names_what_was_wrong() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let pressed = server.press("1234");
    let claim = format!("/v1/alarms/{pressed}/claim");
    let table = [
        (ann.get("/v1/nothing"), 404, "no-such-path", None),
        (ann.act(pressed, "delete", json!({})), 404, "no-such-path", None),
        (ann.act(Uuid::new_v4(), "claim", json!({})), 404, "unknown-alarm", None),
        (ann.get(&format!("/v1/alarms/{}", Uuid::new_v4())), 404, "unknown-alarm", None),
        (ann.get("/v1/alarms/7"), 400, "invalid-request", Some("id")),
        (ann.get("/v1/alarms?wait=long"), 400, "invalid-request", Some("wait")),
        (ann.get(&claim), 405, "wrong-method", None),
        (ann.post(&claim, "{"), 400, "invalid-request", Some("body")),
        (ann.post(&claim, r#"{"desk":"1"}"#), 400, "invalid-request", Some("action")),
        (ann.post(&claim, r#"{"action":"7","desk":"1"}"#), 400, "invalid-request", Some("action")),
        (ann.act(pressed, "claim", json!({"desk": " "})), 400, "invalid-request", Some("desk")),
        (ann.post(&claim, &json!({"action": Uuid::new_v4()}).to_string()), 422, "missing", Some("desk")),
        (ann.act(pressed, "claim", json!({"operator": "Ben"})), 403, "forbidden", None),
        (ann.act(pressed, "close", json!({"shown": "x"})), 400, "invalid-request", Some("shown")),
        (ann.post(&claim, &" ".repeat(70_000)), 413, "too-large", None),
    ];
    for (answer, status, name, field) in table {
        assert_eq!((answer.status, &answer.json["type"]), (status, &json!(format!("urn:telecare:problem:{name}"))));
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json["field"].as_str(), field, "{}", answer.json);
        assert_eq!(answer.json["status"], json!(status));
        assert!(!answer.json["detail"].as_str().unwrap().is_empty());
    }
    assert_eq!(ann.only_alarm()["standing"], "waiting", "nothing of this changed it");
}

#[test]
fn a_console_that_reads_slowly_gets_the_state_it_began_with_and_its_length() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    // More than two sockets hold, so most of it has not left when the next press comes.
    let words: Arc<str> = "unit of many words ".repeat(5_000).into();
    for n in 0..60 {
        server.says(&format!("{n:04}"), |signal| signal.unit.words = Arc::clone(&words));
    }
    let before = server.queue().board().borrow().open.len();
    let mut slow = ann.send_list("");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        slow.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    server.press("1234");
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(!head.contains("transfer-encoding"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    slow.read_exact(&mut body).unwrap();
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(list["alarms"].as_array().map(Vec::len), Some(before));
    let etag = format!("etag: \"{}\"", list["cursor"].as_str().unwrap());
    assert!(head.contains(&etag), "{head}");
    assert_eq!(ann.list("").json["alarms"].as_array().map(Vec::len), Some(before + 1));
}

#[test]
fn a_stop_answers_who_waits_and_ends_the_server() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let cursor = ann.list("").json["cursor"].as_str().unwrap().to_owned();
    let mut consoles: Vec<_> = (0..3).map(|_| ann.send_list(&format!("?wait=30&cursor={cursor}"))).collect();
    server.until_requests_are_read(consoles.len());
    server.stop();
    for console in &mut consoles {
        let mut answer = String::new();
        console.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(&cursor), "{answer}");
    }
}
