//! The question that is open, under the queue.

use super::super::form::{Form, Kind};
use super::{Line, Style, line};

/// Choices shown of a question; the others come as one moves.
const CHOICE_ROWS_MAX: usize = 9;

/// The action, what is asked, and what was answered so far.
pub fn lines(form: &Form) -> Vec<Line> {
    let mut lines = vec![line(format!("{}: {}", form.act, form.headline), Style::Bold)];
    let Some(question) = form.question() else { return lines };
    match &question.kind {
        Kind::OneOf { of, at } => {
            lines.push(line(format!("{}? (a number or the arrows, then enter)", question.label), Style::Plain));
            let first = (at + 1).saturating_sub(CHOICE_ROWS_MAX);
            for (index, (_, words, _)) in of.iter().enumerate().skip(first).take(CHOICE_ROWS_MAX) {
                let style = if index == *at { Style::Selected } else { Style::Plain };
                lines.push(line(format!("  {} {words}", digit(index)), style));
            }
        }
        Kind::Optional | Kind::Required | Kind::Minutes => {
            let empty = if question.kind == Kind::Optional { " (enter for none)" } else { "" };
            lines.push(line(format!("{}{empty}: {}_", question.label, form.typed), Style::Plain));
        }
    }
    if let Some(fault) = &form.fault {
        lines.push(line(fault.clone(), Style::Warn));
    }
    lines
}

fn digit(index: usize) -> char {
    u32::try_from(index + 1).ok().and_then(|number| char::from_digit(number, 36)).unwrap_or(' ')
}
