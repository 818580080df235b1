//! A call and a unit that hear each other, on virtual time: what each asked for, in words.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_docs_in_private_items,
    reason = "a test may fail by panic"
)]
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

#[path = "script.rs"]
pub mod script;

use std::time::{Duration, Instant};

use telecare_protocol::call::{Call, Command, Ended, Operated, Request, Unit, UnitCommand, UnitEvent};
use telecare_protocol::tones::{Heard, Length, Note, Sound};
use telecare_protocol::{Counted, Message, Outcome, RepeatProof, Token};

/// How a line tells of sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tells {
    /// Onset and end, at once.
    Both,
    /// The end with its length, so much later.
    Ends(Duration),
    /// Once, without length, so much after the end.
    Once(Duration),
}

/// What becomes of deliveries.
#[derive(Clone, Copy, Debug)]
pub struct Store {
    pub takes: Duration,
    /// Between these times after the answer everything is refused.
    pub refuses: (Duration, Duration),
}

#[derive(Clone, Debug)]
enum Next {
    CallHears(Heard),
    UnitHears(Heard),
    CallPlayed,
    UnitPlayed,
    Answer(Token),
    Wanted(Request),
    FarEndHungUp,
}

pub struct Rig {
    pub call: Call,
    pub unit: Option<Unit>,
    pub start: Instant,
    pub now: Instant,
    pub store: Store,
    pub tells: Tells,
    /// Everything it tells is doubtful.
    pub doubtful: bool,
    /// One way.
    pub delay: Duration,
    /// Our own sounds come back so much later.
    pub echo: Option<Duration>,
    queue: Vec<(Instant, usize, Next)>,
    order: usize,
    playing_until: Option<Instant>,
    pub log: Vec<String>,
    pub ended: Vec<Ended>,
    pub reports: Vec<(Token, telecare_protocol::Delivery)>,
    /// Acknowledgements, with the deliveries stored at that time.
    pub stored: Vec<Token>,
    pub played: Vec<(Instant, Vec<Note>)>,
    pub unit_events: Vec<UnitEvent>,
}

impl Rig {
    pub fn new(begin: impl FnOnce(Instant) -> Call) -> Rig {
        let start = Instant::now();
        let mut rig = Rig {
            call: begin(start),
            unit: None,
            start,
            now: start,
            store: Store { takes: Duration::from_millis(20), refuses: (Duration::ZERO, Duration::ZERO) },
            tells: Tells::Both,
            doubtful: false,
            delay: Duration::ZERO,
            echo: None,
            queue: Vec::new(),
            order: 0,
            playing_until: None,
            log: Vec::new(),
            ended: Vec::new(),
            reports: Vec::new(),
            stored: Vec::new(),
            played: Vec::new(),
            unit_events: Vec::new(),
        };
        rig.drain();
        rig
    }

    /// A sound of the unit's side, at a time after the answer.
    pub fn sound(&mut self, at: Duration, sound: Sound, lasts: Duration) {
        let began = self.start + at;
        let end = began + lasts;
        let doubtful = self.doubtful;
        let told = |began, length| Next::CallHears(Heard { doubtful, ..Heard::new(sound, began, length) });
        match self.tells {
            Tells::Both => {
                self.at(began, told(began, Length::StillOn));
                self.at(end, told(began, Length::Measured(lasts)));
            }
            Tells::Ends(late) => self.at(end + late, told(began, Length::Measured(lasts))),
            Tells::Once(late) => self.at(end + late, told(end + late, Length::Unknown)),
        }
    }

    /// Digits of the unit's side; gives when the last one ends.
    pub fn digits(&mut self, at: Duration, digits: &str, on: Duration, off: Duration) -> Duration {
        let mut at = at;
        for note in telecare_protocol::tones::notes(digits, on, off) {
            self.sound(at, note.sound, note.on);
            at += note.on + note.off;
        }
        at
    }

    pub fn wanted(&mut self, at: Duration, request: Request) {
        self.at(self.start + at, Next::Wanted(request));
    }

