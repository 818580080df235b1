//! Stored forms: what the journal and the database hold of signals, actions and alarms.
//!
//! Flat, and named as the database's columns, so that one text serves as the journal's body and the hash chain's input.
//! A field is only ever added, with a default for older entries, and with a new row type for the database.
//!
//! Times are UTC with microseconds, the database's precision, so that a row read back equals what was
//! written. Texts from devices are cleaned: a NUL or another control character cannot reach SQL; the bytes
//! as they came are in `raw`.

mod action;
mod alarm;
mod call;
mod report;
mod rules;
mod signal;
mod unit;

pub use action::ActionRecord;
pub use alarm::AlarmRecord;
pub use report::ReportRecord;
pub use rules::ExpectedRecord;
pub use signal::SignalRecord;
pub use unit::UnitRecord;

use time::OffsetDateTime;

/// A stored form that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("stored {what} cannot be read: {why}")]
pub struct Unreadable {
    what: &'static str,
    why: String,
}

impl Unreadable {
    pub(crate) fn new(what: &'static str, why: impl std::fmt::Display) -> Unreadable {
        Unreadable { what, why: why.to_string() }
    }
}

/// Cuts a time to microseconds.
pub(crate) fn micros(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.microsecond() * 1000).unwrap_or(at)
}

/// A count as the database has it.
fn stored(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A number of the database's as ours; nothing is ever stored that is beyond it.
fn read<T: TryFrom<U> + Default, U>(number: U) -> T {
    T::try_from(number).unwrap_or_default()
}

/// Replaces what no database text may hold.
pub(crate) fn clean(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Bytes as hex digits.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.extend(bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]));
}

/// Bytes as the database writes them in text: `\x` and hex digits.
pub(crate) mod bytea {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom("not \\x and hex digits"))
    }

    pub fn text(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(2 + 2 * bytes.len());
        text.push_str("\\x");
        crate::record::push_hex(&mut text, bytes);
        text
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let hex = text.strip_prefix("\\x")?;
        if !hex.is_ascii() || hex.len() % 2 != 0 {
            return None;
        }
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
    }
}
