//! What keys and lists do to the model.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::draw::{Line, Style, draw};
use super::keys::press;
use super::model::{Effect, Mode, Model, STALE_AFTER};
use crate::client::{Answer, Choices, List};

/// An alarm of a number; `more` replaces fields.
pub fn card(number: u32, priority: u8, standing: &str, more: Value) -> Value {
    let mut card = json!({
        "id": id(number), "headline": format!("Pendant, unit {number}"), "priority": priority,
        "standing": standing, "age_s": number, "last_signal": Uuid::from_u128(9), "claim": null, "hold": null,
        "contest": null,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        card[name] = value.clone();
    }
    card
}

pub fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

/// A list of a receiver; `more` replaces fields.
pub fn list(receiver: &str, alarms: Vec<Value>, more: Value) -> List {
    let mut list = json!({
        "cursor": "c", "receiver": receiver, "site": "S", "link": "connected", "degraded": false, "backlog": 0,
        "open": alarms.len(), "silent_receivers": [], "alarms": alarms,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        list[name] = value.clone();
    }
    serde_json::from_value(list).unwrap()
}

pub fn model(receivers: usize, now: Instant) -> Model {
    let apis: Vec<String> = (1..=receivers).map(|n| format!("http://r-{n}")).collect();
    Model::new(&apis, now)
}

/// The screen's lines that are not empty.
pub fn lines(model: &Model, now: Instant, width: usize, height: usize) -> Vec<Line> {
    let clock = time::macros::datetime!(2026-03-01 8:00 UTC);
    let all = draw(model, now, clock, (width, height));
    assert!(all.len() <= height && all.iter().all(|line| line.text.chars().count() <= width), "{all:?}");
    all.into_iter().filter(|line| !line.text.trim().is_empty()).collect()
}

fn keys(model: &mut Model, typed: &str, now: Instant) -> Vec<Effect> {
    let code = |c| match c {
        '\n' => KeyCode::Enter,
        '\x1b' => KeyCode::Esc,
        '\x08' => KeyCode::Backspace,
        '↓' => KeyCode::Down,
        other => KeyCode::Char(other),
    };
    typed.chars().flat_map(|c| press(model, KeyEvent::new(code(c), KeyModifiers::NONE), now)).collect()
}

fn acts(effects: &[Effect]) -> Vec<(u32, &'static str, Value)> {
    let act = |effect: &Effect| match effect {
        Effect::Act { key, act, body, .. } => Some((u32::try_from(key.1.as_u128()).unwrap(), *act, body.clone())),
        Effect::Detail(_) | Effect::Bell | Effect::Quit => None,
    };
    effects.iter().filter_map(act).collect()
}

fn choices() -> Choices {
    serde_json::from_value(json!({
        "outcomes": [
            {"code": "attended", "words": "Somebody went", "text": "optional"},
            {"code": "false", "words": "False alarm", "text": "none"},
            {"code": "other", "words": "Something else", "text": "required"},
        ],
        "note_kinds": [{"code": "999", "words": "999 called"}],
    }))
    .unwrap()
}

#[test]
fn the_bell_rings_once_for_each_new_call_and_never_for_what_somebody_has() {
    let now = Instant::now();
    let mut model = model(1, now);
    let ring = |count: u32| json!({"ringing": {"count": count, "since": ""}, "claim": {"person": "Ann", "desk": "1"}});
    let steps = [
        (vec![card(1, 3, "waiting", json!({"ringing": {"count": 1, "since": ""}}))], false),
        (vec![card(1, 3, "waiting", json!({})), card(2, 2, "waiting", json!({}))], true),
        (vec![card(2, 2, "waiting", json!({}))], false),
        (vec![card(2, 2, "claimed", json!({}))], false),
        (vec![card(2, 2, "claimed", ring(1))], true),
        (vec![card(2, 2, "claimed", ring(1))], false),
        (vec![card(2, 2, "claimed", ring(2))], true),
        (vec![card(2, 2, "claimed", json!({}))], false),
        (vec![card(2, 2, "waiting", json!({}))], true),
    ];
    for (step, (alarms, rings)) in steps.into_iter().enumerate() {
        let effects = model.heard(0, list("r-1", alarms, json!({})), now);
        assert_eq!(effects.contains(&Effect::Bell), rings, "step {step}");
    }
}

#[test]
fn an_alarm_that_two_receivers_tell_is_one_row_of_the_one_that_knows() {
    let now = Instant::now();
    let mut model = model(2, now);
    model.heard(0, list("r-1", vec![card(7, 1, "waiting", json!({}))], json!({"degraded": true})), now);
    model.heard(
        1,
        list("r-2", vec![card(7, 1, "claimed", json!({})), card(8, 1, "waiting", json!({}))], json!({})),
        now,
    );
    let rows: Vec<_> = model.rows(now).iter().map(|(key, card)| (*key, card.standing.clone())).collect();
    assert_eq!(rows, [((1, id(8)), "waiting".to_owned()), ((1, id(7)), "claimed".to_owned())]);
    // The one that knew does not answer any more.
    model.failed(1, "gone".to_owned());
    assert_eq!(model.rows(now).iter().find(|(key, _)| key.1 == id(7)).unwrap().0.0, 0);
}

#[test]
fn what_is_selected_stays_selected_wherever_it_moves() {
    let now = Instant::now();
    let mut model = model(1, now);
    model.heard(
        0,
        list("r-1", vec![card(1, 3, "waiting", json!({})), card(2, 3, "waiting", json!({}))], json!({})),
        now,
    );
    keys(&mut model, "j", now);
    assert_eq!(model.selected, Some((0, id(1))), "the older one stands first");
    let alarms = vec![card(1, 3, "waiting", json!({})), card(9, 1, "waiting", json!({}))];
    model.heard(0, list("r-1", alarms, json!({})), now);
    assert_eq!(model.selected, Some((0, id(1))));
    assert_eq!(acts(&keys(&mut model, "c", now)), [(1, "claim", json!({}))]);
    model.heard(0, list("r-1", vec![card(9, 1, "waiting", json!({}))], json!({})), now);
    assert_eq!(model.selected, Some((0, id(9))), "it is gone");
}

#[test]
fn each_action_asks_what_it_needs_and_names_the_signal_that_was_shown() {
    let now = Instant::now();
    let shown = json!(Uuid::from_u128(9));
    let table = [
        ("s", "seen", json!({"shown": shown})),
        ("r", "release", json!({})),
        ("u", "resume", json!({})),
        ("tBen\n", "transfer", json!({"to": "Ben"})),
        ("n\nrang back\x08\n\n", "note", json!({"kind": "", "text": "rang bac", "reference": ""})),
        ("n2\n\nA-17\n", "note", json!({"kind": "999", "text": "", "reference": "A-17"})),
        ("x\nall well\n", "close", json!({"outcome": "attended", "text": "all well", "shown": shown})),
        ("x↓\n", "close", json!({"outcome": "false", "shown": shown})),
        ("x3\n\nwhy\n", "close", json!({"outcome": "other", "text": "why", "shown": shown})),
    ];
    for (typed, act, body) in table {
        let mut model = model(1, now);
        model.heard(0, list("r-1", vec![card(5, 1, "claimed", json!({}))], json!({})), now);
        model.chosen_from(0, choices());
        assert_eq!(acts(&keys(&mut model, typed, now)), [(5, act, body)], "{typed:?}");
        assert_eq!(model.mode, Mode::List);
    }
}

#[test]
fn a_command_goes_to_the_call_that_lasts() {
    let now = Instant::now();
    let call = |n: u128, state: &str, supports: &[&str]| {
        json!({"id": Uuid::from_u128(n), "state": state, "supports": supports, "reach": {"extension": "21"},
            "with": null})
    };
    let calls = json!([call(1, "missed", &[]), call(2, "on-line", &["speak", "door", "select"])]);
    let body = |command: &str| json!({"call": Uuid::from_u128(2), "command": command});
    let mut select = body("select");
    select["unit"] = json!("27");
    for (typed, expected) in [("v\n", body("speak")), ("v3\n", body("door-2")), ("v4\n27\n", select)] {
        let mut model = model(1, now);
        model.heard(0, list("r-1", vec![card(5, 1, "claimed", json!({"calls": calls}))], json!({})), now);
        assert!(lines(&model, now, 90, 24).iter().any(|line| line.text.contains("[on the line, extension 21]")));
        assert_eq!(acts(&keys(&mut model, typed, now)), [(5, "call", expected)], "{typed:?}");
    }
    let mut model = model(1, now);
    model.heard(0, list("r-1", vec![card(5, 1, "claimed", json!({"calls": [call(1, "ended", &[])]}))], json!({})), now);
    assert_eq!((keys(&mut model, "v\n", now).len(), &model.mode), (1, &Mode::List), "enter asks for the detail");
}

#[test]
fn a_hold_has_an_end_and_a_reason_and_escape_does_nothing() {
    let now = Instant::now();
    let mut model = model(1, now);
    model.heard(0, list("r-1", vec![card(5, 1, "claimed", json!({}))], json!({})), now);
    assert_eq!(keys(&mut model, "h0\n\x085\nvisit\x1b", now), []);
    let held = acts(&keys(&mut model, "h9999\n\x08\x08\x08\n\nvisit\n", now));
    let [(5, "hold", body)] = &held[..] else { panic!("{held:?}") };
    let until = body["until"].as_str().unwrap();
    let until = OffsetDateTime::parse(until, &time::format_description::well_known::Rfc3339).unwrap();
    let minutes = (until - OffsetDateTime::now_utc()).whole_seconds();
    assert!((8 * 60..=9 * 60).contains(&minutes), "{until}");
    assert_eq!((&body["reason"], body["shown"].is_string()), (&json!("visit"), true));
}

#[test]
fn an_answer_is_told_and_an_unknown_outcome_is_offered_again_by_its_id() {
    let now = Instant::now();
    let mut model = model(1, now);
    model.heard(0, list("r-1", vec![card(5, 1, "waiting", json!({}))], json!({})), now);
    let said = |model: &Model| model.message(now).map(|message| (message.text.clone(), message.is_bad)).unwrap();
    let [claim] = &keys(&mut model, "c", now)[..] else { panic!("one effect") };
    model.acted(claim.clone(), Err("no answer".to_owned()), now);
    assert!(said(&model).0.contains("NO ANSWER") && said(&model).1);
    let again = keys(&mut model, "y", now);
    assert_eq!(again, std::slice::from_ref(claim), "the same action, by its id");
    let taken = json!({"title": "Someone else has this alarm", "detail": "Ann at 2 has this alarm"}).to_string();
    model.acted(claim.clone(), Ok(Answer { status: 409, text: taken }), now);
    assert!(said(&model).0.contains("Ann at 2 has this alarm") && said(&model).1, "{:?}", said(&model));
    assert_eq!(keys(&mut model, "y", now), [], "it was answered");
    assert_eq!(model.sending, 0);
    for _ in 0..10 {
        keys(&mut model, "c", now);
    }
    assert!(model.sending < 10 && said(&model).0.contains("NOT sent"));
}

#[test]
fn a_close_from_here_can_be_undone_once() {
    let now = Instant::now();
    let mut model = model(1, now);
    model.heard(0, list("r-1", vec![card(5, 1, "claimed", json!({}))], json!({})), now);
    assert_eq!(keys(&mut model, "z", now), [], "nothing was closed yet");
    let close = keys(&mut model, "xvisit\n\n", now);
    model.acted(close[0].clone(), Ok(Answer { status: 200, text: json!({"alarm": {}}).to_string() }), now);
    assert_eq!(acts(&keys(&mut model, "z", now)), [(5, "reopen", json!({}))]);
    assert_eq!(keys(&mut model, "z", now), []);
}

#[test]
fn silence_is_told_in_words_and_doubts_every_standing() {
    let now = Instant::now();
    let mut model = model(2, now);
    model.heard(0, list("r-1", vec![card(5, 1, "claimed", json!({}))], json!({})), now);
    let later = now + STALE_AFTER + Duration::from_secs(4);
    let shown = lines(&model, later, 100, 24);
    let warned: Vec<&str> =
        shown.iter().filter(|line| line.style == Style::Warn).map(|line| line.text.as_str()).collect();
    assert_eq!(warned[0], "NO ANSWER from r-1 for 12 s: its alarms are as they were then");
    assert_eq!(warned[1], "NO ANSWER from http://r-2 for 12 s");
    assert!(shown.iter().any(|line| line.text.contains("claimed?") && line.text.contains("17 s")), "{shown:?}");
}
