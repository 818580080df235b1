//! The screen against the model, line by line.

use std::time::{Duration, Instant};

use serde_json::json;

use super::super::tests::{card, lines, list, model};
use super::*;

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.text.trim_end().to_owned()).collect()
}

#[test]
fn a_narrow_screen_shows_the_queue_as_a_table() {
    let now = Instant::now();
    let mut model = model(1, now);
    let alarms = vec![
        card(
            75,
            1,
            "waiting",
            json!({"headline": "Pendant, unit 1234, bedroom 1 (master), 3 presses in 4 min, and more"}),
        ),
        card(1, 1, "claimed", json!({"claim": {"person": "Ann", "desk": "2"}, "ringing": {"count": 2, "since": ""}})),
        card(2, 4, "held", json!({"hold": {"person": "Ben", "desk": "3"}})),
    ];
    let closed = card(
        3,
        1,
        "closed",
        json!({"closed":
        {"person": "Cid", "desk": "1", "at": "2026-03-01T07:57:00.000000Z", "outcome": "visit", "text": ""}}),
    );
    model.heard(0, list("r-1", alarms, json!({"just_closed": [closed]})), now);
    let shown = lines(&model, now + Duration::from_secs(5), 80, 24);
    let expected = [
        "1 waiting, 3 open                                                   08:00:00 UTC",
        "r-1 connected",
        "PRI STANDING     AGE  ALARM",
        ">1  waiting     80 s  Pendant, unit 1234, bedroom 1 (master), 3 presses in 4 mi…",
        " 1  claimed      6 s  RINGING x2 Pendant, unit 1                     [Ann at 2]",
        " 4  held         7 s  Pendant, unit 2                           [held by Ben at 3]",
        "closed 3 min ago by Cid (visit): Pendant, unit 3",
    ];
    let texts = texts(&shown);
    assert_eq!(texts[..4], expected[..4]);
    for (line, has) in
        [(4, ["RINGING x2 Pendant, unit 1", "[Ann at 2]"]), (5, ["held         7 s", "[held by Ben at 3]"])]
    {
        assert!(has.iter().all(|has| texts[line].contains(has)), "{texts:?}");
    }
    assert_eq!(texts[6], expected[6]);
    let styles: Vec<Style> = shown.iter().map(|line| line.style).collect();
    assert_eq!(styles[3..7], [Style::Selected, Style::Alarm, Style::Dim, Style::Dim]);
    assert!(texts[7].starts_with("c:claim s:seen") && texts[7].ends_with("q:quit"), "{texts:?}");
}

#[test]
fn what_is_on_test_stands_below_and_what_is_aside_is_counted() {
    let now = Instant::now();
    let mut model = model(1, now);
    let alarms = vec![
        card(9, 1, "waiting", json!({"listed": "on-test"})),
        card(8, 1, "waiting", json!({"listed": "queue", "level": 0})),
        card(7, 1, "waiting", json!({"listed": "queue", "level": 2})),
    ];
    let aside = json!({"waits_for_restore": 3, "in_incident": 0, "runaway": 0, "background": 0});
    model.heard(0, list("r-1", alarms, json!({"aside": aside, "overdue": 2})), now);
    let shown = texts(&lines(&model, now, 80, 24));
    assert!(shown[0].starts_with("2 waiting, 2 open, 1 on test"), "{shown:?}");
    assert_eq!(
        shown[3..8],
        [
            ">1+2 waiting      7 s  Pendant, unit 7",
            " 1  waiting      8 s  Pendant, unit 8",
            "--- on test ---",
            " 1  waiting      9 s  Pendant, unit 9",
            "aside: 3 may be right again soon; 2 overdue",
        ]
    );
    model.select(isize::MAX, now);
    let small = texts(&lines(&model, now, 80, 8));
    assert!(small.iter().any(|line| line.starts_with('>')), "{small:?}");
}

