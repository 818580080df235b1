//! What people at several desks do with one another: consoles of their own, alarms given away, closes undone, and the
//! words a centre chose.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::time::Duration;

use desk::{Desk, Server};
use serde_json::{Value, json};
use telecare_alarm::{LineId, SignalId};
use telecare_api::calls::{Call, CallAnswer, CallOutcome};
use telecare_protocol::Protocol;
use time::OffsetDateTime;
use uuid::Uuid;

/// A lease nobody outlives in a test.
const LONG: Duration = Duration::from_secs(600);

#[test]
fn a_console_s_token_acts_for_the_operator_it_names_and_for_nobody_else() {
    let server = Server::start(LONG);
    let (console, ann) = (server.console("desk-3", "operator"), server.desk("Ann", "operator"));
    let pressed = server.press("1234");
    let nameless = console.act(pressed, "claim", json!({}));
    assert_eq!((nameless.status, &nameless.json["field"]), (422, &json!("operator")), "{}", nameless.json);
    let blank = console.act(pressed, "claim", json!({"operator": " "}));
    assert_eq!((blank.status, &blank.json["field"]), (400, &json!("operator")));
    assert_eq!(console.only_alarm()["standing"], "waiting");

    let claimed = console.act(pressed, "claim", json!({"operator": "Ann", "desk": "desk-7"}));
    let claim = &claimed.json["alarm"]["claim"];
    assert_eq!((&claim["person"], &claim["desk"]), (&json!("Ann"), &json!("desk-3")), "its desk is the console");
    // The person goes on with a token of her own.
    assert_eq!(ann.act(pressed, "note", json!({"text": "x", "operator": "Ann"})).status, 200);
    let other = ann.act(pressed, "note", json!({"text": "x", "operator": "Ben"}));
    assert_eq!((other.status, &other.json["type"]), (403, &json!("urn:telecare:problem:forbidden")));
}

#[test]
fn asking_for_anything_keeps_a_claim() {
    let server = Server::start(Duration::from_secs(5));
    let ann = server.desk("Ann", "operator");
    let pressed = server.press("1234");
    let claimed = ann.act(pressed, "claim", json!({}));
    let first = claimed.json["alarm"]["claim"]["lease_until"].clone();
    let list = ann.until_list(|alarms| alarms[0]["claim"]["lease_until"] != first);
    let claim = &list["alarms"][0]["claim"];
    assert!(claim["lease_until"].as_str() > first.as_str(), "her polls alone renewed it");
    assert_eq!((&list["alarms"][0]["standing"], &claim["person"]), (&json!("claimed"), &json!("Ann")));
}

#[test]
fn an_alarm_given_to_somebody_is_theirs_and_says_who_gave_it() {
    let server = Server::start(LONG);
    let (ann, ben) = (server.desk("Ann", "operator"), server.desk("Ben", "operator"));
    let pressed = server.press("1234");
    ann.act(pressed, "claim", json!({}));
    let lost = ben.act(pressed, "transfer", json!({"to": "Cat"}));
    assert_eq!((lost.status, &lost.json["holder"]["person"]), (409, &json!("Ann")), "the holder is told");
    let given = ann.act(pressed, "transfer", json!({"to": "Ben"}));
    let claim = &given.json["alarm"]["claim"];
    assert_eq!((&claim["person"], &claim["given_by"]["person"]), (&json!("Ben"), &json!("Ann")), "{}", given.json);
    assert!(!given.json["alarm"]["ringing"].is_null(), "it rings for Ben");
    let taken = ben.act(pressed, "claim", json!({}));
    assert_eq!(taken.json["alarm"]["claim"]["desk"], "desk of Ben");
    assert_eq!(ann.act(pressed, "release", json!({})).status, 409);
}

#[test]
fn a_just_closed_alarm_stays_listed_and_can_be_reopened() {
    let server = Server::start(LONG);
    let (ann, sue) = (server.desk("Ann", "operator"), server.desk("Sue", "supervisor"));
    let pressed = server.press("1234");
    assert_eq!(ann.act(pressed, "reopen", json!({})).json["refusal"], "not-closed");
    close(&ann, pressed);
    let list = ann.until_list(|alarms| alarms.is_empty());
    assert_eq!(list["closed"][0]["id"], json!(pressed));
    assert_eq!(list["closed"][0]["closed"]["outcome"], "attended");
    let reopened = ann.act(pressed, "reopen", json!({}));
    assert_eq!((reopened.status, &reopened.json["alarm"]["standing"]), (200, &json!("waiting")), "{}", reopened.json);

    // Once the unit has a later alarm, that is the one to work on.
    close(&ann, pressed);
    let later = server.press("1234");
    let refused = sue.act(pressed, "reopen", json!({}));
    assert_eq!((refused.status, &refused.json["later_alarm"]), (409, &json!(later)), "{}", refused.json);
}

