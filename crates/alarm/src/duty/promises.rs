//! What the rules must never do, as a property of any interleaving of units, operators, lost consoles, tests, time
//! and restarts: no signal is hidden, lowered or closed unseen.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use telecare_protocol::Trigger;
use telecare_protocol::report::Status;
use uuid::Uuid;

use super::rig::Centre;
use crate::action::after;
use crate::testing::at;
use crate::{Act, Alarm, AlarmId, Basis, CallId, Listing, Registry, Rules, Test};

#[derive(Clone, Debug)]
enum Step {
    /// A unit says something.
    Said { unit: u8, trigger: Trigger, status: Status, call: Option<u8> },
    /// A call ends.
    HungUp { call: u8 },
    /// Many units at once lose their mains.
    Storm { from: u16, units: u16 },
    /// An operator does something to the nth open card.
    Done { who: u8, card: u8, act: u8, lasts: u16 },
    /// A unit is put on test.
    Tested { unit: u8, minutes: u8 },
    /// The process ends and begins again.
    Restarted,
}

fn any_step() -> impl Strategy<Value = Step> {
    let triggers = vec![
        Trigger::Pendant,
        Trigger::Pendant,
        Trigger::Silent,
        Trigger::Smoke,
        Trigger::LoneWorker,
        Trigger::Lift,
        Trigger::Inactivity,
        Trigger::Mains,
        Trigger::Battery,
        Trigger::PeriodicTest,
    ];
    let statuses = vec![Status::Active, Status::Active, Status::Restored];
    let call = prop::option::of(0..4u8);
    let said = (0..6u8, prop::sample::select(triggers), prop::sample::select(statuses), call)
        .prop_map(|(unit, trigger, status, call)| Step::Said { unit, trigger, status, call });
    prop_oneof![
        6 => said,
        1 => (0..500u16, 5..30u16).prop_map(|(from, units)| Step::Storm { from, units }),
        6 => (0..3u8, 0..8u8, 0..8u8, 1..900u16).prop_map(|(who, card, act, lasts)| Step::Done { who, card, act, lasts }),
        1 => (0..6u8, 1..120u8).prop_map(|(unit, minutes)| Step::Tested { unit, minutes }),
        2 => (0..4u8).prop_map(|call| Step::HungUp { call }),
        1 => Just(Step::Restarted),
    ]
}

fn step(centre: &mut Centre, seconds: i64, step: &Step) {
    match step {
        Step::Said { unit, trigger, status, call } => {
            let mut said = centre.said(&format!("{unit:04}"), seconds, *trigger, *status);
            // Some calls are over by the time their signal is kept, and those of odd units are of an earlier life.
            let is_of_now = unit % 2 == 0;
            said.call = call.map(|call| call_id(if is_of_now { call } else { 100 + call }));
            said.call.filter(|_| is_of_now).into_iter().for_each(|call| centre.begins(call));
            centre.keeps(said);
        }
        Step::HungUp { call } => centre.hangs_up(call_id(*call), seconds),
        Step::Storm { from, units } => {
            for n in *from..from + units {
                centre.hears(&format!("7{n:04}"), seconds, Trigger::Mains, Status::Active);
            }
        }
        Step::Done { who, card, act, lasts } => {
            let Some(card) = centre.open_cards().nth(usize::from(*card)).map(|card| card.id) else { return };
            let who = ["Ann", "Ben", "Sue"][usize::from(*who)];
            let shown = centre.card(card).last_signal;
            let (outcome, text) = ("attended".to_owned(), String::new());
            let act = match act {
                0 | 1 => Act::Claim { lease: Duration::from_secs(u64::from(*lasts)) },
                2 => Act::Seen { shown },
                3 => Act::Hold { shown, until: at(seconds + i64::from(*lasts)), reason: "visit".to_owned() },
                4 => Act::Release,
                5 => Act::CloseOther { shown, outcome, text, reason: "gone home".to_owned() },
                6 => Act::Transfer { to: "Cem".into(), lease: Duration::from_secs(60) },
                _ => Act::Close { shown, outcome, text },
            };
            // A refusal is an answer like any other.
            let _ = centre.does(who, card, seconds, act);
        }
        Step::Tested { unit, minutes } => {
            centre.until(seconds);
            let until = at(seconds + i64::from(*minutes) * 60);
            let scope = format!("identity:north:surgard:{unit:04}").parse().expect("a scope");
            let test = Test { until, engineer: "Eve".to_owned(), reason: "battery".to_owned(), scope };
            centre.says(test.report(), test.unit_key(&Registry::default()));
        }
        Step::Restarted => centre.restart(),
    }
}

