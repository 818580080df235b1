//! The writer's one statement, made of the parts that a batch needs. A part without rows costs PostgreSQL a tenth of a
//! lone signal's time: its tables and indexes are locked and opened all the same.
//!
//! Everything that a batch writes is one statement, because each statement is a way there and back. It fails, and then
//! nothing of it is written, when somebody was quicker: a unit has another open alarm, or a signal or action is there
//! already (a unique index says so: to ask first and insert then costs each row a second look at its indexes), or a row is
//! no longer what it was when it was looked at (then as a serialisation fails).
//!
//! Rows come in binary, as arrays of row types: `$1` alarms to open, none of whose units may have an open one; `$2` signals
//! and `$13` what belongs to each beside; `$3` and `$14` actions likewise; `$4` what this receiver answered by itself; `$12`
//! rows to change, each with the revision after the one that was looked at, `$15` where each of them lies. `$5` to `$11` are
//! this receiver's row, in every transaction, `$16` where it lies: see `sql/write/heard.sql`. It gives the ids of the alarms
//! it wrote, where they lie now, and where the receiver's row does: see [`Places`](super::places::Places).

use std::sync::LazyLock;

/// Which parts a statement has beside this receiver's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub changed: bool,
    pub opened: bool,
    pub signals: bool,
    pub actions: bool,
    pub verdicts: bool,
    /// Whether it is known where the rows lie that it changes.
    pub placed: bool,
}

/// Each part's SQL.
const PARTS: [&str; 5] = [
    include_str!("sql/write/changed.sql"),
    include_str!("sql/write/opened.sql"),
    include_str!("sql/write/kept.sql"),
    include_str!("sql/write/done.sql"),
    include_str!("sql/write/said.sql"),
];
/// No index tells that a row was changed meanwhile: then fewer are found than are to be changed.
const ALL_CHANGED: &str = "(SELECT count(*) FROM changed) = cardinality($12)";
const HEARD: &str = include_str!("sql/write/heard.sql");
/// How rows to change are looked up; and where it is known where they lie, because an index leads there through every dead
/// version. Of the ten rows that the planner takes an array for, what is always so leaves one: for ten it counts a page each by
/// their places, none for the next row of a small index, and goes by that.
const BY_ID: &str = "FROM unnest($12::alarm_row[]) AS new WHERE alarm.id = new.id";
const BY_PLACE: &str = "FROM unnest($12::alarm_row[], $15::text[]::tid[]) AS new \
                        WHERE alarm.ctid = new.unnest AND alarm.id = new.id \
                        AND new.revision > 0 AND new.signals > 0";
const HEARD_PLACED: &str = include_str!("sql/write/heard_placed.sql");
const ALL_HEARD: &str = "EXISTS (SELECT FROM heard)";

/// All there are, made once: the connection prepares each when it first needs it.
static STATEMENTS: LazyLock<[String; 64]> =
    LazyLock::new(|| std::array::from_fn(|which| made_of(|part| which >> part & 1 == 1)));

impl Parts {
    /// The statement.
    pub fn statement(self) -> &'static str {
        let parts = [self.changed, self.opened, self.signals, self.actions, self.verdicts, self.placed];
        let which = parts.iter().enumerate().map(|(part, is_there)| usize::from(*is_there) << part).sum::<usize>();
        &STATEMENTS[which]
    }
}

fn made_of(is_there: impl Fn(usize) -> bool) -> String {
    let (is_changed, is_opened, is_placed) = (is_there(0), is_there(1), is_there(PARTS.len()));
    let parts = PARTS.iter().enumerate().filter(|(part, _)| is_there(*part)).map(|(_, part)| *part);
    let parts: Vec<&str> = parts.chain([if is_placed { HEARD_PLACED } else { HEARD }]).collect();
    let parts = parts.join(", ");
    let parts = if is_placed { parts.replace(BY_ID, BY_PLACE) } else { parts };
    let checks = [(is_changed, ALL_CHANGED), (is_placed, ALL_HEARD)];
    let checks: Vec<&str> = checks.into_iter().filter(|(is_there, _)| *is_there).map(|(_, check)| check).collect();
    let check = match checks.join(" AND ") {
        none if none.is_empty() => "true".to_owned(),
        all => format!("nobody_was_quicker({all})"),
    };
    let written = [(is_changed, "SELECT id, place FROM changed"), (is_opened, "SELECT id, place FROM opened")];
    let written: Vec<&str> = written.into_iter().filter(|(is_there, _)| *is_there).map(|(_, rows)| rows).collect();
    let none = "SELECT NULL::uuid AS id, NULL::text AS place WHERE false";
    let written = if written.is_empty() { none } else { &written.join(" UNION ALL ") };
    format!(
        "WITH {parts}, written AS ({written}) SELECT {check}, ARRAY(SELECT id FROM written), \
         ARRAY(SELECT place FROM written), (SELECT place FROM heard)"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_has_its_own_parts_and_their_checks() {
        assert_eq!(STATEMENTS.iter().collect::<HashSet<_>>().len(), STATEMENTS.len());
        let none =
            Parts { changed: false, opened: false, signals: false, actions: false, verdicts: false, placed: false };
        let all = Parts { changed: true, opened: true, signals: true, actions: true, verdicts: true, placed: false };
        for (parts, has, lacks) in [
            (none, &["INTO receiver"][..], &["INTO alarm", "INTO signal", "$12", "$1:"][..]),
            (
                Parts { opened: true, signals: true, ..none },
                &["INTO alarm (", "$1:", "$2:", "SELECT true", "FROM opened"],
                &["INTO action", "$12", "nobody_was_quicker"],
            ),
            (
                Parts { changed: true, actions: true, ..none },
                &["UPDATE alarm", "$12:", "$3:", "nobody_was_quicker"],
                &["INTO alarm (", "INTO signal"],
            ),
            (
                all,
                &["UPDATE alarm", "INTO alarm (", "INTO signal", "INTO action", "INTO own_verdict", "INTO receiver"],
                &["ctid = "],
            ),
            (
                Parts { placed: true, ..all },
                &[
                    "UPDATE alarm",
                    "alarm.ctid = ",
                    "UPDATE receiver",
                    "FROM changed UNION ALL SELECT id, place FROM opened",
                ],
                &["ON CONFLICT (name)"],
            ),
            (
                Parts { placed: true, ..none },
                &["UPDATE receiver", "EXISTS (SELECT FROM heard)"],
                &["UPDATE alarm", "$12"],
            ),
        ] {
            let statement = parts.statement();
            assert!(has.iter().all(|part| statement.contains(part)), "{parts:?}: {statement}");
            assert!(!lacks.iter().any(|part| statement.contains(part)), "{parts:?}: {statement}");
            assert_eq!(statement.matches('(').count(), statement.matches(')').count());
        }
    }
}
