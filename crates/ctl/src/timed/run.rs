//! One call on virtual time.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use telecare_protocol::call::{Begun, Call, Command, Operated};
use telecare_protocol::tones::{Heard, Length, Note, playing_time};
use telecare_protocol::{Codes, Counted, Message, Outcome, Protocol, Token, detect};

use super::script::{Script, Word};

/// A call that says nothing more for so long is printed as far as it is.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Things done in one call, a bound for one that goes round in circles.
const DONE_MAX: usize = 100_000;

/// One thing the receiver did, or heard.
#[derive(Debug, Serialize)]
pub struct Done {
    /// Milliseconds after the answer.
    pub at_ms: u64,
    pub what: &'static str,
    pub detail: String,
}

impl Done {
    /// A line for people: the time in seconds, what, and its detail.
    pub fn in_words(&self) -> String {
        let (seconds, ms) = (self.at_ms / 1000, self.at_ms % 1000);
        format!("{seconds:>4}.{ms:03}  {:<9} {}", self.what, self.detail).trim_end().to_owned()
    }
}

/// All of a call.
#[derive(Debug)]
pub struct Ran {
    /// What the receiver did and heard, in order.
    pub done: Vec<Done>,
    /// Whether something that could be read was delivered.
    pub delivered: bool,
}

/// Runs a call in a protocol that telephones; none for any other. Everything is stored after so long.
pub fn run(script: &Script, protocol: Protocol, codes: Arc<Codes>, stored_after: Duration) -> Option<Ran> {
    let start = Instant::now();
    let begun = Begun { caller: None, at: start, slack: Duration::ZERO, learnt: None };
    let call = detect::usual_call(protocol, codes, begun)?;
    let unit = script.0.iter().copied().collect();
    let mut run = Run {
        start,
        now: start,
        call,
        unit,
        unit_at: Some(start),
        coming: Vec::new(),
        stored_after,
        done: Vec::new(),
        delivered: false,
    };
    run.drain();
    while run.done.len() < DONE_MAX && run.step() {
        run.drain();
    }
    Some(Ran { done: run.done, delivered: run.delivered })
}

/// What comes to the call at a time.
#[derive(Debug)]
enum Coming {
    Heard(Heard),
    Played,
    Stored(Token),
}

struct Run {
    start: Instant,
    now: Instant,
    call: Call,
    unit: VecDeque<Word>,
    /// When the unit goes on; none while it waits for the receiver to have played.
    unit_at: Option<Instant>,
    coming: Vec<(Instant, Coming)>,
    stored_after: Duration,
    done: Vec<Done>,
    delivered: bool,
}

