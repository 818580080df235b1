//! The sections of a policy file beside its table: the rules' numbers as written, and what they must keep to.
//!
//! A centre may be stricter than the standards where somebody waits, never slower; and a number that would make a
//! rule do nothing, or everything, is refused with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use telecare_protocol::Trigger;
use toml::Spanned;

use super::load::{File, named};
use super::{PolicyError, line_of};
use crate::alarm::answer_threshold;
use crate::rules::{PRESSES_KEPT, STEPS_MAX};
use crate::{Class, Rules};

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 24 * HOUR_S;

type Number = Option<Spanned<u64>>;
type Names = Option<Vec<Spanned<String>>>;

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Repeats {
    presses: Number,
    within_s: Number,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Watch {
    unserved_s: Number,
    unwatched_s: Number,
    no_outcome_s: Number,
    troubles: Names,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Clearing {
    wait_s: Number,
    restored: Names,
    background: Names,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Storm {
    units: Number,
    within_s: Number,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Runaway {
    signals: Number,
    gap_s: Number,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Missed {
    grace_s: Number,
    units: Number,
    within_s: Number,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Test {
    longest_s: Number,
    usual_s: Number,
    unseen_s: Number,
    presses: Number,
}

/// The rules of a file; what it leaves out is as shipped.
pub(super) fn rules(text: &str, file: &File) -> Result<Rules, PolicyError> {
    let read = Read { text };
    let mut rules = Rules::default();
    read.answers(&file.answer_s, &mut rules.answer)?;
    let presses_kept = u64::try_from(PRESSES_KEPT).unwrap_or(u64::MAX);
    read.count(&file.repeats.presses, 2..=presses_kept, &mut rules.repeats.presses)?;
    read.seconds(&file.repeats.within_s, 10..=DAY_S, &mut rules.repeats.within)?;
    read.seconds(&file.watch.unserved_s, 1..=600, &mut rules.watch.unserved)?;
    read.seconds(&file.watch.unwatched_s, 0..=HOUR_S, &mut rules.watch.unwatched)?;
    read.seconds(&file.watch.no_outcome_s, 60..=DAY_S, &mut rules.watch.no_outcome)?;
    if let Some(troubles) = &file.watch.troubles {
        rules.watch.troubles = troubles.iter().map(|name| name.get_ref().clone()).collect();
    }
    read.seconds(&file.clearing.wait_s, 0..=DAY_S, &mut rules.clearing.wait)?;
    read.triggers(&file.clearing.restored, &mut rules.clearing.restored)?;
    read.triggers(&file.clearing.background, &mut rules.clearing.background)?;
    read.count(&file.storm.units, 2..=10_000, &mut rules.noise.units_max)?;
    read.seconds(&file.storm.within_s, 1..=HOUR_S, &mut rules.noise.within)?;
    read.small(&file.runaway.signals, 2..=100_000, &mut rules.noise.runaway_signals)?;
    read.seconds(&file.runaway.gap_s, 1..=DAY_S, &mut rules.noise.runaway_gap)?;
    read.seconds(&file.missed.grace_s, 0..=7 * DAY_S, &mut rules.missed_grace)?;
    read.count(&file.missed.units, 2..=10_000, &mut rules.missed.units_min)?;
    read.seconds(&file.missed.within_s, 1..=7 * DAY_S, &mut rules.missed.within)?;
    read.seconds(&file.test.longest_s, 60..=7 * DAY_S, &mut rules.test.longest)?;
    let longest_s = rules.test.longest.as_secs();
    rules.test.usual = rules.test.usual.min(rules.test.longest);
    read.seconds(&file.test.usual_s, 60..=longest_s, &mut rules.test.usual)?;
    // As long as a press may go unanswered anywhere.
    read.seconds(&file.test.unseen_s, 5..=60, &mut rules.test.unseen)?;
    read.small(&file.test.presses, 2..=20, &mut rules.test.presses)?;
    Ok(rules)
}

/// The file's text, for naming lines.
struct Read<'a> {
    text: &'a str,
}

impl Read<'_> {
    fn answers(
        &self,
        written: &BTreeMap<Spanned<String>, Spanned<Vec<u64>>>,
        answer: &mut BTreeMap<Class, Vec<Duration>>,
    ) -> Result<(), PolicyError> {
        for (name, seconds) in written {
            let classes = Class::ALL.map(Class::as_str).join(", ");
            let class = named::<Class>(self.text, "class", name, &format!("take one of {classes}"))?;
            let steps: Vec<Duration> = seconds.get_ref().iter().copied().map(Duration::from_secs).collect();
            let wrong = |what: String, remedy: String| self.wrong(seconds, what, remedy);
            let rises = steps.first().is_none_or(|first| !first.is_zero()) && steps.is_sorted_by(|a, b| a < b);
            if steps.len() > STEPS_MAX || !rises {
                let remedy = format!("write at most {STEPS_MAX} seconds, each more than the one before");
                return Err(wrong(format!("the thresholds of {class} do not rise"), remedy));
            }
            let longest = answer_threshold(class);
            if class.rings() && steps.first().is_none_or(|first| *first > longest) {
                let what = format!("somebody of class {class} could wait over {} s untold", longest.as_secs());
                return Err(wrong(what, format!("let the first threshold be {} or less", longest.as_secs())));
            }
            answer.insert(class, steps);
        }
        Ok(())
    }

    /// Triggers that only equipment or a test sends: nothing else is set aside or closed by rule.
    fn triggers(&self, written: &Names, triggers: &mut BTreeSet<Trigger>) -> Result<(), PolicyError> {
        let Some(written) = written else { return Ok(()) };
        triggers.clear();
        for name in written {
            let trigger = named::<Trigger>(self.text, "trigger", name, "take a name from the table as shipped")?;
            if trigger.calls_for_help() {
                let remedy = "take it out: what a person or a hazard raised is never set aside or closed by rule";
                return Err(self.wrong(name, format!("{trigger} calls for help"), remedy.to_owned()));
            }
            triggers.insert(trigger);
        }
        Ok(())
    }

    fn seconds(&self, written: &Number, bounds: RangeInclusive<u64>, into: &mut Duration) -> Result<(), PolicyError> {
        if let Some(seconds) = self.within(written, bounds)? {
            *into = Duration::from_secs(seconds);
        }
        Ok(())
    }

    fn count(&self, written: &Number, bounds: RangeInclusive<u64>, into: &mut usize) -> Result<(), PolicyError> {
        if let Some(count) = self.within(written, bounds)? {
            *into = usize::try_from(count).unwrap_or(usize::MAX);
        }
        Ok(())
    }

    fn small(&self, written: &Number, bounds: RangeInclusive<u64>, into: &mut u32) -> Result<(), PolicyError> {
        if let Some(count) = self.within(written, bounds)? {
            *into = u32::try_from(count).unwrap_or(u32::MAX);
        }
        Ok(())
    }

    fn within(&self, written: &Number, bounds: RangeInclusive<u64>) -> Result<Option<u64>, PolicyError> {
        let Some(number) = written else { return Ok(None) };
        if bounds.contains(number.get_ref()) {
            return Ok(Some(*number.get_ref()));
        }
        let remedy = format!("use a number from {} to {}", bounds.start(), bounds.end());
        Err(self.wrong(number, format!("{} is out of bounds", number.get_ref()), remedy))
    }

    fn wrong<T>(&self, place: &Spanned<T>, what: String, remedy: String) -> PolicyError {
        PolicyError { line: Some(line_of(self.text, place.span().start)), what, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;
    use crate::policy::BUILTIN;

    fn parsed(sections: &str) -> Result<Policy, PolicyError> {
        let (table, _) = BUILTIN.split_once("\n[answer-s]").expect("the sections follow the table");
        Policy::parse(&format!("{table}\n{sections}"))
    }

    #[test]
    fn the_sections_as_shipped_are_the_defaults() {
        assert_eq!(**Policy::builtin().rules(), Rules::default());
        assert_eq!(**parsed("").expect("sections may be left out").rules(), Rules::default());
    }

    #[test]
    fn a_centre_may_be_stricter() {
        let policy = parsed("[answer-s]\nperson = [30, 60]\ntechnical = [3600]\n[repeats]\npresses = 2\n");
        let policy = policy.expect("it is stricter");
        let seconds = |class| policy.rules().answer(class).iter().map(Duration::as_secs).collect::<Vec<_>>();
        assert_eq!(seconds(Class::Person), [30, 60]);
        assert_eq!(seconds(Class::Technical), [3_600]);
        assert_eq!(seconds(Class::LoneWorker), [10, 40]);
        assert_eq!(policy.rules().repeats.presses, 2);
    }

    #[test]
    fn a_mistake_names_line_and_remedy() {
        let cases = [
            ("[answer-s]\nperson = [90, 120]", "over 60 s untold", "60 or less"),
            ("[answer-s]\nlone-worker = [20]", "over 10 s untold", "10 or less"),
            ("[answer-s]\nperson = []", "untold", "60 or less"),
            ("[answer-s]\nperson = [60, 60]", "do not rise", "more than the one before"),
            ("[answer-s]\nvital = [60]", "no class", "unreadable"),
            ("[clearing]\nrestored = [\"pendant\"]", "pendant calls for help", "never set aside"),
            ("[clearing]\nbackground = [\"manes\"]", "no trigger", "as shipped"),
            ("[repeats]\npresses = 1", "1 is out of bounds", "from 2 to"),
            ("[test]\nunseen-s = 600", "600 is out of bounds", "from 5 to 60"),
            ("[test]\nlongest-s = 600\nusual-s = 700", "700 is out of bounds", "to 600"),
            ("[test]\nlongest = 600", "unknown field", "as shipped"),
        ];
        for (sections, what, remedy) in cases {
            let error = parsed(sections).expect_err(sections);
            assert!(error.line.is_some() && error.what.contains(what) && error.remedy.contains(remedy), "{error}");
        }
    }
}
