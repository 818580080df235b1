//! The rules as consoles see them: what is aside, what somebody else has, units on test.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::time::Duration;

use desk::Server;
use serde_json::{Value, json};
use telecare_alarm::{Class, Lane, Priority};
use telecare_protocol::{Status, Trigger};

const LONG: Duration = Duration::from_secs(600);

#[test]
fn what_is_aside_is_counted_and_listed_for_who_asks() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    server.press("1234");
    server.says("5678", |signal| {
        signal.report.events[0].trigger = Trigger::Mains;
        signal.report.events[0].status = Status::Active;
        signal.ranking.priority = Priority::new(4).unwrap();
        (signal.ranking.class, signal.ranking.lane) = (Class::Technical, Lane::Routine);
    });
    let list = ann.get("/v1/alarms").json;
    let listed =
        |list: &Value| list["alarms"].as_array().unwrap().iter().map(|a| a["listed"].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&list), ["queue"]);
    assert_eq!((&list["open"], &list["aside"]["waits_for_restore"]), (&json!(2), &json!(1)));
    assert_eq!(listed(&ann.get("/v1/alarms?listed=all").json), ["queue", "waits-for-restore"]);
    assert_eq!(ann.get("/v1/alarms?listed=some").status, 400);
    let rules = ann.get("/v1/rules").json;
    assert_eq!(rules["answer"][0], json!({"class": "lone-worker", "seconds": [10, 40]}), "{rules}");
    assert_eq!(ann.get("/v1/expected").json["overdue"], 0);
    let press = list["alarms"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ann.get(&format!("/v1/alarms/{press}/members")).status, 404, "it is no incident");
}

#[test]
fn an_incident_lists_its_members() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    for n in 0..12 {
        server.says(&format!("44{n:02}"), |signal| {
            signal.report.events[0].trigger = Trigger::Battery;
            signal.ranking.priority = Priority::new(4).unwrap();
            (signal.ranking.class, signal.ranking.lane) = (Class::Technical, Lane::Routine);
        });
    }
    let list = ann.until_list(|alarms| alarms.len() == 1 && alarms[0]["members"] == 12);
    let incident = &list["alarms"][0];
    assert_eq!((&incident["unit_basis"], &list["aside"]["in_incident"]), (&json!("group"), &json!(12)));
    let id = incident["id"].as_str().unwrap();
    let first = ann.get(&format!("/v1/alarms/{id}/members?limit=5")).json;
    assert_eq!((first["alarms"].as_array().unwrap().len(), &first["next"]), (5, &json!(5)));
    assert_eq!(first["alarms"][0]["incident"], incident["id"]);
    let last = ann.get(&format!("/v1/alarms/{id}/members?after=5")).json;
    assert_eq!((last["alarms"].as_array().unwrap().len(), &last["next"]), (7, &Value::Null));
}

#[test]
fn a_supervisor_ends_what_somebody_else_has_and_says_why() {
    let server = Server::start(LONG);
    let (ann, ben) = (server.desk("Ann", "operator"), server.desk("Ben", "operator"));
    let sue = server.desk("Sue", "supervisor");
    let pressed = server.press("1234");
    let close = json!({"shown": pressed, "outcome": "attended", "reason": "Ann has gone home"});
    assert_eq!(sue.act(pressed, "close-other", close.clone()).json["refusal"], "not-taken");
    ann.act(pressed, "claim", json!({}));
    assert_eq!(ben.act(pressed, "close-other", close.clone()).status, 403);
    assert_eq!(ben.act(pressed, "close", close.clone()).json["refusal"], "not-holder");
    let without = json!({"shown": pressed, "outcome": "attended"});
    assert_eq!(sue.act(pressed, "close-other", without).json["field"], "reason");
    let closed = sue.act(pressed, "close-other", close).json["alarm"].clone();
    assert_eq!((&closed["closed"]["person"], &closed["claim"]["person"]), (&json!("Sue"), &json!("Ann")));
    let log = ann.get(&format!("/v1/alarms/{pressed}")).json["log"].clone();
    let last = log.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["act"], &last["reason"]), (&json!("close-other"), &json!("Ann has gone home")), "{log}");
}

#[test]
fn an_engineer_tests_a_unit_and_works_nothing_else() {
    let server = Server::start(LONG);
    let (eve, ann) = (server.desk("Eve", "engineer"), server.desk("Ann", "operator"));
    let scope = "identity:north:surgard:1234";
    let start = |more: Value| {
        let mut body = json!({"action": uuid::Uuid::new_v4(), "desk": "van", "scope": scope, "reason": "new pendant"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        eve.post("/v1/tests", &body.to_string())
    };
    assert_eq!(start(json!({"minutes": 10_000})).json["field"], "minutes");
    assert_eq!(start(json!({"scope": "flat:1"})).json["field"], "scope");
    assert_eq!(start(json!({"scope": "scheme:Nowhere"})).status, 422);
    let test = start(json!({"minutes": 30})).json;
    let again = start(json!({"minutes": 60})).json;
    assert_eq!(test["id"], again["id"], "one scope, one test: made longer");
    assert!(again["on_test"]["until"].as_str() > test["on_test"]["until"].as_str());
    let id = test["id"].as_str().unwrap().to_owned();
    assert_eq!(ann.get("/v1/tests").json["tests"][0]["on_test"]["engineer"], "Eve");

    let on_test = |signal: &mut telecare_alarm::Signal| signal.unit.key = "unit/in/north/surgard/1234".into();
    let pressed = server.says("1234", on_test);
    let other = server.press("5678");
    let list = ann.get("/v1/alarms").json;
    let alarms = list["alarms"].as_array().unwrap().iter();
    let listed: Vec<&str> = alarms.map(|alarm| alarm["listed"].as_str().unwrap()).collect();
    assert_eq!((listed, &list["on_test"]), (vec!["on-test", "queue", "on-test"], &json!(2)), "{list}");
    let before = eve.get(&format!("/v1/tests/{id}")).json;
    assert_eq!((&before["came"], &before["seen"], &before["attempts"][0]["number"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(eve.act(pressed, "seen", json!({"shown": pressed})).status, 200);
    assert_eq!(eve.act(other, "claim", json!({})).status, 403, "not on test");
    let after = eve.get(&format!("/v1/tests/{id}?wait=30&cursor={}", before["cursor"].as_str().unwrap())).json;
    assert_eq!((&after["seen"], &after["attempts"][0]["seen"]["person"]), (&json!(1), &json!("Eve")), "{after}");
    assert!(after["summary"].as_str().unwrap().ends_with("1 of 1 seen."), "{after}");

    let stop = json!({"action": uuid::Uuid::new_v4(), "desk": "van", "text": "all well"});
    let stopped = eve.post(&format!("/v1/tests/{id}/stop"), &stop.to_string()).json;
    assert_eq!((&stopped["ended"]["outcome"], &stopped["ended"]["person"]), (&json!("stopped"), &json!("Eve")));
    let list = ann.until_list(|alarms| alarms.len() == 1);
    assert_eq!(list["alarms"][0]["id"], json!(other), "what had been seen is closed with the test");
    assert_eq!(eve.get(&format!("/v1/tests/{other}")).status, 404);
}
