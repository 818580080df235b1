//! A script for each rule, on virtual time. Each F-number is a failure of the field (domain notes, section 4).

use std::time::Duration;

use telecare_protocol::report::{Caller, Status};
use telecare_protocol::{Report, Trigger};
use time::OffsetDateTime;

use super::rig::Centre;
use crate::registry::{Unit, UnitId};
use crate::testing::at;
use crate::{Act, Listing, Refusal, Registry, Rule, Standing, Test};

use Status::{Active, Restored};

fn nobody() -> Centre {
    Centre::new(Registry::default())
}

fn levels(centre: &Centre, id: crate::AlarmId) -> (u8, Vec<String>) {
    (centre.card(id).level, centre.escalated(id))
}

#[test]
fn f15_an_unanswered_press_goes_up_and_out_at_each_threshold() {
    let mut centre = nobody();
    let press = centre.press("1234", 0);
    let served = Act::Served;
    centre.does("(receiver)", press, 1, served).expect("it can be served");
    for (seconds, level) in [(59, 0), (60, 1), (119, 1), (120, 2), (179, 2), (180, 3), (2_699, 3), (2_700, 4)] {
        centre.until(seconds);
        assert_eq!(centre.card(press).level, level, "after {seconds} s");
    }
    assert_eq!(centre.escalated(press), ["unanswered-1", "unanswered-2", "unanswered-3", "no-outcome"]);
    assert!(centre.card(press).escalations.iter().all(|one| one.deliveries.len() == 1), "each goes out");
    // A lone worker has less time; a smoke alarm of the same age stays behind it by its level.
    let worker = centre.hears("7001", 10_000, Trigger::LoneWorker, Active);
    let smoke = centre.hears("7002", 10_000, Trigger::Smoke, Active);
    centre.until(10_041);
    assert_eq!((centre.card(worker).level, centre.card(smoke).level), (2, 0));
    assert_eq!(centre.queue().iter().map(|card| card.id).collect::<Vec<_>>(), [press, worker, smoke]);
}

#[test]
fn an_answer_stops_the_clock_and_a_release_starts_it_again() {
    let mut centre = nobody();
    let press = centre.press("1234", 0);
    centre.claims("Ann", press, 50);
    centre.until(100);
    assert_eq!(levels(&centre, press), (0, vec!["unserved".to_owned()]));
    centre.does("Ann", press, 100, Act::Release).expect("it is hers");
    centre.until(159);
    assert_eq!(centre.card(press).level, 0);
    centre.until(160);
    assert_eq!(centre.card(press).level, 1);
    assert_eq!(centre.card(press).opened_at, at(0), "its age is its own");
}

#[test]
fn a_lost_lease_returns_the_alarm_at_its_age_and_one_level_up() {
    let mut centre = nobody();
    let (first, second) = (centre.press("1111", 0), centre.press("2222", 5));
    for press in [first, second] {
        centre.claims("Ann", press, 10);
    }
    centre.does("Ann", first, 100, Act::Renew { lease: Duration::from_secs(120) }).expect("it is hers");
    centre.until(130);
    assert_eq!(centre.card(first).standing(centre.now), Standing::Claimed);
    let lost = centre.card(second);
    assert_eq!((lost.standing(centre.now), lost.level, lost.opened_at), (Standing::Waiting, 1, at(5)));
    assert!(lost.claim.is_none() && lost.ring.is_some(), "it rings for everyone again");
    centre.until(219);
    assert_eq!(centre.escalated(second), ["lease-lost", "unanswered-1"]);
    centre.until(220);
    assert_eq!(centre.card(first).level, 1, "renewed, it was lost later");
}