impl Run {
    /// What comes first, comes; false when nothing does any more.
    fn step(&mut self) -> bool {
        let coming = self.coming.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(place, (at, _))| (*at, place));
        let unit = self.unit_at.filter(|_| !self.unit.is_empty());
        let due = [coming.map(|(at, _)| at), unit, self.call.poll_timeout()].into_iter().flatten().min();
        let Some(due) = due.filter(|due| *due <= self.start + LONGEST) else { return false };
        self.now = self.now.max(due);
        match (coming, unit) {
            (Some((at, place)), _) if at <= due => {
                let (_, coming) = self.coming.swap_remove(place);
                self.come(coming);
            }
            (_, Some(at)) if at <= due => self.unit_goes_on(),
            _ => self.call.handle_timeout(self.now),
        }
        true
    }

    fn come(&mut self, coming: Coming) {
        match coming {
            Coming::Heard(heard) => {
                let lasted = heard.lasted().map_or(String::new(), |lasted| format!(" {} ms", lasted.as_millis()));
                if heard.length != Length::StillOn {
                    self.say("hear", format!("{}{lasted}", heard.sound));
                }
                self.call.handle_sound(heard, self.now);
            }
            Coming::Played => {
                if self.unit.front() == Some(&Word::Played) {
                    self.unit.pop_front();
                    self.unit_at = Some(self.now);
                }
                self.call.handle_played(self.now);
            }
            Coming::Stored(token) => {
                self.say("stored", token.0.to_string());
                self.call.handle_stored(token, self.now);
            }
        }
    }

    fn unit_goes_on(&mut self) {
        let Some(word) = self.unit.front().copied() else { return };
        if word == Word::Played {
            self.unit_at = None;
            return;
        }
        self.unit.pop_front();
        match word {
            Word::Sound(note) => {
                let (began, ended) = (self.now, self.now + note.on);
                self.coming.push((began, Coming::Heard(Heard::new(note.sound, began, Length::StillOn))));
                self.coming.push((ended, Coming::Heard(Heard::new(note.sound, began, Length::Measured(note.on)))));
                self.unit_at = Some(ended + note.off);
            }
            Word::Pause(pause) => self.unit_at = Some(self.now + pause),
            Word::HangUp => {
                self.say("hung up", "by the unit".to_owned());
                self.call.handle_hung_up(self.now);
            }
            Word::Played => {}
        }
    }

    fn drain(&mut self) {
        while let Some(command) = self.call.next_command() {
            let (what, detail) = self.carry_out(command);
            self.say(what, detail);
        }
    }

    fn carry_out(&mut self, command: Command) -> (&'static str, String) {
        match command {
            Command::Play(notes) => {
                let out = self.now + playing_time(&notes);
                self.coming.push((out, Coming::Played));
                ("play", played(&notes))
            }
            Command::Deliver(delivery) => {
                self.coming.push((self.now + self.stored_after, Coming::Stored(delivery.token)));
                self.delivered |= matches!(&delivery.message, Message::Report(r) if r.outcome == Outcome::Decoded);
                ("deliver", format!("{}: {}", delivery.token.0, said(&delivery.message)))
            }
            Command::Left(token, answered) => ("left", format!("{}: {answered:?}", token.0).to_lowercase()),
            Command::Speech(speech) => ("speech", format!("{speech:?}").to_lowercase()),
            Command::Operated(id, Operated::Refused(why)) => ("operated", format!("{}: {why}", id.0)),
            Command::Operated(id, operated) => ("operated", format!("{}: {operated:?}", id.0).to_lowercase()),
            Command::Count(Counted::BadFrame(name)) => ("bad frame", name.to_owned()),
            Command::Count(counted) => ("count", format!("{counted:?}")),
            Command::HangUp => ("hang up", String::new()),
            Command::Ended(ended) => ("end", format!("{}, {}", ended.protocol, ended.end.as_str())),
        }
    }

    fn say(&mut self, what: &'static str, detail: String) {
        let at = self.now.saturating_duration_since(self.start).as_millis();
        self.done.push(Done { at_ms: u64::try_from(at).unwrap_or(u64::MAX), what, detail });
    }
}

/// Notes as they are typed: one pace for all of them is written once.
fn played(notes: &[Note]) -> String {
    let mut text = String::new();
    for (place, note) in notes.iter().enumerate() {
        let next = notes.get(place + 1);
        text.push_str(&note.sound.to_string().replace(' ', ""));
        if next.is_none_or(|next| next.on != note.on) {
            // Writing to a string does not fail.
            let _ = write!(text, "@{}{}", note.on.as_millis(), if next.is_some() { " " } else { "" });
        }
    }
    text
}

fn said(message: &Message) -> String {
    let Message::Report(report) = message else { return "sign of life".to_owned() };
    let who = match (&report.identity, &report.local_unit) {
        (Some(identity), Some(local)) => format!("unit {identity}, local unit {local}"),
        (Some(identity), None) => format!("unit {identity}"),
        (None, _) => "nobody".to_owned(),
    };
    let events: Vec<String> =
        report.events.iter().map(|event| format!("{} {}", event.trigger, event.status.as_str())).collect();
    let what = match &report.outcome {
        Outcome::Decoded => events.join(", "),
        Outcome::Unreadable(fault) => format!("{}: {}", events.join(", "), fault.name),
    };
    let warnings = report.warnings.iter().map(|warning| format!(" {warning}")).collect::<String>();
    format!("{} {who}: {what}{warnings}", report.protocol)
}
