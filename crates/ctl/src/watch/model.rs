//! What the screen shows: the lists of all receivers, merged, and what the person is doing.
//!
//! Pure: events and the time come in, what is to be done goes out. Drawing is [`super::draw`]'s.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::bell::waits;
use super::form::Form;
use crate::client::{Answer, Card, Choices, List, problem};

/// An answer is due at least this often; without one for longer a receiver's alarms are called old.
pub const STALE_AFTER: Duration = Duration::from_secs(8);
/// How long a message stays.
const MESSAGE_FOR: Duration = Duration::from_secs(15);

/// One receiver.
#[derive(Debug)]
pub struct Source {
    /// Its API, for as long as it has not said its name.
    pub api: String,
    /// Its last list.
    pub list: Option<List>,
    /// When that came, or when we began to ask.
    pub heard_at: Instant,
    /// Why its last answer did not come.
    pub fault: Option<String>,
    /// What its operators choose from; none when it does not tell.
    pub choices: Option<Choices>,
}

impl Source {
    /// Its name.
    pub fn name(&self) -> &str {
        self.list.as_ref().map_or(&self.api, |list| &list.receiver)
    }

    /// Whether its alarms may no longer be as shown.
    pub fn is_stale(&self, now: Instant) -> bool {
        self.fault.is_some() || self.list.is_none() || now.duration_since(self.heard_at) > STALE_AFTER
    }
}

/// Names an alarm on the screen: the receiver that is asked about it, and its id.
pub type Key = (usize, Uuid);

/// What the screen shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Mode {
    /// The queue.
    List,
    /// One alarm in words, from a line on.
    Detail { key: Key, lines: Vec<String>, from: usize },
    /// Questions before an action.
    Ask(Box<Form>),
    /// The keys.
    Help,
}

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Do this to an alarm; the id makes it happen once, however often it is sent.
    Act { key: Key, action: Uuid, act: &'static str, body: Value },
    /// Fetch an alarm in words.
    Detail(Key),
    /// Sound the bell.
    Bell,
    /// Leave.
    Quit,
}

/// A message to the person.
#[derive(Debug)]
pub struct Message {
    /// In words.
    pub text: String,
    /// Whether something was not done.
    pub is_bad: bool,
    shown_until: Instant,
}

/// Everything.
#[derive(Debug)]
pub struct Model {
    /// The receivers, in the order of the command line.
    pub sources: Vec<Source>,
    /// The alarm the keys act on.
    pub selected: Option<Key>,
    /// What the screen shows.
    pub mode: Mode,
    /// Actions under way.
    pub sending: usize,
    message: Option<Message>,
    /// An action whose outcome nobody told.
    pub unknown: Option<Effect>,
    /// The alarm that was closed last from here: the one a slip of the hand concerns.
    pub closed_last: Option<Key>,
    /// Alarms that have rung, with the count of their unseen presses.
    pub(super) rung: HashMap<Uuid, u32>,
}

impl Model {
    /// A model that has heard nothing yet.
    pub fn new(apis: &[String], now: Instant) -> Model {
        let source = |api: &String| Source { api: api.clone(), list: None, heard_at: now, fault: None, choices: None };
        Model {
            sources: apis.iter().map(source).collect(),
            selected: None,
            mode: Mode::List,
            sending: 0,
            message: None,
            unknown: None,
            closed_last: None,
            rung: HashMap::new(),
        }
    }

    /// Takes a receiver's list in.
    pub fn heard(&mut self, source: usize, list: List, now: Instant) -> Vec<Effect> {
        let Some(of) = self.sources.get_mut(source) else { return Vec::new() };
        of.list = Some(list);
        of.heard_at = now;
        of.fault = None;
        let rings = self.ring(now);
        let keys: Vec<Key> = self.rows(now).iter().map(|(key, _)| *key).collect();
        // An alarm may be told by another receiver than before, or be gone.
        self.selected = match self.selected {
            Some((_, id)) => keys.iter().find(|(_, other)| *other == id).copied(),
            None => None,
        }
        .or_else(|| keys.first().copied());
        if rings { vec![Effect::Bell] } else { Vec::new() }
    }

    /// A receiver gave no answer.
    pub fn failed(&mut self, source: usize, why: String) {
        if let Some(of) = self.sources.get_mut(source) {
            of.fault = Some(why);
        }
    }

