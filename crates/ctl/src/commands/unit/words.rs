//! What the API tells of units, in words.

use serde_json::Value;

/// A unit's fields in the order in which they are wanted in a hallway.
const FIELDS: [(&str, &str); 12] = [
    ("label", ""),
    ("scheme", ""),
    ("address_line", "address"),
    ("risk", ""),
    ("stock", ""),
    ("record_link", "record"),
    ("reference", ""),
    ("customer", ""),
    ("model", ""),
    ("firmware", ""),
    ("carrier", ""),
    ("id", ""),
];

/// `GET /v1/units`: a row a unit.
pub fn list(answer: &Value) -> String {
    let mut text = String::new();
    for unit in answer["units"].as_array().into_iter().flatten() {
        let place: Vec<&str> = ["scheme", "address_line"].iter().map(|name| word(&unit[*name])).collect();
        let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let stock = match word(&unit["stock"]) {
            "on-loan" => String::new(),
            other => format!("  [{other}]"),
        };
        let identities = all(&unit["identities"], "identity");
        text += &format!("{}  {}, {place}  {identities}{stock}\n", word(&unit["id"]), word(&unit["label"]));
    }
    if text.is_empty() {
        text.push_str("no unit\n");
    }
    if !answer["next"].is_null() {
        text.push_str("and more; say more words, or export them\n");
    }
    text + stale(answer)
}

/// `GET /v1/units/ID`: the unit and when it was changed last.
pub fn unit(answer: &Value) -> String {
    let unit = &answer["unit"];
    let mut text = String::new();
    for flag in unit["flags"].as_array().into_iter().flatten() {
        text += &format!("! {}\n", word(&flag["words"]));
    }
    for (name, shown) in FIELDS {
        text += &row(if shown.is_empty() { name } else { shown }, word(&unit[name]));
    }
    text += &row("phones", &texts(&unit["phones"]));
    text += &row("identities", &all(&unit["identities"], "identity"));
    if let Some(seconds) = unit["expected_interval_s"].as_u64() {
        text += &row("expected", &format!("every {} min", seconds / 60));
    }
    if let Some(last) = answer["history"].as_array().and_then(|changes| changes.first()) {
        text += &row("changed", &format!("{} by {}", word(&last["at"]), word(&last["person"])));
    }
    text + stale(answer)
}

/// `GET /v1/units/ID`: its history.
pub fn history(answer: &Value) -> String {
    let Some(changes) = answer["history"].as_array() else {
        return "the database is away: no history at the moment\n".to_owned();
    };
    let mut text = format!("{} ({})\n", word(&answer["unit"]["label"]), word(&answer["unit"]["id"]));
    for change in changes {
        let did = if change["made"] == true { "registered" } else { "changed" };
        let (at, person, receiver) = (word(&change["at"]), word(&change["person"]), word(&change["receiver"]));
        text += &format!("{at}  {did} by {person} at {receiver}, import {}\n", word(&change["import"]));
        text += &fields(&change["fields"]);
    }
    text
}

/// `GET /v1/orphans`.
pub fn orphans(answer: &Value) -> String {
    let mut text = String::new();
    for orphan in answer["orphans"].as_array().into_iter().flatten() {
        let (words, trigger) = (word(&orphan["words"]), word(&orphan["trigger"]));
        let (count, last) = (&orphan["signals"], word(&orphan["last_at"]));
        let register = match orphan["identity"].as_str() {
            Some(identity) => format!("  register it as {identity}"),
            None => String::new(),
        };
        text += &format!("{last}  {words}, {count} signals, last {trigger} on {}{register}\n", word(&orphan["line"]));
    }
    if text.is_empty() { "everybody who called is registered\n".to_owned() } else { text }
}

/// `POST /v1/units/import`, done.
pub fn imported(answer: &Value) -> String {
    let would = if answer["dry_run"] == true { "would be " } else { "" };
    let (made, changed, unchanged) = (&answer["made"], &answer["changed"], &answer["unchanged"]);
    let mut text = format!("{made} {would}made, {changed} {would}changed, {unchanged} as they were\n");
    for change in answer["changes"].as_array().into_iter().flatten() {
        let did = if change["made"] == true { "new" } else { "changed" };
        text += &format!("line {}: {did}: {}\n", change["line"], word(&change["label"]));
        if change["made"] != true {
            text += &fields(&change["fields"]);
        }
    }
    let told = answer["changes"].as_array().map_or(0, Vec::len) as u64;
    let all = made.as_u64().unwrap_or(0) + changed.as_u64().unwrap_or(0);
    if all > told {
        text += &format!("and {} more\n", all - told);
    }
    text
}

/// The wrong rows of an import that was refused.
pub fn wrong_rows(problem: &Value) -> String {
    let mut text = String::new();
    for row in problem["rows"].as_array().into_iter().flatten() {
        let column = match word(&row["column"]) {
            "" => String::new(),
            column => format!(", {column}"),
        };
        text += &format!("\n  line {}{column}: {}: {}", row["line"], word(&row["problem"]), word(&row["remedy"]));
    }
    text
}

fn fields(fields: &Value) -> String {
    let rows = fields.as_array().into_iter().flatten().map(|field| {
        format!("    {}: {:?} -> {:?}\n", word(&field["field"]), word(&field["old"]), word(&field["new"]))
    });
    rows.collect()
}

fn stale(answer: &Value) -> &'static str {
    if answer["degraded"] == true { "(the database is away: as known last)\n" } else { "" }
}

fn row(name: &str, value: &str) -> String {
    if value.is_empty() { String::new() } else { format!("{name:<12} {value}\n") }
}

fn texts(values: &Value) -> String {
    let values = values.as_array().into_iter().flatten().map(word);
    values.collect::<Vec<_>>().join(", ")
}

fn all(values: &Value, name: &str) -> String {
    let values = values.as_array().into_iter().flatten().map(|value| word(&value[name]));
    values.collect::<Vec<_>>().join(", ")
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
