//! What a card's triggers say: raised ones, most urgent first, and those that are over.

use telecare_protocol::Trigger;
use telecare_protocol::report::Status;

use super::words::{list, lower_first, phrase, tidy};
use super::{Alarm, PLACE_CHARS_MAX};
use crate::TriggerState;

/// Triggers named one by one; the rest is a number.
const NAMED_MAX: usize = 3;
/// Characters the raised triggers may take with their places; without them when that is too long.
const SUBJECT_CHARS_MAX: usize = 56;

/// A card's triggers, sorted for reading.
pub(super) struct Triggers<'a> {
    alarm: &'a Alarm,
    raised: Vec<Raised>,
    over: Vec<Trigger>,
}

struct Raised {
    trigger: Trigger,
    places: Vec<String>,
    times: u32,
}

impl<'a> Triggers<'a> {
    pub(super) fn of(alarm: &'a Alarm) -> Triggers<'a> {
        let mut raised: Vec<Raised> = Vec::new();
        let mut over: Vec<Trigger> = Vec::new();
        for (key, state) in &alarm.triggers {
            if !state.is_raised() {
                over.push(key.trigger);
                continue;
            }
            let place = place(&key.place, state);
            match raised.iter_mut().find(|known| known.trigger == key.trigger) {
                Some(known) => {
                    known.places.extend(place);
                    known.times = known.times.saturating_add(state.count);
                }
                None => raised.push(Raised {
                    trigger: key.trigger,
                    places: place.into_iter().collect(),
                    times: state.count,
                }),
            }
        }
        over.retain(|trigger| raised.iter().all(|raised| raised.trigger != *trigger));
        over.sort();
        over.dedup();
        if raised.iter().any(|raised| !is_remark(raised.trigger)) {
            raised.retain(|raised| !is_remark(raised.trigger));
        }
        let decided = alarm.rule.split('/').next().unwrap_or_default();
        let order = |raised: &Raised| (reading_order(raised.trigger, decided), raised.trigger);
        raised.sort_by_key(order);
        Triggers { alarm, raised, over }
    }

    /// What is the matter, in words.
    pub(super) fn subject(&self) -> String {
        match self.raised.as_slice() {
            [] if self.over.is_empty() => "Signal without content".to_owned(),
            [] => self.over_named(),
            [one] => self.words(one),
            several => {
                let full: Vec<String> =
                    several.iter().take(NAMED_MAX).map(|raised| self.words_and_place(raised)).collect();
                let short: Vec<String> = several.iter().take(NAMED_MAX).map(|raised| self.words(raised)).collect();
                let more = several.len().saturating_sub(NAMED_MAX);
                let full = list(full, more);
                if full.chars().count() <= SUBJECT_CHARS_MAX { full } else { list(short, more) }
            }
        }
    }

    /// Where, when one thing is raised; with several the subject says it.
    pub(super) fn place(&self) -> Option<String> {
        let [one] = self.raised.as_slice() else { return None };
        match one.places.as_slice() {
            [] => None,
            [place] => Some(place.clone()),
            [first, second] => Some(format!("{first} and {second}")),
            more => Some(format!("{} places", more.len())),
        }
    }

    /// What is over, when something else still is not.
    pub(super) fn over(&self) -> Option<String> {
        let told = !self.raised.is_empty() && !self.over.is_empty();
        told.then(|| lower_first(&self.over_named()))
    }

    /// How often the foremost trigger was raised.
    pub(super) fn times(&self) -> u32 {
        self.raised.first().map_or(0, |raised| raised.times)
    }

    /// Whether all that wanted an answer were people's buttons.
    pub(super) fn only_buttons(&self) -> bool {
        let calls = || self.alarm.triggers.keys().map(|key| key.trigger).filter(|trigger| trigger.calls_for_help());
        calls().next().is_some() && calls().all(is_button)
    }

    /// Whether all that wanted an answer could not be read.
    pub(super) fn only_unreadable(&self) -> bool {
        let calls = || self.alarm.triggers.keys().map(|key| key.trigger).filter(|trigger| trigger.calls_for_help());
        calls().next().is_some() && calls().all(|trigger| trigger == Trigger::Unreadable)
    }

    fn over_named(&self) -> String {
        let named = self.over.iter().take(NAMED_MAX).map(|trigger| phrase(*trigger).over).collect();
        list(named, self.over.len().saturating_sub(NAMED_MAX))
    }

    fn words_and_place(&self, raised: &Raised) -> String {
        let words = self.words(raised);
        match raised.places.as_slice() {
            [] => words,
            [place] => format!("{words} at {place}"),
            more => format!("{words} at {} places", more.len()),
        }
    }

    /// The trigger in words, with the status its rule names: of the most urgent signal only, all a card knows.
    fn words(&self, raised: &Raised) -> String {
        let rule = self.alarm.rule.split(", ").next().unwrap_or_default();
        let status = match rule.split_once('/') {
            Some((trigger, status)) if trigger == raised.trigger.as_str() => status.parse().ok(),
            Some(_) | None => None,
        };
        let words = phrase(raised.trigger).raised;
        let many = raised.trigger == Trigger::Unreadable && self.alarm.presses >= 2;
        match status {
            Some(Status::OutOfService) if raised.trigger == Trigger::Service => "Visit did not happen".to_owned(),
            Some(Status::LowBattery) => format!("{words} (low battery)"),
            Some(Status::Fault) => format!("{words} (fault)"),
            Some(Status::NoSpeech) => format!("{words} (cannot speak)"),
            Some(Status::OutOfService) => format!("{words} (out of service)"),
            Some(Status::Active | Status::Restored | Status::Present | Status::Busy | Status::Unknown) | None => {
                if many { format!("{words}s") } else { words }
            }
        }
    }
}

fn place(code: &str, state: &TriggerState) -> Option<String> {
    match (state.place_words.trim(), code.trim()) {
        ("", "") => None,
        ("", code) => Some(format!("place {}", tidy(code, PLACE_CHARS_MAX))),
        (words, _) => Some(tidy(words, PLACE_CHARS_MAX)),
    }
}

/// Fire and gas, then whoever calls for help, then what policy found most urgent, then the rest.
fn reading_order(trigger: Trigger, decided: &str) -> u8 {
    match trigger {
        Trigger::Fire | Trigger::Smoke | Trigger::Heat | Trigger::CarbonMonoxide | Trigger::Gas => 0,
        Trigger::TemperatureRise => 0,
        _ if trigger.calls_for_help() => 1,
        _ if trigger.as_str() == decided => 2,
        _ => 3,
    }
}

/// What a person presses or pulls.
fn is_button(trigger: Trigger) -> bool {
    matches!(
        trigger,
        Trigger::Pendant
            | Trigger::FixedTrigger
            | Trigger::Panic
            | Trigger::PersonalAttack
            | Trigger::Duress
            | Trigger::HoldUp
            | Trigger::Medical
            | Trigger::Emergency
            | Trigger::MoreHelp
            | Trigger::BogusCaller
            | Trigger::Lift
    )
}

/// What is worth a word only when there is nothing else to say.
fn is_remark(trigger: Trigger) -> bool {
    matches!(trigger, Trigger::NoEvent | Trigger::CallerIdentity | Trigger::Information)
}