#[test]
fn f13_f14_a_hold_ages_and_calls_its_holder_and_then_everyone() {
    let mut centre = nobody();
    let press = centre.press("1234", 0);
    centre.claims("Ann", press, 9);
    let shown = centre.card(press).last_signal;
    let hold = Act::Hold { shown, until: at(600), reason: "daughter rings back".to_owned() };
    centre.does("Ann", press, 20, hold).expect("it is hers");
    centre.until(599);
    assert_eq!(
        (centre.card(press).standing(centre.now), centre.card(press).ringing(centre.now)),
        (Standing::Held, None)
    );
    centre.until(600);
    assert!(centre.card(press).ringing(centre.now).is_some(), "it rings for Ann");
    let claim = Act::Claim { lease: Duration::from_secs(120) };
    assert!(matches!(centre.does("Ben", press, 610, claim), Err(Refusal::Taken { .. })), "hers first");
    centre.until(660);
    assert_eq!(levels(&centre, press), (1, vec!["hold-over".to_owned()]));
    centre.claims("Ben", press, 661);
    // Nobody has deleted it, and 45 minutes on somebody must say what became of it.
    centre.does("Ben", press, 700, Act::Renew { lease: Duration::from_secs(9_000) }).expect("it is his");
    centre.until(2_700);
    assert_eq!(centre.escalated(press), ["hold-over", "no-outcome"]);
}

#[test]
fn f2_f3_presses_again_and_again_raise_the_card() {
    let mut centre = nobody();
    let lift = centre.hears("1234", 0, Trigger::Lift, Active);
    assert_eq!(centre.card(lift).priority.number(), 2);
    // Every ten minutes, as in Örebro.
    for n in 1..3 {
        centre.hears("1234", n * 600, Trigger::Lift, Active);
    }
    assert_eq!(centre.card(lift).priority.number(), 1);
    let before = centre.card(lift).level;
    for n in 3..6 {
        centre.hears("1234", n * 600, Trigger::Lift, Active);
    }
    assert!(centre.card(lift).level > before, "already first, it goes up among the first");
    let raised = centre.escalated(lift).iter().filter(|rule| *rule == "pressed-again").count();
    assert_eq!(raised, 2, "six presses are twice three");
    assert_eq!((centre.card(lift).presses, centre.card(lift).pressed), (6, Some((at(0), at(3_000)))));
}

#[test]
fn f33_a_press_on_a_claimed_card_rings_its_holder_and_runs_its_own_clock() {
    let mut centre = nobody();
    let press = centre.press("1234", 0);
    centre.claims("Ann", press, 10);
    centre.does("Ann", press, 11, Act::Renew { lease: Duration::from_secs(3_000) }).expect("it is hers");
    assert_eq!(centre.press("1234", 500), press, "the responder presses at the door");
    centre.until(559);
    assert_eq!(centre.card(press).standing(centre.now), Standing::Claimed);
    centre.until(560);
    assert_eq!((centre.card(press).standing(centre.now), centre.card(press).level), (Standing::Waiting, 1));
    let shown = centre.card(press).last_signal;
    centre.does("Ann", press, 561, Act::Seen { shown }).expect("it is still hers");
    centre.until(1_000);
    assert_eq!((centre.card(press).standing(centre.now), centre.card(press).level), (Standing::Claimed, 1));
}

#[test]
fn f17_a_silent_call_with_repeats_outranks_a_press() {
    let mut centre = nobody();
    let press = centre.press("1234", 0);
    let mut silent = None;
    for seconds in [10, 20, 30] {
        let mut call = centre.said("", seconds, Trigger::Silent, Active);
        call.report.identity = None;
        call.report.caller = Some(Caller { number: Some("01527 960042".to_owned()), name: None });
        call.unit = crate::UnitKey { key: "caller/in/north/01527 960042".into(), ..call.unit };
        silent = Some(centre.keeps(call));
    }
    let silent = silent.expect("three calls");
    assert_eq!(centre.card(silent).caller.as_ref().and_then(|caller| caller.number.as_deref()), Some("01527 960042"));
    assert_eq!(centre.queue().iter().map(|card| card.id).collect::<Vec<_>>(), [silent, press]);
}

#[test]
fn unserved_and_unwatched_go_out() {
    let mut centre = nobody();
    let press = centre.press("1234", 0);
    let low = centre.hears("5678", 0, Trigger::Inactivity, Active);
    centre.until(9);
    assert!(centre.escalated(press).is_empty());
    centre.until(10);
    assert_eq!(levels(&centre, press), (0, vec!["unserved".to_owned()]));
    assert!(centre.escalated(low).is_empty());
    let unit = crate::UnitKey { key: "line/r/(receiver)/own".into(), basis: crate::Basis::Line, words: "line".into() };
    let trouble = |status| {
        let mut report = Report::own(Trigger::System, status, "unwatched");
        let location = telecare_protocol::report::Location { code: "unwatched".to_owned(), words: String::new() };
        report.events.iter_mut().for_each(|event| event.location = Some(location.clone()));
        report
    };
    let own = centre.says(trouble(Active), unit.clone());
    assert_eq!(centre.escalated(own), ["trouble"]);
    centre.until(20);
    centre.says(trouble(Restored), unit.clone());
    centre.until(30);
    centre.says(trouble(Active), unit);
    assert_eq!(centre.escalated(own), ["trouble", "trouble"], "each time anew");
}

