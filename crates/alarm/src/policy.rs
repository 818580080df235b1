//! The policy: one table from what was said to how urgent it is.
//!
//! Protocol code says what was said; this says what it means for the queue. The table is data, changeable by
//! each centre, but no table may break the queue's promise to a person who presses: what a table must keep
//! to is checked when it is loaded ([`load`]), so that [`Policy::triage`] cannot fail.
//!
//! A report's events are ranked one by one, each by its trigger with its status, else by its trigger alone.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use telecare_protocol::report::{Outcome, Status};
use telecare_protocol::{Report, Trigger};

use crate::rules::Target;
use crate::{Class, Lane, Priority, Ranking, Rules};

mod check;
mod load;
mod numbers;

pub use load::PolicyError;
pub(crate) use load::line_of;

/// The table as shipped, also as `config/policy.toml`.
const BUILTIN: &str = include_str!("policy.toml");
/// Characters of the hash that are kept: enough to tell policies apart, short enough to read out.
const HASH_CHARS: usize = 16;

/// A complete, checked policy table.
#[derive(Clone, Debug)]
pub struct Policy {
    rows: HashMap<(Trigger, Option<Status>), Row>,
    unknown: Row,
    hash: Arc<str>,
    rules: Arc<Rules>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    priority: Priority,
    class: Class,
    lane: Lane,
    name: Arc<str>,
}

impl Policy {
    /// Reads a table and checks it.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        load::policy(text).map(|(rows, rules)| Policy::of(rows, rules))
    }

    /// The table as shipped. Should it ever not load, everything rings: a queue too loud, never too quiet.
    pub fn builtin() -> Policy {
        Policy::parse(BUILTIN).unwrap_or_else(|_| Policy::of(HashMap::new(), Rules::default()))
    }

    /// Tells this policy from any other by what it says, ranks and numbers: 16 hex digits. Comments and order do
    /// not change it, nor does where escalations go out to.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The numbers of the rules.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// The same with other places where escalations go out to: those are the receiver's, not the policy's.
    pub fn with_targets(self, targets: Vec<Target>) -> Policy {
        let rules = Rules { targets, ..Rules::clone(&self.rules) };
        Policy { rules: Arc::new(rules), ..self }
    }

    /// How urgent a report is: its most urgent event counts, and its most urgent lane.
    ///
    /// An event that rings is never hidden by a more urgent one that does not: the report then has the
    /// priority of the one and the class of the other, and names both rules.
    pub fn triage(&self, report: &Report) -> Ranking {
        let mut rows: Vec<&Row> = report.events.iter().map(|event| self.row(event.trigger, event.status)).collect();
        if let Outcome::Unreadable(_) = report.outcome {
            rows.push(self.row(Trigger::Unreadable, Status::Active));
        }
        let order = |row: &&Row| (row.priority, row.class);
        let first = rows.iter().copied().min_by_key(order).unwrap_or(&self.unknown);
        let ringing = rows.iter().copied().filter(|row| row.class.rings()).min_by_key(order);
        let lane = rows.iter().map(|row| row.lane).min().unwrap_or(self.unknown.lane);
        let (class, rule) = match ringing {
            Some(ringing) if !first.class.rings() => {
                (ringing.class, Arc::from(format!("{}, {}", ringing.name, first.name)))
            }
            Some(_) | None => (first.class, first.name.clone()),
        };
        Ranking { priority: first.priority, class, lane, rule, policy: self.hash.clone() }
    }

    fn of(rows: HashMap<(Trigger, Option<Status>), Row>, rules: Rules) -> Policy {
        let cautious = || Row {
            priority: Priority::HIGHEST,
            class: Class::Unreadable,
            lane: Lane::Urgent,
            name: rule_name(Trigger::Unknown, None),
        };
        let unknown = rows.get(&(Trigger::Unknown, None)).cloned().unwrap_or_else(cautious);
        let hash = Arc::from(hash_of(&rows, &rules));
        Policy { rows, unknown, hash, rules: Arc::new(rules) }
    }

    fn row(&self, trigger: Trigger, status: Status) -> &Row {
        let exact = self.rows.get(&(trigger, Some(status)));
        exact.or_else(|| self.rows.get(&(trigger, None))).unwrap_or(&self.unknown)
    }
}

