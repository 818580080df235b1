//! What the API tells of tests, in words.

use std::collections::HashMap;

use serde_json::Value;

/// `POST /v1/tests`: what is on test, until when, and its id.
pub fn started(test: &Value) -> String {
    let on_test = &test["on_test"];
    let (unit, until, engineer) = (word(&test["unit"]), word(&on_test["until"]), word(&on_test["engineer"]));
    format!("on test: {unit}, by {engineer}, until {until}\n{}\n", word(&test["id"]))
}

/// `GET /v1/tests`: a row a test.
pub fn list(answer: &Value) -> String {
    let tests = answer["tests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if tests.is_empty() {
        return "nothing is on test\n".to_owned();
    }
    let row = |test: &Value| {
        let on_test = &test["on_test"];
        let (engineer, reason) = (word(&on_test["engineer"]), word(&on_test["reason"]));
        let (id, until, unit) = (word(&test["id"]), word(&on_test["until"]), word(&test["unit"]));
        format!("{id}  until {until}  {unit}  [{engineer}: {reason}]\n")
    };
    tests.iter().map(row).collect()
}

/// `GET /v1/tests/ID`: the test, everything that came under it, and its summary.
pub fn record(record: &Value) -> String {
    let text = head(record) + &Told::default().attempts(record);
    text + &format!("{}\n", word(&record["summary"])) + &end(&record["test"])
}

/// `GET /v1/tests/ID` for a telephone: one line, and another when it is over or incomplete.
pub fn summary(record: &Value) -> String {
    let text = format!("{}: {}\n", word(&record["test"]["unit"]), word(&record["summary"]));
    text + &stale(record) + &end(&record["test"])
}

/// `POST /v1/tests/ID/stop`: that it is over.
pub fn stopped(test: &Value) -> String {
    format!("{}: {}", word(&test["unit"]), end(test))
}

/// What has been told of a test that is followed.
#[derive(Default)]
pub struct Told {
    begun: bool,
    /// The signals told, and whether it was told who saw them.
    signals: HashMap<String, bool>,
}

impl Told {
    /// What was not told before: new attempts, who saw an earlier one, the end with the summary.
    pub fn news(&mut self, record: &Value) -> String {
        let mut text = if self.begun { String::new() } else { head(record) };
        self.begun = true;
        text += &self.attempts(record);
        if !record["test"]["ended"].is_null() {
            text += &format!("{}\n{}", word(&record["summary"]), end(&record["test"]));
        }
        text
    }

    fn attempts(&mut self, record: &Value) -> String {
        let mut text = String::new();
        for attempt in record["attempts"].as_array().into_iter().flatten() {
            let is_seen = !attempt["seen"].is_null();
            let before = self.signals.insert(word(&attempt["signal"]["id"]).to_owned(), is_seen);
            let (number, words) = (&attempt["number"], word(&attempt["words"]));
            match before {
                None => {
                    let repeat = if attempt["repeat"] == true { ", a repeat" } else { "" };
                    let at = word(&attempt["signal"]["last_byte_at"]);
                    text += &format!("  {at}  {number}. {words}{repeat}: {}\n", seen(attempt));
                    if let Some(fault) = attempt["fault"].as_str() {
                        text += &format!("    ! could not be read: {fault}\n");
                    }
                }
                Some(false) if is_seen => {
                    text += &format!("  {}  {number}. {words}: {}\n", word(&attempt["seen"]["at"]), seen(attempt));
                }
                Some(_) => {}
            }
        }
        text
    }
}

fn head(record: &Value) -> String {
    let test = &record["test"];
    let on_test = &test["on_test"];
    let (unit, engineer, reason) = (word(&test["unit"]), word(&on_test["engineer"]), word(&on_test["reason"]));
    let (since, until) = (word(&test["started_at"]), word(&on_test["until"]));
    format!("{unit}\n  by {engineer}: {reason}\n  from {since} until {until}\n") + &stale(record)
}

fn seen(attempt: &Value) -> String {
    let by = &attempt["seen"];
    if by.is_null() {
        return "not seen yet".to_owned();
    }
    let at = match word(&by["desk"]) {
        "" => String::new(),
        desk => format!(" at {desk}"),
    };
    let after_s = by["after_ms"].as_u64().unwrap_or_default() / 1_000;
    format!("seen by {}{at} after {after_s} s", word(&by["person"]))
}

fn end(test: &Value) -> String {
    let ended = &test["ended"];
    match word(&ended["outcome"]) {
        "" => String::new(),
        "stopped" => format!("ended at {} by {}\n", word(&ended["at"]), word(&ended["person"])),
        _ => format!("ended at {} by itself\n", word(&ended["at"])),
    }
}

fn stale(record: &Value) -> String {
    let away = record["degraded"] == true;
    if away { "the database is away: older parts may be missing\n".to_owned() } else { String::new() }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_attempt_is_told_once_and_once_more_who_saw_it() {
        let record = |seen: Value, ended: Value| {
            let attempt = json!({"number": 1, "words": "Pendant", "repeat": false, "fault": "bad checksum",
                "seen": seen, "signal": {"id": "s-1", "last_byte_at": "T1"}});
            json!({"degraded": false, "summary": "Pendant: 1 of 1 seen.", "attempts": [attempt],
                "test": {"unit": "Doris Hill", "started_at": "T0", "ended": ended,
                    "on_test": {"engineer": "Eve", "reason": "new", "until": "T9"}}})
        };
        let mut told = Told::default();
        let first = told.news(&record(Value::Null, Value::Null));
        assert_eq!(
            first,
            "Doris Hill\n  by Eve: new\n  from T0 until T9\n  T1  1. Pendant: not seen yet\n    \
             ! could not be read: bad checksum\n"
        );
        assert_eq!(told.news(&record(Value::Null, Value::Null)), "");
        let by = json!({"person": "Ann", "desk": "2", "at": "T2", "after_ms": 4_200});
        let seen = told.news(&record(by.clone(), Value::Null));
        assert_eq!(seen, "  T2  1. Pendant: seen by Ann at 2 after 4 s\n");
        let ended = told.news(&record(by, json!({"at": "T3", "outcome": "test-over", "person": ""})));
        assert_eq!(ended, "Pendant: 1 of 1 seen.\nended at T3 by itself\n");
    }
}
