//! `show`: one alarm with its signals and what people did.

use std::io::{self, Write};

use serde_json::Value;

use crate::Verdict;
use crate::client::{ApiArguments, Client, VoiceCall, read};

#[derive(clap::Args)]
pub struct Arguments {
    /// The alarm's id, or the end of it.
    id: String,
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answer.
    #[arg(long)]
    json: bool,
}

/// Prints the alarm.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let text = client.detail_text(client.find(&arguments.id)?)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", in_words(&read(&text)?))?;
    }
    Ok(Verdict::Done)
}

/// An alarm as `GET /v1/alarms/ID` tells it, in words.
pub fn in_words(detail: &Value) -> String {
    let alarm = &detail["alarm"];
    let mut text = format!("{}\n", word(&alarm["headline"]));
    for name in [
        "id",
        "standing",
        "priority",
        "level",
        "listed",
        "class",
        "rule",
        "opened_at",
        "served_at",
        "last_at",
        "line",
        "receiver",
        "previous",
    ] {
        text += &row(name, &alarm[name]);
    }
    text += &who(alarm);
    for name in ["claim", "hold", "contest", "closed", "caller"] {
        text += &row(name, &alarm[name]);
    }
    text += &rules(alarm);
    text += &calls(alarm);
    text += "signals\n";
    for signal in detail["signals"].as_array().into_iter().flatten() {
        let events = signal["report"]["events"].as_array().into_iter().flatten();
        let events: Vec<String> =
            events.map(|event| format!("{} ({})", word(&event["words"]), word(&event["status"]))).collect();
        let repeat = if signal["repeat_of"].is_null() { "" } else { ", a repeat" };
        let at = word(&signal["last_byte_at"]);
        text += &format!("  {at}  {}{repeat}\n    {}\n", events.join("; "), word(&signal["raw"]));
    }
    text += "log\n";
    for action in detail["log"].as_array().into_iter().flatten() {
        let (at, person, desk) = (word(&action["at"]), word(&action["person"]), word(&action["desk"]));
        // A console's own asking names no person, a person's no desk.
        let who = [person.as_str(), desk.as_str()].into_iter().filter(|name| !name.is_empty());
        let who = who.collect::<Vec<_>>().join(" at ");
        let act = match word(&action["act"]).as_str() {
            "served" => "first served to".to_owned(),
            act => format!("{act} by"),
        };
        text += &format!("  {at}  {act} {who}");
        for name in ["kind", "to", "command", "outcome", "reason", "text", "reference", "refused"] {
            if let Some(said) = action[name].as_str().filter(|said| !said.is_empty()) {
                text += &format!(", {name}: {said}");
            }
        }
        text += "\n";
    }
    text
}

/// Who is behind it, as far as the registry knows: what must be known before speaking comes first.
fn who(alarm: &Value) -> String {
    let place = |unit: &Value| {
        let parts = ["label", "scheme", "address_line"].map(|name| unit[name].as_str().unwrap_or_default());
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    };
    let mut text = String::new();
    let unit = &alarm["registered"];
    if unit.is_object() {
        let how = match unit["matched_by"].as_str() {
            Some("number") => " (by telephone number, a guess)",
            Some("registered-later") => " (registered since)",
            _ => "",
        };
        text += &format!("  {:<10} {}{how}\n", "unit", place(unit));
        for flag in unit["flags"].as_array().into_iter().flatten() {
            text += &format!("  {:<10} {}\n", "!", word(&flag["words"]));
        }
        for name in ["risk", "stock", "record_link"] {
            text += &row(name, &unit[name]);
        }
        for phone in unit["phones"].as_array().into_iter().flatten() {
            text += &row("phone", phone);
        }
    }
    for candidate in alarm["candidates"].as_array().into_iter().flatten() {
        text += &format!("  {:<10} {}\n", "perhaps", place(candidate));
    }
    text
}

