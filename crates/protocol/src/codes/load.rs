//! Reading and checking code tables. Layout: one TOML table per code table, one row per code:
//! `100 = { words = "medical", address = "zone", trigger = "medical", status = "active" }`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{Code, Table};
use crate::{Status, Trigger};

/// Why a code table cannot be used. Its text names the table, the code and the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("code table {place}: {problem}")]
pub struct CodesError {
    place: String,
    problem: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    words: String,
    address: Option<String>,
    trigger: Option<String>,
    status: Option<String>,
    restored_trigger: Option<String>,
}

/// What a table must hold: its place, the width of its codes in characters, its required column, and the
/// noun for an unknown code.
struct Rule {
    table: Table,
    protocol: &'static str,
    name: &'static str,
    width: RangeInclusive<usize>,
    needs: Needs,
    noun: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Trigger,
    Status,
    Words,
}

const fn rule(
    table: Table,
    protocol: &'static str,
    name: &'static str,
    width: RangeInclusive<usize>,
    needs: Needs,
    noun: &'static str,
) -> Rule {
    Rule { table, protocol, name, width, needs, noun }
}

const RULES: &[Rule] = &[
    rule(Table::Bs8521Events, "bs8521", "events", 3..=3, Needs::Trigger, "BS 8521 event"),
    rule(Table::Bs8521Locations, "bs8521", "locations", 2..=2, Needs::Words, "location"),
    rule(Table::Bs8521Statuses, "bs8521", "statuses", 2..=2, Needs::Status, "status"),
    rule(Table::Bs8521Categories, "bs8521", "categories", 1..=1, Needs::Words, "category"),
    rule(Table::Bs8521Speech, "bs8521", "speech", 1..=1, Needs::Words, "speech"),
    rule(Table::ContactIdEvents, "contact-id", "events", 3..=3, Needs::Trigger, "Contact ID code"),
    rule(Table::SiaEvents, "sia-dc03", "events", 2..=2, Needs::Trigger, "SIA code"),
    rule(Table::SiaEnvironment, "sia-dc03", "environment", 2..=2, Needs::Trigger, "SIA environmental code"),
    rule(Table::SiaFunctions, "sia-dc03", "functions", 1..=2, Needs::Trigger, "DC-03 function"),
    rule(Table::HighSpeedChannels, "high-speed", "channels", 1..=1, Needs::Trigger, "channel value"),
    rule(Table::HighSpeedAuxiliary, "high-speed", "auxiliary", 1..=1, Needs::Trigger, "auxiliary value"),
    rule(Table::FastFormatChannels, "fast-format", "channels", 1..=2, Needs::Trigger, "channel"),
    rule(Table::Ademco685Pulse, "ademco-685", "pulse", 1..=1, Needs::Trigger, "pulse event"),
    rule(Table::Ademco685Pairs, "ademco-685", "pairs", 2..=2, Needs::Trigger, "event and zone"),
    rule(Table::Ademco685Own, "ademco-685", "own", 4..=5, Needs::Trigger, "receiver message"),
    rule(Table::EspaHeaders, "espa-444", "headers", 1..=1, Needs::Words, "header"),
    rule(Table::EspaTypes, "espa-444", "types", 1..=1, Needs::Words, "call type"),
    rule(Table::EspaPriorities, "espa-444", "priorities", 1..=1, Needs::Words, "priority"),
    rule(Table::EspaCallStatus, "espa-444", "call-status", 1..=2, Needs::Trigger, "call status"),
    rule(Table::EspaSystemStatus, "espa-444", "system-status", 1..=2, Needs::Trigger, "system status"),
    rule(Table::RadionicsForms, "radionics-6500", "forms", 1..=1, Needs::Words, "form"),
    rule(Table::RadionicsStatus, "radionics-6500", "status", 1..=2, Needs::Trigger, "status"),
    rule(Table::ScaipStatusCodes, "scaip", "status-codes", 4..=4, Needs::Words, "SCAIP status code"),
    rule(Table::ScaipDeviceTypes, "scaip", "device-types", 4..=4, Needs::Words, "SCAIP device type"),
    rule(Table::ScaipComponents, "scaip", "components", 3..=3, Needs::Words, "device component"),
    rule(Table::ScaipLocations, "scaip", "locations", 3..=3, Needs::Words, "location"),
    rule(Table::ScaipConfigurations, "scaip", "configurations", 1..=1, Needs::Words, "system configuration"),
    rule(Table::SurGardForms, "surgard", "forms", 1..=1, Needs::Words, "form"),
    rule(Table::SurGardLetters, "surgard", "letters", 1..=1, Needs::Trigger, "event letter"),
    rule(Table::SurGardTelenot, "surgard", "telenot", 1..=1, Needs::Trigger, "Telenot letter"),
    rule(Table::SurGardCesa, "surgard", "cesa", 1..=1, Needs::Trigger, "CESA digit"),
    rule(Table::SurGardBfsk, "surgard", "bfsk", 2..=2, Needs::Trigger, "BFSK code"),
    rule(Table::SurGardFsk2, "surgard", "fsk2", 2..=2, Needs::Trigger, "FSK2 code"),
    rule(Table::SurGardOwn, "surgard", "own", 2..=3, Needs::Trigger, "receiver message"),
    rule(Table::SurGardMainProcessor, "surgard", "main-processor", 2..=3, Needs::Trigger, "receiver message"),
    rule(Table::TexecomFlags, "texecom", "flags", 2..=2, Needs::Words, "Texecom flag"),
    rule(Table::TunstallDispersed, "tunstall", "dispersed", 1..=1, Needs::Trigger, "Tunstall call code"),
    rule(Table::TunstallGrouped, "tunstall", "grouped", 1..=1, Needs::Trigger, "Tunstall call code of a scheme"),
    rule(Table::TunstallBursts, "tunstall", "bursts", 1..=1, Needs::Trigger, "TTOLD call code"),
    rule(Table::TunstallLocations, "tunstall", "locations", 2..=2, Needs::Words, "location"),
    rule(Table::TunstallRecords, "tunstall", "records", 5..=9, Needs::Trigger, "record"),
];

