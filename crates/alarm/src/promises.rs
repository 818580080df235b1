//! The queue's promises, as properties of any run of signals and actions under any clock.
//!
//! The model keeps what the rules must not lose: which signals are on which card, and which of the ringing
//! ones nobody has answered. The clock of each step is drawn at random: it may stand still, jump or go back.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use telecare_protocol::Trigger;
use telecare_protocol::report::{Caller, Status};
use time::OffsetDateTime;

use crate::alarm::answer_threshold;
use crate::testing::{action, actor, at, card, in_call, placed, signal};
use crate::{Act, Alarm, AlarmId, Basis, ByRule, LineId, Rules, Signal, SignalId, Standing};

#[derive(Clone, Debug)]
enum Step {
    Heard(Box<Signal>),
    Done {
        seconds: i64,
        who: usize,
        act: usize,
        shown: Shown,
        lasts: u64,
    },
    /// The rules do whatever they ask for by then.
    Ruled {
        seconds: i64,
    },
}

/// Which signal a screen showed last.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Last,
    Earlier,
}

/// One unit's cards, the latest last, and what the rules owe it.
#[derive(Default)]
struct Unit {
    cards: Vec<Card>,
}

struct Card {
    alarm: Alarm,
    attached: Vec<SignalId>,
    unanswered: BTreeMap<SignalId, OffsetDateTime>,
    closed_naming: Option<SignalId>,
    /// Whether a person, a hazard or nobody knows who is on it.
    rang: bool,
}

fn any_signal() -> impl Strategy<Value = Signal> {
    let triggers = vec![
        Trigger::Pendant,
        Trigger::Smoke,
        Trigger::LoneWorker,
        Trigger::Unreadable,
        Trigger::Intruder,
        Trigger::Inactivity,
        Trigger::Battery,
        Trigger::Mains,
        Trigger::PeriodicTest,
        Trigger::CallerIdentity,
    ];
    let statuses = vec![Status::Active, Status::Active, Status::Restored, Status::Present, Status::LowBattery];
    let said =
        (prop::sample::select(triggers), prop::sample::select(statuses), prop::sample::select(vec!["", "a", "b"]));
    let number = prop::option::of(prop::sample::select(vec!["1", "2"]));
    let name = prop::option::of(prop::sample::select(vec!["x", "y"]));
    (0..400i64, said, (number, name), any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        |(seconds, (trigger, status, place), (number, name), is_named, is_repeat)| {
            let mut signal = placed(signal(0, seconds, trigger, status), place);
            // The same place in the words of two tables.
            let locations = signal.report.events.iter_mut().flat_map(|event| &mut event.location);
            locations.for_each(|location| location.words = format!("{place} {}", seconds % 2));
            if is_named {
                let text = |text: Option<&str>| text.map(str::to_owned);
                signal.report.caller = Some(Caller { number: text(number), name: text(name) });
            }
            if is_repeat {
                signal.repeat_of = Some(signal.id);
            }
            if seconds % 3 == 0 {
                signal = in_call(signal, u128::from(seconds.unsigned_abs() % 11));
            }
            if seconds % 5 == 0 {
                signal.marks.test = Some(AlarmId(uuid::Uuid::from_u128(u128::MAX)));
            }
            signal
        },
    )
}

/// Signals with ids of their own, in the order of the list.
fn numbered(mut signals: Vec<Signal>) -> Vec<Signal> {
    for (signal, id) in signals.iter_mut().zip(1..) {
        signal.id = SignalId(uuid::Uuid::from_u128(id));
    }
    signals
}

fn any_step() -> impl Strategy<Value = Step> {
    let shown = prop_oneof![4 => Just(Shown::Last), 1 => Just(Shown::Earlier)];
    let done = (0..400i64, 0..3usize, 0..14usize, shown, 1..500u64)
        .prop_map(|(seconds, who, act, shown, lasts)| Step::Done { seconds, who, act, shown, lasts });
    let ruled = (0..4_000i64).prop_map(|seconds| Step::Ruled { seconds });
    prop_oneof![2 => any_signal().prop_map(|signal| Step::Heard(Box::new(signal))), 3 => done, 1 => ruled]
}

/// A step of each kind, numbered so that no two signals have one id.
fn any_run() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 1..40).prop_map(|mut steps| {
        for (step, id) in steps.iter_mut().zip(1..) {
            if let Step::Heard(signal) = step {
                signal.id = SignalId(uuid::Uuid::from_u128(id));
            }
        }
        steps
    })
}

