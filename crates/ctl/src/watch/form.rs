//! The questions before an action that needs more than a key: one after the other, each with its bound.

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::model::Key;
use crate::client::{Choice, Choices, VoiceCall};

/// Longest answer, characters.
const ANSWER_CHARS_MAX: usize = 400;
/// Longest hold that can be asked for, minutes: a day.
const HOLD_MINUTES_MAX: i64 = 1_440;

/// One action's questions and the answers so far.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// The action.
    pub act: &'static str,
    /// The alarm.
    pub key: Key,
    /// Its headline when the questions began.
    pub headline: String,
    /// The last signal the screen showed then: a later one makes the receiver refuse.
    shown: Uuid,
    /// The call that a command is for.
    call: Option<Uuid>,
    questions: Vec<Question>,
    answers: Map<String, Value>,
    /// What is being typed.
    pub typed: String,
    /// Why the last answer would not do.
    pub fault: Option<String>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    field: &'static str,
    /// In words.
    pub label: String,
    /// What can be answered.
    pub kind: Kind,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text, which may be left empty.
    Optional,
    /// A text.
    Required,
    /// Minutes from now.
    Minutes,
    /// One of these: code, words, and for an outcome whether a text follows.
    OneOf { of: Vec<(String, String, String)>, at: usize },
}

/// What an answer led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// There is more to ask.
    Ask,
    /// The body of the action.
    Send(Value),
}

impl Form {
    /// The questions of an action; none when it has none.
    pub fn of(act: &'static str, key: Key, headline: &str, shown: Uuid, choices: Option<&Choices>) -> Option<Form> {
        let question = |field, label: &str, kind| Question { field, label: label.to_owned(), kind };
        let questions = match act {
            "hold" => vec![
                question("until", "for how many minutes", Kind::Minutes),
                question("reason", "why", Kind::Required),
            ],
            "transfer" => vec![question("to", "to whom (the person's name)", Kind::Required)],
            "note" => {
                let kinds = choices.map(|choices| choices.note_kinds.as_slice()).unwrap_or_default();
                let plain = Choice { code: String::new(), words: "plain note".to_owned(), text: String::new() };
                let mut questions = Vec::new();
                if !kinds.is_empty() {
                    questions.push(question("kind", "what about", one_of([&plain].into_iter().chain(kinds))));
                }
                questions.push(question("text", "note", Kind::Required));
                if !kinds.is_empty() {
                    questions.push(question("reference", "reference, such as an incident number", Kind::Optional));
                }
                questions
            }
            "close" => match choices.filter(|choices| !choices.outcomes.is_empty()) {
                Some(choices) => vec![question("outcome", "how did it end", one_of(&choices.outcomes))],
                None => vec![
                    question("outcome", "how did it end (the centre's code)", Kind::Required),
                    question("text", "what there is to say", Kind::Optional),
                ],
            },
            _ => return None,
        };
        Some(Form {
            act,
            key,
            headline: headline.to_owned(),
            shown,
            call: None,
            questions,
            answers: Map::new(),
            typed: String::new(),
            fault: None,
        })
    }

    /// The questions of a command to a call.
    pub fn of_call(key: Key, headline: &str, shown: Uuid, call: &VoiceCall) -> Form {
        let of = call.commands().into_iter().map(|name| (name.clone(), name, String::new())).collect();
        let (field, label) = ("command", call.words());
        Form {
            act: "call",
            key,
            headline: headline.to_owned(),
            shown,
            call: Some(call.id),
            questions: vec![Question { field, label, kind: Kind::OneOf { of, at: 0 } }],
            answers: Map::new(),
            typed: String::new(),
            fault: None,
        }
    }

    /// The question that is open.
    pub fn question(&self) -> Option<&Question> {
        self.questions.first()
    }

    /// A character, typed.
    pub fn put(&mut self, character: char) {
        self.fault = None;
        match self.questions.first_mut().map(|question| &mut question.kind) {
            Some(Kind::OneOf { of, at }) => {
                let number = character.to_digit(36).and_then(|digit| usize::try_from(digit).ok());
                if let Some(choice) = number.and_then(|number| number.checked_sub(1)).filter(|to| *to < of.len()) {
                    *at = choice;
                }
            }
            Some(Kind::Optional | Kind::Required | Kind::Minutes) if self.typed.chars().count() < ANSWER_CHARS_MAX => {
                self.typed.push(character);
            }
            _ => {}
        }
    }

    /// Takes the last character back.
    pub fn rub_out(&mut self) {
        self.typed.pop();
    }

    /// Moves among the choices.
    pub fn step(&mut self, by: isize) {
        if let Some(Kind::OneOf { of, at }) = self.questions.first_mut().map(|question| &mut question.kind) {
            *at = at.saturating_add_signed(by).min(of.len().saturating_sub(1));
        }
    }

    /// Takes the answer to the open question.
    pub fn answer(&mut self, now: OffsetDateTime) -> Next {
        let Some(question) = self.questions.first().cloned() else { return self.send() };
        let typed = self.typed.trim().to_owned();
        let value = match &question.kind {
            Kind::Optional => typed,
            Kind::Required if typed.is_empty() => return self.again("it needs an answer"),
            Kind::Required => typed,
            Kind::Minutes => match typed.parse::<i64>() {
                Ok(minutes) if (1..=HOLD_MINUTES_MAX).contains(&minutes) => {
                    let until = now + Duration::minutes(minutes);
                    until.format(&Rfc3339).unwrap_or_default()
                }
                _ => return self.again("a number of minutes, 1 to 1440"),
            },
            Kind::OneOf { of, at } => {
                let Some((code, words, text)) = of.get(*at).cloned() else { return self.again("choose one") };
                self.after_choice(question.field, &code, &words, &text);
                code
            }
        };
        self.answers.insert(question.field.to_owned(), json!(value));
        self.questions.remove(0);
        self.typed.clear();
        if self.questions.is_empty() { self.send() } else { Next::Ask }
    }

    /// What is asked depends on what was chosen: an outcome's text, a note that says it all by its kind.
    fn after_choice(&mut self, field: &str, code: &str, words: &str, text: &str) {
        let kind = match (field, text) {
            ("command", _) if code == "select" => {
                let (field, label) = ("unit", "which unit".to_owned());
                self.questions.insert(1, Question { field, label, kind: Kind::Required });
                return;
            }
            ("outcome", "none") => return,
            ("outcome", "required") => Kind::Required,
            ("outcome", _) => Kind::Optional,
            ("kind", _) if !code.is_empty() => {
                self.questions.retain(|question| question.field != "text");
                Kind::Optional
            }
            _ => return,
        };
        self.questions.insert(1, Question { field: "text", label: format!("{words}: what there is to say"), kind });
    }

    fn again(&mut self, why: &str) -> Next {
        self.fault = Some(why.to_owned());
        Next::Ask
    }

    fn send(&mut self) -> Next {
        let mut body = std::mem::take(&mut self.answers);
        if matches!(self.act, "hold" | "close") {
            body.insert("shown".to_owned(), json!(self.shown));
        }
        if let Some(call) = self.call {
            body.insert("call".to_owned(), json!(call));
        }
        Next::Send(Value::Object(body))
    }
}

fn one_of<'a>(choices: impl IntoIterator<Item = &'a Choice>) -> Kind {
    let of = choices.into_iter().map(|choice| (choice.code.clone(), choice.words.clone(), choice.text.clone()));
    Kind::OneOf { of: of.collect(), at: 0 }
}