    pub fn hangs_up(&mut self, at: Duration) {
        self.at(self.start + at, Next::FarEndHungUp);
    }

    /// Runs until so long after the answer, or until nothing can happen any more.
    pub fn run(&mut self, until: Duration) {
        let until = self.start + until;
        self.drain();
        for _ in 0..200_000 {
            let queued = self.queue.iter().map(|(at, order, _)| (*at, *order)).min();
            let unit = self.unit.as_ref().and_then(Unit::poll_timeout);
            let due = [queued.map(|(at, _)| at), self.call.poll_timeout(), unit].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(due);
            if let Some(key) = queued.filter(|(at, _)| *at <= due) {
                let place = self.queue.iter().position(|(at, order, _)| (*at, *order) == key).unwrap();
                let next = self.queue.remove(place).2;
                self.next(next);
            } else if unit.is_some_and(|at| at <= due) {
                let unit = self.unit.as_mut().unwrap();
                unit.handle_timeout(self.now);
                assert_ne!(unit.poll_timeout(), Some(due), "a timeout of the unit that does not move");
            } else {
                self.call.handle_timeout(self.now);
                let still = self.call.poll_timeout().is_some_and(|at| at <= due);
                assert!(!still, "a timeout that does not move: {:?} {:?}", self.log.last(), self.call);
            }
            self.drain();
        }
        panic!("a call that never comes to rest: {:?}", self.log.iter().rev().take(20).collect::<Vec<_>>());
    }

    fn at(&mut self, at: Instant, next: Next) {
        self.order += 1;
        self.queue.push((at, self.order, next));
    }

    fn next(&mut self, next: Next) {
        let now = self.now;
        match next {
            Next::CallHears(heard) => self.call.handle_sound(heard, now),
            Next::UnitHears(heard) => {
                if let Some(unit) = &mut self.unit {
                    unit.handle_sound(heard, now);
                }
            }
            Next::CallPlayed => self.call.handle_played(now),
            Next::UnitPlayed => self.unit.as_mut().unwrap().handle_played(now),
            Next::Answer(token) => {
                let (from, until) = self.store.refuses;
                if (self.start + from..self.start + until).contains(&now) {
                    self.say("refused");
                    self.call.handle_refused(token, now);
                } else {
                    self.stored.push(token);
                    self.call.handle_stored(token, now);
                }
            }
            Next::Wanted(request) => self.call.handle_operator(request, now),
            Next::FarEndHungUp => self.call.handle_hung_up(now),
        }
    }

    fn drain(&mut self) {
        loop {
            if let Some(command) = self.call.next_command() {
                self.command(command);
            } else if let Some(command) = self.unit.as_mut().and_then(Unit::next_command) {
                self.unit_command(command);
            } else {
                return;
            }
        }
    }

    fn command(&mut self, command: Command) {
        assert!(self.ended.is_empty(), "{command:?} after the end");
        let words = match command {
            Command::Play(notes) => {
                assert!(self.playing_until.is_none_or(|until| until <= self.now), "two things played at once");
                let mut at = self.now;
                for note in &notes {
                    let began = at + self.delay;
                    let told = |length| Next::UnitHears(Heard::new(note.sound, began, length));
                    self.at(began, told(Length::StillOn));
                    self.at(began + note.on, told(Length::Measured(note.on)));
                    if let Some(echo) = self.echo {
                        let (at, on) = (at + echo - self.start, note.on);
                        self.sound(at, note.sound, on);
                    }
                    at += note.on + note.off;
                }
                self.playing_until = Some(at);
                self.at(at, Next::CallPlayed);
                let words = format!("play {}", words(&notes));
                self.played.push((self.now, notes));
                words
            }
            Command::Deliver(delivery) => {
                assert!(delivery.first_byte <= delivery.last_byte && delivery.last_byte <= self.now);
                let at = self.now + self.store.takes;
                self.at(at, Next::Answer(delivery.token));
                let said = format!("deliver {}", said(&delivery));
                self.reports.push((delivery.token, *delivery));
                said
            }
            Command::Left(token, answered) => format!("left {} {answered:?}", token.0).to_lowercase(),
            Command::Speech(speech) => format!("speech {speech:?}").to_lowercase(),
            Command::Operated(id, Operated::Refused(why)) => format!("operated {}: {why}", id.0),
            Command::Operated(id, operated) => format!("operated {}: {operated:?}", id.0).to_lowercase(),
            Command::Count(Counted::BadFrame(name)) => format!("bad {name}"),
            Command::Count(Counted::LateAnswer) => "late".to_owned(),
            Command::Count(counted) => panic!("{counted:?}"),
            Command::HangUp => {
                if let Some(unit) = &mut self.unit {
                    unit.handle_hung_up();
                }
                self.queue.retain(|(_, _, next)| !matches!(next, Next::UnitPlayed | Next::UnitHears(_)));
                "hang up".to_owned()
            }
            Command::Ended(ended) => {
                let words = format!("end {}, requests {}, copies {}", ended.end.as_str(), ended.requests, ended.copies);
                self.ended.push(*ended);
                words
            }
        };
        self.say(&words);
    }

