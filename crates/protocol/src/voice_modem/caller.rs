//! Who telephones, as a modem tells it between two rings: `NMBR = 01527960042`, with or without blanks.
//!
//! | tag | value |
//! |---|---|
//! | `DATE`, `TIME` | month and day, hour and minute, of the exchange; not used |
//! | `NMBR` | the number; `P` withheld by the caller, `O` not known to the exchange |
//! | `NAME` | the name, or `P` or `O` |
//! | `MESG` | anything else, in hexadecimal; not used |

use crate::Caller;

/// Characters of a number that are kept. No telephone number has more.
const NUMBER_CHARS_MAX: usize = 24;
/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 64;

/// Why there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTold {
    /// The caller withholds it.
    Withheld,
    /// The exchange does not know it.
    Unavailable,
}

impl NotTold {
    /// In words, for the record of a call.
    pub fn as_str(self) -> &'static str {
        match self {
            NotTold::Withheld => "number withheld",
            NotTold::Unavailable => "number not available",
        }
    }
}

/// What was told of one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerLines {
    number: Option<String>,
    name: Option<String>,
    not_told: Option<NotTold>,
}

impl CallerLines {
    /// Takes a line; false if it is not about the caller.
    pub fn line(&mut self, line: &str) -> bool {
        let Some((tag, value)) = line.split_once('=') else { return false };
        let value = value.trim();
        match tag.trim() {
            "NMBR" => match not_told(value) {
                Some(why) => self.not_told = Some(why),
                None => self.number = text(value, NUMBER_CHARS_MAX),
            },
            "NAME" if not_told(value).is_none() => self.name = text(value, NAME_CHARS_MAX),
            "DATE" | "TIME" | "NAME" | "MESG" => {}
            _ => return false,
        }
        true
    }

    /// Who it is, as far as was told.
    pub fn caller(&self) -> Option<Caller> {
        let caller = Caller { number: self.number.clone(), name: self.name.clone() };
        (caller != Caller::default()).then_some(caller)
    }

    /// Why there is no number, if that was told.
    pub fn not_told(&self) -> Option<NotTold> {
        self.not_told.filter(|_| self.number.is_none())
    }
}

fn not_told(value: &str) -> Option<NotTold> {
    match value {
        "P" | "PRIVATE" => Some(NotTold::Withheld),
        "O" | "OUT OF AREA" => Some(NotTold::Unavailable),
        _ => None,
    }
}

/// Printable characters only, so many at most.
fn text(value: &str, chars_max: usize) -> Option<String> {
    let kept: String = value.chars().filter(|c| !c.is_control()).take(chars_max).collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_and_what_is_withheld() {
        let told = |lines: &[&str]| {
            let mut told = CallerLines::default();
            assert!(lines.iter().all(|line| told.line(line)), "{lines:?}");
            let caller = told.caller();
            (caller.clone().and_then(|c| c.number), caller.and_then(|c| c.name), told.not_told())
        };
        let some = |text: &str| Some(text.to_owned());
        for (lines, expected) in [
            (
                &["DATE = 0321", "TIME = 1405", "NMBR = 01527960042", "NAME = EVANS M"][..],
                (some("01527960042"), some("EVANS M"), None),
            ),
            (&["NMBR=01527960042", "MESG=0601"], (some("01527960042"), None, None)),
            (&["NMBR = P", "NAME = P"], (None, None, Some(NotTold::Withheld))),
            (&["NMBR=O"], (None, None, Some(NotTold::Unavailable))),
            (&["NMBR ="], (None, None, None)),
            (&["NMBR = 1\u{7}2"], (some("12"), None, None)),
        ] {
            assert_eq!(told(lines), expected, "{lines:?}");
        }
        let mut other = CallerLines::default();
        assert!(!other.line("RING") && !other.line("DRON=20") && other == CallerLines::default());
        let long = "9".repeat(100);
        assert!(other.line(&format!("NMBR={long}")));
        assert_eq!(other.caller().unwrap().number.unwrap().len(), NUMBER_CHARS_MAX);
    }
}
