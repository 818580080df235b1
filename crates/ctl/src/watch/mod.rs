//! The live queue on a terminal: the console that works when nothing else does.
//!
//! ```text
//! receivers --lists--> model <--keys-- terminal
//!     ^                 | |
//!     +----actions------+ +--draw--> lines --> terminal
//! ```

mod bell;
mod draw;
mod form;
mod keys;
mod model;
mod screen;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use crate::client::Client;
use model::{Effect, Mode, Model};
use screen::Screen;
use worker::{Event, Events};

/// Events that may wait for the screen; who sends more waits.
const EVENTS_MAX: usize = 256;
/// How often ages are drawn anew.
const REDRAW_EVERY: Duration = Duration::from_millis(500);
/// How long one answer may take; an action may take two seconds at the receiver.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Shows the queue of these receivers until the person leaves. `who` goes with each action.
pub fn run(clients: Vec<(String, Client)>, who: Vec<(&'static str, String)>) -> anyhow::Result<()> {
    let (events, heard) = sync_channel(EVENTS_MAX);
    worker::await_signals(events.clone())?;
    let mut screen = Screen::enter()?;
    let apis: Vec<String> = clients.iter().map(|(api, _)| api.clone()).collect();
    let clients: Vec<Client> = clients.into_iter().map(|(_, client)| client).collect();
    for (source, client) in clients.iter().enumerate() {
        worker::follow(source, client.clone(), events.clone());
    }
    worker::read_keys(events.clone());
    let mut model = Model::new(&apis, Instant::now());
    show(&mut screen, &mut model, &Desk { clients, who, events }, &heard)
}

/// What carries effects out.
struct Desk {
    clients: Vec<Client>,
    who: Vec<(&'static str, String)>,
    events: Events,
}

fn show(screen: &mut Screen, model: &mut Model, desk: &Desk, heard: &Receiver<Event>) -> anyhow::Result<()> {
    loop {
        screen.show(draw::draw(model, Instant::now(), OffsetDateTime::now_utc(), screen.size()))?;
        let mut next = match heard.recv_timeout(REDRAW_EVERY) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        // What else has come is drawn with it.
        while let Some(event) = next {
            for effect in take(screen, model, event) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Bell => screen.bell()?,
                    Effect::Detail(key) => {
                        if let Some(client) = desk.clients.get(key.0) {
                            worker::detail(key, client.clone(), desk.events.clone());
                        }
                    }
                    Effect::Act { key, .. } => {
                        if let Some(client) = desk.clients.get(key.0) {
                            worker::act(effect, client.clone(), desk.who.clone(), desk.events.clone());
                        }
                    }
                }
            }
            next = heard.try_recv().ok();
        }
    }
}

fn take(screen: &mut Screen, model: &mut Model, event: Event) -> Vec<Effect> {
    let now = Instant::now();
    match event {
        Event::Key(key) => return keys::press(model, key, now),
        Event::Resized => screen.forget(),
        Event::List(source, list) => return model.heard(source, *list, now),
        Event::Choices(source, choices) => model.chosen_from(source, choices),
        Event::Fault(source, why) => model.failed(source, why),
        Event::Acted(effect, answer) => model.acted(effect, answer, now),
        Event::Detail(key, Ok(lines)) => {
            // Who has begun to answer questions in the meantime is not interrupted.
            if model.mode == Mode::List {
                model.mode = Mode::Detail { key, lines, from: 0 };
            }
        }
        Event::Detail(_, Err(why)) => model.say(format!("detail: {why}"), true, now),
        Event::End => return vec![Effect::Quit],
    }
    Vec::new()
}