impl Unit {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Heard(signal) => self.hear(signal),
            Step::Done { seconds, who, act, shown, lasts } => self.act(*seconds, *who, *act, *shown, *lasts),
            Step::Ruled { seconds } => self.rule(*seconds),
        }
    }

    /// As the store does it: onto the open card, else a new card after the closed one.
    fn hear(&mut self, signal: &Signal) {
        let is_open = self.cards.last().is_some_and(|card| card.alarm.closed.is_none());
        if !is_open {
            let previous = self.cards.last().map(|card| card.alarm.id);
            let alarm = Alarm::open(signal, previous);
            let (attached, unanswered) = (Vec::new(), BTreeMap::new());
            self.cards.push(Card { alarm, attached, unanswered, closed_naming: None, rang: false });
        }
        let card = self.cards.last_mut().expect("opened above");
        if is_open {
            card.alarm.attach(signal);
        }
        card.attached.push(signal.id);
        card.rang |= signal.ranking.class.rings();
        if signal.rings() {
            card.unanswered.insert(signal.id, signal.stamps.last_byte);
        }
    }

    fn act(&mut self, seconds: i64, who: usize, act: usize, shown: Shown, lasts: u64) {
        let Some(card) = self.cards.last_mut() else { return };
        let people = [actor("Ann", "desk 1"), actor("Ann", "desk 2"), actor("Ben", "desk 2")];
        let shown = match shown {
            Shown::Last => *card.attached.last().expect("a card has a signal"),
            Shown::Earlier => card.attached[card.attached.len().saturating_sub(2)],
        };
        let lease = Duration::from_secs(lasts);
        let until = at(seconds + i64::try_from(lasts).expect("small"));
        let act = match act {
            0 => Act::Claim { lease },
            1 => Act::Renew { lease },
            2 => Act::Seen { shown },
            3 => Act::Hold { shown, until, reason: "lunch".to_owned() },
            4 => Act::Resume { lease },
            5 => Act::Release,
            6 => Act::Note { kind: String::new(), text: "no answer".to_owned(), reference: String::new() },
            7 => Act::Transfer { to: people[2 - who].person.clone(), lease },
            8 => Act::Reopen { by_supervisor: who == 2 },
            9 => Act::Served,
            10 => Act::CloseOther { shown, outcome: "well".to_owned(), text: String::new(), reason: "gone".to_owned() },
            11 => Act::OffTest,
            12 => match card.alarm.calls.last() {
                Some(call) => Act::CallEnded { call: call.id, at: at(seconds), how: "released".to_owned() },
                None => Act::Served,
            },
            _ => Act::Close { shown, outcome: "well".to_owned(), text: String::new() },
        };
        let action = action(card.alarm.id, seconds, &people[who], act);
        if card.alarm.act(&action).is_err() {
            card.alarm.contest(&action);
            return;
        }
        match action.act {
            Act::Claim { .. } => card.unanswered.retain(|_, heard| *heard > action.at),
            Act::Seen { shown } | Act::Hold { shown, .. } => card.answer_up_to(shown),
            Act::Close { shown, .. } | Act::CloseOther { shown, .. } | Act::CloseByRule { shown, .. } => {
                card.answer_up_to(shown);
                card.closed_naming = Some(shown);
            }
            Act::Reopen { .. } => card.closed_naming = None,
            Act::Renew { .. }
            | Act::Resume { .. }
            | Act::Release
            | Act::Transfer { .. }
            | Act::Note { .. }
            | Act::StopTest { .. }
            | Act::Escalate { .. }
            | Act::CalledOut { .. }
            | Act::Join { .. }
            | Act::OffTest
            | Act::Operate { .. }
            | Act::Operated { .. }
            | Act::CallEnded { .. }
            | Act::Served => {}
        }
    }

    /// As the desk does it: whatever is asked for by now, one act after the other.
    fn rule(&mut self, seconds: i64) {
        let Some(card) = self.cards.last_mut() else { return };
        let rules = Rules::default();
        for _ in 0..40 {
            let due = card.alarm.upcoming(&rules).into_iter().filter(|due| due.at <= at(seconds));
            let Some(due) = due.min_by_key(|due| due.at) else { return };
            let act = match due.what {
                ByRule::Escalate(rule) => Act::Escalate { rule, due: due.at, targets: vec!["pager".into()] },
                ByRule::Close(outcome) => {
                    Act::CloseByRule { shown: card.alarm.last_signal, outcome: outcome.to_owned() }
                }
            };
            let closes = matches!(act, Act::CloseByRule { .. });
            let by_rule = action(card.alarm.id, seconds, &actor("(receiver)", "redditch-1"), act);
            card.alarm.act(&by_rule).expect("what the rules ask for can be done");
            if closes {
                assert!(!card.rang, "closed by rule although somebody may have called");
                card.closed_naming = card.attached.last().copied();
            }
        }
        panic!("the rules never end");
    }
}

impl Card {
    /// Who was shown a signal has seen it and all before it.
    fn answer_up_to(&mut self, shown: SignalId) {
        for id in &self.attached {
            self.unanswered.remove(id);
            if *id == shown {
                break;
            }
        }
    }
}

