//! `calls`: the last calls on a receiver's lines, failed ones too: what became of the test call just made.

use std::io::{self, Write};

use serde::Deserialize;

use crate::Verdict;
use crate::client::{ApiArguments, Client, read};

/// List the last calls on the receiver's lines, the latest first; also those of which nothing came.
///
/// The receiver remembers them in memory only. Exit code 1 when none fits.
#[derive(clap::Args)]
pub struct Arguments {
    /// Those from this telephone number, by its last digits, three at least.
    #[arg(long, value_name = "DIGITS")]
    number: Option<String>,
    /// Those on this line.
    #[arg(long)]
    line: Option<String>,
    /// Those of this account or unit number, as said.
    #[arg(long)]
    account: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answer.
    #[arg(long)]
    json: bool,
}

/// The calls, as far as this program reads them.
#[derive(Deserialize)]
struct Calls {
    receiver: String,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    line: String,
    peer: Option<String>,
    caller: Option<String>,
    identity: Option<String>,
    ended: String,
    outcome: String,
    answered: Option<String>,
    bytes: u64,
    bad_frames: u32,
    detail: String,
}

/// Prints the calls.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let given = [("number", &arguments.number), ("line", &arguments.line), ("account", &arguments.account)];
    let mut query: Vec<(&str, String)> =
        given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
    query.push(("limit", arguments.limit.to_string()));
    let text = client.get_query("/v1/calls", &query)?;
    let calls: Calls = read(&text)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", table(&calls))?;
    }
    out.flush()?;
    Ok(if calls.calls.is_empty() { Verdict::Failed } else { Verdict::Done })
}

fn table(calls: &Calls) -> String {
    if calls.calls.is_empty() {
        return format!("{} remembers no such call\n", calls.receiver);
    }
    let mut text = format!("{:<24} {:<12} {:<18} {:<8} {:<15} ACCOUNT\n", "ENDED", "LINE", "OUTCOME", "ANSWER", "FROM");
    for call in &calls.calls {
        // Milliseconds are enough for a person.
        let ended = call.ended.get(..23).map_or(call.ended.clone(), |ended| format!("{ended}Z"));
        let from = call.caller.as_deref().or(call.peer.as_deref()).unwrap_or("-");
        let (answer, account) = (call.answered.as_deref().unwrap_or("-"), call.identity.as_deref().unwrap_or("-"));
        text += &format!("{ended:<24} {:<12} {:<18} {answer:<8} {from:<15} {account}\n", call.line, call.outcome);
        if call.bad_frames > 0 {
            text += &format!("    {} of its frames could not be read, {} bytes came\n", call.bad_frames, call.bytes);
        }
        if !call.detail.is_empty() {
            text += &format!("    {}\n", call.detail);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_calls_say_why() {
        let calls: Calls = serde_json::from_str(
            r#"{"now":"","receiver":"r-1","calls":[
              {"line":"north","protocol":"surgard","peer":"10.0.0.5:4000","caller":null,"identity":"1234","began":"",
               "last_byte":null,"ended":"2026-03-01T08:00:00.123456Z","outcome":"stored","answered":"positive",
               "signals":[],"bytes":21,"bad_frames":0,"detail":""},
              {"line":"north","protocol":"surgard","peer":null,"caller":"01527 123456","identity":null,"began":"",
               "last_byte":null,"ended":"2026-03-01T07:59:00.000000Z","outcome":"unreadable","answered":null,
               "signals":[],"bytes":7,"bad_frames":2,"detail":"too short"}]}"#,
        )
        .unwrap();
        let expected = "\
ENDED                    LINE         OUTCOME            ANSWER   FROM            ACCOUNT
2026-03-01T08:00:00.123Z north        stored             positive 10.0.0.5:4000   1234
2026-03-01T07:59:00.000Z north        unreadable         -        01527 123456    -
    2 of its frames could not be read, 7 bytes came
    too short
";
        assert_eq!(table(&calls), expected);
        assert_eq!(table(&Calls { calls: Vec::new(), ..calls }), "r-1 remembers no such call\n");
    }
}
