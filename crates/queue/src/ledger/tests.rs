//! The fold: commits change no card, no signal is without one.

use proptest::prelude::*;
use telecare_alarm::alarm::Closed;
use telecare_alarm::{Act, Actor, ReceiverId};

use super::*;
use crate::entry::Chain;
use crate::sample::{START, action, press};

/// Presses of three units and claims, closes and releases of whatever is open, as entries.
fn entries(steps: &[(u8, u8)]) -> Vec<Arc<Entry>> {
    let mut ledger = Ledger::default();
    let mut chain = Chain::begin(START);
    let mut entries = Vec::new();
    for (n, (unit, step)) in (1_u64..).zip(steps) {
        let unit = format!("unit {}", unit % 3);
        let open = ledger.open().iter().find(|card| *card.unit.key == *unit).cloned();
        let act = open.as_ref().map(|card| (card.id, card.last_signal)).and_then(|(id, shown)| match step % 5 {
            0 => Some((id, Act::Claim { lease: std::time::Duration::from_secs(9) })),
            1 => Some((id, Act::Release)),
            2 => Some((id, Act::Close { shown, outcome: "x".to_owned(), text: String::new() })),
            _ => None,
        });
        let what = match act {
            Some((id, act)) => What::Action(Arc::new(action(n, id, "Ann", act))),
            None => What::Signal(Arc::new(press(&unit, n))),
        };
        let entry = Arc::new(chain.link(what, START).unwrap());
        push(&mut ledger, &entry);
        entries.push(entry);
    }
    entries
}

fn push(ledger: &mut Ledger, entry: &Arc<Entry>) {
    ledger.push(entry);
    if let What::Action(action) = &entry.what {
        let _ = ledger.decide(entry.seq, action);
    }
}

fn cards(ledger: &Ledger) -> Vec<Alarm> {
    let all = ledger.open().iter().chain(ledger.closed.iter());
    all.map(|card| Alarm { revision: 0, ..card.as_ref().clone() }).collect()
}

proptest! {
    /// Whatever is committed when, the cards are the same.
    #[test]
    fn commits_change_no_card(steps in prop::collection::vec(any::<(u8, u8)>(), 1..40), every in 1_usize..8) {
        let entries = entries(&steps);
        let (mut plain, mut settled) = (Ledger::default(), Ledger::default());
        let mut waiting = Vec::new();
        for (n, entry) in entries.iter().enumerate() {
            push(&mut plain, entry);
            push(&mut settled, entry);
            waiting.push(entry.seq);
            if n % every == 0 {
                settled.settle_own(&std::mem::take(&mut waiting));
            }
            prop_assert_eq!(cards(&plain), cards(&settled));
        }
        // And the same again from the rows alone, as after a restart.
        settled.settle_own(&waiting);
        let rows: Vec<_> = settled.base().cloned().collect();
        let mut restarted = Ledger::default();
        restarted.settle(&[], &rows, &[]);
        prop_assert_eq!(cards(&plain), cards(&restarted));
    }

    /// One open card per unit, and every signal on a card.
    #[test]
    fn no_signal_is_without_a_card(steps in prop::collection::vec(any::<(u8, u8)>(), 1..60)) {
        let entries = entries(&steps);
        let mut ledger = Ledger::default();
        entries.iter().for_each(|entry| push(&mut ledger, entry));
        let sent = entries.iter().filter(|entry| matches!(entry.what, What::Signal(_))).count();
        let on_cards: u32 = cards(&ledger).iter().map(|card| card.signals).sum();
        prop_assert_eq!(on_cards, u32::try_from(sent).unwrap());
        let mut units: Vec<_> = ledger.open().iter().map(|card| card.unit.key.clone()).collect();
        units.sort();
        units.dedup();
        prop_assert_eq!(units.len(), ledger.open().len());
    }
}

