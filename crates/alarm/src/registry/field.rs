//! The fields of a unit as texts: what a CSV cell, an export and the history of changes hold.
//!
//! One table for all three, so that an export imported again changes nothing. Several values in one field
//! are separated by `|`.

use std::time::Duration;

use super::{Flag, Identity, Risk, Stock, Unit, number};

/// Characters of a text.
const TEXT_CHARS_MAX: usize = 200;
/// Characters of a web address.
const LINK_CHARS_MAX: usize = 500;
/// Telephone numbers of one unit.
const PHONES_MAX: usize = 8;
/// Identities of one unit: a dozen lines, each with its own namespace.
const IDENTITIES_MAX: usize = 16;
/// Units of time, longest first: name, seconds.
const SPANS: [(&str, u64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
/// The longest interval that anybody waits for a sign of life: a year.
const INTERVAL_MAX: Duration = Duration::from_secs(366 * 86_400);

/// A field of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// [`Unit::reference`].
    Reference,
    /// [`Unit::label`].
    Label,
    /// [`Unit::scheme`].
    Scheme,
    /// [`Unit::address_line`].
    AddressLine,
    /// [`Unit::phones`].
    Phones,
    /// [`Unit::identities`].
    Identities,
    /// [`Unit::flags`].
    Flags,
    /// [`Unit::risk`].
    Risk,
    /// [`Unit::stock`].
    Stock,
    /// [`Unit::expected_interval`].
    ExpectedInterval,
    /// [`Unit::record_link`].
    RecordLink,
    /// [`Unit::customer`].
    Customer,
    /// [`Unit::model`].
    Model,
    /// [`Unit::firmware`].
    Firmware,
    /// [`Unit::carrier`].
    Carrier,
}

/// Why a text is not taken, and what would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Wrong {
        Wrong { what: what.into(), remedy: remedy.into() }
    }
}

impl Field {
    /// Every field, in the order of an export.
    pub const ALL: [Field; 15] = [
        Field::Reference,
        Field::Label,
        Field::Scheme,
        Field::AddressLine,
        Field::Phones,
        Field::Identities,
        Field::Flags,
        Field::Risk,
        Field::Stock,
        Field::ExpectedInterval,
        Field::RecordLink,
        Field::Customer,
        Field::Model,
        Field::Firmware,
        Field::Carrier,
    ];

    /// The name used in CSV, storage and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Reference => "reference",
            Field::Label => "label",
            Field::Scheme => "scheme",
            Field::AddressLine => "address_line",
            Field::Phones => "phones",
            Field::Identities => "identities",
            Field::Flags => "flags",
            Field::Risk => "risk",
            Field::Stock => "stock",
            Field::ExpectedInterval => "expected_interval",
            Field::RecordLink => "record_link",
            Field::Customer => "customer",
            Field::Model => "model",
            Field::Firmware => "firmware",
            Field::Carrier => "carrier",
        }
    }

    /// The field of a name; none when there is no such field.
    pub fn of(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The field as a text; empty when it says nothing.
    pub fn get(self, unit: &Unit) -> String {
        match self {
            Field::Reference => unit.reference.clone(),
            Field::Label => unit.label.clone(),
            Field::Scheme => unit.scheme.clone(),
            Field::AddressLine => unit.address_line.clone(),
            Field::Phones => unit.phones.join(" | "),
            Field::Identities => joined(unit.identities.iter().map(ToString::to_string)),
            Field::Flags => joined(unit.flags.iter().map(|flag| flag.as_str().to_owned())),
            Field::Risk => unit.risk.as_str().to_owned(),
            Field::Stock => unit.stock.as_str().to_owned(),
            Field::ExpectedInterval => unit.expected_interval.map(span).unwrap_or_default(),
            Field::RecordLink => unit.record_link.clone(),
            Field::Customer => unit.customer.clone(),
            Field::Model => unit.model.clone(),
            Field::Firmware => unit.firmware.clone(),
            Field::Carrier => unit.carrier.clone(),
        }
    }

    /// Sets the field from a text. An empty text takes away what was there, and a default takes its place.
    pub fn set(self, unit: &mut Unit, text: &str) -> Result<(), Wrong> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(Wrong::new("it has more than one line", "write it on one line of plain text"));
        }
        match self {
            Field::Reference => unit.reference = short(text, TEXT_CHARS_MAX)?,
            Field::Label if text.is_empty() => {
                return Err(Wrong::new("it is empty", "write what operators call the unit: a name, a flat, a lift"));
            }
            Field::Label => unit.label = short(text, TEXT_CHARS_MAX)?,
            Field::Scheme => unit.scheme = short(text, TEXT_CHARS_MAX)?,
            Field::AddressLine => unit.address_line = short(text, TEXT_CHARS_MAX)?,
            Field::Phones => unit.phones = several(text, PHONES_MAX, phone)?,
            Field::Identities => unit.identities = several(text, IDENTITIES_MAX, identity)?,
            Field::Flags => {
                unit.flags = several(text, Flag::ALL.len(), flag)?;
                unit.flags.sort();
            }
            Field::Risk => unit.risk = one_of(text, Risk::Standard, &Risk::ALL.map(Risk::as_str))?,
            Field::Stock => unit.stock = one_of(text, Stock::OnLoan, &Stock::ALL.map(Stock::as_str))?,
            Field::ExpectedInterval => unit.expected_interval = interval(text)?,
            Field::RecordLink => unit.record_link = link(text)?,
            Field::Customer => unit.customer = short(text, TEXT_CHARS_MAX)?,
            Field::Model => unit.model = short(text, TEXT_CHARS_MAX)?,
            Field::Firmware => unit.firmware = short(text, TEXT_CHARS_MAX)?,
            Field::Carrier => unit.carrier = short(text, TEXT_CHARS_MAX)?,
        }
        Ok(())
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" | ")
}