#[test]
fn a_press_on_test_rings_no_bell() {
    let now = Instant::now();
    let mut model = model(1, now);
    let on_test = card(9, 1, "waiting", json!({"listed": "on-test"}));
    assert!(model.heard(0, list("r-1", vec![on_test], json!({})), now).is_empty());
    let listed = card(9, 1, "waiting", json!({"listed": "queue"}));
    assert_eq!(model.heard(0, list("r-1", vec![listed], json!({})), now).len(), 1);
}

#[test]
fn who_it_is_stands_behind_what_happened_and_a_flag_before_it() {
    let now = Instant::now();
    let mut model = model(1, now);
    let unit = json!({"label": "Doris Hill", "address_line": "27 Mill Lane", "matched_by": "identity",
        "flags": [{"flag": "cannot-speak", "words": "cannot speak: send help"}]});
    let guess = json!({"label": "A. Smith", "address_line": "", "matched_by": "number", "flags": []});
    let alarms = vec![
        card(9, 1, "waiting", json!({"registered": unit})),
        card(8, 2, "waiting", json!({"registered": guess})),
        card(7, 3, "waiting", json!({"registered": null, "shadow": true})),
    ];
    model.heard(0, list("r-1", alarms, json!({})), now);
    let shown = texts(&lines(&model, now, 120, 24));
    let rows: Vec<&str> = shown[3..6].iter().map(|row| row.split_once(" s  ").unwrap().1).collect();
    let expected = [
        "! Pendant, unit 9 | Doris Hill | 27 Mill Lane | ! cannot speak: send help",
        "Pendant, unit 8 | perhaps A. Smith",
        "SHADOW Pendant, unit 7",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn every_trouble_is_a_line_of_words() {
    let now = Instant::now();
    let table = [
        (
            json!({"degraded": true, "link": "cut-off", "backlog": 3, "degraded_since": "2026-03-01T07:58:30Z"}),
            "r-1 is CUT OFF from the database 90 s ago: what others do may be missing here; 3 not yet stored there",
        ),
        (
            json!({"degraded": true, "link": "catching-up", "backlog": 1}),
            "r-1 is catching up with the database: what others do may be missing here; 1 not yet stored there",
        ),
        (json!({"journal_ok": false}), "r-1: its JOURNAL FAILED; it takes alarms in only while the database is there"),
        (
            json!({"silent_receivers": [{"receiver": "r-9", "silent_since": "", "unforwarded": 4}]}),
            "receiver r-9 is SILENT; 4 signals it has taken in are not shown",
        ),
    ];
    for (more, words) in table {
        let mut model = model(1, now);
        model.heard(0, list("r-1", vec![], more), now);
        let shown = lines(&model, now, 120, 24);
        let warned: Vec<&Line> = shown.iter().filter(|line| line.style == Style::Warn).collect();
        assert_eq!(warned.len(), 1, "{shown:?}");
        assert_eq!(warned[0].text, words);
    }
    let shown = texts(&lines(&model(1, now), now, 80, 24));
    assert!(shown.iter().any(|line| line.contains("no list yet")), "{shown:?}");
}

#[test]
fn every_size_is_kept_to_and_the_selected_row_is_shown() {
    let now = Instant::now();
    let mut model = model(2, now);
    let alarms = (0..200).map(|n| card(n, 3, "waiting", json!({"headline": "é".repeat(300)}))).collect();
    model.heard(0, list("r-1", alarms, json!({})), now);
    for (width, height) in [(1, 1), (10, 3), (40, 10), (80, 24), (300, 100)] {
        lines(&model, now, width, height);
    }
    model.select(isize::MAX, now);
    let shown = texts(&lines(&model, now, 80, 24));
    assert!(shown.iter().any(|line| line.starts_with('>')), "{shown:?}");
}

#[test]
fn what_a_device_sent_does_not_steer_the_terminal() {
    let now = Instant::now();
    let mut model = model(1, now);
    model.heard(0, list("r-1", vec![card(1, 1, "waiting", json!({"headline": "a\u{1b}[2Jb"}))], json!({})), now);
    let shown = texts(&lines(&model, now, 80, 24));
    assert!(
        shown.iter().any(|line| line.contains("a\u{fffd}[2Jb")) && shown.iter().all(|line| !line.contains('\u{1b}'))
    );
}
