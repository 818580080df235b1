//! The registry as intake and the API ask it.

use std::sync::Arc;

use proptest::prelude::*;
use telecare_protocol::report::{Caller, Origin};
use telecare_protocol::{Protocol, Report, Status, Trigger};
use uuid::Uuid;

use super::*;
use crate::{LineId, ReceiverId};

const SIGNAL: SignalId = SignalId(Uuid::from_u128(7));

fn unit(id: u128, label: &str, identities: &str, phones: &str) -> Unit {
    let mut unit = Unit::blank(UnitId(Uuid::from_u128(id)));
    Field::Label.set(&mut unit, label).unwrap();
    Field::Identities.set(&mut unit, identities).unwrap();
    Field::Phones.set(&mut unit, phones).unwrap();
    unit
}

fn retired(unit: Unit) -> Unit {
    Unit { stock: Stock::Retired, ..unit }
}

fn report(identity: Option<&str>, number: Option<&str>) -> Report {
    let mut report = Report::own(Trigger::Pendant, Status::Active, "101");
    report.protocol = Protocol::SurGard;
    report.origin = Origin::Unit;
    report.identity = identity.map(str::to_owned);
    report.caller = number.map(|number| Caller { number: Some(number.to_owned()), name: None });
    report
}

fn key(registry: &Registry, report: &Report, line: &str, namespace: Option<&str>) -> UnitKey {
    let (receiver, line) = (ReceiverId::new("r-1"), LineId::new(line));
    UnitKey::of(report, &Place { receiver: &receiver, line: &line, namespace }, SIGNAL, registry)
}

#[test]
fn an_identity_finds_its_unit_where_it_means_one() {
    let registry = Registry::new(1, [unit(1, "Doris Hill", "north:surgard:0042 | r-1/b:surgard:7", "")]);
    let table = [
        ("0042", "a", Some("north"), true),
        ("42", "a", Some("north"), false),
        ("0042", "a", None, false),
        ("7", "b", None, true),
        ("7", "a", None, false),
        ("7", "b", Some("north"), false),
    ];
    for (account, line, namespace, is_known) in table {
        let key = key(&registry, &report(Some(account), None), line, namespace);
        let basis = if is_known { Basis::Registered } else { Basis::Identity };
        assert_eq!(key.basis, basis, "{account} on {line} in {namespace:?}");
        assert_eq!(&*key.words == "Doris Hill", is_known);
    }
}

#[test]
fn a_number_is_a_guess_that_never_takes_a_units_key() {
    let registry = Registry::new(
        1,
        [
            unit(1, "Doris Hill", "north:surgard:1", "01527 123456"),
            unit(2, "Flat 1", "north:surgard:2", "01527 222222"),
            unit(3, "Flat 2", "north:surgard:3", "+44 1527 222222"),
            retired(unit(4, "Old unit", "north:surgard:4", "01527 123456")),
            retired(unit(5, "Gone", "north:surgard:5", "01527 555555")),
        ],
    );
    let table = [
        (None, Some("+441527123456"), Basis::CallerNumber, "caller +441527123456, by number perhaps Doris Hill"),
        (Some("99"), Some("01527123456"), Basis::Identity, "unit 99, by number perhaps Doris Hill"),
        (None, Some("01527222222"), Basis::CallerNumber, "caller 01527222222, by number one of 2 units"),
        (None, Some("01527555555"), Basis::CallerNumber, "caller 01527555555, by number perhaps Gone"),
        (None, Some("01527999999"), Basis::CallerNumber, "caller 01527999999 (by number, a guess)"),
        (Some("2"), Some("01527123456"), Basis::Registered, "Flat 1"),
        (Some("4"), None, Basis::Registered, "Old unit (retired)"),
        (None, None, Basis::Alone, "unknown unit on line a"),
    ];
    let nobody = Registry::default();
    for (identity, number, basis, words) in table {
        let report = report(identity, number);
        let found = key(&registry, &report, "a", Some("north"));
        assert_eq!((found.basis, &*found.words), (basis, words));
        if basis != Basis::Registered {
            assert_eq!(found.key, key(&nobody, &report, "a", Some("north")).key, "the key stays the sender's");
        }
    }
}

