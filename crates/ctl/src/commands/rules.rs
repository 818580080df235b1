//! `rules`: the numbers by which the receiver puts aside, escalates, joins and tests, as they are in force.

use std::io::{self, Write};

use serde_json::Value;

use crate::Verdict;
use crate::client::{ApiArguments, Client, read};

/// Shows the rules in force: how long what may wait, and who is told then.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answer.
    #[arg(long)]
    json: bool,
}

/// Prints the rules.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let text = client.get_text("/v1/rules")?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", in_words(&read(&text)?))?;
    }
    Ok(Verdict::Done)
}

fn in_words(rules: &Value) -> String {
    let mut text = format!("policy {}\n", one(&rules["policy"]));
    text += "an alarm goes up when nobody has taken it after\n";
    for answer in rules["answer"].as_array().into_iter().flatten() {
        text += &format!("  {:<12} {} s\n", one(&answer["class"]), one(&answer["seconds"]));
    }
    let n = |name: &str| one(&rules[name]);
    let sentences = [
        format!("goes up again: {} presses within {} s", n("repeat_presses"), n("repeat_within_s")),
        format!("goes up: priority 1 served to nobody for {} s", n("unserved_s")),
        match rules["unwatched_s"].as_u64() {
            Some(0) => "no operator's console heard: never minded".to_owned(),
            _ => format!("goes up: no operator's console heard for {} s", n("unwatched_s")),
        },
        format!("goes up: a person's alarm without an outcome for {} s", n("no_outcome_s")),
        format!("aside: for {} s until it is restored: {}", n("restore_wait_s"), n("restored")),
        format!("aside: as background: {}", n("background")),
        format!("aside: a runaway, from {} signals on without {} s between", n("runaway_signals"), n("runaway_gap_s")),
        format!("one incident: more than {} units within {} s", n("storm_units"), n("storm_within_s")),
        format!("one incident: {} missed calls within {} s", n("missed_units"), n("missed_within_s")),
        format!("missing: an expected call {} s late", n("missed_grace_s")),
        format!("a test lasts {} s, {} s at most", n("test_usual_s"), n("test_longest_s")),
        format!("on test: a press unseen for {} s, or {} of them, is listed", n("test_unseen_s"), n("test_presses")),
        format!("told of escalations: {}", n("targets")),
    ];
    for sentence in sentences {
        text += &format!("{sentence}\n");
    }
    text
}

fn one(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => "nobody or nothing".to_owned(),
        Value::Array(all) => all.iter().map(one).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
