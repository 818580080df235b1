//! `show`: one alarm with its signals and what people did.

use std::io::{self, Write};

use serde_json::Value;

use crate::Verdict;
use crate::client::{ApiArguments, Client, read};

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
    for name in ["id", "standing", "priority", "class", "rule", "opened_at", "last_at", "line", "receiver", "previous"]
    {
        text += &row(name, &alarm[name]);
    }
    for name in ["claim", "hold", "contest", "closed", "caller"] {
        text += &row(name, &alarm[name]);
    }
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
        text += &format!("  {at}  {} by {person} at {desk}", word(&action["act"]));
        for name in ["outcome", "reason", "text", "refused"] {
            if let Some(said) = action[name].as_str().filter(|said| !said.is_empty()) {
                text += &format!(", {name}: {said}");
            }
        }
        text += "\n";
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