/// Another receiver changes a card, closed or not: it shows as its row is, and a write that changes nothing does not.
#[test]
fn a_card_shows_what_becomes_of_its_row_elsewhere() {
    let (mut ledger, mut chain) = (Ledger::default(), Chain::begin(START));
    let entry = Arc::new(chain.link(What::Signal(Arc::new(press("u", 1))), START).unwrap());
    ledger.push(&entry);
    let mut row = Alarm::clone(ledger.open().nth(0).unwrap());
    let actor = telecare_alarm::Actor { person: "Ann".into(), desk: "1".into() };
    let ended = telecare_alarm::alarm::Closed { actor, at: START, outcome: "ok".to_owned(), text: String::new() };
    // What is committed, how the row is then, whether that is news.
    let steps: [(&[i64], _, u32, _); 5] = [
        (&[entry.seq], None, 1, false),
        (&[], Some(&ended), 1, true),
        (&[], Some(&ended), 1, false),
        (&[], Some(&ended), 7, true),
        (&[], None, 7, true),
    ];
    for (committed, closed, presses, shows) in steps {
        row = Alarm { closed: closed.cloned(), presses, revision: row.revision + 1, ..row };
        assert_eq!(ledger.settle(committed, &[Arc::new(row.clone())], &[]), shows, "{row:?}");
        assert_eq!(**ledger.card(row.id).unwrap(), row);
        assert_eq!(ledger.open().len(), usize::from(closed.is_none()));
    }
}

#[test]
fn two_ids_of_one_unit_answer_alike() {
    let (mut ledger, mut chain) = (Ledger::default(), Chain::begin(START));
    let (here, there) = (press("u", 2), press("u", 1));
    let entry = Arc::new(chain.link(What::Signal(Arc::new(here.clone())), START).unwrap());
    ledger.push(&entry);
    let mut row = Alarm::open(&there, None);
    row.attach(&here);
    row.revision = 1;
    let alias = AlarmId::from(here.id);
    ledger.settle(&[entry.seq], &[Arc::new(row)], &[(alias, AlarmId::from(there.id))]);
    assert_eq!(ledger.open().len(), 1);
    assert_eq!(ledger.card(alias).unwrap().id, AlarmId::from(there.id));
}

#[test]
fn a_commit_that_only_confirms_shows_nothing_new() {
    let (mut ledger, mut chain) = (Ledger::default(), Chain::begin(START));
    let first = press("u", 1);
    let entry = Arc::new(chain.link(What::Signal(Arc::new(first.clone())), START).unwrap());
    ledger.push(&entry);
    let row = Alarm { revision: 1, ..Alarm::open(&first, None) };
    assert!(!ledger.settle(&[entry.seq], &[Arc::new(row.clone())], &[]), "the card was there");
    assert_eq!(ledger.card(row.id).unwrap().revision, 1);
    let mut pressed = Alarm { revision: 2, ..row.clone() };
    pressed.attach(&press("u", 2));
    assert!(ledger.settle(&[], &[Arc::new(pressed.clone())], &[]), "somebody else took a press in");
    let linked = Alarm { revision: 3, previous: Some(AlarmId(uuid::Uuid::from_u128(9))), ..pressed };
    assert!(ledger.settle(&[], &[Arc::new(linked)], &[]), "it has an earlier alarm");
    assert!(ledger.settle(&[], &[Arc::new(Alarm { revision: 1, ..Alarm::open(&press("v", 3), None) })], &[]));
    // An act that nobody here has answered stays off the card until its row says so.
    let claim = action(7, row.id, "Ann", Act::Claim { lease: std::time::Duration::from_secs(9) });
    let entry = Arc::new(chain.link(What::Action(Arc::new(claim.clone())), START).unwrap());
    ledger.push(&entry);
    let mut claimed = Alarm { revision: 4, ..ledger.card(row.id).unwrap().as_ref().clone() };
    claimed.act(&claim).unwrap();
    assert!(ledger.settle(&[entry.seq], &[Arc::new(claimed)], &[]));
}