    fn unit_command(&mut self, command: UnitCommand) {
        match command {
            UnitCommand::Play(notes) => {
                let mut at = self.now + self.delay - self.start;
                for note in &notes {
                    self.sound(at, note.sound, note.on);
                    at += note.on + note.off;
                }
                self.at(self.start + at - self.delay, Next::UnitPlayed);
            }
            UnitCommand::HangUp => {
                self.say("unit: hangs up");
                self.at(self.now + self.delay, Next::FarEndHungUp);
            }
            UnitCommand::Happened(event) => {
                let words = match &event {
                    UnitEvent::Asked => "unit: asked".to_owned(),
                    UnitEvent::Sent(n) => format!("unit: sent {n}"),
                    UnitEvent::Acknowledged(n) => format!("unit: acknowledged {n}"),
                    UnitEvent::GaveUp => "unit: gave up".to_owned(),
                    UnitEvent::Commanded(command) => format!("unit: {command}"),
                    UnitEvent::LinkLost => "unit: link lost".to_owned(),
                };
                self.unit_events.push(event);
                self.say(&words);
            }
        }
    }

    fn say(&mut self, words: &str) {
        let at = (self.now - self.start).as_secs_f64();
        self.log.push(format!("{at:.3} {words}"));
    }
}

/// Notes in words: digits at 80 ms as they are, others with their length: `A/250 7`, `B`, `A00027#`.
fn words(notes: &[Note]) -> String {
    let mut words = String::new();
    for note in notes {
        words.push_str(&note.sound.to_string());
        if note.on != Duration::from_millis(80) {
            words.push_str(&format!("/{} ", note.on.as_millis()));
        }
    }
    words.trim_end().to_owned()
}

fn said(delivery: &telecare_protocol::Delivery) -> String {
    let Message::Report(report) = &delivery.message else { panic!("a call gives reports only") };
    let event = &report.events[0];
    let who = match (&report.identity, &report.local_unit) {
        (Some(identity), Some(local)) => format!("{identity}/{local}"),
        (Some(identity), None) => identity.clone(),
        (None, _) => "nobody".to_owned(),
    };
    let what = match &report.outcome {
        Outcome::Decoded => format!("{} {}", event.trigger, event.status.as_str()),
        Outcome::Unreadable(fault) => format!("{} {}", event.trigger, fault.name),
    };
    let mut words = format!("{who} {what}");
    for warning in &report.warnings {
        words.push_str(&format!(" {warning}"));
    }
    match &delivery.repeat {
        RepeatProof::None => {}
        RepeatProof::PreviousOnLine(window) => words.push_str(&format!(" repeat {}", window.as_secs())),
        RepeatProof::Key { .. } => panic!("a call proves nothing by key"),
    }
    if !delivery.owed {
        words.push_str(" unowed");
    }
    words
}
