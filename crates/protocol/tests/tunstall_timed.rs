//! Runs every timed vector of `protocols/tunstall/timed.toml` against a call: told with onsets, and by ends only.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use telecare_protocol::call::{Begun, Command};
use telecare_protocol::tones::{Digit, Heard, Length, Note, Sound, notes};
use telecare_protocol::tunstall::{self, Probe, Settings, stmf};
use telecare_protocol::{Codes, Message, Outcome, Report, Value};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

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
    #[serde(default)]
    kind: String,
    #[serde(default)]
    digits: String,
    #[serde(default)]
    on_ms: u64,
    #[serde(default)]
    off_ms: u64,
    held: Option<(usize, u64)>,
    gap: Option<(usize, u64)>,
    /// Lengths of bursts; 0 is a second of silence.
    #[serde(default)]
    bursts: Vec<u64>,
    within_ms: Option<u64>,
    expect: Vec<String>,
}

impl Timed {
    fn notes(&self) -> Vec<Note> {
        let mut notes = match self.kind.as_str() {
            "" => notes(&self.digits, ms(self.on_ms), ms(self.off_ms)),
            "stmf" => {
                let times = Settings { stmf_on: ms(self.on_ms), stmf_off: ms(self.off_ms), ..Settings::default() };
                stmf::notes(&self.digits, &times)
            }
            "bursts" => bursts(&self.bursts),
            other => panic!("{}: {other}", self.id),
        };
        if let Some((at, on)) = self.held {
            notes[at].on = ms(on);
        }
        if let Some((at, silence)) = self.gap {
            notes[at - 1].off = ms(silence);
        }
        notes
    }
}

fn bursts(lengths: &[u64]) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for length in lengths {
        match length {
            0 => notes.last_mut().unwrap().off = ms(1000),
            on => {
                notes.push(Note { sound: Sound::Tone(telecare_protocol::tones::Tone(1850)), on: ms(*on), off: ms(75) })
            }
        }
    }
    notes
}

#[test]
fn every_timed_vector_is_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/tunstall/timed.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(file.timed.len() >= 20);
    for timed in &file.timed {
        assert!(timed.origin == "synthetic" && !timed.source.is_empty());
        if timed.kind == "on-change" {
            assert_eq!(filled(timed), timed.expect, "{} ({})", timed.id, timed.note);
            continue;
        }
        for onsets in [true, false] {
            let found = receiver(timed, onsets);
            assert_eq!(found, timed.expect, "{} ({}), onsets told: {onsets}", timed.id, timed.note);
        }
    }
}

/// A call that was asked for data and stores nothing; it hangs up in the end, which tells why nothing was read.
fn receiver(timed: &Timed, onsets: bool) -> Vec<String> {
    let notes = timed.notes();
    let start = Instant::now();
    // A line that tells only ends tells them that much later than the onset, and has settings for it.
    let longest = notes.iter().map(|note| note.on).max().unwrap();
    let slack = if onsets { Duration::ZERO } else { longest };
    let probe = if timed.kind == "bursts" { Probe::TtOld } else { Probe::Tt92 };
    let settings = Settings {
        probes: vec![probe],
        enquiries: 1,
        guard_wait: Duration::ZERO,
        ttold_guard_wait: Duration::ZERO,
        ..Settings::default()
    };
    let mut call =
        tunstall::Call::new(settings, Arc::clone(&CODES), Begun { caller: None, at: start, slack, learnt: None });
    call.handle_timeout(start);
    let Some(Command::Play(asked)) = call.next_command() else { panic!("it asks") };
    let mut now = start + telecare_protocol::tones::playing_time(&asked);
    call.handle_played(now);
    now += ms(500);
    let (mut found, mut last) = (Vec::new(), now);
    for note in notes {
        let told = Heard::new(note.sound, now, Length::Measured(note.on));
        if onsets {
            turn(&mut call, now, &mut found);
            call.handle_sound(Heard { length: Length::StillOn, ..told }, now);
        }
        last = now + note.on;
        turn(&mut call, last, &mut found);
        call.handle_sound(told, last);
        now += note.on + note.off;
    }
    let end = last + ms(1400) + slack;
    if let Some(within) = timed.within_ms {
        turn(&mut call, last + ms(within) + slack, &mut found);
        assert!(!found.is_empty(), "{}: late", timed.id);
    }
    turn(&mut call, end, &mut found);
    call.handle_hung_up(end);
    take(&mut call, &mut found);
    found
}

fn turn(call: &mut tunstall::Call, until: Instant, found: &mut Vec<String>) {
    while let Some(due) = call.poll_timeout().filter(|due| *due <= until) {
        call.handle_timeout(due);
        take(call, found);
    }
}

fn take(call: &mut tunstall::Call, found: &mut Vec<String>) {
    while let Some(command) = call.next_command() {
        match command {
            Command::Deliver(delivery) => {
                let Message::Report(report) = &delivery.message else { panic!() };
                found.push(words(report));
            }
            Command::Count(_) | Command::Ended(_) | Command::Left(..) | Command::HangUp => {}
            other => panic!("{other:?}: an acknowledgement of what is not stored?"),
        }
    }
}

fn words(report: &Report) -> String {
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::List(_) => panic!(),
    };
    let mut words = match &report.outcome {
        Outcome::Unreadable(fault) => {
            let fields = fault.fields.iter().map(|(name, value)| format!(" {name} {}", text(value)));
            format!("{} {}{}", report.events[0].trigger, fault.name, fields.collect::<String>())
        }
        Outcome::Decoded => {
            let field =
                |wanted: &str| report.fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| text(value));
            let how = ["equipment", "checksum", "signalling"].map(|name| field(name).unwrap_or_default()).join(" ");
            let (who, event) = (report.identity.as_deref().unwrap(), &report.events[0]);
            format!("{} {who} {} {}", report.protocol, event.trigger, how.trim())
        }
    };
    for warning in &report.warnings {
        words.push(' ');
        words.push_str(warning);
    }
    words
}

/// Digits told when they change, the times between them 160 ms but for one gap after each of two.
fn filled(timed: &Timed) -> Vec<String> {
    let mut at = ms(0);
    let mut told = Vec::new();
    for (place, digit) in timed.digits.chars().enumerate() {
        told.push((Digit::from_char(digit).unwrap(), at));
        let next = |gap: Option<(usize, u64)>| gap.filter(|(after, _)| *after == place + 1).map(|(_, gap)| gap);
        at += ms(next(timed.gap).or(next(timed.held)).unwrap_or(timed.on_ms));
    }
    let (digits, filled) = stmf::backfill(&told, &Settings::default());
    vec![String::from_utf8(digits).unwrap(), format!("filled {filled}")]
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
