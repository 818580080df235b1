//! Reading a policy table: TOML in, complete and checked rows out.
//!
//! Every error names the line, what is wrong and what to do about it: the daemon does not start on a table
//! it has to guess about.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use serde::Deserialize;
use telecare_protocol::Trigger;
use telecare_protocol::report::Status;
use toml::Spanned;

use super::numbers::{self, Clearing, Missed, Repeats, Runaway, Storm, Test, Watch};
use super::{Row, check, rule_name};
use crate::{Class, Lane, Priority, Rules};

/// Why a policy table was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}; {remedy}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct PolicyError {
    /// Line of the file, from 1; none when something is missing from the whole of it.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// The file: the table of ranks, and the sections of the rules' numbers.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    rule: Vec<Spanned<Rule>>,
    #[serde(default)]
    pub answer_s: BTreeMap<Spanned<String>, Spanned<Vec<u64>>>,
    #[serde(default)]
    pub repeats: Repeats,
    #[serde(default)]
    pub watch: Watch,
    #[serde(default)]
    pub clearing: Clearing,
    #[serde(default)]
    pub storm: Storm,
    #[serde(default)]
    pub runaway: Runaway,
    #[serde(default)]
    pub missed: Missed,
    #[serde(default)]
    pub test: Test,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    trigger: Spanned<String>,
    status: Option<Spanned<String>>,
    priority: Spanned<i64>,
    class: Spanned<String>,
    lane: Spanned<String>,
}

/// The rows of a table, one for every trigger and as many more with a status.
pub(super) type Rows = HashMap<(Trigger, Option<Status>), Row>;

/// Everything that a policy file says.
pub(super) fn policy(text: &str) -> Result<(Rows, Rules), PolicyError> {
    let file: File = toml::from_str(text).map_err(|error| PolicyError {
        line: error.span().map(|span| line_of(text, span.start)),
        what: error.message().replace('\n', ", "),
        remedy: "a rule has trigger, priority, class and lane, may have status, and has nothing else; the other \
                 sections and keys are those of the policy as shipped"
            .to_owned(),
    })?;
    let mut rows = HashMap::new();
    let mut lines = HashMap::new();
    for rule in &file.rule {
        let line = line_of(text, rule.span().start);
        let (key, row) = one(text, rule)?;
        if let Some(first) = lines.insert(key, line) {
            return Err(PolicyError {
                line: Some(line),
                what: format!("a second rule for {}, the first is on line {first}", row.name),
                remedy: "keep one of the two".to_owned(),
            });
        }
        rows.insert(key, row);
    }
    complete(&rows)?;
    let rules = numbers::rules(text, &file)?;
    Ok((rows, rules))
}

fn one(text: &str, rule: &Spanned<Rule>) -> Result<((Trigger, Option<Status>), Row), PolicyError> {
    let Rule { trigger, status, priority, class, lane } = rule.get_ref();
    let trigger = named::<Trigger>(text, "trigger", trigger, "take a name from the table as shipped")?;
    let statuses = Status::ALL.map(Status::as_str).join(", ");
    let status = match status {
        Some(status) => Some(named::<Status>(text, "status", status, &format!("take one of {statuses}"))?),
        None => None,
    };
    let classes = Class::ALL.map(Class::as_str).join(", ");
    let class = named::<Class>(text, "class", class, &format!("take one of {classes}"))?;
    let lane = named::<Lane>(text, "lane", lane, "take urgent or routine")?;
    let number = u8::try_from(*priority.get_ref()).ok().and_then(Priority::new);
    let priority = number.ok_or_else(|| PolicyError {
        line: Some(line_of(text, priority.span().start)),
        what: format!("priority {} is none", priority.get_ref()),
        remedy: "priorities go from 1, most urgent, to 5".to_owned(),
    })?;
    let row = Row { priority, class, lane, name: rule_name(trigger, status) };
    check::row(trigger, status, &row).map_err(|breach| PolicyError {
        line: Some(line_of(text, rule.span().start)),
        what: breach.what,
        remedy: breach.remedy,
    })?;
    Ok(((trigger, status), row))
}

pub(super) fn named<T: FromStr>(
    text: &str,
    what: &str,
    name: &Spanned<String>,
    remedy: &str,
) -> Result<T, PolicyError> {
    name.get_ref().parse().map_err(|_| PolicyError {
        line: Some(line_of(text, name.span().start)),
        what: format!("there is no {what} {:?}", name.get_ref()),
        remedy: remedy.to_owned(),
    })
}

fn complete(rows: &Rows) -> Result<(), PolicyError> {
    let missing: Vec<&str> =
        Trigger::all().filter(|trigger| !rows.contains_key(&(*trigger, None))).map(Trigger::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(PolicyError {
        line: None,
        what: format!("no rule without status for {}", missing.join(", ")),
        remedy: "every trigger needs one, so that nothing heard is left unranked; copy it from the table as shipped"
            .to_owned(),
    })
}

/// The line of a byte position, from 1.
pub(crate) fn line_of(text: &str, position: usize) -> usize {
    let newlines = text.bytes().take(position).filter(|byte| *byte == b'\n').count();
    newlines.saturating_add(1)
}
