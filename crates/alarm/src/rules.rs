//! The numbers of the rules: how long people may wait, what is noise, how tests run.
//!
//! Part of the policy file, beside the table of ranks; every section and every key has the default shipped. A
//! centre may be stricter than the defaults where somebody waits, never slower than what the standards ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use telecare_protocol::Trigger;

use crate::Class;
use crate::expect::CollapseRules;
use crate::noise::NoiseRules;

/// Answer thresholds of one class, at most.
pub const STEPS_MAX: usize = 5;
/// Presses of a card whose times are kept, and so the most that the rule of repeated presses can count.
pub const PRESSES_KEPT: usize = 12;

/// The rules' numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// How long a card of a class may wait, threshold by threshold.
    pub answer: BTreeMap<Class, Vec<Duration>>,
    /// Which presses raise their card.
    pub repeats: RepeatRules,
    /// What somebody must be told of.
    pub watch: WatchRules,
    /// What clears by itself.
    pub clearing: ClearingRules,
    /// When many units at once are one incident, and one unit a runaway.
    pub noise: NoiseRules,
    /// How long after its time an expected call counts as missed.
    pub missed_grace: Duration,
    /// When many missed calls are one incident.
    pub missed: CollapseRules,
    /// How tests run.
    pub test: TestRules,
    /// Where escalations go out to: the webhooks of this receiver's configuration.
    pub targets: Vec<Target>,
}

/// Which presses raise their card: so many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatRules {
    /// How many, 2 to [`PRESSES_KEPT`].
    pub presses: usize,
    /// Within how long: presses every ten minutes for three hours must count (Örebro 2020).
    pub within: Duration,
}

/// What somebody must be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchRules {
    /// How long an alarm of the highest priority may be served to nobody.
    pub unserved: Duration,
    /// How long no operator's console may ask for anything; zero for never mind.
    pub unwatched: Duration,
    /// How long a person's alarm may be open without an outcome.
    pub no_outcome: Duration,
    /// Troubles of the receiver itself that go out.
    pub troubles: BTreeSet<String>,
}

/// What clears by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearingRules {
    /// How long a trigger of `restored` waits for its restoration before it is listed with the others.
    pub wait: Duration,
    /// Triggers that close their untouched card when they are over.
    pub restored: BTreeSet<Trigger>,
    /// Triggers that only prove that a unit lives: their untouched card is closed as received.
    pub background: BTreeSet<Trigger>,
}

/// How tests run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestRules {
    /// The longest test that may be started.
    pub longest: Duration,
    /// How long a test lasts when nothing else is said.
    pub usual: Duration,
    /// How long a press on test may go unseen before it is listed with the others.
    pub unseen: Duration,
    /// How many unseen presses bring it there at once.
    pub presses: u32,
}

/// Where escalations go out to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// The level from which on it is told.
    pub from_level: u8,
}

impl Default for Rules {
    fn default() -> Rules {
        let telecare = || [60, 120, 180].map(Duration::from_secs).to_vec();
        let answer = [
            (Class::LoneWorker, [10, 40].map(Duration::from_secs).to_vec()),
            (Class::Person, telecare()),
            (Class::Fire, telecare()),
            (Class::Unreadable, telecare()),
            (Class::Security, telecare()),
            (Class::Activity, telecare()),
            (Class::Telephone, vec![Duration::from_secs(60)]),
        ];
        Rules {
            answer: answer.into_iter().collect(),
            repeats: RepeatRules { presses: 3, within: Duration::from_secs(30 * 60) },
            watch: WatchRules {
                unserved: Duration::from_secs(10),
                unwatched: Duration::from_secs(30),
                no_outcome: Duration::from_secs(45 * 60),
                troubles: ["unwatched", "journal-failed", "database-away"].map(str::to_owned).into(),
            },
            clearing: ClearingRules {
                wait: Duration::from_secs(10 * 60),
                restored: [Trigger::Mains, Trigger::MissedTest].into(),
                background: [Trigger::PeriodicTest].into(),
            },
            noise: NoiseRules::default(),
            missed_grace: Duration::from_secs(90 * 60),
            missed: CollapseRules::default(),
            test: TestRules {
                longest: Duration::from_secs(8 * 3600),
                usual: Duration::from_secs(3600),
                unseen: Duration::from_secs(60),
                presses: 5,
            },
            targets: Vec::new(),
        }
    }
}

impl Rules {
    /// The answer thresholds of a class; none where nobody is told.
    pub fn answer(&self, class: Class) -> &[Duration] {
        self.answer.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Who is told at a level.
    pub fn targets_at(&self, level: u8) -> Vec<Arc<str>> {
        let told = self.targets.iter().filter(|target| target.from_level <= level.max(1));
        told.map(|target| target.name.clone()).collect()
    }
}