#[test]
fn who_is_registered_later_is_found_for_the_card_that_is_open() {
    let report = report(Some("0042"), None);
    let before = key(&Registry::default(), &report, "a", Some("north"));
    let registry = Registry::new(2, [unit(1, "Doris Hill", "north:surgard:0042", "01527 123456")]);
    let unit = registry.units()[0].clone();
    assert_eq!(registry.found(&before, None), Found::Unit(unit.clone()));
    let after = key(&registry, &report, "a", Some("north"));
    assert_ne!(after.key, before.key);
    assert_eq!(registry.found(&after, None), Found::Unit(unit.clone()));
    assert_eq!(Registry::default().found(&after, Some("01527123456")), Found::Nobody, "its card keeps the words");
    let (receiver, line) = (ReceiverId::new("r-1"), LineId::new("a"));
    let place = Place { receiver: &receiver, line: &line, namespace: Some("north") };
    assert_eq!(registry.lookup(&report, &place, SIGNAL), Found::Unit(unit));
}

#[test]
fn what_came_to_be_known_later_is_said_once() {
    let registry = Registry::new(2, [unit(1, "Doris Hill", "north:surgard:0042", "01632 960042")]);
    let nobody = Registry::default();
    let number = Some("01632960042");
    let table = [
        (&nobody, Some("0042"), None, None, Some("unit 0042, registered since as Doris Hill")),
        (&nobody, Some("9"), None, number, Some("unit 9, by number perhaps Doris Hill")),
        (&registry, Some("9"), number, number, Some("unit 9, by number perhaps Doris Hill")),
        (&registry, None, number, number, Some("caller 01632960042, by number perhaps Doris Hill")),
        (&nobody, None, None, number, Some("unknown unit on line a, by number perhaps Doris Hill")),
        (&registry, Some("0042"), None, number, None),
        (&nobody, Some("9"), None, None, None),
    ];
    for (then, identity, told, caller, words) in table {
        let sender = key(then, &report(identity, told), "a", Some("north"));
        assert_eq!(registry.words_since(&sender, caller).as_deref(), words, "{sender:?}");
    }
}

#[test]
fn a_line_is_nobodys_unit() {
    let registry = Registry::new(1, [unit(1, "Doris Hill", "north:surgard:1", "01527 123456")]);
    let mut own = Report::own(Trigger::LineNoise, Status::Active, "junk");
    own.caller = report(None, Some("01527 123456")).caller;
    let found = key(&registry, &own, "a", Some("north"));
    assert_eq!((found.basis, &*found.words), (Basis::Line, "line a"));
}

#[test]
fn units_are_found_by_what_people_know_of_them() {
    let registry = Registry::new(
        1,
        [
            unit(1, "Hill, Doris", "north:surgard:0042", "01527 123456"),
            unit(2, "Hill, Ernest", "north:bs8521:44120077/0027", ""),
            unit(3, "Lift 3", "north:surgard:42", "01527 222222"),
        ],
    );
    let labels = |query: Query, after: Option<u128>, limit| {
        let page = registry.search(&query, after.map(|id| UnitId(Uuid::from_u128(id))), limit).unwrap();
        (page.units.iter().map(|unit| unit.label.clone()).collect::<Vec<_>>().join("; "), page.more)
    };
    let text = |text: &str| Query { text: text.to_owned(), ..Query::default() };
    let account = |account: &str| Query { account: Some(account.to_owned()), ..Query::default() };
    let number = |number: &str| Query { number: Some(number.to_owned()), ..Query::default() };
    assert_eq!(labels(text("hill"), None, 9), ("Hill, Doris; Hill, Ernest".to_owned(), false));
    assert_eq!(labels(text("HILL dor"), None, 9).0, "Hill, Doris");
    assert_eq!(labels(account("42"), None, 9).0, "Lift 3", "leading zeros matter");
    assert_eq!(labels(account("0027"), None, 9).0, "Hill, Ernest");
    assert_eq!(labels(number("+44 1527 123456"), None, 9).0, "Hill, Doris");
    assert_eq!(labels(number("nonsense"), None, 9).0, "");
    assert_eq!(labels(text(""), None, 2), ("Hill, Doris; Hill, Ernest".to_owned(), true));
    assert_eq!(labels(text(""), Some(2), 2), ("Lift 3".to_owned(), false));
    assert_eq!(registry.search(&text(""), Some(UnitId(Uuid::from_u128(9))), 2), None);
}

