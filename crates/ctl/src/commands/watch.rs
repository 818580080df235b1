//! `watch`: the live queue, to look at and to work, on a terminal.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::Context;

use crate::client::{Client, DeskArguments, TrustArguments};
use crate::{Usage, Verdict, watch};

/// Receivers that can be followed at once.
const RECEIVERS_MAX: usize = 16;

/// Show the live queue of one receiver or several, and work it with keys.
///
/// The list is merged by priority; an alarm that two receivers on one database both tell of is shown once. A
/// receiver that does not answer, or has lost its database, is said so in words. ? shows the keys.
#[derive(clap::Args)]
pub struct Arguments {
    /// Address of a receiver's API; give it again for each further receiver.
    #[arg(
        long,
        env = "TELECARE_API",
        default_value = "http://127.0.0.1:8460",
        value_name = "URL",
        value_delimiter = ','
    )]
    api: Vec<String>,
    /// File that holds an access token in its first line: one for all receivers, or one for each in their order.
    /// Without it TELECARE_TOKEN is used, with commas between the tokens where there are several.
    #[arg(long, value_name = "FILE")]
    token_file: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArguments,
    #[command(flatten)]
    desk: DeskArguments,
}

/// Runs until the person leaves.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Usage("watch needs a terminal; `alarms --follow` does not".to_owned()).into());
    }
    let apis = &arguments.api;
    if apis.len() > RECEIVERS_MAX {
        return Err(Usage(format!("at most {RECEIVERS_MAX} receivers")).into());
    }
    let tokens = tokens(arguments)?;
    let token = |index: usize| match &tokens[..] {
        [one] => one.clone(),
        several => several.get(index).cloned().unwrap_or_default(),
    };
    if tokens.len() != 1 && tokens.len() != apis.len() {
        let told = tokens.len();
        return Err(Usage(format!("{told} tokens for {} receivers: give one, or one for each", apis.len())).into());
    }
    let client = |(index, api): (usize, &String)| {
        Ok((api.clone(), Client::at(api, token(index), &arguments.trust, watch::ANSWER_WITHIN)?))
    };
    let clients: anyhow::Result<Vec<_>> = apis.iter().enumerate().map(client).collect();
    watch::run(clients?, arguments.desk.fields())?;
    Ok(Verdict::Done)
}

fn tokens(arguments: &Arguments) -> anyhow::Result<Vec<String>> {
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    };
    if !arguments.token_file.is_empty() {
        return arguments.token_file.iter().map(read).collect();
    }
    let environment = std::env::var("TELECARE_TOKEN").unwrap_or_default();
    let tokens: Vec<String> =
        environment.split(',').map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()).collect();
    if tokens.is_empty() {
        return Err(Usage("a token is needed: --token-file, or TELECARE_TOKEN in the environment".to_owned()).into());
    }
    Ok(tokens)
}