fn short(text: &str, chars_max: usize) -> Result<String, Wrong> {
    if text.chars().count() > chars_max {
        return Err(Wrong::new("it is too long", format!("use {chars_max} characters at most")));
    }
    Ok(text.to_owned())
}

/// Values separated by `|`, each once.
fn several<T: PartialEq>(text: &str, max: usize, one: impl Fn(&str) -> Result<T, Wrong>) -> Result<Vec<T>, Wrong> {
    let mut values = Vec::new();
    for part in text.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        let value = one(part)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if values.len() > max {
        return Err(Wrong::new("it has too many values", format!("use {max} at most")));
    }
    Ok(values)
}

fn phone(text: &str) -> Result<String, Wrong> {
    number::check(text).map_err(|remedy| Wrong::new(format!("{text:?} is no telephone number"), remedy))?;
    Ok(text.to_owned())
}

fn identity(text: &str) -> Result<Identity, Wrong> {
    text.parse().map_err(|error: super::NoIdentity| {
        Wrong::new(error.0, "write each as NAMESPACE:PROTOCOL:ACCOUNT and separate several by |")
    })
}

fn flag(text: &str) -> Result<Flag, Wrong> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        let known = Flag::ALL.map(Flag::as_str).join(", ");
        Wrong::new(format!("{text:?} is no flag"), format!("use {known}"))
    })
}

fn one_of<T: std::str::FromStr>(text: &str, default: T, known: &[&str]) -> Result<T, Wrong> {
    if text.is_empty() {
        return Ok(default);
    }
    text.to_ascii_lowercase()
        .parse()
        .map_err(|_| Wrong::new(format!("{text:?} is not possible"), format!("use {}", known.join(", "))))
}

fn interval(text: &str) -> Result<Option<Duration>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        let what = format!("{text:?} is no interval");
        Wrong::new(what, "write a whole number and s, min, h, d or w, like 30 d; a year at most")
    };
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let unit = unit.trim();
    let (_, seconds) = SPANS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let span = Duration::from_secs(count.saturating_mul(seconds));
    if span.is_zero() || span > INTERVAL_MAX { Err(wrong()) } else { Ok(Some(span)) }
}

/// A span in the longest unit that tells it whole.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let whole = SPANS.into_iter().find(|(_, unit)| seconds.checked_rem(*unit) == Some(0));
    match whole {
        Some((name, unit)) => format!("{} {name}", seconds.checked_div(unit).unwrap_or_default()),
        None => format!("{} min", seconds.checked_div(60).unwrap_or_default()),
    }
}

