//! What became of a test call at the receiver: looked for in its list, by the calls of one account that were not
//! there before. Times between stamps of the receiver are its clock's; how soon it was visible is ours.

use std::collections::HashSet;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Verdict;
use crate::client::{ApiArguments, Client, read};

/// An acknowledged call must be in the list within this; a slow console, not a slow receiver.
const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Calls of the account that are looked through.
const CALLS: &str = "500";

/// What the receiver knew before the call.
pub struct Aftermath {
    client: Client,
    account: String,
    known: HashSet<String>,
}

impl Aftermath {
    /// Asks what is known of an account before it is called for.
    pub fn before(api: &ApiArguments, account: &str) -> anyhow::Result<Aftermath> {
        let client = Client::new(api)?;
        let mut aftermath = Aftermath { client, account: account.to_owned(), known: HashSet::new() };
        aftermath.known = aftermath.signals()?.into_iter().collect();
        Ok(aftermath)
    }

    /// Looks for the latest new signal of the account, and tells its times.
    pub fn tell(&self, mut say: impl FnMut(&str) -> io::Result<()>) -> anyhow::Result<Verdict> {
        let begun = Instant::now();
        let found = loop {
            if let Some(found) = self.look()? {
                break Some(found);
            }
            if begun.elapsed() > VISIBLE_WITHIN {
                break None;
            }
            thread::sleep(LOOK_EVERY);
        };
        let Some((signal, detail)) = found else {
            let within = VISIBLE_WITHIN.as_secs();
            say(&format!(
                "NOT in the receiver's list within {within} s: is it the receiver that this line belongs to?"
            ))?;
            return Ok(Verdict::Failed);
        };
        let visible = begun.elapsed().as_secs_f64() * 1000.0;
        if let Some(journalled) = between(&signal["last_byte_at"], &signal["journalled_at"]) {
            say(&format!("journalled {journalled:.1} ms after its last byte"))?;
        }
        let alarm = &detail["alarm"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (id, headline, standing) = (text(&alarm["id"]), text(&alarm["headline"]), text(&alarm["standing"]));
        say(&format!(
            "visible within {visible:.0} ms of its acknowledgement: {headline}, P{}, {standing}, {id}",
            alarm["priority"]
        ))?;
        match alarm["served_at"].as_str() {
            Some(served) => say(&format!("served to an operator's console at {served}"))?,
            None => say("not served to any operator's console yet")?,
        }
        Ok(Verdict::Done)
    }

    /// The new signal and its alarm, once both are there.
    fn look(&self) -> anyhow::Result<Option<(Value, Value)>> {
        let new: Vec<String> = self.signals()?.into_iter().filter(|signal| !self.known.contains(signal)).collect();
        let list = self.client.list()?;
        let mut cards = list.alarms.iter().chain(&list.just_closed);
        // A call may tell of more than the press: that its unit speaks another protocol than before.
        let card = cards.find(|card| new.contains(&card.last_signal.to_string()));
        let (Some(card), Some(new)) = (card, new.first()) else { return Ok(None) };
        let detail: Value = read(&self.client.detail_text(card.id)?)?;
        let signals = detail["signals"].as_array().into_iter().flatten();
        Ok(signals
            .into_iter()
            .find(|signal| signal["id"] == new.as_str())
            .cloned()
            .map(|signal| (signal, detail.clone())))
    }

    /// Signals of the account's calls, the latest first.
    fn signals(&self) -> anyhow::Result<Vec<String>> {
        let query = [("account", self.account.clone()), ("limit", CALLS.to_owned())];
        let told: Value = read(&self.client.get_query("/v1/calls", &query)?)?;
        let calls = told["calls"].as_array().into_iter().flatten();
        let signals = calls.flat_map(|call| call["signals"].as_array().into_iter().flatten());
        Ok(signals.filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

/// Milliseconds from one stamp to another.
fn between(from: &Value, to: &Value) -> Option<f64> {
    let stamp = |value: &Value| OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok();
    Some((stamp(to)? - stamp(from)?).as_seconds_f64() * 1000.0)
}
