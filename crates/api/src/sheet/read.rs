//! From bytes to the rows of an import.

use std::collections::HashMap;

use csv::StringRecord;
use telecare_alarm::registry::import::{Row, RowError};
use telecare_alarm::registry::{Field, UNITS_MAX, UnitId};
use uuid::Uuid;

use super::ID;

/// Errors that are looked for before reading stops: whoever has a thousand has one, made a thousand times.
const ERRORS_MAX: usize = 1_000;

/// A column of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Column {
    Id,
    Field(Field),
}

/// The rows of a file; else what is wrong with it, by line and column.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<RowError>> {
    let text = text(bytes).map_err(|error| vec![error])?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        vec![wrong(line, "", format!("it cannot be read: {error}"), "save it as CSV UTF-8")]
    };
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns = columns(&header)?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    let mut lines = Lines { text: text.as_bytes(), byte: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let line = lines.of(&record);
        match row(line, &record, &columns) {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(error),
        }
        if rows.len() > UNITS_MAX {
            errors.push(wrong(line, ID, format!("the file has more than {UNITS_MAX} rows"), "import it in parts"));
            break;
        }
        if errors.len() >= ERRORS_MAX {
            break;
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// Lines of a file, counted as an editor shows them: the reader's own count is one behind where lines end in CRLF.
struct Lines<'a> {
    text: &'a [u8],
    /// How far they are counted.
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line a record begins on. Records come in the order of the file.
    fn of(&mut self, record: &StringRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX).clamp(self.byte, self.text.len());
        // A record's position is before the end of the line above it, and before empty lines.
        let ends = self.text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.text[self.byte..start + ends];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.byte = start + ends;
        self.line
    }
}

fn text(bytes: &[u8]) -> Result<&str, RowError> {
    let remedy = "save it as CSV UTF-8";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong(1, "", "the file is UTF-16", remedy));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        wrong(line.try_into().unwrap_or(u64::MAX), "", "the file is not UTF-8", remedy)
    })
}

/// The sign that stands between the names of the first line most often.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default().as_bytes();
    let count = |sign: u8| header.iter().filter(|byte| **byte == sign).count();
    // Of equals the last one counts: the comma.
    [b'\t', b';', b','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

fn columns(header: &StringRecord) -> Result<Vec<Option<Column>>, Vec<RowError>> {
    let known: Vec<&str> = std::iter::once(ID).chain(Field::ALL.map(Field::as_str)).collect();
    let mut errors = Vec::new();
    let mut seen = HashMap::new();
    let mut columns = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
        let column = if plain == ID { Some(Column::Id) } else { Field::of(&plain).map(Column::Field) };
        match column {
            None if plain.is_empty() => {}
            None => errors.push(wrong(1, name, "no such column", format!("known are {}", known.join(", ")))),
            Some(column) if seen.insert(column, at).is_some() => {
                errors.push(wrong(1, name, "the column is there twice", "keep one of them"));
            }
            Some(_) => {}
        }
        columns.push(column);
    }
    if !seen.contains_key(&Column::Id) && !seen.contains_key(&Column::Field(Field::Reference)) {
        let remedy = "add the column reference with an id of your own for each unit, or id from an export";
        errors.push(wrong(1, Field::Reference.as_str(), "nothing says which unit a row is", remedy));
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}

fn row(line: u64, record: &StringRecord, columns: &[Option<Column>]) -> Result<Row, RowError> {
    if record.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty()) {
        let remedy = "put a cell that has the separator in it in double quotes";
        return Err(wrong(line, "", "the row has more cells than the first line has names", remedy));
    }
    let mut row = Row { line, id: None, fresh: UnitId(Uuid::now_v7()), cells: Vec::with_capacity(columns.len()) };
    for (at, column) in columns.iter().enumerate() {
        // Spreadsheets leave empty cells off at the end of a row.
        let cell = plain(record.get(at).unwrap_or_default());
        match column {
            Some(Column::Id) if cell.trim().is_empty() => {}
            Some(Column::Id) => match Uuid::try_parse(cell.trim()) {
                Ok(id) if !id.is_nil() => row.id = Some(UnitId(id)),
                Ok(_) | Err(_) => {
                    let remedy = "leave it empty for a new unit, or take it from an export";
                    return Err(wrong(line, ID, format!("{cell:?} is no unit's id"), remedy));
                }
            },
            Some(Column::Field(field)) => row.cells.push((*field, cell.to_owned())),
            None if cell.trim().is_empty() => {}
            None => {
                let what = format!("column {} has no name", at + 1);
                return Err(wrong(line, "", what, "name the column in the first line, or clear it"));
            }
        }
    }
    Ok(row)
}