#[test]
fn a_close_has_an_outcome_of_the_centre_and_the_text_that_it_asks_for() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let pressed = server.press("1234");
    ann.act(pressed, "claim", json!({}));
    let choices = ann.get("/v1/choices").json;
    let codes: Vec<&Value> = choices["outcomes"].as_array().unwrap().iter().map(|outcome| &outcome["code"]).collect();
    assert!(codes.len() > 1);
    let needs_text = choices["outcomes"].as_array().unwrap().iter().find(|o| o["text"] == "required").unwrap();
    let act = |act, fields: Value| {
        let mut body = json!({"shown": pressed});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        ann.act(pressed, act, body)
    };
    let unknown = act("close", json!({"outcome": "fixed"}));
    assert_eq!((unknown.status, &unknown.json["field"]), (422, &json!("outcome")));
    assert_eq!(unknown.json["allowed"].as_array().unwrap().iter().collect::<Vec<_>>(), codes);
    assert_eq!(act("close", json!({})).json["field"], "outcome");
    let bare = act("close", json!({"outcome": needs_text["code"]}));
    assert_eq!((bare.status, &bare.json["field"]), (422, &json!("text")), "{}", bare.json);
    let kind = act("note", json!({"kind": "rumour", "text": "x"}));
    assert_eq!((kind.status, &kind.json["field"]), (422, &json!("kind")));
    assert!(kind.json["allowed"].as_array().unwrap().contains(&json!("999-called")));
    assert_eq!(act("note", json!({"kind": "999-called", "reference": "CAD 1234"})).status, 200);
    assert_eq!(act("close", json!({"outcome": needs_text["code"], "text": "ambulance took her"})).status, 200);

    let log = ann.get(&format!("/v1/alarms/{pressed}")).json["log"].clone();
    let note = log.as_array().unwrap().iter().find(|entry| entry["act"] == "note").unwrap();
    assert_eq!((&note["kind"], &note["reference"]), (&json!("999-called"), &json!("CAD 1234")));
}

#[test]
fn the_first_console_that_is_shown_an_alarm_is_noted_and_a_wallboard_is_nobody() {
    let server = Server::start(LONG);
    let (wall, engineer) = (server.desk("Wall", "monitor"), server.desk("Eve", "engineer"));
    let ann = server.desk("Ann", "operator");
    let pressed = server.press("1234");
    wall.list("");
    engineer.get(&format!("/v1/alarms/{pressed}"));
    assert!(wall.only_alarm()["served_at"].is_null());
    let before = OffsetDateTime::now_utc();
    ann.list("");
    let list = wall.until_list(|alarms| !alarms[0]["served_at"].is_null());
    let served = list["alarms"][0]["served_at"].as_str().unwrap();
    let served = OffsetDateTime::parse(served, &time::format_description::well_known::Rfc3339).unwrap();
    assert!(served >= before - Duration::from_millis(1) && served <= OffsetDateTime::now_utc());
}

#[test]
fn an_engineer_finds_the_test_call_by_its_number() {
    let server = Server::start(LONG);
    let (engineer, wall) = (server.desk("Eve", "engineer"), server.desk("Wall", "monitor"));
    let now = OffsetDateTime::now_utc();
    let call = |line: &str, caller: Option<&str>, outcome, answered, ago_s: u64| Call {
        line: LineId::new(line),
        protocol: Protocol::SurGard,
        peer: Some("127.0.0.1:1025".to_owned()),
        caller: caller.map(str::to_owned),
        identity: Some("1234".to_owned()),
        began: now - Duration::from_secs(ago_s),
        last_byte: None,
        ended: now - Duration::from_secs(ago_s),
        outcome,
        answered,
        signals: vec![SignalId(Uuid::now_v7())],
        bytes: 0,
        bad_frames: 0,
        detail: "nothing came".to_owned(),
    };
    let calls = server.calls();
    calls.record(call("a", Some("01527 123456"), CallOutcome::Silent, None, 20));
    calls.record(call("a", Some("01527 123456"), CallOutcome::Stored, Some(CallAnswer::Positive), 10));
    calls.record(call("b", None, CallOutcome::Refused, Some(CallAnswer::Withheld), 5));
    let outcomes = |query: &str| {
        let answer = engineer.get(&format!("/v1/calls{query}")).json;
        let calls = answer["calls"].as_array().unwrap().iter();
        calls.map(|call| call["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes("?number=%2B441527123456"), ["stored", "silent"], "the latest first, failed ones, too");
    assert_eq!(outcomes("?line=b"), ["refused"]);
    assert_eq!(outcomes("?account=1234&limit=2"), ["refused", "stored"]);
    assert_eq!(outcomes("?number=999999"), [""; 0]);
    assert_eq!(engineer.get("/v1/calls?number=12").json["field"], "number");
    assert_eq!(wall.get("/v1/calls").status, 403, "numbers are nothing for a wallboard");
}

fn close(desk: &Desk, alarm: Uuid) {
    desk.act(alarm, "claim", json!({}));
    let closed = desk.act(alarm, "close", json!({"shown": alarm, "outcome": "attended"}));
    assert_eq!(closed.status, 200, "{}", closed.json);
}
