//! The threads beside the screen: one asks each receiver for its list for ever, one reads keys, one waits for
//! signals, and each action has one for itself, so that a slow receiver never holds the screen up.

use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind, read};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::model::{Effect, Key};
use crate::client::{Answer, Choices, Client, List, read as read_answer};
use crate::commands::show;

/// Longest wait of one poll: short, so that a receiver that has died is noticed soon.
const POLL_S: u64 = 4;
/// Pause before a receiver is asked again after it gave no answer.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Pause between two polls: in a storm every poll is answered at once, with a list of thousands.
const POLL_PAUSE: Duration = Duration::from_millis(100);
/// How often an action is offered by itself while its outcome is unknown.
const ACTION_TRIES: u32 = 4;
/// A longer fault is cut, characters.
const FAULT_CHARS_MAX: usize = 120;

/// What the screen's loop is told.
pub enum Event {
    Key(KeyEvent),
    Resized,
    List(usize, Box<List>),
    Choices(usize, Choices),
    Fault(usize, String),
    Acted(Effect, Result<Answer, String>),
    Detail(Key, Result<Vec<String>, String>),
    /// The terminal is gone, or we are asked to end.
    End,
}

/// Where events go. When the screen has ended nobody listens, and the thread ends, too.
pub type Events = SyncSender<Event>;

/// Asks a receiver for its list, for ever.
pub fn follow(source: usize, client: Client, events: Events) {
    thread::spawn(move || {
        let mut cursor: Option<String> = None;
        let mut knows_choices = false;
        loop {
            let event = match client.list_after(cursor.as_deref(), POLL_S) {
                Ok(list) => {
                    cursor = Some(list.cursor.clone());
                    Event::List(source, Box::new(list))
                }
                Err(error) => {
                    cursor = None;
                    knows_choices = false;
                    let text = format!("{:#}", error.root_cause());
                    Event::Fault(source, text.chars().take(FAULT_CHARS_MAX).collect())
                }
            };
            let failed = matches!(event, Event::Fault(..));
            if events.send(event).is_err() {
                return;
            }
            thread::sleep(if failed { RETRY_PAUSE } else { POLL_PAUSE });
            if !failed && !knows_choices {
                knows_choices = true;
                // A receiver that does not tell lets its operators type.
                if let Ok(choices) = client.choices()
                    && events.send(Event::Choices(source, choices)).is_err()
                {
                    return;
                }
            }
        }
    });
}

/// Reads keys until the terminal is gone.
pub fn read_keys(events: Events) {
    thread::spawn(move || {
        loop {
            let event = match read() {
                Ok(TerminalEvent::Key(key)) if key.kind != KeyEventKind::Release => Event::Key(key),
                Ok(TerminalEvent::Resize(..)) => Event::Resized,
                Ok(_) => continue,
                Err(_) => Event::End,
            };
            let ends = matches!(event, Event::End);
            if events.send(event).is_err() || ends {
                return;
            }
        }
    });
}

/// Waits for the signals that ask us to end.
pub fn await_signals(events: Events) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut terminate, mut hang_up, mut interrupt) = {
        let _context = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?)
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
                _ = interrupt.recv() => {}
            }
        });
        let _ = events.send(Event::End);
    });
    Ok(())
}

/// Does an action, offering it again by its id while its outcome is unknown.
pub fn act(effect: Effect, client: Client, who: Vec<(&'static str, String)>, events: Events) {
    thread::spawn(move || {
        let Effect::Act { key, action, act, body } = &effect else { return };
        let mut body = body.clone();
        for (field, value) in who {
            body[field] = json!(value);
        }
        let answer = client.act_as(*action, key.1, act, body, ACTION_TRIES).map_err(|error| format!("{error:#}"));
        let _ = events.send(Event::Acted(effect, answer));
    });
}

/// Fetches an alarm in words.
pub fn detail(key: Key, client: Client, events: Events) {
    thread::spawn(move || {
        let text = client.detail_text(key.1).and_then(|text| Ok(show::in_words(&read_answer(&text)?)));
        let lines = text.map(|text| text.lines().map(str::to_owned).collect()).map_err(|error| format!("{error:#}"));
        let _ = events.send(Event::Detail(key, lines));
    });
}