    /// What a receiver's operators choose from.
    pub fn chosen_from(&mut self, source: usize, choices: Choices) {
        if let Some(of) = self.sources.get_mut(source) {
            of.choices = Some(choices);
        }
    }

    /// The open alarms of all receivers, most urgent first, within a priority those that wait before those
    /// that somebody has, and of these the higher level first. What is on test comes after all others. An alarm that several receivers tell of is the freshest one's.
    pub fn rows(&self, now: Instant) -> Vec<(Key, &Card)> {
        let mut best: HashMap<Uuid, (Key, &Card)> = HashMap::new();
        let trust = |source: usize| {
            self.sources.get(source).map(|of| {
                let degraded = of.list.as_ref().is_none_or(|list| list.degraded);
                (!of.is_stale(now), !degraded, of.heard_at)
            })
        };
        for (index, source) in self.sources.iter().enumerate() {
            for card in source.list.iter().flat_map(|list| &list.alarms).filter(|card| card.standing != "closed") {
                match best.get(&card.id) {
                    Some(((other, _), _)) if trust(*other) >= trust(index) => {}
                    _ => drop(best.insert(card.id, ((index, card.id), card))),
                }
            }
        }
        let mut rows: Vec<_> = best.into_values().collect();
        rows.sort_by_key(|(key, card)| {
            (card.is_on_test(), card.priority, !waits(card), Reverse(card.level), -self.age_s(*key, card, now), card.id)
        });
        rows
    }

    /// Lately closed alarms, latest first.
    pub fn just_closed(&self) -> Vec<&Card> {
        let mut seen = HashSet::new();
        let lists = self.sources.iter().filter_map(|source| source.list.as_ref());
        let closed = lists.flat_map(|list| list.just_closed.iter().chain(&list.alarms));
        let mut cards: Vec<&Card> = closed.filter(|card| card.closed.is_some() && seen.insert(card.id)).collect();
        cards.sort_by(|a, b| b.closed.as_ref().map(|c| &c.at).cmp(&a.closed.as_ref().map(|c| &c.at)));
        cards
    }

    /// Seconds since an alarm was opened, counting on since its list came.
    pub fn age_s(&self, key: Key, card: &Card, now: Instant) -> i64 {
        let since = self.sources.get(key.0).map_or(Duration::ZERO, |of| now.saturating_duration_since(of.heard_at));
        card.age_s.saturating_add(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// The selected alarm.
    pub fn card(&self, key: Key) -> Option<&Card> {
        let list = self.sources.get(key.0)?.list.as_ref()?;
        list.alarms.iter().chain(&list.just_closed).find(|card| card.id == key.1)
    }

    /// Moves the selection.
    pub fn select(&mut self, by: isize, now: Instant) {
        let keys: Vec<Key> = self.rows(now).iter().map(|(key, _)| *key).collect();
        let at = keys.iter().position(|key| Some(*key) == self.selected).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(keys.len().saturating_sub(1));
        self.selected = keys.get(to).copied();
    }

    /// An action's answer, or why there is none.
    pub fn acted(&mut self, effect: Effect, answer: Result<Answer, String>, now: Instant) {
        self.sending = self.sending.saturating_sub(1);
        let Effect::Act { act, key, .. } = &effect else { return };
        match answer {
            Ok(answer) if answer.status == 200 => {
                let told: Value = serde_json::from_str(&answer.text).unwrap_or_default();
                self.closed_last = if *act == "close" { Some(*key) } else { self.closed_last };
                let headline = told["alarm"]["headline"].as_str().unwrap_or_default();
                let own = if told["degraded"] == true { " (this receiver's own answer)" } else { "" };
                self.say(format!("{act}: done{own}: {headline}"), false, now);
            }
            Ok(answer) if answer.status != 503 => {
                self.say(format!("{act}: {}", problem(&answer).replace("\n ", ":")), true, now);
            }
            Ok(_) | Err(_) => {
                self.say(format!("{act}: NO ANSWER; it may have been done. y offers the same action again"), true, now);
                self.unknown = Some(effect);
            }
        }
    }

    /// Says something.
    pub fn say(&mut self, text: String, is_bad: bool, now: Instant) {
        self.message = Some(Message { text, is_bad, shown_until: now + MESSAGE_FOR });
    }

    /// What there is to say.
    pub fn message(&self, now: Instant) -> Option<&Message> {
        self.message.as_ref().filter(|message| now < message.shown_until)
    }
}