/// A rule's name as stored with each signal: `mains/restored`, `mains/any`.
fn rule_name(trigger: Trigger, status: Option<Status>) -> Arc<str> {
    Arc::from(format!("{trigger}/{}", status.map_or("any", Status::as_str)))
}

/// The first digits of the SHA-256 of the table and the numbers in one fixed order and spelling.
fn hash_of(rows: &HashMap<(Trigger, Option<Status>), Row>, rules: &Rules) -> String {
    let mut hasher = Sha256::new();
    for trigger in Trigger::all() {
        let statuses = Status::ALL.into_iter().map(Some);
        for status in std::iter::once(None).chain(statuses) {
            if let Some(row) = rows.get(&(trigger, status)) {
                let line = format!("{} {} {} {}\n", row.name, row.priority.number(), row.class, row.lane.as_str());
                hasher.update(line.as_bytes());
            }
        }
    }
    // Where escalations go out to is not the policy's.
    hasher.update(format!("{:?}", Rules { targets: Vec::new(), ..rules.clone() }));
    let mut hex = String::new();
    for byte in hasher.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.chars().take(HASH_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use telecare_protocol::report::{Event, Fault, Protocol};

    use super::*;

    fn said(events: &[(Trigger, Status)]) -> Report {
        let event = |(trigger, status): &(Trigger, Status)| Event {
            trigger: *trigger,
            status: *status,
            code: String::new(),
            words: String::new(),
            location: None,
        };
        let mut report = Report::own(Trigger::Unknown, Status::Active, "");
        report.events = events.iter().map(event).collect();
        report
    }

    fn ranked(events: &[(Trigger, Status)]) -> (u8, Class, Lane, String) {
        let ranking = Policy::builtin().triage(&said(events));
        (ranking.priority.number(), ranking.class, ranking.lane, ranking.rule.to_string())
    }

    /// The table as shipped with one line changed.
    fn changed(from: &str, to: &str) -> String {
        let spaced: String = BUILTIN.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        assert_eq!(spaced.matches(from).count(), 1, "{from} is in the table once");
        spaced.replacen(from, to, 1)
    }

    fn refused(text: &str) -> PolicyError {
        Policy::parse(text).expect_err("a table that must be refused")
    }

    #[test]
    fn the_table_as_shipped_loads_and_is_the_sample_file() {
        let policy = Policy::parse(BUILTIN).expect("the table as shipped");
        assert_eq!(policy.hash(), Policy::builtin().hash());
        assert_eq!(BUILTIN, include_str!("../../../config/policy.toml"), "config/policy.toml is its copy");
    }

    #[test]
    fn every_trigger_with_every_status_is_ranked_by_a_rule_of_its_own() {
        let policy = Policy::builtin();
        for trigger in Trigger::all() {
            for status in Status::ALL {
                let ranking = policy.triage(&said(&[(trigger, status)]));
                let (of, _) = ranking.rule.split_once('/').expect("trigger/status");
                assert_eq!(of, trigger.as_str());
                if status != Status::Restored && trigger.calls_for_help() && trigger != Trigger::Intruder {
                    assert!(ranking.class.rings() && ranking.lane == Lane::Urgent, "{trigger} {status:?}");
                    assert!(ranking.priority.number() <= 2, "{trigger} {status:?}");
                }
            }
        }
    }

    #[test]
    fn the_order_is_the_one_telecare_works_by() {
        use Status::{Active, Fault, LowBattery, OutOfService, Present, Restored};
        use Trigger::*;
        let cases: [(Trigger, Status, u8, Class, Lane, &str); 22] = [
            (Pendant, Active, 1, Class::Person, Lane::Urgent, "pendant/any"),
            (Pendant, Present, 1, Class::Person, Lane::Urgent, "pendant/any"),
            (Pendant, LowBattery, 1, Class::Person, Lane::Urgent, "pendant/low-battery"),
            (Pendant, Restored, 3, Class::Activity, Lane::Urgent, "pendant/restored"),
            (Duress, Restored, 1, Class::Person, Lane::Urgent, "duress/any"),
            (Smoke, Active, 1, Class::Fire, Lane::Urgent, "smoke/any"),
            (Smoke, Restored, 3, Class::Activity, Lane::Urgent, "smoke/restored"),
            (LoneWorker, Active, 1, Class::LoneWorker, Lane::Urgent, "lone-worker/any"),
            (Unknown, Restored, 1, Class::Unreadable, Lane::Urgent, "unknown/any"),
            (FaultyCall, Active, 1, Class::Unreadable, Lane::Urgent, "faulty-call/any"),
            (Lift, Active, 2, Class::Person, Lane::Urgent, "lift/any"),
            (Intruder, Active, 2, Class::Security, Lane::Urgent, "intruder/any"),
            (LineDown, Active, 2, Class::Technical, Lane::Urgent, "line-down/any"),
            (LinkLost, Restored, 4, Class::Technical, Lane::Urgent, "link-lost/restored"),
            (Inactivity, Active, 3, Class::Activity, Lane::Urgent, "inactivity/any"),
            (Service, OutOfService, 3, Class::Activity, Lane::Routine, "service/out-of-service"),
            (Mains, Fault, 4, Class::Technical, Lane::Routine, "mains/any"),
            (Mains, Restored, 4, Class::Technical, Lane::Routine, "mains/any"),
            (Battery, Active, 4, Class::Technical, Lane::Routine, "battery/any"),
            (PeriodicTest, Present, 5, Class::Test, Lane::Routine, "periodic-test/any"),
            (Service, Active, 5, Class::Technical, Lane::Routine, "service/any"),
            (CallerIdentity, Active, 5, Class::Technical, Lane::Routine, "caller-identity/any"),
        ];
        for (trigger, status, priority, class, lane, rule) in cases {
            assert_eq!(ranked(&[(trigger, status)]), (priority, class, lane, rule.to_owned()));
        }
    }

    #[test]
    fn a_report_is_as_urgent_as_its_most_urgent_event() {
        use Status::Active;
        let test_and_press = ranked(&[(Trigger::PeriodicTest, Active), (Trigger::Pendant, Active)]);
        assert_eq!(test_and_press, (1, Class::Person, Lane::Urgent, "pendant/any".to_owned()));
        assert_eq!(ranked(&[]), (1, Class::Unreadable, Lane::Urgent, "unknown/any".to_owned()));
        let mut unreadable = said(&[(Trigger::PeriodicTest, Active)]);
        unreadable.protocol = Protocol::SurGard;
        unreadable.outcome = Outcome::Unreadable(Fault { name: "BadForm".to_owned(), fields: Vec::new() });
        assert_eq!(&*Policy::builtin().triage(&unreadable).rule, "unreadable/any");
    }

    #[test]
    fn a_more_urgent_event_that_does_not_ring_hides_none_that_does() {
        let text = changed(r#"{ trigger = "intruder", priority = 2"#, r#"{ trigger = "intruder", priority = 1"#);
        let text = text.replacen(r#"{ trigger = "pendant", priority = 1"#, r#"{ trigger = "pendant", priority = 2"#, 1);
        let policy = Policy::parse(&text).expect("a centre may rank so");
        let ranking = policy.triage(&said(&[(Trigger::Intruder, Status::Active), (Trigger::Pendant, Status::Active)]));
        assert_eq!((ranking.priority, ranking.class, ranking.lane), (Priority::HIGHEST, Class::Person, Lane::Urgent));
        assert_eq!(&*ranking.rule, "pendant/any, intruder/any");
    }

    #[test]
    fn the_hash_goes_by_what_the_table_says_and_nothing_else() {
        let hash = Policy::builtin().hash().to_owned();
        assert!(hash.len() == HASH_CHARS && hash.chars().all(|c| c.is_ascii_hexdigit()));
        let commented = format!("# another remark\n{}", changed(r#"trigger = "mains", "#, r#"trigger = "mains","#));
        assert_eq!(Policy::parse(&commented).expect("the same table").hash(), hash);
        let ranked = changed(r#"trigger = "mains", priority = 4"#, r#"trigger = "mains", priority = 3"#);
        assert_ne!(Policy::parse(&ranked).expect("another table").hash(), hash);
        let numbered = changed("presses = 3", "presses = 4");
        assert_ne!(Policy::parse(&numbered).expect("other numbers").hash(), hash);
        assert_eq!(&*Policy::builtin().triage(&said(&[])).policy, hash);
    }

    #[test]
    fn a_table_with_a_mistake_names_line_and_remedy() {
        let cases = [
            (r#"{ trigger = "mains","#, r#"{ trigger = "manes","#, r#"no trigger "manes""#, "as shipped"),
            (r#"{ trigger = "mains","#, r#"{ trigger = "mains", status = "gone","#, r#"no status "gone""#, "restored"),
            (
                r#"{ trigger = "mains", priority = 4"#,
                r#"{ trigger = "mains", priority = 0"#,
                "priority 0",
                "1, most urgent",
            ),
            (
                r#"{ trigger = "mains", priority = 4"#,
                r#"{ trigger = "mains", priority = 6"#,
                "priority 6",
                "1, most urgent",
            ),
            (r#"{ trigger = "mains", priority"#, r#"{ trigger = "mains", urgency"#, "urgency", "has nothing else"),
            (r#"{ trigger = "mains","#, r#"{ trigger = "battery","#, "second rule for battery/any", "keep one"),
            (
                r#"{ trigger = "mains", priority = 4, class = "technical""#,
                r#"{ trigger = "mains", priority = 4, class = "vital""#,
                r#"no class "vital""#,
                "unreadable",
            ),
            (
                r#"{ trigger = "lift", priority = 2, class = "person""#,
                r#"{ trigger = "lift", priority = 2, class = "security""#,
                "does not ring",
                "person",
            ),
            (
                r#"{ trigger = "smoke", priority = 1, class = "fire", lane = "urgent" }"#,
                r#"{ trigger = "smoke", priority = 1, class = "fire", lane = "routine" }"#,
                "routine lane",
                "lane urgent",
            ),
            (
                r#"{ trigger = "pendant", status = "low-battery", priority = 1, class = "person", lane = "urgent""#,
                r#"{ trigger = "pendant", status = "low-battery", priority = 4, class = "technical", lane = "routine""#,
                "pendant/low-battery has class technical, which does not ring",
                "person",
            ),
            (
                r#"{ trigger = "mains", priority = 4, class = "technical""#,
                r#"{ trigger = "mains", priority = 4, class = "person""#,
                "routine lane",
                "lane urgent",
            ),
            (
                r#"{ trigger = "manual-test", priority = 5, class = "test", lane = "routine""#,
                r#"{ trigger = "manual-test", priority = 5, class = "test", lane = "urgent""#,
                "a test in the urgent lane",
                "lane routine",
            ),
            (
                r#"{ trigger = "caller-identity", priority = 5"#,
                r#"{ trigger = "caller-identity", priority = 4"#,
                "caller-identity/any",
                "neither ring nor raise",
            ),
        ];
        for (from, to, what, remedy) in cases {
            let text = changed(from, to);
            let at = text.lines().position(|line| line.contains(to)).expect("the changed line") + 1;
            let error = refused(&text);
            let later = error.line.is_some_and(|line| what.starts_with("second") && line > at);
            assert!(error.line == Some(at) || later, "line {at}: {error:?}");
            assert!(error.what.contains(what) && error.remedy.contains(remedy), "{error}");
        }
    }

    #[test]
    fn a_table_that_leaves_a_trigger_out_is_refused() {
        let text = changed(r#"{ trigger = "lift", priority = 2, class = "person", lane = "urgent" },"#, "");
        let error = refused(&text);
        assert!(error.line.is_none() && error.what.contains("lift"), "{error}");
        assert!(refused("rule = [").line.is_some());
        assert!(refused("").what.contains("rule"));
        assert!(refused("rule = []\nrules = 1\n").line.is_some());
    }

    #[test]
    fn should_the_table_ever_fail_to_load_everything_rings() {
        let ranking =
            Policy::of(HashMap::new(), Rules::default()).triage(&said(&[(Trigger::PeriodicTest, Status::Active)]));
        assert!(ranking.class.rings() && ranking.lane == Lane::Urgent && ranking.priority == Priority::HIGHEST);
    }
}
