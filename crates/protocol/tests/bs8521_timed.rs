//! Runs every timed vector of `protocols/bs8521/timed.toml` against a call, or against a simulated unit.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use telecare_protocol::bs8521::{self, Deframer, Frame, FrameError, Piece, Settings, UnitSettings};
use telecare_protocol::call::{Begun, Command, UnitCommand, UnitEvent};
use telecare_protocol::tones::{Heard, Length, Note, Sound, notes};
use telecare_protocol::{Codes, Message, Value};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const V1: &str = "A01000001234500000190190076#";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    timed: Vec<Timed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Timed {
    id: String,
    origin: String,
    source: String,
    note: String,
    at: String,
    digits: String,
    on_ms: u64,
    off_ms: u64,
    held: Option<(usize, u64)>,
    gap: Option<(usize, u64)>,
    within_ms: Option<u64>,
    expect: Vec<String>,
}

impl Timed {
    fn notes(&self) -> Vec<Note> {
        let mut notes = notes(&self.digits, ms(self.on_ms), ms(self.off_ms));
        if let Some((at, on)) = self.held {
            notes[at].on = ms(on);
        }
        if let Some((at, silence)) = self.gap {
            notes[at - 1].off = ms(silence);
        }
        notes
    }
}

#[test]
fn every_timed_vector_is_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/bs8521/timed.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(file.timed.len() >= 15);
    for timed in &file.timed {
        assert!(timed.origin == "synthetic" && !timed.source.is_empty());
        for onsets in [true, false] {
            let found = match timed.at.as_str() {
                "receiver" => receiver(timed, onsets),
                "unit" => unit(timed, false),
                "unit-online" => unit(timed, true),
                other => panic!("{}: {other}", timed.id),
            };
            assert_eq!(found, timed.expect, "{} ({}), onsets told: {onsets}", timed.id, timed.note);
        }
    }
}

/// A call that is never answered by the store; faults with their fields come from the deframer, which the call uses.
fn receiver(timed: &Timed, onsets: bool) -> Vec<String> {
    let start = Instant::now();
    // A line that tells only ends tells them that much later than the onset, and has settings for it.
    let slack = if onsets { Duration::ZERO } else { ms(timed.held.map_or(timed.on_ms, |(_, on)| on.max(timed.on_ms))) };
    let settings = Settings { guard_wait: Duration::ZERO, requests: 1, ..Settings::default() };
    let mut deframer = Deframer::new(&settings, slack);
    let begun = Begun { caller: None, at: start, slack };
    let mut call = bs8521::Call::new(settings, Arc::clone(&CODES), begun);
    call.handle_timeout(start);
    let mut now = start + ms(600);
    call.handle_played(now);
    now += ms(80);
    let mut found = Vec::new();
    let mut counted = Vec::new();
    let mut accepted = None;
    let mut last = now;
    for note in timed.notes() {
        let mut told = Vec::new();
        if onsets {
            told.push((now, Heard::new(note.sound, now, Length::StillOn)));
        }
        told.push((now + note.on, Heard::new(note.sound, now, Length::Measured(note.on))));
        for (at, heard) in told {
            while let Some(due) = call.poll_timeout().filter(|due| *due <= at) {
                call.handle_timeout(due);
                take(&mut call, due, &mut found, &mut counted, &mut accepted);
            }
            if let Some(run) = deframer.expire(at) {
                assert!(Frame::decode_body(run.body()).is_ok());
            }
            let Sound::Digit(digit) = heard.sound else { panic!() };
            for piece in deframer.push(digit, &heard) {
                let Piece::Run(run) = piece else { panic!("{piece:?}") };
                if let (false, Err(error)) = (run.body().is_empty(), Frame::decode_body(run.body())) {
                    found.push(words(&run.cut.unwrap_or(error)));
                }
            }
            call.handle_sound(heard, at);
            take(&mut call, at, &mut found, &mut counted, &mut accepted);
        }
        last = now + note.on;
        now += note.on + note.off;
    }
    while let Some(due) = call.poll_timeout().filter(|due| *due <= now + ms(300) + slack) {
        call.handle_timeout(due);
        take(&mut call, due, &mut found, &mut counted, &mut accepted);
    }
    if let Some(within) = timed.within_ms {
        assert!(accepted.unwrap() <= last + ms(within), "{}: accepted late", timed.id);
    }
    let faults: Vec<_> = found.iter().filter(|line| !line.starts_with("deliver")).collect();
    assert!(faults.iter().zip(&counted).all(|(fault, name)| fault.starts_with(name)), "the call counts {counted:?}");
    assert_eq!(faults.len(), counted.len(), "the call counts {counted:?}");
    found
}

fn take(
    call: &mut bs8521::Call,
    at: Instant,
    found: &mut Vec<String>,
    counted: &mut Vec<&'static str>,
    accepted: &mut Option<Instant>,
) {
    while let Some(command) = call.next_command() {
        match command {
            Command::Deliver(delivery) => {
                let Message::Report(report) = &delivery.message else { panic!() };
                let event = &report.events[0];
                let mut line = format!("deliver {}", report.identity.as_deref().unwrap());
                for word in [event.trigger.as_str(), event.status.as_str()]
                    .into_iter()
                    .chain(report.warnings.iter().map(String::as_str))
                {
                    line.push(' ');
                    line.push_str(word);
                }
                found.push(line);
                accepted.get_or_insert(at);
            }
            Command::Count(telecare_protocol::Counted::BadFrame(name)) => counted.push(name),
            Command::Play(notes) => assert_eq!(notes[0].on, ms(600), "an acknowledgement of what is not stored"),
            other => panic!("{other:?}"),
        }
    }
}

fn words(error: &FrameError) -> String {
    let fault = error.fault();
    let mut words = fault.name;
    for (name, value) in fault.fields {
        let Value::Number(number) = value else { panic!() };
        words.push_str(&format!(" {name} {number}"));
    }
    words
}

fn unit(timed: &Timed, online: bool) -> Vec<String> {
    let start = Instant::now();
    let mut unit = bs8521::Unit::new(UnitSettings { guards: 0, ..UnitSettings::new(V1.to_owned()) }, start);
    let mut now = start;
    if online {
        now = hear(&mut unit, &[Note::alone(timed_b(), ms(600))], now);
        now += ms(80);
        unit.handle_timeout(now);
        now += ms(4400);
        unit.handle_played(now);
        now = hear(&mut unit, &[Note::alone(timed_b(), ms(80))], now + ms(100));
        while unit.next_command().is_some() {}
        now += ms(1500);
    }
    hear(&mut unit, &timed.notes(), now);
    let mut found = Vec::new();
    while let Some(command) = unit.next_command() {
        match command {
            UnitCommand::Happened(UnitEvent::Asked) => found.push("asked".to_owned()),
            UnitCommand::Happened(UnitEvent::Commanded(command)) => found.push(command),
            other => panic!("{other:?}"),
        }
    }
    found
}

fn hear(unit: &mut bs8521::Unit, notes: &[Note], mut now: Instant) -> Instant {
    for note in notes {
        unit.handle_sound(Heard::new(note.sound, now, Length::Measured(note.on)), now + note.on);
        now += note.on + note.off;
    }
    now
}

fn timed_b() -> Sound {
    Sound::Digit(telecare_protocol::tones::Digit::B)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
