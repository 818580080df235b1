//! The operators of the demo: take the first waiting alarm, speak with the person, write it down, close.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use telecare_tests::console::Console;

use super::stage::Stage;

/// How long an operator speaks with a person.
const TALK: Duration = Duration::from_millis(1200);
/// How long an operator waits for a new list, seconds.
const WAIT_S: u32 = 2;

/// Works until the play ends. A receiver that is down is waited for, as an operator would.
pub fn work(stage: &Stage, person: usize, console: &Console) {
    let mut cursor = String::new();
    while !stage.has_ended() {
        match step(stage, person, console, &cursor) {
            Ok(next) => cursor = next,
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

fn step(stage: &Stage, person: usize, console: &Console, cursor: &str) -> Result<String> {
    let list = if cursor.is_empty() { console.list()? } else { console.list_after(cursor, WAIT_S)? };
    let cursor = list["cursor"].as_str().unwrap_or_default().to_owned();
    stage.add_alarms(&list);
    let alarms = list["alarms"].as_array().cloned().unwrap_or_default();
    // An alarm taken just before the receiver died is still theirs and comes first.
    let mine = alarms.iter().find(|alarm| alarm["claim"]["person"] == format!("person-{person}"));
    let waiting = || alarms.iter().find(|alarm| alarm["standing"] == "waiting");
    let Some(alarm) = mine.or_else(waiting) else { return Ok(cursor) };
    let (id, name) = (text(alarm, "id"), format!("operator {}", person + 1));
    let claimed = console.act(id, "claim", json!({}))?;
    if claimed.status != 200 {
        stage.say(&format!("{name}: too late for {:?} ({})", text(alarm, "headline"), claimed.refusal()));
        return Ok(String::new());
    }
    stage.say(&format!("{name}: took {:?}", text(alarm, "headline")));
    thread::sleep(TALK);
    console.act(id, "note", json!({ "text": "Spoke with the person; all is well." }))?;
    close(stage, &name, console, &claimed.body["alarm"])?;
    // Without a cursor the next list comes at once.
    Ok(String::new())
}

/// Closes an alarm; when a signal came meanwhile, looks at it first.
fn close(stage: &Stage, name: &str, console: &Console, claimed: &Value) -> Result<()> {
    let id = text(claimed, "id");
    let closing = |shown: &Value| json!({ "shown": shown, "outcome": "attended", "text": "" });
    let mut closed = console.act(id, "close", closing(&claimed["last_signal"]))?;
    if closed.refusal() == "later-signal" {
        stage.say(&format!("{name}: another signal came before the close; looked at it"));
        let shown = closed.body["alarm"]["last_signal"].clone();
        console.act(id, "seen", json!({ "shown": shown }))?;
        closed = console.act(id, "close", closing(&shown))?;
    }
    if closed.status == 200 {
        stage.say(&format!("{name}: closed {:?}", text(claimed, "headline")));
    }
    Ok(())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
