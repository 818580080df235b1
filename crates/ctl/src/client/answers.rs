//! Answers of the API, as far as this program reads them. What an older receiver does not tell has a default.

use serde::Deserialize;
use uuid::Uuid;

/// The open list, as far as this program reads it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct List {
    pub cursor: String,
    pub receiver: String,
    pub site: String,
    pub link: String,
    pub degraded: bool,
    pub backlog: u64,
    pub open: u64,
    pub silent_receivers: Vec<Silent>,
    pub alarms: Vec<Card>,
    #[serde(default)]
    pub degraded_since: Option<String>,
    #[serde(default = "yes")]
    pub journal_ok: bool,
    /// Closed in the last minutes; older receivers do not tell.
    #[serde(default, alias = "closed")]
    pub just_closed: Vec<Card>,
}

fn yes() -> bool {
    true
}

/// Another receiver that has fallen silent.
#[derive(Clone, Debug, Deserialize)]
pub struct Silent {
    pub receiver: String,
    pub silent_since: String,
    pub unforwarded: i64,
}

/// An alarm, as far as this program reads it.
#[derive(Clone, Debug, Deserialize)]
pub struct Card {
    pub id: Uuid,
    pub headline: String,
    pub priority: u8,
    pub standing: String,
    pub age_s: i64,
    pub last_signal: Uuid,
    pub claim: Option<Holder>,
    pub hold: Option<Holder>,
    pub contest: Option<Holder>,
    #[serde(default)]
    pub ringing: Option<Ringing>,
    #[serde(default)]
    pub closed: Option<Closed>,
    #[serde(default)]
    pub registered: Option<Registered>,
    /// From a line that only listens: another platform answers it.
    #[serde(default)]
    pub shadow: bool,
}

/// The registered unit behind an alarm.
#[derive(Clone, Debug, Deserialize)]
pub struct Registered {
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub address_line: String,
    #[serde(default)]
    pub matched_by: String,
    #[serde(default)]
    pub flags: Vec<Flag>,
}

/// What must be known of a unit's people.
#[derive(Clone, Debug, Deserialize)]
pub struct Flag {
    #[serde(default)]
    pub words: String,
}

/// Presses on a claimed alarm that its holder has not seen.
#[derive(Clone, Debug, Deserialize)]
pub struct Ringing {
    pub count: u32,
}

/// How an alarm ended.
#[derive(Clone, Debug, Deserialize)]
pub struct Closed {
    pub person: String,
    pub outcome: String,
    pub at: String,
}

/// Who has an alarm.
#[derive(Clone, Debug, Deserialize)]
pub struct Holder {
    pub person: String,
    pub desk: String,
}

/// What operators choose from.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Choices {
    pub outcomes: Vec<Choice>,
    pub note_kinds: Vec<Choice>,
}

/// An outcome of a close, or a kind of a note.
#[derive(Clone, Debug, Deserialize)]
pub struct Choice {
    pub code: String,
    pub words: String,
    /// For an outcome: optional, required or none.
    #[serde(default)]
    pub text: String,
}
