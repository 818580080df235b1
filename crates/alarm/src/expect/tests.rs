//! Nobody who is missing is forgotten, and nobody is told twice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::group::GroupKind;
use crate::registry::UnitId;
use crate::testing::at;
use crate::{LineId, ReceiverId};

const DAY: i64 = 86_400;

fn unit(n: u128) -> Subject {
    Subject::Unit(UnitId(Uuid::from_u128(n)))
}

fn daily(carrier: &str) -> Expectation {
    let causes = Group::new(GroupKind::Carrier, carrier).into_iter().collect();
    let day = Duration::from_secs(u64::try_from(DAY).expect("small"));
    Expectation { interval: day, grace: Duration::from_secs(600), raises: Trigger::MissedTest, causes }
}

fn missed(told: &Told) -> Vec<(Subject, bool)> {
    told.missed.iter().map(|missed| (missed.subject.clone(), missed.incident.is_some())).collect()
}

#[test]
fn names_come_back() {
    let line = Subject::Line { receiver: ReceiverId::new("r/1"), line: LineId::new("a") };
    for subject in [unit(7), line, Subject::Receiver(ReceiverId::new("r-1"))] {
        assert_eq!(subject.key().parse(), Ok(subject));
    }
    assert!("unit/x".parse::<Subject>().is_err() && "".parse::<Subject>().is_err());
}

#[test]
fn a_cut_line_is_told_once_and_again_after_it_was_heard() {
    // F24: only the call that does not come tells of a cut line.
    let (mut all, rules) = (Expectations::default(), CollapseRules::default());
    all.set(unit(1), Some(daily("BT")), at(0));
    assert_eq!(all.next_due(), Some(at(DAY + 600)));
    assert_eq!(all.due(at(DAY + 599), &rules), Told::default());
    let told = all.due(at(DAY + 600), &rules);
    assert_eq!(told.missed.iter().map(|missed| missed.deadline).collect::<Vec<_>>(), [at(DAY + 600)]);
    assert_eq!((all.due(at(9 * DAY), &rules), all.next_due()), (Told::default(), None));
    assert_eq!(all.overdue().map(|overdue| overdue.heard_at).collect::<Vec<_>>(), [at(0)]);
    all.heard(&unit(1), at(9 * DAY));
    all.heard(&unit(1), at(3));
    let supposed = Kept { subject: unit(1), heard_at: at(12 * DAY), was_heard: false, missed: None };
    all.restore(supposed);
    assert_eq!((all.overdue_count(), all.next_due()), (0, Some(at(10 * DAY + 600))));
    assert_eq!(all.due(at(11 * DAY), &rules).missed.len(), 1);
}

#[test]
fn many_of_one_carrier_are_one_incident_and_the_first_of_them_are_gathered() {
    let (mut all, rules) = (Expectations::default(), CollapseRules::default());
    for n in 0..8 {
        all.set(unit(n), Some(daily(if n < 6 { "BT" } else { "Virgin" })), at(i64::try_from(n).expect("small")));
    }
    let mut single = Vec::new();
    let mut of_incident = Vec::new();
    let mut gathered = Vec::new();
    for seconds in 0..20 {
        let told = all.due(at(DAY + 600 + seconds), &rules);
        for (subject, is_one_of_many) in missed(&told) {
            if is_one_of_many { of_incident.push(subject) } else { single.push(subject) }
        }
        gathered.extend(told.gathered.into_iter().map(|(subject, _)| subject));
    }
    gathered.sort();
    assert_eq!(gathered, [0, 1, 2, 3].map(unit));
    assert_eq!(of_incident, [4, 5].map(unit));
    assert_eq!(single, [0, 1, 2, 3, 6, 7].map(unit), "two of another carrier are two");
    assert_eq!((all.overdue_count(), all.expected_count()), (8, 8));
}

#[test]
fn a_whole_carrier_that_falls_silent_is_one_incident() {
    // A quadratic count would take minutes here.
    let (mut all, rules, many) = (Expectations::default(), CollapseRules::default(), 20_000);
    for n in 0..many {
        all.set(unit(n), Some(daily("BT")), at(i64::try_from(n % 3_000).expect("small")));
    }
    let told = all.due(at(2 * DAY), &rules);
    assert_eq!((told.missed.len(), told.gathered.len()), (20_000, 0));
    assert!(told.missed.iter().all(|missed| missed.incident.is_some()));
}

#[test]
fn a_unit_that_is_issued_again_has_a_whole_interval() {
    let (mut all, rules) = (Expectations::default(), CollapseRules::default());
    all.set(unit(1), Some(daily("BT")), at(0));
    all.due(at(9 * DAY), &rules);
    let mut first = all.changed();
    assert_eq!((first.kept.len(), first.forgotten.len()), (1, 0));
    all.set(unit(1), None, at(10 * DAY));
    all.set(unit(1), Some(daily("BT")), at(20 * DAY));
    first.extend(all.changed());
    assert_eq!(first.forgotten, [unit(1)], "what is kept of the first issue must not outlive it");
    assert_eq!(first.kept.iter().map(|kept| (kept.heard_at, kept.missed)).collect::<Vec<_>>(), [(at(20 * DAY), None)]);
    assert_eq!(all.next_due(), Some(at(21 * DAY + 600)));
}

