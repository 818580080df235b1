//! What the calls of one line mean, and which dwelling they come from: a site's own table.
//!
//! ESPA carries no code for what happened. Two sites write the same text for different things and name their
//! dwellings in different places, so each line has a table of its own; the first row that a call meets counts.
//!
//! ```toml
//! unit = "text"     # the display message names the dwelling; "address": the call address alone does
//! [[call]]
//! text = "FLAT {unit} SMOKE *"
//! type = "3"        # call type, priority, address, header: where written, the call must have it
//! trigger = "smoke"
//! words = "Smoke detector"
//! ```

use serde::Deserialize;

use super::pattern::Pattern;
use super::{BLOCK_BYTES_MAX, Block};
use crate::{Status, Trigger};

/// Rows of a table at most.
const ROWS_MAX: usize = 500;

/// The table of one line. The empty one knows no call: each is an unknown code, which ranks high.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Where the dwelling stands when no row finds it.
    pub unit: UnitFrom,
    rows: Vec<Row>,
}

/// Where the dwelling stands when no row's `{unit}` finds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitFrom {
    /// Call address and the whole display message together: two texts are two units, so that two people never are
    /// one.
    #[default]
    Text,
    /// The call address alone: each dwelling has its own.
    Address,
}

/// What a call means by the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The neutral trigger.
    pub trigger: Trigger,
    /// What the text itself tells; active where the row says nothing.
    pub status: Status,
    /// Words for operators.
    pub words: String,
    /// The dwelling, where the row finds it.
    pub unit: Option<String>,
}

/// Why a table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TextsError {
    /// What is wrong.
    pub what: String,
    /// The line of the file, from 1; none when it is about the whole.
    pub line: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    text: Option<Pattern>,
    /// Record identifier and the value the call must have.
    needs: Vec<(&'static str, String)>,
    header: Option<String>,
    trigger: Trigger,
    status: Status,
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    unit: UnitFrom,
    #[serde(default)]
    call: Vec<toml::Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    text: Option<String>,
    header: Option<String>,
    address: Option<String>,
    r#type: Option<String>,
    priority: Option<String>,
    trigger: String,
    status: Option<String>,
    words: Option<String>,
}

impl Texts {
    /// Reads a table.
    pub fn parse(text: &str) -> Result<Texts, TextsError> {
        let line_of = |offset: usize| {
            let before = text.get(..offset).unwrap_or_default();
            Some(before.matches('\n').count().saturating_add(1))
        };
        let file: File = toml::from_str(text).map_err(|error| TextsError {
            what: error.message().lines().next().unwrap_or("not TOML").to_owned(),
            line: error.span().and_then(|span| line_of(span.start)),
        })?;
        if file.call.len() > ROWS_MAX {
            return Err(TextsError { what: format!("more than {ROWS_MAX} rows"), line: None });
        }
        let row = |written: toml::Spanned<Written>| {
            let line = line_of(written.span().start);
            row(written.into_inner()).map_err(|what| TextsError { what, line })
        };
        Ok(Texts { unit: file.unit, rows: file.call.into_iter().map(row).collect::<Result<_, _>>()? })
    }

    /// What a call means, if a row knows it.
    pub fn find(&self, block: &Block) -> Option<Call> {
        self.rows.iter().find_map(|row| row.meets(block))
    }
}

impl Row {
    fn meets(&self, block: &Block) -> Option<Call> {
        let has = |(id, value): &(&str, String)| block.data(id).is_some_and(|data| data.trim() == value);
        if !self.needs.iter().all(has) || self.header.as_ref().is_some_and(|h| *h != block.header.to_string()) {
            return None;
        }
        let unit = match &self.text {
            Some(pattern) => pattern.meets(block.data("2").unwrap_or_default())?,
            None => "",
        };
        let unit = (!unit.is_empty()).then(|| unit.to_owned());
        Some(Call { trigger: self.trigger, status: self.status, words: self.words.clone(), unit })
    }
}

fn row(written: Written) -> Result<Row, String> {
    let trigger: Trigger = written.trigger.parse().map_err(|_| format!("unknown trigger {:?}", written.trigger))?;
    let status = match &written.status {
        Some(name) => name.parse().map_err(|_| format!("unknown status {name:?}"))?,
        None => Status::Active,
    };
    let text = written.text.as_deref().map(Pattern::parse).transpose()?;
    let needs = [("1", written.address), ("4", written.r#type), ("6", written.priority)];
    let needs: Vec<_> = needs.into_iter().filter_map(|(id, value)| Some((id, value?))).collect();
    if text.is_none() && needs.is_empty() && written.header.is_none() {
        return Err("a row that every call meets: give text, address, type, priority or header".to_owned());
    }
    if needs.iter().any(|(_, value)| value.len() > BLOCK_BYTES_MAX) {
        return Err("a value no block has room for".to_owned());
    }
    let words = written.words.unwrap_or_else(|| trigger.words().to_owned());
    Ok(Row { text, needs, header: written.header, trigger, status, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "unit = \"address\"\n\
        [[call]]\ntext = \"FLAT {unit} SMOKE *\"\ntrigger = \"smoke\"\nwords = \"Smoke detector\"\n\
        [[call]]\ntext = \"FLAT {unit} RESET\"\ntrigger = \"emergency\"\nstatus = \"restored\"\n\
        [[call]]\ntype = \"3\"\npriority = \"1\"\ntrigger = \"emergency\"\n";

    fn call(records: &[(&str, &str)]) -> Option<(Trigger, Status, Option<String>)> {
        let call = Texts::parse(TABLE).unwrap().find(&Block::new('1', records))?;
        Some((call.trigger, call.status, call.unit))
    }

    #[test]
    fn the_first_row_that_a_call_meets_counts() {
        let unit = Some("18".to_owned());
        let smoke = Some((Trigger::Smoke, Status::Active, unit.clone()));
        assert_eq!(call(&[("2", "FLAT 18 SMOKE"), ("4", "3"), ("6", "1")]), smoke);
        assert_eq!(call(&[("2", "FLAT 18 RESET")]), Some((Trigger::Emergency, Status::Restored, unit)));
        let rest = Some((Trigger::Emergency, Status::Active, None));
        assert_eq!(call(&[("2", "HELP"), ("4", "3"), ("6", " 1")]), rest);
        assert_eq!(call(&[("2", "HELP"), ("4", "3")]), None, "no priority is not priority 1");
        assert_eq!(Texts::default().find(&Block::new('1', &[("2", "FIRE")])), None);
    }

    #[test]
    fn errors_name_their_line() {
        for (text, line, what) in [
            ("[[call]]\ntext = \"A\"\ntrigger = \"flames\"\n", 1, "unknown trigger \"flames\""),
            (
                "\n[[call]]\ntext = \"F*A\"\ntrigger = \"fire\"\n",
                2,
                "\"F*A\": use * alone or at the end of a word, and {unit}",
            ),
            (
                "[[call]]\ntrigger = \"fire\"\n",
                1,
                "a row that every call meets: give text, address, type, priority or header",
            ),
            (
                "[[call]]\ntext = \"A\"\ncolour = \"red\"\ntrigger = \"fire\"\n",
                3,
                "unknown field `colour`, expected one of `text`, `header`, `address`, `type`, `priority`, `trigger`, `status`, `words`",
            ),
            ("unit = \"nowhere\"", 1, "unknown variant `nowhere`, expected `text` or `address`"),
        ] {
            let error = Texts::parse(text).unwrap_err();
            assert_eq!((error.line, error.what.as_str()), (Some(line), what), "{text:?}");
        }
    }
}
