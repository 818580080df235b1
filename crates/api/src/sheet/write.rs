//! From units to bytes.

use std::sync::Arc;

use telecare_alarm::registry::{Field, Unit};

use super::ID;

/// Digits from which on a spreadsheet rounds a number.
const WHOLE_DIGITS_MAX: usize = 11;

/// The units as a file, in their order.
pub fn write(units: &[Arc<Unit>]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        // Spreadsheets take a file without the mark for one in their country's old encoding.
        .from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(std::iter::once(ID).chain(Field::ALL.map(Field::as_str)))?;
    for unit in units {
        let fields = Field::ALL.into_iter().map(|field| marked(field.get(unit)));
        writer.write_record(std::iter::once(unit.id.to_string()).chain(fields))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A text that a spreadsheet leaves alone.
fn marked(text: String) -> String {
    if is_formula(&text) || is_changed(&text) { format!("'{text}") } else { text }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\''])
}

/// Whether it would become a number or a date that is written otherwise.
fn is_changed(text: &str) -> bool {
    let is_numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '/' | '-' | '+' | 'e' | 'E');
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(is_numeric) {
        return false;
    }
    let is_whole = text.chars().all(|c| c.is_ascii_digit());
    !is_whole || text.len() > WHOLE_DIGITS_MAX || (text.len() > 1 && text.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use telecare_alarm::registry::UnitId;
    use telecare_alarm::registry::import::plan;
    use uuid::Uuid;

    use super::*;
    use crate::sheet::read;

    #[test]
    fn what_a_spreadsheet_would_change_is_marked_as_text() {
        let table = [
            ("=1+1", true),
            ("+44 1527 123456", true),
            ("-", true),
            ("@a", true),
            ("'a", true),
            ("0042", true),
            ("01527123456", true),
            ("1234567890123", true),
            ("3-4", true),
            ("1E5", true),
            ("0", false),
            ("1234", false),
            ("01527 123456", false),
            ("27 Mill Lane", false),
            ("", false),
        ];
        for (text, is_marked) in table {
            assert_eq!(marked(text.to_owned()).starts_with('\''), is_marked, "{text}");
        }
    }

    #[test]
    fn an_export_imported_again_changes_nothing() {
        let texts = [
            (Field::Reference, "000123"),
            (Field::Label, "=HYPERLINK(\"x\"), 'Doris'"),
            (Field::Scheme, "Beech; Court\u{e9}"),
            (Field::AddressLine, "-1, Mill Lane"),
            (Field::Phones, "01527123456 | +44 1527 1"),
            (Field::Identities, "north:surgard:0042"),
            (Field::Flags, "cannot-speak | key-safe"),
            (Field::Risk, "high"),
            (Field::Stock, "retired"),
            (Field::ExpectedInterval, "30 d"),
            (Field::RecordLink, "https://crm.example/7?a=1,2"),
            (Field::Customer, "'quoted'"),
            (Field::Model, "3-4"),
            (Field::Firmware, "1.10"),
            (Field::Carrier, "@carrier"),
        ];
        let mut unit = Unit::blank(UnitId(Uuid::from_u128(7)));
        for (field, text) in texts {
            field.set(&mut unit, text).unwrap();
        }
        let units = [Arc::new(unit)];
        let file = write(&units).unwrap();
        let rows = read(&file).unwrap();
        let plan = plan(&units, &rows).unwrap();
        assert_eq!((plan.changes.len(), plan.unchanged), (0, 1), "{}", String::from_utf8_lossy(&file));
        assert!(!String::from_utf8(file).unwrap().contains(",=HYPER"));
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_none_is_a_formula(texts in prop::collection::vec("[=+'\",;@0-9Ee. -]{0,9}", 2)) {
            let mut unit = Unit::blank(UnitId(Uuid::from_u128(7)));
            unit.label = "x".to_owned();
            Field::Scheme.set(&mut unit, &texts[0]).unwrap();
            Field::Model.set(&mut unit, &texts[1]).unwrap();
            let units = [Arc::new(unit)];
            let file = write(&units).unwrap();
            prop_assert_eq!(plan(&units, &read(&file).unwrap()).unwrap().unchanged, 1);
            let mut reader = csv::ReaderBuilder::new().from_reader(&file[3..]);
            for cell in reader.records().next().unwrap().unwrap().iter() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@']), "{}", cell);
            }
        }
    }
}