#[test]
fn mains_waits_for_its_restoration_and_is_closed_by_it() {
    let mut centre = nobody();
    let mains = centre.hears("1234", 0, Trigger::Mains, Active);
    assert_eq!(centre.listing(mains), Listing::WaitsForRestore);
    centre.until(599);
    assert!(centre.queue().is_empty());
    centre.until(600);
    assert_eq!(centre.listing(mains), Listing::Queue);
    centre.hears("1234", 900, Trigger::Mains, Restored);
    assert_eq!(centre.card(mains).closed.as_ref().map(|closed| closed.outcome.as_str()), Some("restored"));
    // Anything else on the card, or anybody's hand on it, and it stays.
    let low = centre.hears("5678", 1_000, Trigger::Mains, Active);
    centre.hears("5678", 1_001, Trigger::Battery, Active);
    assert_eq!(centre.listing(low), Listing::Queue);
    let taken = centre.hears("9012", 1_000, Trigger::Mains, Active);
    centre.claims("Ann", taken, 1_002);
    for account in ["5678", "9012"] {
        centre.hears(account, 1_010, Trigger::Mains, Restored);
    }
    assert!(centre.card(low).closed.is_none() && centre.card(taken).closed.is_none());
    // F30: a flapping path is kept and never in anybody's face; a press on the same card is at once.
    let flapping = centre.hears("3456", 2_000, Trigger::Mains, Active);
    assert_eq!(centre.press("3456", 2_001), flapping);
    assert_eq!(
        (centre.listing(flapping), centre.queue().first().map(|card| card.id)),
        (Listing::Queue, Some(flapping))
    );
    centre.hears("3456", 2_002, Trigger::Mains, Restored);
    assert!(centre.card(flapping).closed.is_none(), "a press is never closed by rule");
}

#[test]
fn a_runaway_is_shown_first_and_set_aside_until_it_is_quiet() {
    let mut centre = nobody();
    let mut last = centre.hears("1234", 0, Trigger::Battery, Active);
    for n in 1..30 {
        centre.claims("Ann", last, n * 60);
        centre.closes("Ann", last, n * 60 + 1);
        last = centre.hears("1234", n * 60 + 2, Trigger::Battery, Active);
    }
    assert_eq!(centre.listing(last), Listing::Runaway);
    let runaway = last;
    centre.until(29 * 60 + 2 + 1_800);
    assert_eq!(centre.card(runaway).closed.as_ref().map(|closed| closed.outcome.as_str()), Some("runaway-over"));
    let again = centre.hears("1234", 29 * 60 + 2 + 1_803, Trigger::Battery, Active);
    assert_eq!(centre.listing(again), Listing::Queue);
    // A person who presses without end is one card with a counter, and never aside.
    let mut press = centre.press("5678", 10_000);
    for n in 1..200 {
        press = centre.press("5678", 10_000 + n);
    }
    assert_eq!((centre.card(press).presses, centre.listing(press)), (200, Listing::Queue));
}

#[test]
fn a_periodic_test_is_kept_and_in_nobodys_face() {
    let mut centre = nobody();
    let test = centre.hears("1234", 0, Trigger::PeriodicTest, Active);
    assert_eq!(centre.card(test).closed.as_ref().map(|closed| closed.outcome.as_str()), Some("received"));
    let press = centre.press("1234", 10);
    assert_eq!(centre.hears("1234", 20, Trigger::PeriodicTest, Active), press);
    assert!(centre.card(press).closed.is_none());
}

fn unit(n: u128, carrier: &str) -> Unit {
    let mut unit = Unit::blank(UnitId(uuid::Uuid::from_u128(n)));
    unit.label = format!("Unit {n}");
    unit.carrier = carrier.to_owned();
    unit.expected_interval = Some(Duration::from_secs(86_400));
    unit.identities = vec![format!("north:surgard:{n:04}").parse().expect("an identity")];
    unit
}

