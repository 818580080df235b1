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
    /// What is open and not listed.
    #[serde(default)]
    pub aside: Aside,
    /// How many who were to be heard by now were not.
    #[serde(default)]
    pub overdue: u64,
}

/// How many open alarms are aside, and why.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Aside {
    pub waits_for_restore: u64,
    pub in_incident: u64,
    pub runaway: u64,
    pub background: u64,
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
    /// How often it went up because nobody helped.
    #[serde(default)]
    pub level: u32,
    /// Where it is listed: queue, on-test, or why it is aside.
    #[serde(default)]
    pub listed: String,
    /// The telephone calls its signals came in, the latest last.
    #[serde(default)]
    pub calls: Vec<VoiceCall>,
}

impl Card {
    /// The priority, and how often it went up: 1, or 1+2.
    pub fn rank(&self) -> String {
        let level = if self.level == 0 { String::new() } else { format!("+{}", self.level) };
        format!("{}{level}", self.priority)
    }

    /// The call that lasts, if one does.
    pub fn call(&self) -> Option<&VoiceCall> {
        self.calls.iter().rev().find(|call| call.lasts())
    }

    /// Whether it is listed apart, because its unit is on test.
    pub fn is_on_test(&self) -> bool {
        self.listed == "on-test"
    }

    /// Whether it is listed only for who asks for everything; an older receiver does not tell.
    pub fn is_aside(&self) -> bool {
        !matches!(self.listed.as_str(), "" | "queue" | "on-test")
    }
}

impl Aside {
    /// What is aside and how many are overdue, in one line; none when there is neither.
    pub fn words(&self, overdue: u64) -> Option<String> {
        let counts = [
            (self.waits_for_restore, "may be right again soon"),
            (self.in_incident, "in an incident"),
            (self.runaway, "of units that send without end"),
            (self.background, "only show that a unit lives"),
        ];
        let told = |(count, words): (u64, &str)| (count > 0).then(|| format!("{count} {words}"));
        let aside: Vec<String> = counts.into_iter().filter_map(told).collect();
        let aside = (!aside.is_empty()).then(|| format!("aside: {}", aside.join(", ")));
        let overdue = (overdue > 0).then(|| format!("{overdue} overdue"));
        let all: Vec<String> = aside.into_iter().chain(overdue).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// A telephone call of an alarm, as far as this program reads it.
#[derive(Clone, Debug, Deserialize)]
pub struct VoiceCall {
    pub id: Uuid,
    pub state: String,
    #[serde(default)]
    pub reach: Reach,
    #[serde(default)]
    pub supports: Vec<String>,
    pub with: Option<Holder>,
}

/// How to speak to a caller.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reach {
    pub extension: Option<String>,
    pub call_back: Option<String>,
}

impl VoiceCall {
    /// Whether somebody is on the line.
    pub fn lasts(&self) -> bool {
        matches!(self.state.as_str(), "on-line" | "with-operator")
    }

    /// Where the voice is, and how to reach it.
    pub fn words(&self) -> String {
        let who = self.with.as_ref().map_or(String::new(), |with| format!(" with {} at {}", with.person, with.desk));
        let how = match (&self.reach.extension, &self.reach.call_back) {
            (Some(extension), _) => format!(", extension {extension}"),
            (None, Some(number)) => format!(", call back {number}"),
            (None, None) => String::new(),
        };
        match self.state.as_str() {
            "on-line" | "with-operator" => format!("on the line{who}{how}"),
            "missed" => "rang off before anyone answered".to_owned(),
            "unknown" => "its call: nobody knows".to_owned(),
            _ => "its call is over".to_owned(),
        }
    }

    /// The commands it takes, by their names in the API.
    pub fn commands(&self) -> Vec<String> {
        let each = |kind: &str, of: &[&str]| of.iter().map(|one| format!("{kind}-{one}")).collect();
        let all = self.supports.iter().map(|kind| match kind.as_str() {
            "volume" => each(kind, &["up", "down", "quiet", "normal", "loud"]),
            "door" => each(kind, &["1", "2"]),
            "relay" => each(kind, &["1-on", "1-off", "2-on", "2-off"]),
            // A code of the protocol's own cannot be given here.
            "code" => Vec::new(),
            plain => vec![plain.to_owned()],
        });
        all.flatten().collect()
    }
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
    pub risk: String,
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
