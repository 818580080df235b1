//! What a key does.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::form::{Form, Next};
use super::model::{Effect, Key, Mode, Model};

/// Actions under way at most; another key waits for an answer first.
const SENDING_MAX: usize = 4;
/// Rows of a page.
const PAGE: isize = 10;

/// The keys in words, for the foot of the screen and the help.
pub const KEYS: [(&str, &str); 14] = [
    ("c", "claim"),
    ("s", "seen"),
    ("n", "note"),
    ("x", "close"),
    ("h", "hold"),
    ("u", "resume"),
    ("r", "release"),
    ("t", "transfer"),
    ("v", "voice: speak, listen, open..."),
    ("z", "undo my close"),
    ("enter", "detail"),
    ("y", "offer an unanswered action again"),
    ("?", "help"),
    ("q", "quit"),
];

/// Takes a key in; tells what is to be done outside.
pub fn press(model: &mut Model, key: KeyEvent, now: Instant) -> Vec<Effect> {
    if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
        return vec![Effect::Quit];
    }
    match &mut model.mode {
        Mode::Ask(_) => answering(model, key, now),
        Mode::Help => {
            model.mode = Mode::List;
            Vec::new()
        }
        Mode::Detail { key: of, lines, from } => {
            let of = *of;
            let last = lines.len().saturating_sub(1);
            match key.code {
                KeyCode::Esc | KeyCode::Char('q') | KeyCode::Left | KeyCode::Enter => model.mode = Mode::List,
                KeyCode::Up | KeyCode::Char('k') => *from = from.saturating_sub(1),
                KeyCode::Down | KeyCode::Char('j') => *from = (*from + 1).min(last),
                KeyCode::PageUp => *from = from.saturating_add_signed(-PAGE),
                KeyCode::PageDown => *from = from.saturating_add_signed(PAGE).min(last),
                code => return acting(model, Some(of), code, now),
            }
            Vec::new()
        }
        Mode::List => listing(model, key.code, now),
    }
}

fn listing(model: &mut Model, code: KeyCode, now: Instant) -> Vec<Effect> {
    match code {
        KeyCode::Char('q') => return vec![Effect::Quit],
        KeyCode::Char('?') => model.mode = Mode::Help,
        KeyCode::Up | KeyCode::Char('k') => model.select(-1, now),
        KeyCode::Down | KeyCode::Char('j') => model.select(1, now),
        KeyCode::PageUp => model.select(-PAGE, now),
        KeyCode::PageDown => model.select(PAGE, now),
        KeyCode::Home => model.select(isize::MIN, now),
        KeyCode::End => model.select(isize::MAX, now),
        KeyCode::Enter | KeyCode::Right => return model.selected.map(Effect::Detail).into_iter().collect(),
        code => return acting(model, model.selected, code, now),
    }
    Vec::new()
}

fn acting(model: &mut Model, of: Option<Key>, code: KeyCode, now: Instant) -> Vec<Effect> {
    let KeyCode::Char(letter) = code else { return Vec::new() };
    if letter == 'y' {
        let again = model.unknown.take();
        model.sending += usize::from(again.is_some());
        return again.into_iter().collect();
    }
    if letter == 'z' {
        return match model.closed_last.take() {
            Some(key) => send(model, key, "reopen", json!({}), now),
            None => {
                model.say("nothing was closed from here that could be reopened".to_owned(), true, now);
                Vec::new()
            }
        };
    }
    let act = match letter {
        'c' => "claim",
        's' => "seen",
        'n' => "note",
        'x' => "close",
        'h' => "hold",
        'u' => "resume",
        'r' => "release",
        't' => "transfer",
        'v' => "call",
        _ => return Vec::new(),
    };
    let Some((key, card)) = of.and_then(|key| Some((key, model.card(key)?.clone()))) else {
        model.say(format!("{act}: no alarm is selected"), true, now);
        return Vec::new();
    };
    if act == "call" {
        match card.call().filter(|call| !call.supports.is_empty()) {
            Some(call) => {
                model.mode = Mode::Ask(Box::new(Form::of_call(key, &card.headline, card.last_signal, call)));
            }
            None => model.say("call: nobody is on a line that takes commands from here".to_owned(), true, now),
        }
        return Vec::new();
    }
    let choices = model.sources.get(key.0).and_then(|source| source.choices.as_ref());
    match Form::of(act, key, &card.headline, card.last_signal, choices) {
        Some(form) => {
            model.mode = Mode::Ask(Box::new(form));
            Vec::new()
        }
        None if act == "seen" => send(model, key, act, json!({"shown": card.last_signal}), now),
        None => send(model, key, act, json!({}), now),
    }
}

fn answering(model: &mut Model, key: KeyEvent, now: Instant) -> Vec<Effect> {
    let Mode::Ask(form) = &mut model.mode else { return Vec::new() };
    match key.code {
        KeyCode::Esc => model.mode = Mode::List,
        KeyCode::Backspace => form.rub_out(),
        KeyCode::Up => form.step(-1),
        KeyCode::Down => form.step(1),
        KeyCode::Char(character) => form.put(character),
        KeyCode::Enter => {
            if let Next::Send(body) = form.answer(OffsetDateTime::now_utc()) {
                let (key, act) = (form.key, form.act);
                model.mode = Mode::List;
                return send(model, key, act, body, now);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn send(model: &mut Model, key: Key, act: &'static str, body: Value, now: Instant) -> Vec<Effect> {
    if model.sending >= SENDING_MAX {
        model.say(format!("{act}: NOT sent; wait for the answers that are due"), true, now);
        return Vec::new();
    }
    model.sending += 1;
    model.say(format!("{act}: sent"), false, now);
    vec![Effect::Act { key, action: Uuid::new_v4(), act, body }]
}
