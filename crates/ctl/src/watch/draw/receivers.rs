//! What there is to say about the receivers themselves, above the queue.

use std::time::Instant;

use time::OffsetDateTime;

use super::super::model::{Model, Source};
use super::{Line, Style, ago, line};

/// One line for the receivers that are well, one for each thing that is not.
pub fn lines(model: &Model, now: Instant, clock: OffsetDateTime) -> Vec<Line> {
    let mut well = Vec::new();
    let mut lines = Vec::new();
    for source in &model.sources {
        let troubles = troubles(source, now, clock);
        if troubles.is_empty() {
            let link = source.list.as_ref().map_or("", |list| &list.link);
            well.push(format!("{} {link}", source.name()));
        }
        lines.extend(troubles.into_iter().map(|text| line(text, Style::Warn)));
    }
    if !well.is_empty() {
        lines.insert(0, line(well.join(", "), Style::Plain));
    }
    lines
}

fn troubles(source: &Source, now: Instant, clock: OffsetDateTime) -> Vec<String> {
    let name = source.name();
    let mut found = Vec::new();
    if source.is_stale(now) {
        let silent = now.saturating_duration_since(source.heard_at).as_secs();
        let why = source.fault.as_ref().map_or(String::new(), |fault| format!(" ({fault})"));
        let old = if source.list.is_some() { ": its alarms are as they were then" } else { "" };
        found.push(format!("NO ANSWER from {name} for {silent} s{old}{why}"));
    }
    let Some(list) = &source.list else { return found };
    if list.degraded {
        let since = list.degraded_since.as_deref().and_then(|at| ago(at, clock)).unwrap_or_default();
        let backlog = list.backlog;
        let what = match list.link.as_str() {
            "catching-up" => "is catching up with the database",
            _ => "is CUT OFF from the database",
        };
        found.push(format!("{name} {what}{since}: what others do may be missing here; {backlog} not yet stored there"));
    }
    if !list.journal_ok {
        found.push(format!("{name}: its JOURNAL FAILED; it takes alarms in only while the database is there"));
    }
    for other in &list.silent_receivers {
        let (other, left) = (&other.receiver, other.unforwarded);
        found.push(format!("receiver {other} is SILENT; {left} signals it has taken in are not shown"));
    }
    found
}
