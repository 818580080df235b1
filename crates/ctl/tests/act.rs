//! What `claim`, `close`, `alarms` and `incident` send, against a stand-in for the API with canned answers.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use serde_json::{Value, json};

const ALARM: &str = "0195ad00-0000-7000-8000-0000deadbeef";
const CALL: &str = "0195ad00-0000-7000-8000-00000000ca11";
const LAST: &str = "0195ad00-0000-7000-8000-00000000cafe";

/// Arguments, canned answers, the act they lead to and its own fields.
type Step<'a> = (&'a [&'a str], Vec<(u16, Value)>, &'a str, Value);
/// A request as it came: method and path, authorization, body.
type Request = (String, String, Value);

/// Runs the program against canned answers, one a request; tells what it asked.
fn ctl(arguments: &[&str], answers: Vec<(u16, Value)>) -> (Output, Vec<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || answers.into_iter().map(|answer| serve(&listener, answer)).collect::<Vec<_>>());
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .envs([("TELECARE_API", api.as_str()), ("TELECARE_TOKEN", "tc_test"), ("TELECARE_DESK", "desk 7")])
        .output()
        .unwrap();
    (output, server.join().unwrap())
}

fn serve(listener: &TcpListener, (status, answer): (u16, Value)) -> Request {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut authorization, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let text = answer.to_string();
    let bytes = text.len();
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {bytes}\r\nconnection: close\r\n\r\n{text}").unwrap();
    let request = first.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    (request, authorization, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn card(standing: &str) -> Value {
    json!({"id": ALARM, "headline": "Pendant, unit 1234", "priority": 1, "standing": standing, "age_s": 5,
        "last_signal": LAST, "claim": null, "hold": null, "contest": null})
}

fn list(cards: &[Value]) -> Value {
    json!({"cursor": "b:1", "receiver": "r-1", "site": "S", "link": "standalone", "degraded": false, "backlog": 0,
        "open": cards.len(), "silent_receivers": [], "alarms": cards})
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn an_action_of_unknown_outcome_is_offered_again_by_its_id() {
    let done = json!({"now": "", "degraded": true, "alarm": card("claimed")});
    let (output, requests) = ctl(&["claim", ALARM], vec![(503, json!({"title": "t", "detail": "d"})), (200, done)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("claim: Pendant, unit 1234: claimed (this receiver's own answer"));
    let [(path, authorization, first), (_, _, second)] = &requests[..] else { panic!("two requests") };
    assert_eq!(path, &format!("POST /v1/alarms/{ALARM}/claim"));
    assert_eq!(authorization, "Bearer tc_test");
    assert_eq!(first["desk"], "desk 7");
    assert!(first["action"].is_string());
    assert_eq!(first, second);
}

#[test]
fn a_close_names_the_last_signal_and_an_alarm_goes_by_the_end_of_its_id() {
    let answers = vec![
        (200, list(&[card("claimed")])),
        (200, json!({"alarm": card("claimed")})),
        (200, json!({"degraded": false, "alarm": card("closed")})),
    ];
    let (output, requests) = ctl(&["close", "deadbeef", "--outcome", "visit", "--text", "all well"], answers);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (path, _, body) = &requests[2];
    assert_eq!(path, &format!("POST /v1/alarms/{ALARM}/close"));
    assert_eq!([&body["shown"], &body["outcome"], &body["text"]], [LAST, "visit", "all well"]);
}

#[test]
fn each_act_sends_its_own_fields() {
    let closed = json!({"person": "Ann", "desk": "1", "at": "2026-03-01T08:00:00Z", "outcome": "visit", "text": ""});
    let mut just_closed = card("closed");
    just_closed["closed"] = closed;
    let mut with_closed = list(&[]);
    with_closed["closed"] = json!([just_closed]);
    let done = || (200, json!({"degraded": false, "alarm": card("claimed")}));
    let mut on_line = card("claimed");
    let ended = json!({"id": LAST, "state": "ended", "with": null});
    on_line["calls"] = json!([{"id": CALL, "state": "on-line", "with": null}, ended]);
    let table: [Step; 7] = [
        (&["transfer", ALARM, "--to", "Ben"], vec![done()], "transfer", json!({"to": "Ben"})),
        (
            &["note", ALARM, "--kind", "999-called", "--reference", "A-17"],
            vec![done()],
            "note",
            json!({"kind": "999-called", "reference": "A-17"}),
        ),
        (&["note", ALARM, "--text", "rang back"], vec![done()], "note", json!({"text": "rang back"})),
        (&["reopen", "deadbeef"], vec![(200, with_closed), done()], "reopen", json!({})),
        (
            &["voice", ALARM, "speak"],
            vec![(200, json!({"alarm": on_line})), done()],
            "call",
            json!({"call": CALL, "command": "speak"}),
        ),
        (
            &["voice", ALARM, "select", "--unit", "27", "--call", LAST],
            vec![done()],
            "call",
            json!({"call": LAST, "command": "select", "unit": "27"}),
        ),
        (&["claim", ALARM, "--operator", "Cid"], vec![done()], "claim", json!({"operator": "Cid"})),
    ];
    for (arguments, answers, act, fields) in table {
        let (output, requests) = ctl(arguments, answers);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let (path, _, body) = requests.last().unwrap();
        assert_eq!(path, &format!("POST /v1/alarms/{ALARM}/{act}"));
        let mut own = body.as_object().unwrap().clone();
        own.remove("action");
        assert_eq!(own.remove("desk"), Some("desk 7".into()));
        assert_eq!(Value::Object(own), fields, "{arguments:?}");
    }
    let nothing = Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(["note", ALARM]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2), "a note needs a kind or a text");
}

#[test]
fn a_refusal_is_exit_1_and_says_who_has_the_alarm() {
    let problem =
        json!({"title": "Someone else has this alarm", "detail": "Ann at 2 has this alarm", "alarm": card("claimed")});
    let (output, _) = ctl(&["claim", ALARM], vec![(409, problem)]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("Ann at 2 has this alarm") && said.contains("Pendant, unit 1234"), "{said}");
    let (output, requests) = ctl(&["alarms"], vec![(401, json!({"title": "A valid token is needed", "detail": "d"}))]);
    assert_eq!((output.status.code(), requests[0].0.as_str()), (Some(1), "GET /v1/alarms"));
}

#[test]
fn the_list_is_a_table_or_the_apis_own_answer() {
    let (output, _) = ctl(&["alarms"], vec![(200, list(&[card("waiting")]))]);
    assert!(text(&output.stdout).contains("deadbeef  Pendant, unit 1234"), "{output:?}");
    let (output, _) = ctl(&["alarms", "--json"], vec![(200, list(&[card("waiting")]))]);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), list(&[card("waiting")]));
}

#[test]
fn an_incident_is_read_to_its_last_page() {
    let page = |n: u8, next: Value| {
        let mut member = card("waiting");
        member["headline"] = json!(format!("Battery low, unit {n}"));
        (200, json!({"now": "", "members": 2, "alarms": [member], "next": next}))
    };
    let (output, requests) = ctl(&["incident", ALARM], vec![page(1, json!(1)), page(2, Value::Null)]);
    let said = text(&output.stdout);
    assert!(said.contains("not registered ") && said.contains("unit 1\n") && said.contains("unit 2\n"), "{said}");
    let paths: Vec<&str> = requests.iter().map(|(path, _, _)| path.as_str()).collect();
    let path = format!("GET /v1/alarms/{ALARM}/members");
    assert_eq!(paths, [path.clone(), format!("{path}?after=1")]);
}
