//! The numbers of the rules in force.

use std::time::Duration;

use serde::Serialize;
use telecare_alarm::Policy;
use telecare_protocol::Trigger;
use utoipa::ToSchema;

use super::names;

/// The rules in force. Times are seconds.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rules)]
pub struct RulesShape {
    /// Tells the table of ranks from any other.
    policy: String,
    /// How long a card of a class may wait, threshold by threshold.
    #[schema(max_items = 16)]
    answer: Vec<AnswerShape>,
    /// So many presses
    repeat_presses: usize,
    /// within so long raise their card.
    repeat_within_s: u64,
    /// How long an alarm of priority 1 may be served to nobody.
    unserved_s: u64,
    /// How long no operator's console may be heard; 0 for never mind.
    unwatched_s: u64,
    /// How long a person's alarm may be open without an outcome.
    no_outcome_s: u64,
    /// How long equipment waits for its restoration before it is listed.
    restore_wait_s: u64,
    /// Triggers that do.
    restored: Vec<&'static str>,
    /// Triggers that only prove that a unit lives.
    background: Vec<&'static str>,
    /// More units than this
    storm_units: usize,
    /// within so long are one incident.
    storm_within_s: u64,
    /// From so many signals on
    runaway_signals: u32,
    /// without such a pause a unit is a runaway.
    runaway_gap_s: u64,
    /// How late an expected call may be.
    missed_grace_s: u64,
    /// So many missed
    missed_units: usize,
    /// within so long are one incident.
    missed_within_s: u64,
    test_longest_s: u64,
    test_usual_s: u64,
    /// When a press on test is listed with the others: unseen for so long,
    test_unseen_s: u64,
    /// or so many unseen.
    test_presses: u32,
    /// Names of the webhooks that escalations go out to.
    targets: Vec<String>,
}

/// How long cards of a class may wait.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AnswerThresholds)]
struct AnswerShape {
    #[schema(schema_with = names::class)]
    class: &'static str,
    /// Each threshold, seconds.
    #[schema(max_items = 5)]
    seconds: Vec<u64>,
}

impl RulesShape {
    /// Of the policy in force.
    pub fn of(policy: &Policy) -> RulesShape {
        let rules = policy.rules();
        let seconds = |time: &Duration| time.as_secs();
        let names = |triggers: &std::collections::BTreeSet<Trigger>| triggers.iter().map(|one| one.as_str()).collect();
        let answer = rules
            .answer
            .iter()
            .map(|(class, steps)| AnswerShape { class: class.as_str(), seconds: steps.iter().map(seconds).collect() });
        RulesShape {
            policy: policy.hash().to_owned(),
            answer: answer.collect(),
            repeat_presses: rules.repeats.presses,
            repeat_within_s: seconds(&rules.repeats.within),
            unserved_s: seconds(&rules.watch.unserved),
            unwatched_s: seconds(&rules.watch.unwatched),
            no_outcome_s: seconds(&rules.watch.no_outcome),
            restore_wait_s: seconds(&rules.clearing.wait),
            restored: names(&rules.clearing.restored),
            background: names(&rules.clearing.background),
            storm_units: rules.noise.units_max,
            storm_within_s: seconds(&rules.noise.within),
            runaway_signals: rules.noise.runaway_signals,
            runaway_gap_s: seconds(&rules.noise.runaway_gap),
            missed_grace_s: seconds(&rules.missed_grace),
            missed_units: rules.missed.units_min,
            missed_within_s: seconds(&rules.missed.within),
            test_longest_s: seconds(&rules.test.longest),
            test_usual_s: seconds(&rules.test.usual),
            test_unseen_s: seconds(&rules.test.unseen),
            test_presses: rules.test.presses,
            targets: rules.targets.iter().map(|target| target.name.to_string()).collect(),
        }
    }
}