/// When a daily call counts as missed: a day and the grace of an hour and a half.
const MISSED: i64 = 86_400 + 5_400;

#[test]
fn f24_a_missed_periodic_test_is_one_alarm_until_the_unit_is_heard() {
    let mut centre = Centre::new(Registry::new(1, [unit(42, "BT")]));
    centre.hears("0042", 100, Trigger::PeriodicTest, Active);
    centre.until(100 + MISSED - 1);
    assert_eq!(centre.open_cards().count(), 0);
    centre.restart();
    centre.until(100 + MISSED);
    let missed = centre.open_cards().next().expect("the call was missed").id;
    assert_eq!(&*centre.card(missed).unit.words, "Unit 42");
    centre.restart();
    centre.until(100 + 5 * MISSED);
    assert_eq!((centre.card(missed).signals, centre.open_cards().count()), (1, 1), "told once");
    assert_eq!(centre.duty.overdue_count(), 1);
    centre.hears("0042", 100 + 6 * MISSED, Trigger::PeriodicTest, Active);
    assert_eq!(centre.duty.overdue_count(), 0);
    assert!(centre.card(missed).triggers.values().all(|state| !state.is_raised()
        || centre.card(missed).triggers.iter().any(|(key, one)| one == state && key.trigger == Trigger::PeriodicTest)));
    centre.until(100 + 7 * MISSED);
    assert_eq!(centre.duty.overdue_count(), 1, "and missed again");
}

#[test]
fn a_unit_that_polls_is_missed_after_two_polls_and_back_at_the_next_without_a_card_of_its_own() {
    let mut polling = unit(42, "BT");
    polling.expected_interval = Some(Duration::from_secs(60));
    let id = polling.id;
    let mut centre = Centre::new(Registry::new(1, [polling]));
    for n in 0..10 {
        centre.polls(id, n * 60);
    }
    centre.until(540 + 119);
    assert_eq!(centre.open_cards().count(), 0, "signs of life are no cards, and one may be lost");
    centre.until(540 + 120);
    let missed = centre.open_cards().next().expect("the poll was missed").id;
    let raised = |centre: &Centre| centre.card(missed).triggers.values().any(crate::TriggerState::is_raised);
    assert!(raised(&centre));
    centre.restart();
    centre.until(800);
    assert!(raised(&centre), "told once, until heard");
    centre.polls(id, 801);
    assert!(!raised(&centre), "the next poll takes it back");
    assert_eq!((centre.duty.overdue_count(), centre.card(missed).signals), (0, 2));
}

#[test]
fn f8_f25_many_missed_of_one_carrier_are_one_incident() {
    let units = (1..=20).map(|n| unit(n, if n <= 15 { "Virgin" } else { "BT" }));
    let mut centre = Centre::new(Registry::new(1, units));
    for n in 1..=20 {
        centre.hears(&format!("{n:04}"), n, Trigger::PeriodicTest, Active);
    }
    centre.until(21 + MISSED);
    let queue: Vec<&str> = centre.queue().iter().map(|card| &*card.unit.words).collect();
    // Five of BT, too, make one; each unit's own card is under it.
    assert_eq!(queue, ["carrier Virgin", "carrier BT"]);
    let under = centre.open_cards().filter(|card| card.marks.incident.is_some()).count();
    assert_eq!(under, 20);
}

fn test_of(scope: &str, until: OffsetDateTime) -> Test {
    let (engineer, reason) = ("Eve".to_owned(), "new pendant".to_owned());
    Test { until, engineer, reason, scope: scope.parse().expect("a scope") }
}