/// No ringing signal is hidden: each unanswered one is on a card that waits, or that rings its holder and
/// waits within the threshold. Never on one on hold.
fn nothing_is_hidden(card: &Card) -> Result<(), TestCaseError> {
    let threshold = answer_threshold(card.alarm.class);
    prop_assert!(threshold <= Duration::from_secs(60));
    for heard in card.unanswered.values() {
        prop_assert!(card.alarm.hold.is_none() && card.alarm.closed.is_none());
        for seconds in (0..400).step_by(7) {
            match card.alarm.standing(at(seconds)) {
                Standing::Waiting => {}
                Standing::Claimed => prop_assert!(card.alarm.ring.is_some()),
                Standing::Held | Standing::Closed => prop_assert!(false, "hidden"),
            }
        }
        for late in [0, 1, 59, 3_600] {
            let now = *heard + threshold + Duration::from_secs(late);
            prop_assert_eq!(card.alarm.standing(now), Standing::Waiting, "{:?} late", late);
        }
    }
    Ok(())
}

/// What of a card may not depend on the order of its signals.
fn without_order(mut alarm: Alarm, like: &Alarm) -> Alarm {
    alarm.id = like.id;
    alarm.last_signal = like.last_signal;
    alarm.line = like.line.clone();
    alarm.receiver = like.receiver.clone();
    alarm.unit = like.unit.clone();
    alarm
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_signals_gives_the_same_card(
        orders in prop::collection::vec(any_signal(), 1..12).prop_map(numbered)
            .prop_flat_map(|signals| (Just(signals.clone()), Just(signals).prop_shuffle())),
    ) {
        let (one, other) = (card(&orders.0), card(&orders.1));
        prop_assert_eq!(without_order(other, &one), one);
    }

    #[test]
    fn priority_never_falls_and_counts_never_shrink(run in any_run()) {
        let mut unit = Unit::default();
        for step in &run {
            let before: Vec<_> = unit.cards.iter().map(|card| card.alarm.clone()).collect();
            unit.step(step);
            for (before, after) in before.iter().zip(&unit.cards) {
                prop_assert!(after.alarm.priority <= before.priority);
                prop_assert!(after.alarm.presses >= before.presses && after.alarm.signals >= before.signals);
                prop_assert!(before.closed.is_none() || after.alarm.signals == before.signals);
            }
        }
    }

    #[test]
    fn a_ringing_signal_is_never_hidden(run in any_run()) {
        let mut unit = Unit::default();
        for step in &run {
            unit.step(step);
            for card in &unit.cards {
                nothing_is_hidden(card)?;
            }
        }
    }

    #[test]
    fn every_signal_was_on_a_card_at_a_close_that_named_the_last_or_is_on_an_open_card(run in any_run()) {
        let mut unit = Unit::default();
        let mut heard = 0;
        for step in &run {
            heard += usize::from(matches!(step, Step::Heard(_)));
            unit.step(step);
            prop_assert_eq!(unit.cards.iter().map(|card| card.attached.len()).sum::<usize>(), heard);
            for card in &unit.cards {
                prop_assert_eq!(card.closed_naming.is_some(), card.alarm.closed.is_some());
                if card.closed_naming.is_some() {
                    prop_assert_eq!(card.closed_naming, card.attached.last().copied());
                }
            }
        }
    }

    #[test]
    fn a_more_urgent_signal_reaches_whoever_has_the_card(run in any_run(), signal in any_signal()) {
        let mut unit = Unit::default();
        run.iter().for_each(|step| unit.step(step));
        let Some(card) = unit.cards.last().filter(|card| card.alarm.closed.is_none()) else { return Ok(()) };
        let mut alarm = card.alarm.clone();
        alarm.attach(&signal);
        if signal.ranking.priority < card.alarm.priority {
            prop_assert!(alarm.hold.is_none() && (alarm.claim.is_none() || alarm.ring.is_some()));
        }
    }

    #[test]
    fn the_next_change_is_the_next_change(run in any_run(), now in -100..500i64) {
        let mut unit = Unit::default();
        run.iter().for_each(|step| unit.step(step));
        let Some(card) = unit.cards.last() else { return Ok(()) };
        let (alarm, standing) = (&card.alarm, card.alarm.standing(at(now)));
        let next = alarm.next_change(at(now));
        for later in 0..1_200i64 {
            let instant = at(now + later);
            if next.is_none_or(|next| instant < next) {
                prop_assert_eq!(alarm.standing(instant), standing);
            }
        }
        if let Some(next) = next {
            prop_assert!(next > at(now));
            prop_assert_ne!(alarm.standing(next), standing);
        }
    }
}

#[test]
fn the_opener_names_line_and_unit_whatever_follows() {
    let mut other = signal(2, 0, Trigger::Smoke, Status::Active);
    other.line = LineId::new("surgard-2");
    other.unit.basis = Basis::CallerNumber;
    let alarm = card(&[signal(1, 0, Trigger::Battery, Status::Active), other]);
    assert_eq!((alarm.line.as_str(), alarm.unit.basis), ("surgard-1", Basis::Identity));
}
