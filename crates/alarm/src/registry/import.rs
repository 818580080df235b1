//! An import: rows of a table become new units and changes of known ones, all of them or none.
//!
//! A row names its unit by `id` or by `reference`; one that names none that is known makes a new unit. A cell
//! sets its field, a column that is not there leaves the field as it is, and so does a unit that is not in the
//! table. The order of the rows does not matter: what counts is the registry as it would be afterwards.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Field, UNITS_MAX, Unit, UnitId};

/// A row as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file.
    pub line: u64,
    /// The unit it names by its id.
    pub id: Option<UnitId>,
    /// The id of the unit, should it be a new one.
    pub fresh: UnitId,
    /// Its cells.
    pub cells: Vec<(Field, String)>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowError {
    /// Line in the file.
    pub line: u64,
    /// Column, by its name.
    pub column: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// What an import does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Units made and changed, by line.
    pub changes: Vec<Change>,
    /// Rows that change nothing.
    pub unchanged: usize,
}

/// One unit made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The row's line.
    pub line: u64,
    /// As it was; none for a new one.
    pub old: Option<Arc<Unit>>,
    /// As it will be.
    pub new: Unit,
}

impl Change {
    /// The fields that differ: field, before, after.
    pub fn fields(&self) -> Vec<(Field, String, String)> {
        let blank = Unit::blank(self.new.id);
        let old = self.old.as_deref().unwrap_or(&blank);
        let differing = Field::ALL.into_iter().map(|field| (field, field.get(old), field.get(&self.new)));
        differing.filter(|(_, old, new)| old != new).collect()
    }
}

/// What the rows make of the units there are; else everything that is wrong, by line.
pub fn plan(known: &[Arc<Unit>], rows: &[Row]) -> Result<Plan, Vec<RowError>> {
    let by_id: HashMap<UnitId, &Arc<Unit>> = known.iter().map(|unit| (unit.id, unit)).collect();
    let by_reference: HashMap<&str, &Arc<Unit>> =
        known.iter().filter(|unit| !unit.reference.is_empty()).map(|unit| (&*unit.reference, unit)).collect();
    let mut errors = Vec::new();
    let mut seen: HashMap<UnitId, u64> = HashMap::new();
    let mut seen_references: HashMap<String, u64> = HashMap::new();
    let mut plan = Plan::default();
    for row in rows {
        let made = match merged(row, &by_id, &by_reference) {
            Ok(made) => made,
            Err(wrong) => {
                errors.extend(wrong);
                continue;
            }
        };
        let (old, new) = made;
        let twice = seen.insert(new.id, row.line);
        let again = (!new.reference.is_empty()).then(|| seen_references.insert(new.reference.clone(), row.line));
        if let Some(line) = twice.or(again.flatten()) {
            let what = format!("line {line} is the same unit");
            errors.push(error(row.line, Field::Reference.as_str(), what, "keep one row for each unit"));
            continue;
        }
        if old.is_some_and(|old| **old == new) {
            plan.unchanged = plan.unchanged.saturating_add(1);
        } else {
            plan.changes.push(Change { line: row.line, old: old.cloned(), new });
        }
    }
    errors.extend(clashes(known, &plan.changes));
    if errors.is_empty() {
        return Ok(plan);
    }
    errors.sort();
    Err(errors)
}

/// The unit of a row before and after it.
fn merged<'a>(
    row: &Row,
    by_id: &HashMap<UnitId, &'a Arc<Unit>>,
    by_reference: &HashMap<&str, &'a Arc<Unit>>,
) -> Result<(Option<&'a Arc<Unit>>, Unit), Vec<RowError>> {
    let reference = row.cells.iter().find(|(field, _)| *field == Field::Reference);
    let reference = reference.map(|(_, text)| text.trim()).filter(|text| !text.is_empty());
    let old = match (row.id, reference) {
        (Some(id), _) => by_id.get(&id),
        (None, Some(reference)) => by_reference.get(reference),
        (None, None) => {
            let remedy = "give it a reference of your own that stays the same, so that a later import finds it";
            return Err(vec![error(row.line, Field::Reference.as_str(), "the row names no unit", remedy)]);
        }
    };
    let old = old.copied();
    let mut new = old.map_or_else(|| Unit::blank(row.id.unwrap_or(row.fresh)), |old| Unit::clone(old));
    let mut errors = Vec::new();
    for (field, text) in &row.cells {
        if let Err(wrong) = field.set(&mut new, text) {
            errors.push(error(row.line, field.as_str(), wrong.what, wrong.remedy));
        }
    }
    if errors.is_empty() && new.label.is_empty() {
        let what = "a new unit needs a label";
        errors.push(error(row.line, Field::Label.as_str(), what, "add the column label: what operators call the unit"));
    }
    if errors.is_empty() { Ok((old, new)) } else { Err(errors) }
}

