//! The screen as lines: a pure function of the model, the time and the size.
//!
//! ```text
//! 3 waiting, 5 open                                          08:15:30
//! north-1 connected
//! NO ANSWER from north-2 for 12 s: its alarms are as they were then
//! PRI STANDING     AGE  ALARM
//! >1  waiting     12 s  Pendant, unit 1234, bedroom
//!  2  claimed    4 min  Smoke, unit 77                  [Ann at desk 2]
//! --- on test ---
//!  1  waiting     20 s  Pendant, unit 9
//! aside: 3 may be right again soon; 2 overdue
//! closed 3 min ago (attended) ...
//! claim: done: Pendant, unit 1234
//! c claim  s seen  n note  x close ...
//! ```

mod aside;
mod questions;
mod receivers;

use std::time::Instant;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::bell::{rings, waits};
use super::keys::KEYS;
use super::model::{Key, Mode, Model, Source};
use crate::client::Card;
use crate::commands::alarms::{age, who};

/// Lately closed alarms shown at the foot.
const CLOSED_ROWS_MAX: usize = 3;
/// Rows the queue keeps whatever else wants to be shown.
const QUEUE_ROWS_MIN: usize = 3;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Bold,
    Dim,
    /// Something is not as it should be.
    Warn,
    /// Somebody calls.
    Alarm,
    /// The alarm the keys act on.
    Selected,
}

/// One line of the screen, never wider than the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub style: Style,
}

/// Width and height.
pub type Size = (usize, usize);

/// The whole screen, at most as many lines as it has rows.
pub fn draw(model: &Model, now: Instant, clock: OffsetDateTime, (width, height): Size) -> Vec<Line> {
    let open = model.rows(now);
    let mut head = title(&open, clock, width);
    head.extend(receivers::lines(model, now, clock));
    let mut foot = Vec::new();
    if let Mode::List | Mode::Ask(_) = &model.mode {
        head.push(line("PRI STANDING     AGE  ALARM".to_owned(), Style::Bold));
        foot = if let Mode::Ask(form) = &model.mode { questions::lines(form) } else { aside::lines(model) };
        if let Mode::List = &model.mode {
            foot.extend(closed(model, clock));
        }
    }
    let message = model.message(now);
    let tail = [
        line(
            message.map_or(String::new(), |message| message.text.clone()),
            if message.is_some_and(|message| message.is_bad) { Style::Warn } else { Style::Plain },
        ),
        line(keys(model), Style::Dim),
    ];
    let fixed = head.len() + tail.len();
    foot.truncate(height.saturating_sub(fixed + QUEUE_ROWS_MIN));
    let room = height.saturating_sub(fixed + foot.len());
    let mut body: Vec<Line> = match &model.mode {
        Mode::List | Mode::Ask(_) => queue(model, &open, now, width, room),
        Mode::Help => help(),
        Mode::Detail { lines, from, .. } => {
            let wrapped = lines.iter().flat_map(|line| wrap(line, width));
            wrapped.skip(*from).take(room).map(|text| line(text, Style::Plain)).collect()
        }
    };
    body.resize(room, line(String::new(), Style::Plain));
    let all = head.into_iter().chain(body).chain(foot).chain(tail);
    all.take(height).map(|shown| fitted(shown, width)).collect()
}

fn title(rows: &[(Key, &Card)], clock: OffsetDateTime, width: usize) -> Vec<Line> {
    let on_test = rows.iter().filter(|(_, card)| card.is_on_test()).count();
    let waiting = rows.iter().filter(|(_, card)| waits(card) && !card.is_on_test()).count();
    let tests = if on_test == 0 { String::new() } else { format!(", {on_test} on test") };
    let left = format!("{waiting} waiting, {} open{tests}", rows.len() - on_test);
    let right = clock.format(format_description!("[hour]:[minute]:[second] UTC")).unwrap_or_default();
    let gap = width.saturating_sub(left.chars().count() + right.chars().count()).max(1);
    vec![line(format!("{left}{}{right}", " ".repeat(gap)), Style::Bold)]
}

/// As many rows as there is room for, the selected one among them: a storm has thousands. A line stands before what is
/// on test.
fn queue(model: &Model, open: &[(Key, &Card)], now: Instant, width: usize, room: usize) -> Vec<Line> {
    if open.is_empty() {
        let nothing =
            if model.sources.iter().all(|source| source.list.is_none()) { "no list yet" } else { "no open alarms" };
        return vec![line(format!("    {nothing}"), Style::Dim)];
    }
    let selected = open.iter().position(|(key, _)| Some(*key) == model.selected).unwrap_or(0);
    let begin_tests = open.iter().position(|(_, card)| card.is_on_test()).unwrap_or(usize::MAX);
    let last = selected + usize::from(selected >= begin_tests);
    let first = (last + 1).saturating_sub(room);
    let rows = open.iter().enumerate().flat_map(|(index, (key, card))| {
        let title = (index == begin_tests).then_some(None);
        title.into_iter().chain([Some((*key, *card))])
    });
    let drawn = rows.skip(first).take(room).map(|shown| match shown {
        None => line("--- on test ---".to_owned(), Style::Dim),
        Some((key, card)) => row(model, key, card, now, width),
    });
    drawn.collect()
}

