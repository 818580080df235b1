//! `doctor`: looks the host over before the receiver is trusted with it, and when something is wrong.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::Verdict;
use crate::doctor::{Finding, State, look};

/// Look over everything the receiver needs on this host, and say what to do about what is not right.
///
/// The clock, the disk with the time it takes to sync, rights, serial and network ports, tokens, certificates, the
/// database's settings, the service. Changes nothing. Some of it only root can see. Exit code 1 when something
/// is broken.
#[derive(clap::Args)]
pub struct Arguments {
    /// The receiver's configuration.
    #[arg(long, value_name = "FILE", default_value = "/etc/telecare/receiver.toml")]
    config: PathBuf,
    /// The user the receiver runs as; by default the service's, or telecare where there is one.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Looks, and prints every finding.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(look(&arguments.config, arguments.user.as_deref()));
    let worst = findings.iter().map(|finding| finding.state).max().unwrap_or(State::Ok);
    let mut out = io::stdout().lock();
    if arguments.json {
        let shapes: Vec<_> = findings.iter().map(shape).collect();
        writeln!(out, "{}", json!({"worst": worst.as_str(), "findings": shapes}))?;
    } else {
        let colours = out.is_terminal();
        findings.iter().try_for_each(|finding| write!(out, "{}", in_words(finding, colours)))?;
        let count = |state| findings.iter().filter(|finding| finding.state == state).count();
        writeln!(out, "{} broken, {} to look at", count(State::Broken), count(State::Worry))?;
    }
    out.flush()?;
    Ok(if worst == State::Broken { Verdict::Failed } else { Verdict::Done })
}

fn shape(finding: &Finding) -> serde_json::Value {
    json!({
        "area": finding.area, "state": finding.state.as_str(), "what": finding.what, "remedy": finding.remedy,
    })
}

fn in_words(finding: &Finding, colours: bool) -> String {
    let (word, colour) = match finding.state {
        State::Ok => ("ok    ", ""),
        State::Worry => ("WORRY ", "\x1b[33m"),
        State::Broken => ("BROKEN", "\x1b[31m"),
    };
    let (on, off) = if colours && !colour.is_empty() { (colour, "\x1b[0m") } else { ("", "") };
    let mut text = format!("{on}{word}{off} {:<8} {}\n", finding.area, finding.what);
    if !finding.remedy.is_empty() {
        text += &format!("                -> {}\n", finding.remedy);
    }
    text
}