#[test]
fn on_test_a_press_is_urgent_listed_apart_and_never_forgotten() {
    let mut centre = nobody();
    let test = test_of("identity:north:surgard:1234", at(3_600));
    let header = centre.says(test.report(), test.unit_key(&Registry::default()));
    assert_eq!(centre.listing(header), Listing::OnTest);
    let press = centre.press("1234", 10);
    assert_eq!((centre.card(press).marks.test, centre.card(press).priority.number()), (Some(header), 1));
    assert_eq!(centre.listing(press), Listing::OnTest);
    let shown = centre.card(press).last_signal;
    centre.does("Eve", press, 30, Act::Seen { shown }).expect("whoever looks may say so");
    centre.until(1_000);
    assert_eq!((centre.listing(press), centre.card(press).level), (Listing::OnTest, 0));
    // Unseen for a minute it is with the others, and goes on up like any other.
    centre.press("1234", 1_000);
    centre.until(1_059);
    assert_eq!(centre.listing(press), Listing::OnTest);
    centre.until(1_060);
    assert_eq!((centre.listing(press), centre.card(press).level), (Listing::Queue, 1));
    assert!(centre.card(press).escalations.iter().all(|one| one.deliveries.is_empty()), "the first step pages nobody");
    centre.until(1_120);
    assert_eq!(centre.card(press).escalations.last().map(|one| one.deliveries.len()), Some(1), "the second does");
    let shown = centre.card(press).last_signal;
    centre.does("Eve", press, 1_130, Act::Seen { shown }).expect("whoever looks may say so");
    // So do many presses that nobody has seen.
    for n in 0..5 {
        centre.press("1234", 1_200 + n);
    }
    assert_eq!(centre.listing(press), Listing::Queue);
    // Another unit is not on test.
    let other = centre.press("5678", 1_300);
    assert_eq!(centre.listing(other), Listing::Queue);
}

#[test]
fn a_test_returns_by_itself_and_what_is_open_waits_like_any_other() {
    let mut centre = nobody();
    let test = test_of("identity:north:surgard:1234", at(3_600));
    let header = centre.says(test.report(), test.unit_key(&Registry::default()));
    let press = centre.press("1234", 10);
    let shown = centre.card(press).last_signal;
    centre.does("Eve", press, 30, Act::Seen { shown }).expect("whoever looks may say so");
    let longer = test_of("identity:north:surgard:1234", at(7_200));
    centre.until(3_000);
    assert_eq!(centre.says(longer.report(), longer.unit_key(&Registry::default())), header, "made longer");
    centre.restart();
    centre.until(7_199);
    assert!(centre.card(header).closed.is_none());
    centre.until(7_200);
    assert_eq!(centre.card(header).closed.as_ref().map(|closed| closed.outcome.as_str()), Some("test-over"));
    assert_eq!((centre.card(press).marks.test, centre.listing(press)), (None, Listing::Queue));
    centre.until(7_260);
    assert_eq!(centre.escalated(press), ["no-outcome", "unanswered-1"], "it is nobody's test any more");
    let after = centre.press("1234", 8_000);
    assert_eq!(centre.card(after).marks.test, None);
}

#[test]
fn a_restart_fires_nothing_twice_and_forgets_nothing() {
    let mut centre = nobody();
    let held = centre.press("1111", 0);
    centre.claims("Ann", held, 5);
    let shown = centre.card(held).last_signal;
    let hold = Act::Hold { shown, until: at(300), reason: "visit".to_owned() };
    centre.does("Ann", held, 6, hold).expect("it is hers");
    let (waiting, leased) = (centre.press("2222", 10), centre.press("3333", 20));
    centre.claims("Ben", leased, 30);
    for seconds in (0..1_000).step_by(7) {
        centre.until(seconds);
        centre.restart();
    }
    assert_eq!(centre.escalated(waiting), ["unserved", "unanswered-1", "unanswered-2", "unanswered-3"]);
    let after = ["lease-lost", "unanswered-1", "unanswered-2", "unanswered-3"];
    assert_eq!(centre.escalated(leased), [&["unserved"], &after[..]].concat());
    assert_eq!(centre.escalated(held), ["hold-over", "unanswered-1", "unanswered-2", "unanswered-3"]);
    let mut ids: Vec<_> = centre.done.iter().map(|act| act.id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "no act is done twice");
}

#[test]
fn names_of_rules_come_back() {
    let all = [Rule::Unanswered { step: 3 }, Rule::LeaseLost, Rule::HoldOver, Rule::PressedAgain, Rule::NoOutcome];
    for rule in all.into_iter().chain([Rule::MissedCall, Rule::Unserved, Rule::Trouble]) {
        assert_eq!(rule.to_string().parse(), Ok(rule));
    }
    assert!("unanswered".parse::<Rule>().is_err() && "unanswered-x".parse::<Rule>().is_err());
}
