//! `test`: an engineer's test of a unit, a scheme or an identity, from its start to what is read down a telephone.

mod words;

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Verdict;
use crate::client::{ApiArguments, Client, DeskArguments, POLL_S, problem, read};

/// Pause before the receiver is asked again after it gave no answer.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answer.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Put something on test; the same again with a later end goes on with it.
    Start {
        /// What: unit:ID, scheme:NAME or identity:NAMESPACE:PROTOCOL:ACCOUNT.
        scope: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Who tests; whoever asks by default.
        #[arg(long, value_name = "NAME")]
        engineer: Option<String>,
        /// How long it lasts; what the rules say by default.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_080))]
        minutes: Option<u32>,
        #[command(flatten)]
        desk: DeskArguments,
    },
    /// List tests that run.
    List,
    /// Show a test with every signal that came under it, and who saw it.
    Show {
        /// Its id, or the end of it while it runs.
        id: String,
        /// Go on with what comes and what is seen, until the test is over.
        #[arg(long)]
        follow: bool,
    },
    /// End a test before its time.
    Stop {
        /// Its id, or the end of it.
        id: String,
        /// What came of it.
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        desk: DeskArguments,
    },
    /// Say what came of a test, short enough to be read down a telephone.
    Summary {
        /// Its id, or the end of it while it runs.
        id: String,
    },
}

/// Asks, and prints the answer.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let (text, in_words): (String, fn(&Value) -> String) = match &arguments.command {
        Command::Start { scope, reason, engineer, minutes, desk } => {
            let more =
                [("engineer", engineer.as_ref().map(|name| json!(name))), ("minutes", minutes.map(|n| json!(n)))];
            let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let said = [("scope", json!(scope)), ("reason", json!(reason))].into_iter().chain(more);
            (act(&client, "/v1/tests", desk, said)?, words::started)
        }
        Command::List => (client.get_text("/v1/tests")?, words::list),
        Command::Show { id, follow: true } => return follow(&client, find(&client, id)?, arguments.json),
        Command::Show { id, follow: false } => (record(&client, id)?, words::record),
        Command::Stop { id, text, desk } => {
            let path = format!("/v1/tests/{}/stop", find(&client, id)?);
            (act(&client, &path, desk, text.iter().map(|text| ("text", json!(text))))?, words::stopped)
        }
        Command::Summary { id } => (record(&client, id)?, words::summary),
    };
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", in_words(&read(&text)?))?;
    }
    Ok(Verdict::Done)
}

fn act(
    client: &Client,
    path: &str,
    desk: &DeskArguments,
    said: impl Iterator<Item = (&'static str, Value)>,
) -> anyhow::Result<String> {
    let who = desk.fields().into_iter().map(|(name, value)| (name, json!(value)));
    let body = Map::from_iter(who.chain(said).map(|(name, value)| (name.to_owned(), value)));
    let answer = client.act_at(path, Value::Object(body))?;
    if answer.status == 200 { Ok(answer.text) } else { bail!("{}", problem(&answer)) }
}

/// The test an id names: a whole id, or the end of one that only one running test has.
fn find(client: &Client, id: &str) -> anyhow::Result<Uuid> {
    if let Ok(id) = Uuid::try_parse(id) {
        return Ok(id);
    }
    let end = id.to_ascii_lowercase();
    let list: Value = read(&client.get_text("/v1/tests")?)?;
    let ids = list["tests"].as_array().into_iter().flatten().filter_map(|test| test["id"].as_str());
    let mut matching = ids.filter(|id| id.ends_with(&end)).filter_map(|id| Uuid::try_parse(id).ok());
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => bail!("more than one test ends in {id}; give more of it"),
        (None, _) => bail!("no running test ends in {id}"),
    }
}

fn record(client: &Client, id: &str) -> anyhow::Result<String> {
    client.get_text(&format!("/v1/tests/{}", find(client, id)?))
}

/// Prints each attempt once, and once more who saw it, until the test is over; a receiver that is away is asked again.
fn follow(client: &Client, id: Uuid, json: bool) -> anyhow::Result<Verdict> {
    let path = format!("/v1/tests/{id}");
    let mut text = client.get_text(&path)?;
    let mut told = words::Told::default();
    loop {
        let record: Value = read(&text)?;
        let mut out = io::stdout().lock();
        if json {
            writeln!(out, "{text}")?;
        } else {
            write!(out, "{}", told.news(&record))?;
        }
        out.flush()?;
        if !record["test"]["ended"].is_null() {
            return Ok(Verdict::Done);
        }
        let cursor = record["cursor"].as_str().unwrap_or_default().to_owned();
        let query = [("cursor", cursor), ("wait", POLL_S.to_string())];
        text = loop {
            match client.get_query(&path, &query) {
                Ok(text) => break text,
                Err(error) => {
                    eprintln!("telecare-ctl: {error:#}; asking again");
                    thread::sleep(RETRY_PAUSE);
                }
            }
        };
    }
}