/// A console makes it a link, so it must be nothing that runs.
fn link(text: &str) -> Result<String, Wrong> {
    if text.is_empty() || text.starts_with("https://") || text.starts_with("http://") {
        return short(text, LINK_CHARS_MAX);
    }
    Err(Wrong::new(format!("{text:?} is no web address"), "begin with https://"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::registry::UnitId;

    fn blank() -> Unit {
        Unit::blank(UnitId(Uuid::from_u128(1)))
    }

    #[test]
    fn every_field_comes_back_as_it_was_set() {
        let table = [
            (Field::Reference, "000123"),
            (Field::Label, "Hill, Doris"),
            (Field::Scheme, "Beech Court"),
            (Field::AddressLine, "Flat 27"),
            (Field::Phones, "01527 123456 | +44 1527 1234567"),
            (Field::Identities, "north:surgard:0042 | north:bs8521:44120077/0027"),
            (Field::Flags, "cannot-speak | key-safe"),
            (Field::Risk, "high"),
            (Field::Stock, "in-store"),
            (Field::ExpectedInterval, "30 d"),
            (Field::RecordLink, "https://crm.example/unit?id=7"),
            (Field::Customer, "Council"),
            (Field::Model, "V2"),
            (Field::Firmware, "1.2"),
            (Field::Carrier, "BT"),
        ];
        assert_eq!(table.map(|(field, _)| field), Field::ALL);
        for (field, text) in table {
            let mut unit = blank();
            field.set(&mut unit, text).unwrap();
            assert_eq!(field.get(&unit), text);
            assert_eq!(Field::of(field.as_str()), Some(field));
            let mut again = blank();
            field.set(&mut again, &field.get(&unit)).unwrap();
            assert_eq!(again, unit);
        }
    }

    #[test]
    fn the_same_said_otherwise_is_the_same() {
        let table = [
            (Field::ExpectedInterval, "720h", "30 d"),
            (Field::ExpectedInterval, "90 min", "90 min"),
            (Field::ExpectedInterval, "2 w", "2 w"),
            (Field::Flags, "key-safe|CANNOT-SPEAK||key-safe", "cannot-speak | key-safe"),
            (Field::Risk, " High ", "high"),
            (Field::Risk, "", "standard"),
            (Field::Stock, "", "on-loan"),
            (Field::ExpectedInterval, "", ""),
            (Field::Identities, "n:bs8521:00012|n:bs8521:12", "n:bs8521:12"),
        ];
        for (field, text, expected) in table {
            let mut unit = blank();
            field.set(&mut unit, text).unwrap();
            assert_eq!(field.get(&unit), expected, "{field:?} {text}");
        }
    }

    #[test]
    fn a_wrong_text_changes_nothing_and_says_what_would_be_right() {
        let long = "x".repeat(201);
        let table = [
            (Field::Label, " ", "what operators call"),
            (Field::Label, "a\nb", "one line"),
            (Field::Customer, &long, "200 characters"),
            (Field::Flags, "cannot-see", "cannot-speak"),
            (Field::Risk, "medium", "low, standard, high"),
            (Field::Stock, "lost", "on-loan, in-store, retired"),
            (Field::ExpectedInterval, "soon", "30 d"),
            (Field::ExpectedInterval, "0 d", "30 d"),
            (Field::ExpectedInterval, "99999999999999999999 d", "30 d"),
            (Field::ExpectedInterval, "400 d", "a year"),
            (Field::RecordLink, "javascript:alert(1)", "https://"),
            (Field::Phones, "1527123456", "leading 0"),
            (Field::Identities, "0042", "NAMESPACE:PROTOCOL:ACCOUNT"),
        ];
        for (field, text, words) in table {
            let mut unit = blank();
            let wrong = field.set(&mut unit, text).unwrap_err();
            assert!(wrong.remedy.contains(words), "{field:?} {text}: {wrong:?}");
            assert_eq!(unit, blank());
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_comes_back_and_what_is_not_changes_nothing(
            text in prop_oneof![
                ".{0,40}",
                "[nm]{0,2}[/:][a-z0-9]{0,9}:?0{0,2}[0-9A-F]{0,3}(/[0-9]{1,3})?( ?[|] ?n:bs8521:0{0,3}[1-3](/[1-9])?){0,2}",
                "[0-9]{1,21} ?(min|h|d|w|y)",
                "[+(]?[0-9() /.-]{0,22}",
                "(cannot-speak|key-safe|oxygen|low|HIGH|retired)( [|] (key-safe|oxygen)){0,2}",
            ],
            field in prop::sample::select(Field::ALL.to_vec()),
        ) {
            let mut unit = blank();
            match field.set(&mut unit, &text) {
                Ok(()) => {
                    let told = field.get(&unit);
                    let mut again = blank();
                    prop_assert_eq!(field.set(&mut again, &told), Ok(()));
                    prop_assert_eq!(field.get(&again), told);
                    prop_assert_eq!(again, unit);
                }
                Err(wrong) => {
                    prop_assert_eq!(unit, blank());
                    prop_assert!(!wrong.what.is_empty() && !wrong.remedy.is_empty());
                }
            }
        }
    }
}
