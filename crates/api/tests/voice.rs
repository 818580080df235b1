//! Where the voice is: an alarm shows its call, and whoever has the alarm commands it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod desk;

use std::thread;
use std::time::Duration;

use desk::{Desk, Server};
use serde_json::{Value, json};
use telecare_alarm::{CallId, LineId, ReceiverId};
use telecare_protocol::call::{End, Operated, Operator, Speech, Volume};
use telecare_queue::live_calls::Command;
use telecare_queue::{CallHandle, LiveCall, Operate, Reach, Supports};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use uuid::Uuid;

/// A lease nobody outlives in a test.
const LONG: Duration = Duration::from_secs(600);

/// A call on a line of the server's, with the line's end of its commands.
fn begin(server: &Server) -> (CallHandle, mpsc::Receiver<Operate>) {
    let (operator, line) = mpsc::channel(4);
    let call = LiveCall {
        id: CallId(Uuid::now_v7()),
        line: LineId::new("modem-1"),
        caller: Some("01527 1".to_owned()),
        began: OffsetDateTime::now_utc(),
        reach: Reach::Extension("21".to_owned()),
        speech: Speech::None,
        supports: Supports::of(&[Command::Speak, Command::Volume, Command::Select, Command::Door]),
        talker: None,
    };
    (server.queue().live_calls().begin(call, operator), line)
}

fn press_in(server: &Server, call: &CallHandle, account: &str) -> Uuid {
    let id = call.id();
    server.says(account, |signal| (signal.call, signal.line) = (Some(id), LineId::new("modem-1")))
}

/// The list once the call of an alarm is as wanted; that call.
fn until_call(desk: &Desk, alarm: Uuid, wanted: impl Fn(&Value) -> bool) -> Value {
    let of = |alarms: &[Value]| {
        let card = alarms.iter().find(|card| card["id"] == json!(alarm))?;
        Some(card["calls"][0].clone()).filter(|call| wanted(call))
    };
    of(desk.until_list(|alarms| of(alarms).is_some())["alarms"].as_array().unwrap()).unwrap()
}

fn command(call: &CallHandle, command: &str) -> Value {
    json!({"call": call.id().0, "command": command})
}

#[test]
fn alarms_of_one_call_show_each_other_and_who_speaks() {
    let server = Server::start(LONG);
    let (ann, ben) = (server.desk("Ann", "operator"), server.desk("Ben", "operator"));
    let (call, _line) = begin(&server);
    let (one, other) = (press_in(&server, &call, "1234"), press_in(&server, &call, "5678"));
    let shown = until_call(&ben, one, |call| call["state"] == "on-line" && call["others"] == json!([other]));
    assert_eq!((&shown["id"], &shown["receiver"]), (&json!(call.id().0), &json!("test-1")));
    assert_eq!((&shown["line"], &shown["speech"]), (&json!("modem-1"), &json!("none")));
    assert_eq!((&shown["reach"], &shown["with"]), (&json!({"extension": "21"}), &Value::Null));
    assert_eq!(shown["supports"], json!(["speak", "volume", "select"]));
    let began = OffsetDateTime::parse(shown["began"].as_str().unwrap(), &time::format_description::well_known::Rfc3339);
    assert!((OffsetDateTime::now_utc() - began.unwrap()).abs() < time::Duration::MINUTE);

    let claimed = ann.act(one, "claim", json!({}));
    let of_ann = &claimed.json["alarm"]["calls"][0];
    assert_eq!((&of_ann["state"], &of_ann["others"]), (&json!("with-operator"), &json!([other])));
    assert_eq!(of_ann["with"]["person"], "Ann");
    let of_other = until_call(&ben, other, |call| call["state"] == "with-operator");
    assert_eq!(of_other["with"]["person"], "Ann", "Ben sees who has the speech path");
    call.speech(Speech::Duplex);
    until_call(&ben, other, |call| call["speech"] == "duplex");

    call.end(End::RemoteHangup);
    let missed = until_call(&ben, other, |call| call["state"] == "missed");
    assert_eq!((&missed["how"], &missed["with"]), (&json!("remote-hangup"), &Value::Null));
    assert_eq!((&missed["reach"], &missed["others"]), (&json!({}), &json!([])));
    until_call(&ben, one, |call| call["state"] == "ended");
    let up = |alarms: &[Value]| alarms.iter().any(|card| card["id"] == json!(other) && card["level"] == 1);
    let list = ben.until_list(up);
    let card = list["alarms"].as_array().unwrap().iter().find(|card| card["id"] == json!(other)).unwrap().clone();
    assert_eq!(card["escalations"][0]["rule"], "missed-call");
    assert!(card["headline"].as_str().unwrap().ends_with("rang off before anyone answered"), "{card}");
}

