//! Reading one record, and what it says.

use crate::automation::{LineError, characters, is_line_end};
use crate::report::{texts, warnings};
use crate::{Codes, Event, Mode, Origin, Outcome, Protocol, Report, Status, Trigger};

use super::session::{OKAY, TEST};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// `00 OKAY @`: the link is alive.
    Okay,
    /// `IT IRCV 234A`: a test of the receiver.
    Test,
    /// Anything else, as it came.
    Report(String),
}

/// Reads one record without LF and CR, with the names of deviations. In strict mode only the records whose layout is
/// known can be read.
pub fn read(line: &[u8], mode: Mode) -> Result<(Record, Vec<&'static str>), LineError> {
    let start = line.iter().position(|byte| !is_line_end(*byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_line_end(*byte)).map_or(start, |last| last.saturating_add(1));
    let (text, masked) = characters(line.get(start..end).unwrap_or_default())?;
    let record = match text.trim() {
        "" => return Err(LineError::Empty),
        OKAY => Record::Okay,
        TEST => Record::Test,
        _ if mode == Mode::Strict => return Err(LineError::UnknownForm),
        _ => Record::Report(text),
    };
    let mut warnings = Vec::new();
    warnings.extend(masked.then_some("ParityBit"));
    warnings.extend(matches!(record, Record::Report(_)).then_some("UnknownLayout"));
    Ok((record, warnings))
}

/// The report of a record; none for the okay record, which is a sign of life. Fields: `form` (test, report), `text`.
pub fn report(record: &Record, found: &[&'static str], _codes: &Codes) -> Option<Report> {
    let (origin, trigger, status, form, text) = match record {
        Record::Okay => return None,
        Record::Test => (Origin::HardwareReceiver, Trigger::Information, Status::Active, "test", TEST),
        Record::Report(text) => (Origin::Unit, Trigger::Unknown, Status::Unknown, "report", text.as_str()),
    };
    let words = match record {
        Record::Test => "test of the hardware receiver".to_owned(),
        Record::Okay | Record::Report(_) => "report in a layout that is not known".to_owned(),
    };
    let events = vec![Event { trigger, status, code: form.to_owned(), words, location: None }];
    Some(Report {
        protocol: Protocol::Iti,
        outcome: Outcome::Decoded,
        origin,
        identity: None,
        local_unit: None,
        caller: None,
        fields: texts(&[("form", form), ("text", text)]),
        warnings: warnings(found, &events),
        events,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_records_and_all_others() {
        assert_eq!(read(b"00 OKAY @", Mode::Strict), Ok((Record::Okay, vec![])));
        assert_eq!(read(b"IT IRCV 234A", Mode::Strict), Ok((Record::Test, vec![])));
        let other = |text: &str| Record::Report(text.to_owned());
        assert_eq!(read(b"0Z abc 1", Mode::Tolerant), Ok((other("0Z abc 1"), vec!["UnknownLayout"])));
        assert_eq!(read(b"0Z abc 1", Mode::Strict), Err(LineError::UnknownForm));
        assert_eq!(read(b"0Z \x01", Mode::Tolerant), Err(LineError::IllegalCharacter { index: 3 }));
        assert_eq!(read(b"  ", Mode::Tolerant), Err(LineError::Empty));
    }
}
