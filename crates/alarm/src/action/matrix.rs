//! Every act in every state of a card, by its holder, by its holder at another desk and by somebody else.

use std::time::Duration;

use telecare_protocol::Trigger;
use telecare_protocol::report::Status;
use uuid::Uuid;

use crate::testing::{action, actor, at, card, in_call, signal};
use crate::{Act, ActionId, Actor, Alarm, CallId, SignalId, Standing};

/// When the acts under test happen.
const NOW: i64 = 1000;
const LEASE: Duration = Duration::from_secs(120);
/// The call of the first press.
const CALL: CallId = CallId(Uuid::from_u128(7));
/// The columns of the table below: a card as Ann at desk 1 left it, and where it stands at `NOW`.
const STATES: [(&str, Standing); 9] = [
    ("waiting", Standing::Waiting),
    ("claimed", Standing::Claimed),
    ("lease over", Standing::Waiting),
    ("unseen too long", Standing::Waiting),
    ("ringing", Standing::Claimed),
    ("held", Standing::Held),
    ("recalled", Standing::Claimed),
    ("hold over", Standing::Waiting),
    ("closed", Standing::Closed),
];

/// One row for each act and person: what becomes of it in each state.
#[rustfmt::skip]
const TABLE: [(&str, &str, &str); 68] = [
    // act              person      waiting    claimed      lease over   unseen       ringing      held         recalled     hold over    closed
    ("claim",           "ann 1",    "ok         ok           ok           ok           ok           ok           ok           ok           closed"),
    ("claim",           "ann 2",    "ok         taken        ok           ok           taken        taken        taken        ok           closed"),
    ("claim",           "ben",      "ok         taken        ok           ok           taken        taken        taken        ok           closed"),
    ("renew",           "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("renew",           "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("renew",           "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("seen",            "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("seen",            "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("seen",            "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("seen, stale",     "ann 1",    "not-holder later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("seen, stale",     "ann 2",    "not-holder later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("seen, stale",     "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("hold",            "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("hold",            "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("hold",            "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("hold, stale",     "ann 1",    "not-holder later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("hold, stale",     "ann 2",    "not-holder later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("hold, stale",     "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("hold, no reason", "ann 1",    "not-holder missing      missing      missing      missing      missing      missing      missing      closed"),
    ("hold, no reason", "ann 2",    "not-holder missing      missing      missing      missing      missing      missing      missing      closed"),
    ("hold, no reason", "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("hold, till now",  "ann 1",    "not-holder missing      missing      missing      missing      missing      missing      missing      closed"),
    ("hold, till now",  "ann 2",    "not-holder missing      missing      missing      missing      missing      missing      missing      closed"),
    ("hold, till now",  "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("resume",          "ann 1",    "not-held   not-held     not-held     not-held     not-held     ok           ok           ok           closed"),
    ("resume",          "ann 2",    "not-held   not-held     not-held     not-held     not-held     ok           ok           ok           closed"),
    ("resume",          "ben",      "not-held   not-held     not-held     not-held     not-held     not-holder   not-holder   not-holder   closed"),
    ("release",         "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("release",         "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("release",         "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("note",            "ann 1",    "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("note",            "ann 2",    "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("note",            "ben",      "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("note, empty",     "ann 1",    "missing    missing      missing      missing      missing      missing      missing      missing      missing"),
    ("note, empty",     "ann 2",    "missing    missing      missing      missing      missing      missing      missing      missing      missing"),
    ("note, empty",     "ben",      "missing    missing      missing      missing      missing      missing      missing      missing      missing"),
    ("close",           "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("close",           "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("close",           "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("close, stale",    "ann 1",    "not-holder later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("close, stale",    "ann 2",    "not-holder later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("close, stale",    "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("close, no outcome", "ann 1",  "not-holder missing      missing      missing      missing      missing      missing      missing      closed"),
    ("close, no outcome", "ann 2",  "not-holder missing      missing      missing      missing      missing      missing      missing      closed"),
    ("close, no outcome", "ben",    "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("transfer",        "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("transfer",        "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("transfer",        "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("reopen",          "ann 1",    "not-closed not-closed   not-closed   not-closed   not-closed   not-closed   not-closed   not-closed   ok"),
    ("reopen",          "ann 2",    "not-closed not-closed   not-closed   not-closed   not-closed   not-closed   not-closed   not-closed   ok"),
    ("reopen",          "ben",      "not-closed not-closed   not-closed   not-closed   not-closed   not-closed   not-closed   not-closed   ok"),
    ("served",          "ann 1",    "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("served",          "ann 2",    "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("served",          "ben",      "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("close other",     "ann 1",    "not-taken  not-taken    not-taken    not-taken    not-taken    not-taken    not-taken    not-taken    closed"),
    ("close other",     "ben",      "not-taken  ok           ok           ok           ok           ok           ok           ok           closed"),
    ("close other, stale", "ben",   "not-taken  later-signal later-signal later-signal later-signal later-signal later-signal later-signal closed"),
    ("stop test",       "ben",      "not-test   not-test     not-test     not-test     not-test     not-test     not-test     not-test     closed"),
    ("join",            "ben",      "not-due    not-due      not-due      not-due      not-due      not-due      not-due      not-due      closed"),
    ("close by rule",   "ben",      "not-due    not-due      not-due      not-due      not-due      not-due      not-due      not-due      closed"),
    ("operate",         "ann 1",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("operate",         "ann 2",    "not-holder ok           ok           ok           ok           ok           ok           ok           closed"),
    ("operate",         "ben",      "not-holder not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   not-holder   closed"),
    ("operate, other",  "ann 1",    "not-holder no-call      no-call      no-call      no-call      no-call      no-call      no-call      closed"),
    ("operated",        "ben",      "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("call ended",      "ben",      "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("note, kind only", "ann 1",    "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
    ("note, kind only", "ben",      "ok         ok           ok           ok           ok           ok           ok           ok           ok"),
];

fn person(name: &str) -> Actor {
    match name {
        "ann 1" => actor("Ann", "desk 1"),
        "ann 2" => actor("Ann", "desk 2"),
        _ => actor("Ben", "desk 2"),
    }
}

fn act(name: &str, last: SignalId) -> Act {
    let stale = SignalId(Uuid::from_u128(0xdead));
    let hold = |shown, until, reason: &str| Act::Hold { shown, until: at(until), reason: reason.to_owned() };
    let note =
        |kind: &str, text: &str| Act::Note { kind: kind.to_owned(), text: text.to_owned(), reference: String::new() };
    let close = |shown, outcome: &str| Act::Close { shown, outcome: outcome.to_owned(), text: String::new() };
    let close_other = |shown| Act::CloseOther {
        shown,
        outcome: "false-alarm".to_owned(),
        text: String::new(),
        reason: "she has gone home".to_owned(),
    };
    match name {
        "claim" => Act::Claim { lease: LEASE },
        "renew" => Act::Renew { lease: LEASE },
        "seen" => Act::Seen { shown: last },
        "seen, stale" => Act::Seen { shown: stale },
        "hold" => hold(last, NOW + 600, "waits for the responder"),
        "hold, stale" => hold(stale, NOW + 600, "waits for the responder"),
        "hold, no reason" => hold(last, NOW + 600, " \t"),
        "hold, till now" => hold(last, NOW, "waits for the responder"),
        "resume" => Act::Resume { lease: LEASE },
        "release" => Act::Release,
        "transfer" => Act::Transfer { to: "Cem".into(), lease: LEASE },
        "reopen" => Act::Reopen { by_supervisor: false },
        "served" => Act::Served,
        "note" => note("", "neighbour has a key"),
        "note, kind only" => note("999-called", ""),
        "note, empty" => note("", "\n"),
        "close other" => close_other(last),
        "close other, stale" => close_other(stale),
        "stop test" => Act::StopTest { text: String::new() },
        "join" => Act::Join { incident: "incident/area/B97".into() },
        "close by rule" => Act::CloseByRule { shown: last, outcome: "restored".to_owned() },
        "operate" => Act::Operate { call: CALL, command: "door 1".to_owned() },
        "operate, other" => Act::Operate { call: CallId(Uuid::nil()), command: "door 1".to_owned() },
        "operated" => {
            let (command, outcome) = ("door 1".to_owned(), "done".to_owned());
            Act::Operated { asked: ActionId(Uuid::nil()), call: CALL, command, outcome }
        }
        "call ended" => Act::CallEnded { call: CALL, at: at(NOW), how: "released".to_owned() },
        "close" => close(last, "false-alarm"),
        "close, stale" => close(stale, "false-alarm"),
        "close, no outcome" => close(last, ""),
        other => panic!("no act {other}"),
    }
}

fn press(id: u128, seconds: i64) -> crate::Signal {
    signal(id, seconds, Trigger::Pendant, Status::Active)
}

/// A card with a press at 800, as Ann left it.
fn state(name: &str) -> Alarm {
    let mut alarm = card(&[in_call(press(1, 800), 7)]);
    let (ann, last) = (person("ann 1"), alarm.last_signal);
    let mut ann_does = |seconds, act: Act| {
        let done = action(alarm.id, seconds, &ann, act);
        alarm.act(&done).expect("Ann may");
    };
    let claim = |seconds| Act::Claim { lease: Duration::from_secs(seconds) };
    let hold = |until| Act::Hold { shown: last, until: at(until), reason: "lunch".to_owned() };
    match name {
        "waiting" => {}
        "claimed" => ann_does(950, claim(120)),
        "lease over" => ann_does(850, claim(120)),
        "unseen too long" => {
            ann_does(850, claim(600));
            alarm.attach(&press(2, 930));
        }
        "ringing" => {
            ann_does(950, claim(120));
            alarm.attach(&press(2, 970));
        }
        "held" | "recalled" | "hold over" => {
            // A minute after its end a hold nobody came back to is over.
            let until = match name {
                "held" => 2000,
                "recalled" => NOW,
                _ => NOW - 60,
            };
            ann_does(900, claim(120));
            ann_does(910, hold(until));
        }
        "closed" => {
            ann_does(950, claim(120));
            ann_does(960, act("close", last));
        }
        other => panic!("no state {other}"),
    }
    alarm
}

/// What an act that was done must have done.
fn did(name: &str, before: &Alarm, after: &Alarm, by: &Actor) {
    let standing = after.standing(at(NOW));
    let holder = after.claim.as_ref().map(|claim| &claim.actor);
    match name {
        "claim" | "resume" => {
            assert_eq!((standing, holder), (Standing::Claimed, Some(by)));
            assert!(after.ring.is_none() && after.hold.is_none());
            assert_eq!(after.claim.as_ref().map(|claim| claim.lease_until), Some(at(NOW + 120)));
        }
        "renew" => {
            assert!(after.claim.as_ref().is_some_and(|claim| claim.lease_until >= at(NOW + 120)));
            assert_eq!((holder, after.ring), (before.holder(), before.ring), "renewing answers no press");
        }
        "seen" => {
            assert!(after.ring.is_none());
            assert_eq!((&after.claim, &after.hold), (&before.claim, &before.hold));
        }
        "hold" => {
            assert_eq!((standing, after.holder()), (Standing::Held, Some(by)));
            assert_eq!(after.standing(at(NOW + 660)), Standing::Waiting);
        }
        "release" => {
            let ring = before.ring.or(Some(crate::Ring { since: at(NOW), count: 1 }));
            assert_eq!((standing, after.holder(), after.ring), (Standing::Waiting, None, ring));
        }
        "close" | "close other" => {
            assert_eq!(standing, Standing::Closed);
            assert_eq!(after.closed.as_ref().map(|closed| &closed.actor), Some(by));
        }
        "note" | "note, kind only" | "operate" | "operated" => assert_eq!(before, after),
        "call ended" => {
            let mut expected = before.clone();
            expected.calls[0].ended = after.calls[0].ended.clone();
            assert!(after.calls[0].ended.is_some() && expected == *after, "nothing else");
        }
        "served" => {
            assert_eq!((after.served_at, standing), (before.served_at.or(Some(at(NOW))), before.standing(at(NOW))))
        }
        "transfer" => {
            assert_eq!(holder, Some(&actor("Cem", "")));
            let unseen = before.ring.is_some_and(|ring| ring.since < at(NOW - 60));
            assert_eq!(standing, if unseen { Standing::Waiting } else { Standing::Claimed });
            assert_eq!(after.standing(at(NOW + 60)), Standing::Waiting, "Cem did nothing");
        }
        "reopen" => assert_eq!((standing, holder), (Standing::Waiting, None)),
        other => panic!("{other} cannot be done"),
    }
}

#[test]
fn the_states_stand_as_they_are_named() {
    for (name, standing) in STATES {
        assert_eq!(state(name).standing(at(NOW)), standing, "{name}");
    }
}

#[test]
fn every_act_in_every_state_by_everyone() {
    for (name, who, row) in TABLE {
        let expected: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(expected.len(), STATES.len());
        for ((state_name, _), expected) in STATES.into_iter().zip(expected) {
            let before = state(state_name);
            let mut after = before.clone();
            let by = person(who);
            let outcome = after.act(&action(before.id, NOW, &by, act(name, before.last_signal)));
            let outcome = outcome.as_ref().err().map_or("ok", crate::Refusal::name);
            assert_eq!(outcome, expected, "{name} by {who}, card {state_name}");
            if expected == "ok" {
                did(name, &before, &after, &by);
            } else {
                assert_eq!(before, after, "a refusal changes nothing: {name} by {who}, card {state_name}");
            }
        }
    }
}

#[test]
fn a_refusal_names_who_has_it_and_what_came() {
    let mut alarm = state("ringing");
    let ann = person("ann 1");
    let refused = |alarm: &mut Alarm, name: &str, who| {
        let act = act(name, alarm.last_signal);
        alarm.act(&action(alarm.id, NOW, &person(who), act)).expect_err("refused")
    };
    assert_eq!(refused(&mut alarm, "claim", "ben"), crate::Refusal::Taken { holder: ann.clone() });
    assert_eq!(refused(&mut alarm, "close", "ben"), crate::Refusal::NotHolder { holder: Some(ann.clone()) });
    let last = alarm.last_signal;
    assert_eq!(refused(&mut alarm, "close, stale", "ann 1"), crate::Refusal::LaterSignal { last });
    let mut closed = state("closed");
    assert_eq!(refused(&mut closed, "claim", "ben"), crate::Refusal::Closed { by: ann, at: at(960) });
}

#[test]
fn who_claims_an_unseen_card_takes_it_from_its_holder() {
    let mut alarm = state("unseen too long");
    alarm.act(&action(alarm.id, NOW, &person("ben"), Act::Claim { lease: LEASE })).expect("it waits");
    let late = alarm.act(&action(alarm.id, NOW + 1, &person("ann 1"), Act::Renew { lease: LEASE }));
    assert_eq!(late, Err(crate::Refusal::NotHolder { holder: Some(person("ben")) }));
}

#[test]
fn a_claim_that_arrives_late_does_not_answer_a_press_after_it() {
    let mut alarm = card(&[press(1, 0), press(2, 50)]);
    alarm.act(&action(alarm.id, 20, &person("ann 1"), Act::Claim { lease: LEASE })).expect("it waits");
    assert_eq!(alarm.ring.map(|ring| ring.since), Some(at(20)), "unseen, at the earliest since the claim");
    assert_eq!(alarm.standing(at(60)), Standing::Claimed);
    assert_eq!(alarm.standing(at(80)), Standing::Waiting);
    let mut answered = card(&[press(1, 0), press(2, 20)]);
    answered.act(&action(answered.id, 20, &person("ann 1"), Act::Claim { lease: LEASE })).expect("it waits");
    assert_eq!(answered.ring, None);
}

#[test]
fn no_lease_however_long_or_short_makes_it_panic() {
    for lease in [Duration::MAX, Duration::ZERO] {
        let mut alarm = state("waiting");
        alarm.act(&action(alarm.id, NOW, &person("ben"), Act::Claim { lease })).expect("it waits");
        alarm.act(&action(alarm.id, NOW, &person("ben"), Act::Renew { lease })).expect("Ben has it");
    }
}

#[test]
fn a_contest_stays_until_one_lets_go() {
    let mut alarm = state("claimed");
    alarm.contest(&action(alarm.id, NOW, &person("ben"), Act::Claim { lease: LEASE }));
    alarm.contest(&action(alarm.id, NOW, &person("ben"), Act::Renew { lease: LEASE }));
    assert_eq!(alarm.contest.as_ref().map(|contest| (&*contest.act, &contest.actor)), Some(("claim", &person("ben"))));
    alarm.act(&action(alarm.id, NOW, &person("ann 1"), Act::Release)).expect("Ann has it");
    assert_eq!((alarm.contest, alarm.claim), (None, None));
}

#[test]
fn the_second_of_two_holders_may_let_go_and_the_first_keeps_it() {
    let mut alarm = state("claimed");
    alarm.contest(&action(alarm.id, NOW, &person("ben"), Act::Claim { lease: LEASE }));
    alarm.act(&action(alarm.id, NOW, &person("ben"), Act::Release)).expect("Ben is the second holder");
    assert_eq!(alarm.contest, None);
    assert_eq!(alarm.claim.map(|claim| claim.actor), Some(person("ann 1")));
}

#[test]
fn a_hold_has_an_end_within_a_day() {
    let mut alarm = state("claimed");
    let until = |seconds| at(NOW + seconds);
    let hold = |until, shown| Act::Hold { shown, until, reason: "visit".to_owned() };
    for until in [until(0), until(24 * 3600 + 1), until(10_000 * 24 * 3600)] {
        let refused = alarm.act(&action(alarm.id, NOW, &person("ann 1"), hold(until, alarm.last_signal)));
        assert_eq!(refused, Err(crate::Refusal::Missing { what: "until" }));
    }
    alarm.act(&action(alarm.id, NOW, &person("ann 1"), hold(until(24 * 3600), alarm.last_signal))).expect("a day");
}
