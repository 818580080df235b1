//! The live queue as text: redrawn on a terminal, printed now and then elsewhere.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use telecare_tests::console::Console;

use super::stage::Stage;

/// Rows of the queue that are shown.
const ROWS_MAX: usize = 12;
/// Clears a terminal and goes to its first corner.
const CLEAR: &str = "\x1b[2J\x1b[H";
/// How often the end of the play is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Shows the queue until the play ends.
pub fn show(stage: &Stage, console: &Console) {
    let is_terminal = io::stdout().is_terminal();
    let every = Duration::from_secs(if is_terminal { 1 } else { 5 });
    while !stage.has_ended() {
        let list = console.list().ok();
        let clear = if is_terminal { CLEAR } else { "" };
        println!("{clear}{}", picture(stage, list.as_ref()));
        let next = Instant::now() + every;
        while Instant::now() < next && !stage.has_ended() {
            thread::sleep(LOOK_EVERY);
        }
    }
}

fn picture(stage: &Stage, list: Option<&Value>) -> String {
    let mut text = String::new();
    let told = stage.told();
    let Some(list) = list else { return format!("the receiver is down; {} lines acknowledged so far\n", told.len()) };
    stage.add_alarms(list);
    let alarms = list["alarms"].as_array().map_or(&[][..], Vec::as_slice);
    let waiting = alarms.iter().filter(|alarm| alarm["standing"] == "waiting").count();
    let link = list["link"].as_str().unwrap_or_default();
    let _ = writeln!(
        text,
        "{} open, {waiting} waiting | database: {link}, backlog {} | {} lines acknowledged",
        alarms.len(),
        list["backlog"],
        told.len()
    );
    for alarm in alarms.iter().take(ROWS_MAX) {
        let field = |name: &str| alarm[name].as_str().unwrap_or_default().to_owned();
        let who = alarm["claim"]["person"].as_str().map_or(String::new(), |person| format!("  [{person}]"));
        let _ = writeln!(
            text,
            "  P{} {:<8} {:>4} s  {}{who}",
            alarm["priority"],
            field("standing"),
            alarm["age_s"],
            field("headline")
        );
    }
    if alarms.len() > ROWS_MAX {
        let _ = writeln!(text, "  and {} more", alarms.len() - ROWS_MAX);
    }
    for news in stage.news() {
        let _ = writeln!(text, "  - {news}");
    }
    text
}