/// Two units that would have one identity or one reference, and a registry that would be too large.
fn clashes(known: &[Arc<Unit>], changes: &[Change]) -> Vec<RowError> {
    let touched: HashSet<UnitId> = changes.iter().map(|change| change.new.id).collect();
    let mut references: HashMap<&str, &Unit> = HashMap::new();
    let mut identities: HashMap<Arc<str>, &Unit> = HashMap::new();
    for unit in known.iter().filter(|unit| !touched.contains(&unit.id)) {
        references.insert(&unit.reference, unit);
        identities.extend(unit.identities.iter().map(|identity| (identity.key(), &**unit)));
    }
    let mut errors = Vec::new();
    for Change { line, new, .. } in changes {
        let other = (!new.reference.is_empty()).then(|| references.insert(&new.reference, new)).flatten();
        if let Some(other) = other {
            let what = format!("{} has this reference already", named(other));
            errors.push(error(*line, Field::Reference.as_str(), what, "a reference belongs to one unit"));
        }
        for identity in &new.identities {
            if let Some(other) = identities.insert(identity.key(), new) {
                let what = format!("{identity} belongs to {}", named(other));
                let remedy = "an identity means one unit: take it from the other unit, in this file if you like";
                errors.push(error(*line, Field::Identities.as_str(), what, remedy));
            }
        }
    }
    let made = changes.iter().filter(|change| change.old.is_none()).count();
    if known.len().saturating_add(made) > UNITS_MAX {
        let line = changes.last().map_or(0, |change| change.line);
        let what = format!("the registry would have more than {UNITS_MAX} units");
        errors.push(error(line, "id", what, "run a second site, or ask for a larger bound"));
    }
    errors
}

fn named(unit: &Unit) -> String {
    if unit.reference.is_empty() { format!("unit {}", unit.id) } else { format!("unit {:?}", unit.reference) }
}

