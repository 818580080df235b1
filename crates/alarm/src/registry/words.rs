//! A registered unit in words, for the headline.

use super::{Flag, Unit};
use crate::headline::{UNIT_CHARS_MAX, tidy};
use crate::unit::shown;
use crate::{Basis, UnitKey};

/// Characters of the label; the rest is an ellipsis.
const LABEL_CHARS_MAX: usize = 28;
/// Characters of the label where it is a guess beside other words.
const GUESS_CHARS_MAX: usize = 20;
/// No import allows it; a card must have words all the same.
const NO_LABEL: &str = "a unit without a label";
/// What stands between a sender and whom its number may mean.
const BY_NUMBER: &str = ", by number ";
/// A scheme or an address of fewer characters than this says nothing.
const PART_CHARS_MIN: usize = 6;

/// Label, what must be known at once, scheme, address: as much as a headline takes.
pub(super) fn words(unit: &Unit) -> String {
    let mut words = tidy(&unit.label, LABEL_CHARS_MAX);
    if words.is_empty() {
        words.push_str(NO_LABEL);
    }
    let cannot_speak = unit.flags.contains(&Flag::CannotSpeak).then(|| Flag::CannotSpeak.words());
    let remarks: Vec<&str> = unit.stock.remark().into_iter().chain(cannot_speak).collect();
    if !remarks.is_empty() {
        words = format!("{words} ({})", remarks.join("; "));
    }
    for part in [&unit.scheme, &unit.address_line] {
        let left = UNIT_CHARS_MAX.saturating_sub(words.chars().count()).saturating_sub(2);
        let is_told = words.contains(part.trim());
        if !is_told && (left >= PART_CHARS_MIN || left >= part.chars().count()) {
            words = format!("{words}, {}", tidy(part, left));
        }
    }
    words
}

/// The words of a sender that nobody registered, with the one unit that has its number.
pub(super) fn perhaps(sender: &str, unit: &Unit) -> String {
    format!("{sender}{BY_NUMBER}perhaps {}", tidy(&unit.label, GUESS_CHARS_MAX))
}

/// The same with several units.
pub(super) fn one_of(sender: &str, units: usize) -> String {
    format!("{sender}{BY_NUMBER}one of {units} units")
}

/// The words of a sender that was registered after its card was opened.
pub(super) fn since(sender: &str, unit: &Unit) -> String {
    format!("{sender}, registered since as {}", tidy(&unit.label, GUESS_CHARS_MAX))
}

/// What a sender is called without a guess.
pub(super) fn sender(unit: &UnitKey, caller: Option<&str>) -> String {
    match (unit.basis, caller) {
        (Basis::CallerNumber, Some(number)) => format!("caller {}", shown(number)),
        _ => unit.words.split(BY_NUMBER).next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::registry::{Stock, UnitId};

    fn unit(label: &str, scheme: &str, address: &str) -> Unit {
        let blank = Unit::blank(UnitId(Uuid::from_u128(1)));
        Unit { label: label.to_owned(), scheme: scheme.to_owned(), address_line: address.to_owned(), ..blank }
    }

    #[test]
    fn who_and_what_must_be_known_comes_first_and_the_place_as_far_as_it_fits() {
        let plain = unit("Doris Hill", "Beech Court", "27 Mill Lane, Redditch");
        assert_eq!(words(&plain), "Doris Hill, Beech Court, 27 Mill Lane, Redditch");
        let silent = Unit { flags: vec![Flag::KeySafe, Flag::CannotSpeak], ..plain.clone() };
        assert_eq!(words(&silent), "Doris Hill (cannot speak: send help), Beech Court, 27 Mill Lane…");
        let stored = Unit { stock: Stock::InStore, ..plain.clone() };
        assert_eq!(words(&stored), "Doris Hill (in store), Beech Court, 27 Mill Lane, Redditch");
        assert_eq!(words(&unit("Lift 3", "", "")), "Lift 3");
        assert_eq!(words(&unit("Flat 3, Elm House", "Elm House", "")), "Flat 3, Elm House");
    }

    #[test]
    fn whatever_is_registered_fits_and_is_one_line() {
        let long = "x".repeat(200);
        let everything = Unit {
            flags: Flag::ALL.to_vec(),
            stock: Stock::Retired,
            ..unit(&long, &long.replace('x', "y"), &long.replace('x', "z"))
        };
        for unit in [everything, unit(&long, "", "a\nb"), unit("a", &long, "")] {
            let words = words(&unit);
            assert!(words.chars().count() <= UNIT_CHARS_MAX && !words.contains('\n'), "{words}");
        }
    }
}
