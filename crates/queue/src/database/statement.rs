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
//! rows to change, each with the revision after the one that was looked at. `$5` to `$11` are this receiver's row, in every
//! transaction: see `sql/write/heard.sql`.

use std::sync::LazyLock;

/// Which parts a statement has beside this receiver's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub changed: bool,
    pub opened: bool,
    pub signals: bool,
    pub actions: bool,
    pub verdicts: bool,
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
const ALL_CHANGED: &str = "SELECT nobody_was_quicker((SELECT count(*) FROM changed) = cardinality($12))";
const HEARD: &str = include_str!("sql/write/heard.sql");

/// All there are, made once: the connection prepares each when it first needs it.
static STATEMENTS: LazyLock<[String; 32]> =
    LazyLock::new(|| std::array::from_fn(|which| made_of(|part| which >> part & 1 == 1)));

impl Parts {
    /// The statement.
    pub fn statement(self) -> &'static str {
        let parts = [self.changed, self.opened, self.signals, self.actions, self.verdicts];
        let which = parts.iter().enumerate().map(|(part, is_there)| usize::from(*is_there) << part).sum::<usize>();
        &STATEMENTS[which]
    }
}

fn made_of(is_there: impl Fn(usize) -> bool) -> String {
    let parts = PARTS.iter().enumerate().filter(|(part, _)| is_there(*part)).map(|(_, part)| *part);
    let parts: Vec<&str> = parts.chain([HEARD]).collect();
    format!("WITH {} {}", parts.join(", "), if is_there(0) { ALL_CHANGED } else { "SELECT true" })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_has_its_own_parts_and_their_checks() {
        assert_eq!(STATEMENTS.iter().collect::<HashSet<_>>().len(), STATEMENTS.len());
        let none = Parts { changed: false, opened: false, signals: false, actions: false, verdicts: false };
        let all = Parts { changed: true, opened: true, signals: true, actions: true, verdicts: true };
        for (parts, has, lacks) in [
            (none, &["INTO receiver"][..], &["INTO alarm", "INTO signal", "$12", "$1:"][..]),
            (
                Parts { opened: true, signals: true, ..none },
                &["INTO alarm (", "$1:", "$2:", "SELECT true"],
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
                &[],
            ),
        ] {
            let statement = parts.statement();
            assert!(has.iter().all(|part| statement.contains(part)), "{parts:?}: {statement}");
            assert!(!lacks.iter().any(|part| statement.contains(part)), "{parts:?}: {statement}");
            assert_eq!(statement.matches('(').count(), statement.matches(')').count());
        }
    }
}