#[test]
fn the_holder_s_commands_reach_the_line_once_and_are_in_the_log() {
    let server = Server::start(LONG);
    let (ann, ben) = (server.desk("Ann", "operator"), server.desk("Ben", "operator"));
    let (call, mut line) = begin(&server);
    let alarm = press_in(&server, &call, "1234");
    until_call(&ann, alarm, |call| call["state"] == "on-line");
    let unclaimed = ann.act(alarm, "call", command(&call, "speak"));
    assert_eq!((unclaimed.status, &unclaimed.json["refusal"]), (409, &json!("not-holder")), "{}", unclaimed.json);
    ann.act(alarm, "claim", json!({}));
    let taken = ben.act(alarm, "call", command(&call, "speak"));
    assert_eq!((taken.status, &taken.json["holder"]["person"]), (409, &json!("Ann")));
    let line = thread::spawn(move || {
        let mut heard = Vec::new();
        for operated in [Operated::Done, Operated::Done, Operated::Refused("not allowed here")] {
            let Operate { wanted, reply, .. } = line.blocking_recv().unwrap();
            heard.push(wanted);
            reply.send(operated).unwrap();
        }
        (heard, line.blocking_recv().is_none())
    });
    let spoken = ann.act(alarm, "call", command(&call, "speak"));
    assert_eq!(spoken.status, 200, "{}", spoken.json);
    until_call(&ben, alarm, |call| call["with"]["desk"] == "desk of Ann");
    let mut louder = command(&call, "volume-up");
    louder["action"] = json!(Uuid::new_v4());
    for _ in 0..3 {
        assert_eq!(ann.act(alarm, "call", louder.clone()).status, 200, "the same action is done once");
    }
    let refused = ann.act(alarm, "call", json!({"call": call.id().0, "command": "select", "unit": "0027"}));
    let named = |answer: &desk::Answer| (answer.status, answer.json["type"].as_str().unwrap().to_owned());
    assert_eq!(named(&refused), (409, "urn:telecare:problem:call-refused".to_owned()));
    assert!(refused.json["detail"].as_str().unwrap().contains("not allowed here"));
    let door = ann.act(alarm, "call", command(&call, "door-1"));
    assert_eq!(named(&door), (409, "urn:telecare:problem:call-refused".to_owned()));
    assert!(door.json["detail"].as_str().unwrap().contains("registry"), "nobody's entry allows it");
    let unsupported = ann.act(alarm, "call", command(&call, "duplex"));
    assert_eq!(named(&unsupported), (409, "urn:telecare:problem:call-unsupported".to_owned()));
    let unitless = ann.act(alarm, "call", command(&call, "select"));
    assert_eq!((unitless.status, &unitless.json["field"]), (422, &json!("unit")));
    let unknown = ann.act(alarm, "call", command(&call, "sing"));
    assert_eq!((unknown.status, &unknown.json["field"]), (400, &json!("command")));
    let named_call = call.id().0;
    call.end(End::Released);
    until_call(&ann, alarm, |call| call["state"] == "ended");
    assert_eq!(ann.act(alarm, "call", louder.clone()).status, 200, "its answer is remembered");
    let late = ann.act(alarm, "call", json!({"call": named_call, "command": "volume-up"}));
    assert_eq!((late.status, &late.json["refusal"]), (409, &json!("no-call")), "{}", late.json);
    let (heard, is_over) = line.join().unwrap();
    let select = Operator::Select("0027".to_owned());
    assert_eq!(heard, [Operator::Speak, Operator::Volume(Volume::Up), select]);
    assert!(is_over);
    let outcomes = |detail: &Value| {
        let log = detail["log"].as_array().unwrap().clone();
        let told = log.into_iter().filter(|entry| entry["act"] == "operated");
        let mut told: Vec<_> = told.map(|entry| format!("{} {}", entry["command"], entry["outcome"])).collect();
        told.sort();
        told
    };
    let all = [r#""select 0027" "not allowed here""#, r#""speak" "done""#, r#""volume-up" "done""#];
    let detail = ann.until_detail(alarm, |detail| outcomes(detail) == all);
    let asked = detail["log"].as_array().unwrap().iter().find(|entry| entry["command"] == "volume-up").unwrap();
    assert_eq!(
        (&asked["act"], &asked["action"], &asked["call"]),
        (&json!("operate"), &louder["action"], &json!(named_call))
    );
}

#[test]
fn a_call_on_another_receiver_is_shown_as_far_as_it_is_known() {
    let server = Server::start(LONG);
    let ann = server.desk("Ann", "operator");
    let id = Uuid::now_v7();
    let alarm = server.says("1234", |signal| {
        (signal.call, signal.receiver) = (Some(CallId(id)), ReceiverId::new("test-2"));
    });
    let call = until_call(&ann, alarm, |call| call["state"] == "on-line");
    assert_eq!((&call["receiver"], &call["speech"], &call["reach"]), (&json!("test-2"), &Value::Null, &json!({})));
    assert_eq!(call["supports"], json!([]));
    let claimed = ann.act(alarm, "claim", json!({}));
    assert_eq!(claimed.json["alarm"]["calls"][0]["with"]["person"], "Ann");
    let there = ann.act(alarm, "call", json!({"call": id, "command": "speak"}));
    assert_eq!((there.status, &there.json["type"]), (409, &json!("urn:telecare:problem:call-elsewhere")));
    assert!(there.json["detail"].as_str().unwrap().contains("test-2"));
}