fn row(model: &Model, key: Key, card: &Card, now: Instant, width: usize) -> Line {
    let is_selected = model.selected == Some(key);
    let source = model.sources.get(key.0);
    // What is old may have changed since.
    let doubt = if source.is_some_and(|source| source.is_stale(now)) { "?" } else { "" };
    let mark = if is_selected { '>' } else { ' ' };
    let standing = format!("{}{doubt}", card.standing);
    let old = age(model.age_s(key, card, now));
    let ringing = rings(card).map_or(String::new(), |count| format!("RINGING x{count} "));
    let left = format!("{mark}{:<2} {standing:<9}{old:>7}  {ringing}", card.rank());
    let mut right = who(card);
    if model.sources.len() > 1 {
        right += &format!("  {}", source.map_or("", Source::name));
    }
    let room = width.saturating_sub(left.chars().count() + right.chars().count().min(width / 3));
    let headline = cut(&headline(card), room);
    let gap = room.saturating_sub(headline.chars().count());
    let style = match (is_selected, card.standing.as_str()) {
        (true, _) => Style::Selected,
        (false, _) if card.is_on_test() => Style::Dim,
        (false, _) if !ringing.is_empty() => Style::Alarm,
        (false, "waiting") if card.priority <= 2 => Style::Alarm,
        (false, "waiting") => Style::Bold,
        (false, "held") => Style::Dim,
        (false, _) => Style::Plain,
    };
    line(format!("{left}{headline}{}{right}", " ".repeat(gap)), style)
}

/// What happened and to whom. A flag is announced before it, because its words may be cut off at the end.
fn headline(card: &Card) -> String {
    let mut text = if card.shadow { "SHADOW ".to_owned() } else { String::new() };
    let Some(unit) = &card.registered else { return text + &card.headline };
    if !unit.flags.is_empty() {
        text += "! ";
    }
    text += &card.headline;
    let guess = if unit.matched_by == "number" { "perhaps " } else { "" };
    for part in [&unit.label, &unit.address_line].into_iter().filter(|part| !part.is_empty()) {
        text += &format!(" | {guess}{part}");
    }
    for flag in &unit.flags {
        text += &format!(" | ! {}", flag.words);
    }
    text
}

fn closed(model: &Model, clock: OffsetDateTime) -> Vec<Line> {
    let cards = model.just_closed().into_iter().take(CLOSED_ROWS_MAX);
    let words = |card: &Card| {
        let closed = card.closed.as_ref()?;
        let since = ago(&closed.at, clock).unwrap_or_default();
        Some(format!("closed{since} by {} ({}): {}", closed.person, closed.outcome, card.headline))
    };
    cards.filter_map(words).map(|text| line(text, Style::Dim)).collect()
}

fn help() -> Vec<Line> {
    let keys = KEYS.iter().map(|(key, does)| format!("  {key:<6} {does}"));
    let more = [
        "",
        "  The arrows, or j and k, choose an alarm; page up and down go further.",
        "  A standing with a ? is from a receiver that does not answer: it may have changed.",
        "  Every action has an id of its own and is done once, however often it is sent.",
        "",
        "  Any key goes back.",
    ];
    keys.chain(more.map(str::to_owned)).map(|text| line(text, Style::Plain)).collect()
}

fn keys(model: &Model) -> String {
    match &model.mode {
        Mode::Ask(_) => "enter answers  esc goes back without doing anything".to_owned(),
        Mode::Detail { .. } => "arrows move  esc goes back  c s n x h u r t v act on this alarm".to_owned(),
        Mode::Help => String::new(),
        // Those that fit on eighty columns; the help has them all.
        Mode::List => {
            let shown = KEYS.iter().filter(|(key, _)| !matches!(*key, "y" | "z" | "v" | "enter"));
            shown.map(|(key, does)| format!("{key}:{does}")).collect::<Vec<_>>().join(" ")
        }
    }
}

/// " 3 min ago", for an RFC 3339 time.
fn ago(at: &str, clock: OffsetDateTime) -> Option<String> {
    let at = OffsetDateTime::parse(at, &Rfc3339).ok()?;
    Some(format!(" {} ago", age((clock - at).whole_seconds().max(0))))
}

fn line(text: String, style: Style) -> Line {
    Line { text, style }
}

fn fitted(line: Line, width: usize) -> Line {
    // What a device or a person typed must not steer the terminal.
    let text: String =
        line.text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    Line { text: cut(&text, width), style: line.style }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).take(width).collect()
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return vec![String::new()];
    }
    characters.chunks(width.max(1)).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests;
