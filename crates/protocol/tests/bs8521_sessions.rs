//! Runs every script of `protocols/bs8521/sessions.toml`: a simulated unit calls, and both sides are written down to
//! the millisecond. Nothing may be left over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rig::Rig;
use rig::script::{Line, Wanted, ask, ms, store};
use serde::Deserialize;
use telecare_protocol::bs8521::{self, Answer, Settings, Unit, UnitFaults, UnitSettings};
use telecare_protocol::call::Begun;
use telecare_protocol::tones::Tone;
use telecare_protocol::{Caller, Codes};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    session: Vec<Script>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Script {
    id: String,
    origin: String,
    source: String,
    note: String,
    seconds: u64,
    unit: Option<UnitScript>,
    #[serde(default)]
    line: Line,
    #[serde(default)]
    receiver: Receiver,
    #[serde(default)]
    operator: Vec<Wanted>,
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct UnitScript {
    frame: String,
    #[serde(default)]
    guards: u32,
    guard_hertz: Option<u16>,
    #[serde(default)]
    outstanding: Vec<String>,
    #[serde(default)]
    equipment: Vec<u8>,
    sends: Option<u32>,
    digit_off_ms: Option<u64>,
    faulty_sends: Option<u32>,
    #[serde(default)]
    wrong_checksum: bool,
    dropped: Option<usize>,
    long_gap_after: Option<usize>,
    long_gap_ms: Option<u64>,
    #[serde(default)]
    missing_end: bool,
    #[serde(default)]
    late_start_ms: u64,
    #[serde(default)]
    ignores_first_ack: bool,
    hangs_up_after: Option<usize>,
    deaf_after_ms: Option<u64>,
    deaf_until_ms: Option<u64>,
    link_lost_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Receiver {
    guard_wait_ms: Option<u64>,
    slack_ms: Option<u64>,
    stores_after_ms: Option<u64>,
    #[serde(default)]
    refuses_from_ms: u64,
    #[serde(default)]
    refuses_until_ms: u64,
    #[serde(default)]
    allow_control: bool,
}

#[test]
fn every_script_goes_as_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/bs8521/sessions.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let ids: HashSet<_> = file.session.iter().map(|script| script.id.as_str()).collect();
    assert_eq!(ids.len(), file.session.len(), "ids are unique");
    let mut wrong = Vec::new();
    for script in &file.session {
        assert!(script.origin == "synthetic" && !script.source.is_empty(), "{}", script.id);
        let log = run(script);
        if log != script.expect {
            let lines: Vec<_> = log.iter().map(|line| format!("    \"{line}\",")).collect();
            wrong.push(format!("{} ({}) went\nexpect = [\n{}\n]", script.id, script.note, lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn run(script: &Script) -> Vec<String> {
    let mut settings = Settings { allow_control: script.receiver.allow_control, ..Settings::default() };
    settings.guard_wait = script.receiver.guard_wait_ms.map_or(Duration::ZERO, ms);
    let slack = ms(script.receiver.slack_ms.unwrap_or(0));
    let caller = Some(Caller { number: Some("01632960123".to_owned()), name: None });
    let mut rig = Rig::new(|at| {
        bs8521::Call::new(settings, Arc::clone(&CODES), Begun { caller, at, slack, learnt: None }).into()
    });
    rig.unit = script.unit.as_ref().map(|unit| Unit::new(unit_settings(unit), rig.start).into());
    script.line.set(&mut rig);
    let receiver = &script.receiver;
    rig.store = store(receiver.stores_after_ms, receiver.refuses_from_ms, receiver.refuses_until_ms);
    ask(&mut rig, &script.operator);
    rig.run(Duration::from_secs(script.seconds));
    assert_eq!(rig.ended.len(), 1, "{}: one record of the call, {:?}", script.id, rig.log);
    for (_, delivery) in &rig.reports {
        let telecare_protocol::Message::Report(report) = &delivery.message else { panic!() };
        assert_eq!(report.caller.as_ref().and_then(|caller| caller.number.as_deref()), Some("01632960123"));
    }
    rig.log
}

fn unit_settings(script: &UnitScript) -> UnitSettings {
    let mut settings = UnitSettings::new(script.frame.clone());
    settings.guards = script.guards;
    settings.guard = script.guard_hertz.map_or(settings.guard, Tone);
    settings.outstanding = script.outstanding.iter().map(|call| Answer::decode(call.as_bytes()).unwrap()).collect();
    settings.equipment.clone_from(&script.equipment);
    settings.sends = script.sends.unwrap_or(settings.sends);
    settings.digit_off = script.digit_off_ms.map_or(settings.digit_off, ms);
    settings.link_lost = script.link_lost_ms.map_or(settings.link_lost, ms);
    settings.faults = UnitFaults {
        sends: script.faulty_sends,
        wrong_checksum: script.wrong_checksum,
        dropped: script.dropped,
        long_gap: script.long_gap_after.map(|after| (after, ms(script.long_gap_ms.unwrap()))),
        missing_end: script.missing_end,
        late_start: ms(script.late_start_ms),
        ignores_first_ack: script.ignores_first_ack,
        hangs_up_after: script.hangs_up_after,
        deaf_after: script.deaf_after_ms.map(ms),
        deaf_until: script.deaf_until_ms.map(ms),
    };
    settings
}