#[test]
fn what_came_before_stays_known_when_the_row_comes_back_without_it() {
    let mut ledger = Ledger::default();
    let row = Alarm { revision: 1, ..Alarm::open(&press("u", 1), None) };
    let (before, unknown) = (AlarmId(uuid::Uuid::from_u128(9)), AlarmId(uuid::Uuid::from_u128(8)));
    ledger.settle(&[], &[Arc::new(row.clone())], &[]);
    assert_eq!(ledger.link(&[(row.id, before), (unknown, before)]).len(), 1);
    assert_eq!(ledger.link(&[(row.id, unknown)]), vec![], "it is known already");
    // Another receiver wrote the row meanwhile.
    ledger.settle(&[], &[Arc::new(Alarm { revision: 2, ..row.clone() })], &[]);
    assert_eq!(ledger.card(row.id).map(|card| (card.revision, card.previous)), Some((2, Some(before))));
}

#[test]
fn a_closed_card_is_forgotten_after_ten_minutes() {
    let (mut ledger, mut chain) = (Ledger::default(), Chain::begin(START));
    let first = press("u", 0);
    let close = Act::Close { shown: first.id, outcome: "x".to_owned(), text: String::new() };
    let acts = [Act::Claim { lease: std::time::Duration::from_secs(60) }, close];
    push(&mut ledger, &Arc::new(chain.link(What::Signal(Arc::new(first.clone())), START).unwrap()));
    for (n, act) in (1..).zip(acts) {
        let what = What::Action(Arc::new(action(n, first.id.into(), "Ann", act)));
        push(&mut ledger, &Arc::new(chain.link(what, START).unwrap()));
    }
    let all: Vec<i64> = ledger.pending.values().flatten().map(|entry| entry.seq).collect();
    assert_eq!(ledger.forget_closed(START + time::Duration::minutes(11)), vec![], "not while it is pending");
    ledger.settle_own(&all);
    assert_eq!(ledger.forget_closed(START + time::Duration::minutes(9)), vec![]);
    assert_eq!(ledger.forget_closed(START + time::Duration::minutes(11)), vec![AlarmId::from(first.id)]);
    assert_eq!(ledger.closed.len(), 0);
}

#[test]
fn of_very_many_closed_by_rules_the_oldest_are_forgotten_sooner_and_none_that_a_person_closed() {
    let closed = |n: usize, actor: Actor| {
        let at = START + time::Duration::milliseconds(n as i64);
        let (outcome, text) = ("test".to_owned(), String::new());
        let alarm = Alarm::open(&press(&format!("unit {n}"), n as u64), None);
        Arc::new(Alarm { closed: Some(Closed { actor, at, outcome, text }), ..alarm })
    };
    let rule = Actor::by_rule(&ReceiverId::new("r1"));
    let ann = Actor { person: "Ann".into(), desk: "1".into() };
    let by_rules = (1..=CLOSED_BY_RULES_MAX + FORGOTTEN_AT_ONCE + 2).map(|n| closed(n, rule.clone()));
    let rows: Vec<Arc<Alarm>> = std::iter::once(closed(0, ann)).chain(by_rules).collect();
    let mut ledger = Ledger::default();
    ledger.settle(&[], &rows, &[]);
    let soon = START + time::Duration::minutes(1);
    assert_eq!(ledger.forget_closed(soon).len(), FORGOTTEN_AT_ONCE);
    assert_eq!(ledger.forget_closed(soon), [rows[FORGOTTEN_AT_ONCE + 1].id, rows[FORGOTTEN_AT_ONCE + 2].id]);
    assert_eq!(ledger.forget_closed(soon), []);
    assert!(ledger.card(rows[0].id).is_some(), "she may want to undo it");
    assert_eq!(ledger.count(), CLOSED_BY_RULES_MAX + 1);
}
