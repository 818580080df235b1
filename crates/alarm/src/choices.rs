//! What operators choose from: the outcomes of a close and the kinds of a note, as the centre words them.
//!
//! A table of the centre's, checked where an action comes in. It does not judge actions that are stored: a
//! table edited later changes no record.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use crate::policy::line_of;

/// Longest code, bytes.
const CODE_BYTES_MAX: usize = 40;

/// A centre's outcomes and note kinds, in the order operators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// How an alarm may end. Never empty.
    pub outcomes: Vec<Outcome>,
    /// What a note may be about.
    pub note_kinds: Vec<NoteKind>,
}

/// One way for an alarm to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is stored and counted.
    pub code: String,
    /// What operators read.
    pub words: String,
    /// Whether a text belongs to it.
    pub text: TextRule,
}

/// Whether a close has a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextRule {
    /// It may have one.
    Optional,
    /// It must have one.
    Required,
    /// It has none.
    None,
}

/// One kind of note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKind {
    /// What is stored and counted.
    pub code: String,
    /// What operators read.
    pub words: String,
}

/// Why a table of choices was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}; {remedy}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct ChoicesError {
    /// Line of the file, from 1; none when something is missing from the whole of it.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Why a choice was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchChoice {
    /// The centre has no such outcome.
    #[error("the centre has no outcome {0:?}")]
    Outcome(String),
    /// The outcome wants a text.
    #[error("the outcome {0:?} needs a text")]
    TextMissing(String),
    /// The outcome has no text.
    #[error("the outcome {0:?} has no text")]
    TextNotWanted(String),
    /// The centre has no such kind of note.
    #[error("the centre has no note kind {0:?}")]
    NoteKind(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    outcome: Vec<Spanned<OutcomeRow>>,
    #[serde(default, rename = "note-kind")]
    note_kind: Vec<Spanned<NoteKindRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeRow {
    code: String,
    words: String,
    #[serde(default = "optional")]
    text: TextRule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteKindRow {
    code: String,
    words: String,
}

fn optional() -> TextRule {
    TextRule::Optional
}

impl Choices {
    /// The table as shipped. Its tests prove that it can be read.
    pub fn builtin() -> Choices {
        let nothing = Choices { outcomes: Vec::new(), note_kinds: Vec::new() };
        Choices::parse(include_str!("choices.toml")).unwrap_or(nothing)
    }

    /// Reads a table in TOML.
    pub fn parse(text: &str) -> Result<Choices, ChoicesError> {
        let file: File = toml::from_str(text).map_err(|error| ChoicesError {
            line: error.span().map(|span| line_of(text, span.start)),
            what: error.message().replace('\n', ", "),
            remedy: "an outcome has code and words and may have text = \"optional\", \"required\" or \"none\"; \
                     a note-kind has code and words"
                .to_owned(),
        })?;
        let mut seen = HashSet::new();
        for (row, code, words) in file.outcome.iter().map(|row| (row.span(), &row.get_ref().code, &row.get_ref().words))
        {
            one(text, row.start, code, words, &mut seen)?;
        }
        seen.clear();
        let kinds = file.note_kind.iter().map(|row| (row.span(), &row.get_ref().code, &row.get_ref().words));
        for (row, code, words) in kinds {
            one(text, row.start, code, words, &mut seen)?;
        }
        if file.outcome.is_empty() {
            return Err(ChoicesError {
                line: None,
                what: "there is no outcome".to_owned(),
                remedy: "no alarm could be closed; give at least one [[outcome]]".to_owned(),
            });
        }
        let outcomes = file.outcome.into_iter().map(Spanned::into_inner);
        let note_kinds = file.note_kind.into_iter().map(Spanned::into_inner);
        Ok(Choices {
            outcomes: outcomes.map(|row| Outcome { code: row.code, words: row.words, text: row.text }).collect(),
            note_kinds: note_kinds.map(|row| NoteKind { code: row.code, words: row.words }).collect(),
        })
    }

    /// Whether an alarm may end with this outcome and text.
    pub fn check_close(&self, outcome: &str, text: &str) -> Result<(), NoSuchChoice> {
        let known = self.outcomes.iter().find(|known| known.code == outcome);
        let known = known.ok_or_else(|| NoSuchChoice::Outcome(outcome.to_owned()))?;
        match (known.text, text.trim().is_empty()) {
            (TextRule::Required, true) => Err(NoSuchChoice::TextMissing(outcome.to_owned())),
            (TextRule::None, false) => Err(NoSuchChoice::TextNotWanted(outcome.to_owned())),
            (TextRule::Required | TextRule::None | TextRule::Optional, _) => Ok(()),
        }
    }

    /// Whether a note may be of this kind. A plain note is of none.
    pub fn check_note(&self, kind: &str) -> Result<(), NoSuchChoice> {
        if kind.is_empty() || self.note_kinds.iter().any(|known| known.code == kind) {
            Ok(())
        } else {
            Err(NoSuchChoice::NoteKind(kind.to_owned()))
        }
    }
}

fn one(text: &str, at: usize, code: &str, words: &str, seen: &mut HashSet<String>) -> Result<(), ChoicesError> {
    let refused =
        |what: String, remedy: &str| ChoicesError { line: Some(line_of(text, at)), what, remedy: remedy.to_owned() };
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if code.is_empty() || code.len() > CODE_BYTES_MAX || !code.bytes().all(is_code) {
        let remedy = "use up to 40 lower-case letters, digits and hyphens; it is stored for ever";
        return Err(refused(format!("{code:?} is no code"), remedy));
    }
    if words.trim().is_empty() {
        return Err(refused(format!("{code:?} has no words"), "say what operators read"));
    }
    if !seen.insert(code.to_owned()) {
        return Err(refused(format!("{code:?} is there twice"), "keep one of the two"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_as_shipped_can_be_read_and_knows_no_speech() {
        let choices = Choices::parse(include_str!("choices.toml")).expect("the shipped table");
        assert_eq!(Choices::builtin(), choices);
        for outcome in ["attended", "no-speech", "false-alarm", "test", "emergency-services"] {
            assert!(choices.outcomes.iter().any(|known| known.code == outcome), "{outcome}");
        }
        for kind in ["999-called", "responder-sent", "arrived", "next-of-kin-told"] {
            assert_eq!(choices.check_note(kind), Ok(()));
        }
    }

    #[test]
    fn a_close_needs_an_outcome_of_the_centre_and_the_text_it_asks_for() {
        let text = "[[outcome]]\ncode = \"a\"\nwords = \"A\"\ntext = \"required\"\n\
                    [[outcome]]\ncode = \"b\"\nwords = \"B\"\ntext = \"none\"\n\
                    [[outcome]]\ncode = \"c\"\nwords = \"C\"\n";
        let choices = Choices::parse(text).expect("a table");
        let table = [
            ("a", "why", Ok(())),
            ("a", " ", Err(NoSuchChoice::TextMissing("a".to_owned()))),
            ("b", "", Ok(())),
            ("b", "why", Err(NoSuchChoice::TextNotWanted("b".to_owned()))),
            ("c", "", Ok(())),
            ("c", "why", Ok(())),
            ("", "why", Err(NoSuchChoice::Outcome(String::new()))),
            ("A", "why", Err(NoSuchChoice::Outcome("A".to_owned()))),
        ];
        for (outcome, text, expected) in table {
            assert_eq!(choices.check_close(outcome, text), expected, "{outcome} {text}");
        }
        assert_eq!(choices.check_note(""), Ok(()));
        assert_eq!(choices.check_note("x"), Err(NoSuchChoice::NoteKind("x".to_owned())));
    }

    #[test]
    fn a_faulty_table_is_refused_with_line_and_remedy() {
        let good = "[[outcome]]\ncode = \"a\"\nwords = \"A\"\n";
        let table = [
            (format!("{good}{good}"), Some(4), "twice"),
            (good.replace("\"a\"", "\"Not Good\""), Some(1), "is no code"),
            (good.replace("\"A\"", "\" \""), Some(1), "no words"),
            (format!("{good}text = \"maybe\"\n"), Some(4), "maybe"),
            (format!("{good}colour = \"red\"\n"), Some(4), "colour"),
            ("outcome = []\n".to_owned(), None, "no outcome"),
            (format!("{good}[[note-kind]]\ncode = \"\"\nwords = \"W\"\n"), Some(4), "is no code"),
        ];
        for (text, line, words) in table {
            let error = Choices::parse(&text).expect_err(&text);
            assert_eq!(error.line, line, "{error}\n{text}");
            assert!(error.what.contains(words), "{error}");
        }
    }
}