#[test]
fn missing_far_apart_is_no_incident() {
    let (mut all, rules) = (Expectations::default(), CollapseRules::default());
    for n in 0..20 {
        all.set(unit(n), Some(daily("BT")), at(i64::try_from(n).expect("small") * 3_600));
    }
    let told: Vec<Told> = (0..100).map(|hour| all.due(at(DAY + hour * 3_600), &rules)).collect();
    assert!(told.iter().all(|told| told.missed.iter().all(|missed| missed.incident.is_none())));
    assert_eq!(all.overdue_count(), 20);
}

#[test]
fn who_is_expected_no_more_is_missed_no_more() {
    let (mut all, rules) = (Expectations::default(), CollapseRules::default());
    all.set(unit(1), Some(daily("BT")), at(0));
    all.set(unit(1), None, at(1));
    assert_eq!((all.due(at(9 * DAY), &rules), all.expected_count()), (Told::default(), 0));
    all.set(unit(2), Some(daily("BT")), at(0));
    all.set(unit(2), Some(Expectation { interval: Duration::from_secs(60), ..daily("BT") }), at(5));
    assert_eq!(all.due(at(660), &rules).missed.len(), 1, "the interval counts from when it was heard");
}

#[derive(Clone, Debug)]
enum Step {
    Heard { who: u128, back: i64 },
    Look,
    Restart,
}

fn any_run() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let step = prop_oneof![
        4 => (0..6u128, 0..500i64).prop_map(|(who, back)| Step::Heard { who, back }),
        4 => Just(Step::Look),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec((0..DAY, step), 1..60)
}

proptest! {
    #[test]
    fn who_is_of_an_incident_does_not_depend_on_when_one_looks(
        units in prop::collection::vec((0..7_200i64, 0..3usize), 1..30),
        looks in prop::collection::btree_set(0..7_200i64, 0..20),
    ) {
        let rules = CollapseRules { units_min: 3, within: Duration::from_secs(1_800) };
        let incidents = |looks: &mut dyn Iterator<Item = i64>| {
            let mut all = Expectations::default();
            for (n, (since, carrier)) in (0..).zip(&units) {
                all.set(unit(n), Some(daily(["BT", "Virgin", "Sky"][*carrier])), at(*since));
            }
            let mut found = BTreeMap::new();
            for seconds in looks.chain([7_200]) {
                let told = all.due(at(DAY + 600 + seconds), &rules);
                found.extend(told.missed.into_iter().map(|missed| (missed.subject, missed.incident)));
                found.extend(told.gathered.into_iter().map(|(subject, group)| (subject, Some(group))));
            }
            found
        };
        prop_assert_eq!(incidents(&mut looks.iter().copied()), incidents(&mut std::iter::empty()));
    }

    #[test]
    fn each_missed_deadline_is_told_once_whatever_happens(run in any_run()) {
        let rules = CollapseRules { units_min: 3, ..CollapseRules::default() };
        let mut all = Expectations::default();
        let mut kept: BTreeMap<Subject, Kept> = BTreeMap::new();
        let mut heard: BTreeMap<Subject, OffsetDateTime> = BTreeMap::new();
        let mut told: BTreeMap<Subject, OffsetDateTime> = BTreeMap::new();
        let mut was_heard = std::collections::BTreeSet::new();
        for who in 0..6 {
            all.set(unit(who), Some(daily("BT")), at(0));
            heard.insert(unit(who), at(0));
        }
        let mut now = at(0);
        for (seconds, step) in run {
            now += time::Duration::seconds(seconds);
            match step {
                Step::Heard { who, back } => {
                    let when = now - time::Duration::seconds(back);
                    all.heard(&unit(who), when);
                    if heard[&unit(who)] < when || !was_heard.contains(&who) {
                        was_heard.insert(who);
                        heard.insert(unit(who), when);
                        told.remove(&unit(who));
                    }
                }
                Step::Look => {
                    for missed in all.due(now, &rules).missed {
                        let before = told.insert(missed.subject.clone(), missed.deadline);
                        prop_assert_eq!(before, None, "told twice");
                    }
                    for (who, when) in &heard {
                        let deadline = *when + time::Duration::seconds(DAY + 600);
                        prop_assert_eq!(told.contains_key(who), deadline <= now, "{:?}", who);
                    }
                }
                Step::Restart => {
                    kept.extend(all.changed().kept.into_iter().map(|one| (one.subject.clone(), one)));
                    all = Expectations::default();
                    // In whatever order a start does it.
                    kept.values().take(3).for_each(|one| all.restore(one.clone()));
                    for who in 0..6 {
                        all.set(unit(who), Some(daily("BT")), now);
                    }
                    kept.values().for_each(|one| all.restore(one.clone()));
                    // Who had never been heard when nothing was kept yet begins anew.
                    for who in (0..6).filter(|who| !kept.contains_key(&unit(*who))) {
                        heard.insert(unit(who), now);
                    }
                }
            }
        }
    }
}
