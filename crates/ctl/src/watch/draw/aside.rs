//! What is aside and who is overdue, below the queue.

use super::super::model::Model;
use super::{Line, Style, line};

/// A line for each different count; receivers of one database tell the same and share theirs.
pub fn lines(model: &Model) -> Vec<Line> {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for source in &model.sources {
        let Some(words) = source.list.as_ref().and_then(|list| list.aside.words(list.overdue)) else { continue };
        match told.iter_mut().find(|(other, _)| *other == words) {
            Some((_, names)) => names.push(source.name()),
            None => told.push((words, vec![source.name()])),
        }
    }
    let is_alone = model.sources.len() == 1;
    let text = |(words, names): (String, Vec<&str>)| {
        if is_alone { words } else { format!("{}: {words}", names.join(", ")) }
    };
    told.into_iter().map(|told| line(text(told), Style::Dim)).collect()
}