fn units() -> impl Strategy<Value = Vec<Unit>> {
    let one =
        (prop::collection::vec("(n|m):(surgard|bs8521):0?[1-3](/[12])?", 0..3), prop::option::of("01527 11111[0-2]"));
    prop::collection::vec(one, 0..6).prop_map(|units| {
        let mut taken: Vec<Arc<str>> = Vec::new();
        let mut id = 0;
        let mut made = Vec::new();
        for (identities, phone) in units {
            id += 1;
            let mut unit = unit(id, &format!("Unit {id}"), &identities.join("|"), &phone.unwrap_or_default());
            unit.identities.retain(|identity| !taken.contains(&identity.key()));
            taken.extend(unit.identities.iter().map(Identity::key));
            made.push(unit);
        }
        made
    })
}

proptest! {
    /// Two senders meet on one card only if they did so before, or if both identities are one unit's own.
    #[test]
    fn two_identities_never_merge_two_units(
        units in units(), number in prop::option::of("01527 11111[0-2]"), accounts in ["0?[1-4]", "0?[1-4]"],
        spaces in [prop::sample::select(vec!["n", "m"]), prop::sample::select(vec!["n", "m"])],
    ) {
        let registry = Registry::new(1, units.clone());
        let nobody = Registry::default();
        let reports = accounts.each_ref().map(|account| report(Some(account), number.as_deref()));
        let keys = [0, 1].map(|n| key(&registry, &reports[n], "a", Some(spaces[n])));
        let plain = [0, 1].map(|n| key(&nobody, &reports[n], "a", Some(spaces[n])).key);
        let owner = |n: usize| units.iter().find(|unit| unit.identities.iter().any(|one| one.key() == plain[n]));
        let is_one_unit = matches!((owner(0), owner(1)), (Some(one), Some(other)) if one.id == other.id);
        prop_assert_eq!(keys[0].key == keys[1].key, plain[0] == plain[1] || is_one_unit);
    }

    #[test]
    fn the_order_of_units_does_not_matter(
        units in units(), account in prop::option::of("0?[1-4]"), number in prop::option::of("01527 11111[0-2]"),
    ) {
        let mut reversed = units.clone();
        reversed.reverse();
        let (one, other) = (Registry::new(1, units), Registry::new(1, reversed));
        prop_assert_eq!(one.units(), other.units());
        let report = report(account.as_deref(), number.as_deref());
        prop_assert_eq!(key(&one, &report, "a", Some("n")), key(&other, &report, "a", Some("n")));
        let sender = key(&Registry::default(), &report, "a", Some("n"));
        prop_assert_eq!(one.found(&sender, number.as_deref()), other.found(&sender, number.as_deref()));
    }

    #[test]
    fn whoever_calls_nothing_panics_and_the_words_fit(
        label in "[^\\p{C}]{1,210}", identity in ".{0,60}", number in ".{0,60}",
    ) {
        let mut unit = unit(1, "x", "n:surgard:1", "01527 111111");
        unit.label = label;
        let registry = Registry::new(1, [unit]);
        for (identity, number) in [(Some(&*identity), Some(&*number)), (Some("1"), None), (None, Some("01527111111"))] {
            let words = key(&registry, &report(identity, number), "a", Some("n")).words;
            prop_assert!(!words.is_empty() && words.chars().count() <= 96 && !words.chars().any(char::is_control));
        }
    }
}
