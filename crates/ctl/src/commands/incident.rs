//! `incident`: the open alarms of an incident, page by page, so that the people at most risk are rung first.

use std::io::{self, Write};

use serde_json::Value;

use super::alarms::row;
use crate::Verdict;
use crate::client::{ApiArguments, Card, Client, read};

/// Lists the open alarms of an incident, those whose people are at most risk first.
#[derive(clap::Args)]
pub struct Arguments {
    /// The incident's id, or the end of it.
    id: String,
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answers, one a line.
    #[arg(long)]
    json: bool,
}

/// Prints every page of the members.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let id = client.find(&arguments.id)?;
    let path = format!("/v1/alarms/{id}/members");
    let mut after: Option<u64> = None;
    let mut out = io::stdout().lock();
    loop {
        let query: Vec<(&str, String)> = after.iter().map(|after| ("after", after.to_string())).collect();
        let text = client.get_query(&path, &query)?;
        let page: Value = read(&text)?;
        if arguments.json {
            writeln!(out, "{text}")?;
        } else {
            if after.is_none() {
                writeln!(out, "{} open alarms, those at most risk first", page["members"])?;
                writeln!(out, "RISK            PRI STANDING     AGE  ID        ALARM")?;
            }
            let cards: Vec<Card> = serde_json::from_value(page["alarms"].clone())?;
            for card in &cards {
                let risk = card.registered.as_ref().map_or("not registered", |unit| unit.risk.as_str());
                write!(out, "{risk:<15} {}", row(card))?;
            }
        }
        match page["next"].as_u64() {
            // A next that goes back would go on for ever.
            Some(next) if after.is_none_or(|before| next > before) => after = Some(next),
            _ => return Ok(Verdict::Done),
        }
    }
}