impl Table {
    /// The noun for a code of this table, for words about an unknown one.
    pub(super) fn noun(self) -> &'static str {
        RULES.iter().find(|rule| rule.table == self).map_or("code", |rule| rule.noun)
    }
}

/// Adds the tables of one text to those already there; a row replaces its predecessor.
pub(super) fn add(
    tables: &mut BTreeMap<Table, BTreeMap<String, Code>>,
    protocol: &str,
    text: &str,
) -> Result<(), CodesError> {
    if !RULES.iter().any(|rule| rule.protocol == protocol) {
        return Err(error(protocol.to_owned(), "no such protocol"));
    }
    let parsed: BTreeMap<String, BTreeMap<String, toml::Spanned<Row>>> = toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(String::new(), |span| format!(", line {}", line_of(text, span.start)));
        error(format!("{protocol}{line}"), e.message().lines().next().unwrap_or("not TOML"))
    })?;
    for (name, rows) in parsed {
        let found = RULES.iter().find(|rule| rule.protocol == protocol && rule.name == name);
        let rule = found.ok_or_else(|| error(format!("{protocol}/{name}"), "no such table"))?;
        let table = tables.entry(rule.table).or_default();
        for (code, row) in rows {
            let start = row.span().start;
            let place = || format!("{protocol}/{name}, code {code:?}, line {}", line_of(text, start));
            let row = check(rule, &code, row.into_inner()).map_err(|problem| error(place(), &problem))?;
            table.insert(code, row);
        }
    }
    Ok(())
}

fn check(rule: &Rule, code: &str, row: Row) -> Result<Code, String> {
    let width = code.chars().count();
    if !rule.width.contains(&width) {
        let (least, most) = (rule.width.start(), rule.width.end());
        let must = if least == most { least.to_string() } else { format!("{least} to {most}") };
        return Err(format!("{width} characters, must be {must}"));
    }
    let trigger = |name: Option<String>| -> Result<Option<Trigger>, String> {
        name.map(|name| name.parse().map_err(|_| format!("unknown trigger {name:?}"))).transpose()
    };
    let checked = Code {
        trigger: trigger(row.trigger)?,
        restored_trigger: trigger(row.restored_trigger)?,
        status: row
            .status
            .map(|name| name.parse::<Status>().map_err(|_| format!("unknown status {name:?}")))
            .transpose()?,
        words: row.words,
        address: row.address,
    };
    match rule.needs {
        Needs::Trigger if checked.trigger.is_none() => Err("no trigger".to_owned()),
        Needs::Status if checked.status.is_none() => Err("no status".to_owned()),
        Needs::Trigger | Needs::Status | Needs::Words => Ok(checked),
    }
}

fn error(place: String, problem: &str) -> CodesError {
    CodesError { place, problem: problem.to_owned() }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < offset).filter(|(_, c)| *c == '\n').count().saturating_add(1)
}
