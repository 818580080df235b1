//! `overdue`: units, lines and receivers that were to be heard by now and were not.

use std::io::{self, Write};

use serde_json::Value;

use crate::Verdict;
use crate::client::{ApiArguments, Client, read};

/// Lists who was to be heard by now and was not, the longest missing first.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    api: ApiArguments,
    /// How many are listed at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Print the API's answer.
    #[arg(long)]
    json: bool,
}

/// Prints who is missing.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let text = client.get_query("/v1/expected", &[("limit", arguments.limit.to_string())])?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", in_words(&read(&text)?))?;
    }
    Ok(Verdict::Done)
}

fn in_words(answer: &Value) -> String {
    let mut text = format!("{} overdue of {} that something is expected of\n", answer["overdue"], answer["expected"]);
    for missing in answer["missing"].as_array().into_iter().flatten() {
        let said = |name: &str| missing[name].as_str().unwrap_or_default().to_owned();
        let phones = missing["phones"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let more: Vec<String> = [said("reference"), said("carrier")]
            .into_iter()
            .chain(phones.map(str::to_owned))
            .filter(|part| !part.is_empty())
            .collect();
        let more = if more.is_empty() { String::new() } else { format!("  {}", more.join(", ")) };
        let name = if said("label").is_empty() { said("subject") } else { said("label") };
        text += &format!("  due {}  heard {}  {name}{more}\n", said("deadline"), said("heard_at"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_is_missing_is_told_with_how_to_ask() {
        let missing = json!({"subject": "unit/1", "label": "Doris Hill", "reference": "P-1", "carrier": "",
            "phones": ["01632 960042"], "heard_at": "H", "deadline": "D"});
        let told = in_words(&json!({"expected": 9, "overdue": 1, "missing": [missing]}));
        assert_eq!(
            told,
            "1 overdue of 9 that something is expected of\n  due D  heard H  Doris Hill  P-1, 01632 960042\n"
        );
    }
}