fn call_id(call: u8) -> CallId {
    CallId(Uuid::from_u128(call.into()))
}

/// Every call that is over is known to be, and whoever rang off unanswered has lifted the card once.
fn no_caller_is_forgotten(centre: &Centre, card: &Alarm) -> Result<(), TestCaseError> {
    for call in &card.calls {
        prop_assert_eq!(call.ended.is_none(), centre.is_live(call.id), "{:?}", card);
    }
    let told = centre.escalated(card.id).iter().filter(|rule| *rule == "missed-call").count();
    prop_assert!(told <= card.calls.iter().filter(|call| call.told).count(), "{card:?}");
    let waits = card.closed.is_none() && card.marks.test.is_none();
    prop_assert!(!waits || card.missed_call().is_none(), "{card:?}");
    Ok(())
}

/// What somebody sent and nobody has answered is where operators look.
fn nothing_is_hidden(centre: &Centre, card: &Alarm) -> Result<(), TestCaseError> {
    let listing = centre.listing(card.id);
    let rings = card.presses > 0 || card.ring.is_some();
    if rings || card.priority.number() < 4 || card.class.rings() {
        prop_assert!(listing.is_shown(), "{listing:?} {card:?}");
    }
    if let (Some(ring), Listing::OnTest) = (card.ring, listing)
        && card.on_test.is_none()
    {
        let rules = Rules::default().test;
        prop_assert!(centre.now < after(ring.since, rules.unseen) && ring.count < rules.presses, "{card:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_signal_is_hidden_lowered_or_closed_unseen(run in prop::collection::vec((0..400i64, any_step()), 1..60)) {
        let mut centre = Centre::new(Registry::default());
        let mut seconds = 0;
        let mut before: BTreeMap<AlarmId, (u8, u8)> = BTreeMap::new();
        for (passed, one) in run {
            seconds += passed;
            step(&mut centre, seconds, &one);
            for card in centre.open_cards() {
                nothing_is_hidden(&centre, card)?;
            }
            for card in centre.cards.values() {
                let now = (card.priority.number(), card.level);
                let (priority, level) = before.insert(card.id, now).unwrap_or(now);
                prop_assert!(now.0 <= priority && now.1 >= level, "lowered");
                let by_rule = card.closed.as_ref().is_some_and(|closed| &*closed.actor.person == "(receiver)");
                let of_units = card.unit.basis != Basis::Test;
                prop_assert!(!(by_rule && of_units && (card.presses > 0 || card.class.rings())), "closed by rule: {card:?}");
            }
            let kept: u32 = centre.cards.values().map(|card| card.signals).sum();
            prop_assert_eq!(usize::try_from(kept).expect("small"), centre.signals(), "every signal is on one card");
            let open: Vec<_> = centre.open_cards().map(|card| &card.unit.key).collect();
            let mut units = open.clone();
            units.sort();
            units.dedup();
            prop_assert_eq!(units.len(), open.len(), "one open card a unit");
        }
        // However long nothing more happens, whoever waits goes up and is told, and the rules come to an end.
        centre.until(seconds + 200_000);
        for card in centre.cards.values() {
            no_caller_is_forgotten(&centre, card)?;
        }
        for card in centre.open_cards().filter(|card| card.class.rings()) {
            prop_assert!(card.level > 0, "{card:?}");
        }
    }
}
