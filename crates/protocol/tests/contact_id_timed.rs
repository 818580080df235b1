//! Runs every timed vector of `protocols/contact-id/timed.toml` against a call, or against a simulated panel.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rig::{Rig, Tells};
use serde::Deserialize;
use telecare_protocol::Codes;
use telecare_protocol::call::{Begun, UnitCommand, UnitEvent};
use telecare_protocol::contact_id::{self, Settings, Unit, UnitSettings, keys};
use telecare_protocol::tones::{Heard, Length, Note, Sound, Tone, notes};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

/// When the first digit begins: after the first handshake and the panel's delay.
const FIRST_DIGIT: Duration = Duration::from_millis(1_825);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    receiver: Vec<Receiver>,
    unit: Vec<UnitVector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Receiver {
    id: String,
    origin: String,
    source: String,
    note: String,
    digits: String,
    on_ms: u64,
    off_ms: u64,
    held: Option<(usize, u64)>,
    gap: Option<(usize, u64)>,
    /// The same again, so long after the last digit.
    again_ms: Option<u64>,
    #[serde(default)]
    without_fast_format: bool,
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct UnitVector {
    id: String,
    origin: String,
    source: String,
    note: String,
    /// Whether its message is out; else it waits for the handshake.
    has_sent: bool,
    /// Hertz, length, silence after it.
    tones: Vec<(u16, u64, u64)>,
    expect: Vec<String>,
}

fn file() -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/contact-id/timed.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_timed_vector_is_what_it_says() {
    let file = file();
    assert!(file.receiver.len() >= 20 && file.unit.len() >= 8);
    let mut wrong = Vec::new();
    for timed in &file.receiver {
        assert!(timed.origin == "synthetic" && !timed.source.is_empty());
        let found = receiver(timed, Tells::Both);
        if found != timed.expect {
            wrong.push(format!("{} ({}): {found:?}", timed.id, timed.note));
        }
        // A line that tells of ends only tells that much later than the onset, and has settings for it.
        let words = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
        };
        let ends = receiver(timed, Tells::Ends(Duration::ZERO));
        if words(&ends) != words(&found) {
            wrong.push(format!("{} ({}), told of ends only: {ends:?}", timed.id, timed.note));
        }
    }
    for timed in &file.unit {
        assert!(timed.origin == "synthetic" && !timed.source.is_empty());
        let found = unit(timed);
        if found != timed.expect {
            wrong.push(format!("{} ({}): {found:?}", timed.id, timed.note));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a call makes of the digits, in milliseconds after the last of them; the store takes 20 ms.
fn receiver(timed: &Receiver, tells: Tells) -> Vec<String> {
    let settings = Settings { takes_fast_format: !timed.without_fast_format, ..Settings::default() };
    let longest = timed.held.map_or(timed.on_ms, |(_, on)| on.max(timed.on_ms));
    let slack = if tells == Tells::Both { Duration::ZERO } else { ms(longest) };
    let begun = |at| Begun { caller: None, at, slack, learnt: None };
    let mut rig = Rig::new(|at| contact_id::Call::new(settings, Arc::clone(&CODES), begun(at)).into());
    rig.tells = tells;
    let mut played = notes(&keys(&timed.digits), ms(timed.on_ms), ms(timed.off_ms));
    if let Some((at, on)) = timed.held {
        played[at].on = ms(on);
    }
    if let Some((at, silence)) = timed.gap {
        played[at - 1].off = ms(silence);
    }
    let mut at = FIRST_DIGIT;
    for again in [Some(0), timed.again_ms].into_iter().flatten() {
        at += ms(again);
        for note in &played {
            rig.sound(at, note.sound, note.on);
            at += note.on + note.off;
        }
    }
    rig.run(at + ms(3_000));
    let last = i64::try_from(at.as_millis()).unwrap();
    let line = |line: &String| {
        let (time, words) = line.split_once(' ').unwrap();
        let time = (time.parse::<f64>().unwrap() * 1_000.0).round();
        let words = words.strip_prefix("play 1400 Hz/").map_or(words.to_owned(), |on| format!("kiss-off {on}"));
        let is_wanted = !words.contains("2300") && !words.starts_with("left");
        is_wanted.then(|| format!("{:+} {words}", format!("{time}").parse::<i64>().unwrap() - last))
    };
    rig.log.iter().filter_map(line).collect()
}

fn unit(timed: &UnitVector) -> Vec<String> {
    let mut now = Instant::now();
    let mut unit = Unit::new(UnitSettings::new(vec!["4321181101000012".to_owned()]), now);
    if timed.has_sent {
        now = hear(&mut unit, &[(1400, 100, 100), (2300, 100, 275)], now);
        unit.handle_timeout(now);
        now += ms(1_705);
        unit.handle_played(now);
        while unit.next_command().is_some() {}
        now += ms(200);
    }
    hear(&mut unit, &timed.tones, now);
    let told = std::iter::from_fn(|| unit.next_command()).map(|command| match command {
        UnitCommand::Happened(UnitEvent::Asked) => "asked".to_owned(),
        UnitCommand::Happened(UnitEvent::Acknowledged(sends)) => format!("acknowledged {sends}"),
        UnitCommand::Happened(UnitEvent::GaveUp) => "gives up".to_owned(),
        UnitCommand::Play(_) => "sends".to_owned(),
        UnitCommand::HangUp => "hangs up".to_owned(),
        other @ UnitCommand::Happened(_) => panic!("{other:?}"),
    });
    told.collect()
}

/// Tones as a line tells of them, and the unit's own timers between.
fn hear(unit: &mut Unit, tones: &[(u16, u64, u64)], mut now: Instant) -> Instant {
    for (hertz, on, off) in tones {
        let note = Note { sound: Sound::Tone(Tone(*hertz)), on: ms(*on), off: ms(*off) };
        unit.handle_sound(Heard::new(note.sound, now, Length::StillOn), now);
        let end = now + note.on;
        wait(unit, end);
        unit.handle_sound(Heard::new(note.sound, now, Length::Measured(note.on)), end);
        now = end + note.off;
        wait(unit, now);
    }
    now
}

fn wait(unit: &mut Unit, until: Instant) {
    while let Some(due) = unit.poll_timeout().filter(|due| *due <= until) {
        unit.handle_timeout(due);
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