/// A cell without the apostrophe that marks it as text.
fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

fn wrong(line: u64, column: &str, what: impl Into<String>, remedy: impl Into<String>) -> RowError {
    RowError { line, column: column.to_owned(), what: what.into(), remedy: remedy.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<(u64, String, String)> {
        let errors = read(text.as_bytes()).unwrap_err();
        errors.into_iter().map(|error| (error.line, error.column, error.what)).collect()
    }

    #[test]
    fn one_table_in_every_programs_spelling() {
        let expected = vec![
            (2, vec![(Field::Reference, "0042".to_owned()), (Field::AddressLine, "1, Mill Lane".to_owned())]),
            (4, vec![(Field::Reference, "7".to_owned()), (Field::AddressLine, String::new())]),
        ];
        let table = [
            "reference,address_line\n0042,\"1, Mill Lane\"\n,\n7,\n",
            "\u{feff}Reference;Address line\r\n'0042;1, Mill Lane\r\n;\r\n7\r\n",
            "REFERENCE\taddress-line\t\r\n\"'0042\"\t1, Mill Lane\t\r\n\t\t\r\n7\t\t",
        ];
        for text in table {
            let rows = read(text.as_bytes()).unwrap();
            let rows: Vec<_> = rows.into_iter().map(|row| (row.line, row.cells)).collect();
            assert_eq!(rows, expected, "{text:?}");
        }
    }

    #[test]
    fn an_id_is_an_id_or_nothing() {
        let id = Uuid::from_u128(7);
        let rows = read(format!("id,label\n{id},a\n,b\n").as_bytes()).unwrap();
        assert_eq!([rows[0].id, rows[1].id], [Some(UnitId(id)), None]);
        assert_ne!(rows[0].fresh, rows[1].fresh);
        assert_eq!(told("id,label\n7,a\n")[0].1, "id");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_line_and_column() {
        let table = [
            ("", "", 1, "nothing says"),
            ("label\na\n", "", 1, "nothing says"),
            ("reference,colour\n", "colour", 1, "no such column"),
            ("reference,Reference\n", "Reference", 1, "twice"),
            ("reference,label\na,b,c\n", "", 2, "more cells"),
            ("reference,\na,b\n", "", 2, "no name"),
        ];
        for (text, column, line, words) in table {
            let errors = told(text);
            let found = errors
                .iter()
                .any(|(at, name, what)| *at == line && (column.is_empty() || name == column) && what.contains(words));
            assert!(found, "{text:?}: {errors:?}");
        }
        let mut latin = b"reference,label\na,b\nb,Ren".to_vec();
        latin.extend([0xe9, b'\n']);
        assert_eq!(read(&latin).unwrap_err()[0].line, 3);
        assert!(read(&[0xff, 0xfe, b'r', 0]).unwrap_err()[0].what.contains("UTF-16"));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\"',;\n\r\ta-c=]{0,60}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
            let _ = read(format!("reference,label\n{text}").as_bytes());
        }

        #[test]
        fn a_row_is_on_the_line_where_an_editor_shows_it(
            before in prop::collection::vec(prop::sample::select(vec!["a,b", "", ",", "\"x\ny\",z"]), 0..8),
            end in prop::sample::select(vec!["\n", "\r\n"]),
        ) {
            let rows: String = before.iter().map(|row| format!("{row}{end}")).collect();
            let file = format!("reference,label{end}{rows}last,row{end}");
            let line = file.split("last").next().unwrap().matches('\n').count() as u64 + 1;
            prop_assert_eq!(read(file.as_bytes()).unwrap().last().map(|row| row.line), Some(line));
        }
    }
}