fn error(line: u64, column: &str, what: impl Into<String>, remedy: impl Into<String>) -> RowError {
    RowError { line, column: column.to_owned(), what: what.into(), remedy: remedy.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn row(line: u64, id: Option<u128>, cells: &[(Field, &str)]) -> Row {
        let cells = cells.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        let fresh = UnitId(Uuid::from_u128(u128::from(line) + 1_000));
        Row { line, id: id.map(|id| UnitId(Uuid::from_u128(id))), fresh, cells }
    }

    fn new(line: u64, reference: &str, identities: &str) -> Row {
        let cells = [(Field::Reference, reference), (Field::Label, reference), (Field::Identities, identities)];
        row(line, None, &cells)
    }

    /// The registry after a plan.
    fn after(known: &[Arc<Unit>], plan: &Plan) -> Vec<Arc<Unit>> {
        let mut units: HashMap<UnitId, Arc<Unit>> = known.iter().map(|unit| (unit.id, unit.clone())).collect();
        units.extend(plan.changes.iter().map(|change| (change.new.id, Arc::new(change.new.clone()))));
        units.into_values().collect()
    }

    fn two() -> Vec<Arc<Unit>> {
        after(&[], &plan(&[], &[new(2, "a", "n:surgard:1"), new(3, "b", "n:surgard:2")]).unwrap())
    }

    #[test]
    fn a_row_makes_changes_or_leaves() {
        let known = two();
        let rows = [
            row(2, None, &[(Field::Reference, "a"), (Field::Scheme, "Elm House")]),
            new(3, "b", "n:surgard:2"),
            new(4, "c", "n:surgard:0002"),
        ];
        let plan = plan(&known, &rows).unwrap();
        assert_eq!((plan.changes.len(), plan.unchanged), (2, 1));
        let [changed, made] = &plan.changes[..] else { panic!("two changes") };
        assert_eq!(changed.fields(), [(Field::Scheme, String::new(), "Elm House".to_owned())]);
        assert_eq!(changed.new.identities, changed.old.as_ref().unwrap().identities, "no column, no change");
        assert!(made.old.is_none() && made.new.id == rows[2].fresh);
        let again = super::plan(&after(&known, &plan), &rows).unwrap();
        assert_eq!((again.changes.len(), again.unchanged), (0, 3));
    }

    #[test]
    fn an_identity_moves_when_one_file_takes_and_gives_it() {
        let known = two();
        let swap = [new(2, "a", "n:surgard:2"), new(3, "b", "n:surgard:1")];
        assert_eq!(plan(&known, &swap).unwrap().changes.len(), 2);
        let errors = plan(&known, &swap[..1]).unwrap_err();
        assert_eq!((errors.len(), errors[0].line, &*errors[0].column), (1, 2, "identities"));
        assert!(errors[0].what.contains("n:surgard:2 belongs to unit \"b\""), "{errors:?}");
    }

    #[test]
    fn everything_wrong_is_told_at_once_by_line_and_column() {
        let known = two();
        let b = known.iter().find(|unit| unit.reference == "b").unwrap().id;
        let mut takes_a = row(9, None, &[(Field::Reference, "a")]);
        takes_a.id = Some(b);
        let rows = [
            row(2, None, &[(Field::Label, "x")]),
            row(3, None, &[(Field::Reference, "new")]),
            row(4, None, &[(Field::Reference, "c"), (Field::Risk, "medium"), (Field::Stock, "lost")]),
            new(5, "d", "n:surgard:7"),
            new(6, "d", "n:surgard:8"),
            new(7, "e", "n:surgard:9"),
            new(8, "f", "n:surgard:9"),
            takes_a,
        ];
        let told: Vec<(u64, String)> =
            plan(&known, &rows).unwrap_err().into_iter().map(|error| (error.line, error.column)).collect();
        let expected = [
            (2, "reference"),
            (3, "label"),
            (4, "risk"),
            (4, "stock"),
            (6, "reference"),
            (8, "identities"),
            (9, "reference"),
        ];
        assert_eq!(told, expected.map(|(line, column)| (line, column.to_owned())));
    }

    #[test]
    fn an_id_that_is_not_known_yet_is_kept() {
        let restored = row(2, Some(7), &[(Field::Label, "x")]);
        let plan = plan(&[], &[restored]).unwrap();
        assert_eq!(plan.changes[0].new.id, UnitId(Uuid::from_u128(7)));
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let one = ("[a-f]", prop::collection::vec("n:surgard:[0-3]{1,2}", 0..3), prop::option::of("[x-z]{1,3}"));
        prop::collection::vec(one, 0..7).prop_map(|rows| {
            let row = |(n, (reference, identities, scheme)): (usize, (String, Vec<String>, Option<String>))| {
                let line = u64::try_from(n).unwrap() + 2;
                let mut row = new(line, &reference, &identities.join("|"));
                row.cells.extend(scheme.map(|scheme| (Field::Scheme, scheme)));
                row
            };
            rows.into_iter().enumerate().map(row).collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter_and_no_identity_has_two_units(first in rows(), second in rows()) {
            let known = plan(&[], &first).map(|plan| after(&[], &plan)).unwrap_or_default();
            let mut reversed = second.clone();
            reversed.reverse();
            let (one, other) = (plan(&known, &second), plan(&known, &reversed));
            prop_assert_eq!(one.is_ok(), other.is_ok());
            if let (Ok(one), Ok(other)) = (one, other) {
                let mut units = [after(&known, &one), after(&known, &other)];
                units.iter_mut().for_each(|units| units.sort_by_key(|unit| unit.id));
                prop_assert_eq!(&units[0], &units[1]);
                let mut seen = HashSet::new();
                for unit in &units[0] {
                    prop_assert!(unit.identities.iter().all(|identity| seen.insert(identity.key())));
                }
                let again = plan(&units[0], &second).unwrap();
                prop_assert_eq!((again.changes.len(), again.unchanged), (0, second.len()));
            }
        }
    }
}