/// What the rules did to it: its test, its incident, the numbers to ring back, and who was told when it went up.
fn rules(alarm: &Value) -> String {
    let mut text =
        row("test", &alarm["test"]) + &row("on test", &alarm["on_test"]) + &row("incident", &alarm["incident"]);
    if alarm["members"].as_u64().is_some_and(|members| members > 0) {
        text += &row("members", &alarm["members"]);
    }
    for number in alarm["call_back"].as_array().into_iter().flatten() {
        text += &row("call back", number);
    }
    for up in alarm["escalations"].as_array().into_iter().flatten() {
        let told = up["told"].as_array().map(Vec::as_slice).unwrap_or_default();
        let states = told.iter().map(|told| {
            let at = told["at"].as_str().map_or(String::new(), |at| format!(" at {at}"));
            let state = match told["state"].as_str() {
                Some("delivered") => "has it",
                Some("given-up") => "was NOT reached",
                _ => "does not have it yet",
            };
            format!("{} {state}{at}", word(&told["target"]))
        });
        let states = if told.is_empty() { "nobody is told".to_owned() } else { states.collect::<Vec<_>>().join(", ") };
        let (due, rule, level) = (word(&up["due"]), word(&up["rule"]), &up["level"]);
        text += &format!("  {:<10} {due}, {rule}, to level {level}: {states}\n", "went up");
    }
    text
}

/// Where the voice is: each call, what it takes, and the other alarms on it.
fn calls(alarm: &Value) -> String {
    let mut text = String::new();
    for call in alarm["calls"].as_array().into_iter().flatten() {
        let (id, line, receiver) = (word(&call["id"]), word(&call["line"]), word(&call["receiver"]));
        let known = serde_json::from_value::<VoiceCall>(call.clone());
        let words = known.as_ref().map_or_else(|_| word(&call["state"]), VoiceCall::words);
        text += &format!("  {:<10} {id} on {line} of {receiver}: {words}", "call");
        for name in ["speech", "how"] {
            if let Some(said) = call[name].as_str() {
                text += &format!(", {name} {said}");
            }
        }
        text += "\n";
        let takes = known.map(|call| call.commands().join(" ")).unwrap_or_default();
        if !takes.is_empty() {
            text += &format!("  {:<10} {takes}\n", "takes");
        }
        for other in call["others"].as_array().into_iter().flatten() {
            text += &row("also", other);
        }
    }
    text
}

fn row(name: &str, value: &Value) -> String {
    if value.is_null() { String::new() } else { format!("  {name:<10} {}\n", word(value)) }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            fields.map(|(name, value)| format!("{name} {}", word(value))).collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_told_with_what_it_takes_and_what_else_is_on_it() {
        let id = "0195ad00-0000-7000-8000-00000000cafe";
        let call = json!({"id": id, "state": "with-operator", "speech": "duplex", "reach": {"extension": "21"},
            "supports": ["speak", "door"], "with": {"person": "Ann", "desk": "1"}, "others": ["a-2"], "line": "modem-1",
            "receiver": "r-1", "how": null});
        assert_eq!(
            calls(&json!({"calls": [call]})),
            format!(
                "  call       {id} on modem-1 of r-1: on the line with Ann at 1, extension 21, speech duplex\n  takes      \
                 speak door-1 door-2\n  also       a-2\n"
            )
        );
        assert_eq!(calls(&json!({})), "", "an older receiver");
    }

    #[test]
    fn what_the_rules_did_is_told_with_who_has_it() {
        let told = json!([{"target": "duty", "state": "delivered", "at": "T2"}, {"target": "pager", "state": "pending",
            "at": null}]);
        let alarm = json!({"test": null, "on_test": null, "incident": "i-1", "members": 0, "call_back": ["01632 1"],
            "escalations": [{"rule": "unserved", "due": "T1", "level": 2, "told": told}]});
        assert_eq!(
            rules(&alarm),
            "  incident   i-1\n  call back  01632 1\n  went up    T1, unserved, to level 2: duty has it at T2, pager does \
             not have it yet\n"
        );
        assert_eq!(rules(&json!({})), "", "an older receiver");
    }

    #[test]
    fn who_it_is_is_told_as_surely_as_it_is_known() {
        let unit = json!({"label": "Doris Hill", "scheme": "", "address_line": "27 Mill Lane", "risk": "high",
            "stock": "on-loan", "record_link": "https://r/1", "phones": ["01632 960042"], "matched_by": "number",
            "flags": [{"flag": "cannot-speak", "words": "cannot speak: send help"}]});
        let told = who(&json!({"registered": unit, "candidates": []}));
        assert!(
            told.starts_with("  unit       Doris Hill, 27 Mill Lane (by telephone number, a guess)\n  !  "),
            "{told}"
        );
        assert!(told.contains("cannot speak: send help\n") && told.contains("phone      01632 960042\n"), "{told}");
        let several = json!({"registered": null, "candidates": [{"label": "A", "scheme": "S", "address_line": ""}]});
        assert_eq!(who(&several), "  perhaps    A, S\n");
        assert_eq!(who(&json!({})), "", "a receiver without a registry");
    }
}
