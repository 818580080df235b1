//! Runs every script of `protocols/tunstall/sessions.toml`: a simulated unit calls, and both sides are written down to
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
use telecare_protocol::call::{Begun, Call};
use telecare_protocol::tones::Tone;
use telecare_protocol::tunstall::{self, Probe, Settings, Unit, UnitFaults, UnitSettings};
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
    probe: String,
    #[serde(default)]
    stmf: bool,
    #[serde(default)]
    waiting: Vec<String>,
    repeats: Option<u32>,
    #[serde(default)]
    tells_again: bool,
    #[serde(default)]
    duplex: bool,
    #[serde(default)]
    guards: u32,
    guard_every_ms: Option<u64>,
    guard_hertz: Option<u16>,
    sends: Option<u32>,
    hangs_up_ms: Option<u64>,
    link_lost_ms: Option<u64>,
    faulty_sends: Option<u32>,
    #[serde(default)]
    wrong_checksum: bool,
    dropped: Option<usize>,
    long_gap_after: Option<usize>,
    long_gap_ms: Option<u64>,
    #[serde(default)]
    late_start_ms: u64,
    #[serde(default)]
    ignores_first_ack: bool,
    hangs_up_after: Option<usize>,
    #[serde(default)]
    ignores_select: bool,
    #[serde(default)]
    ignores_clear: bool,
    deaf_after_ms: Option<u64>,
    deaf_until_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Receiver {
    /// Of `tt92 ttnew ttold`; the first two when empty.
    #[serde(default)]
    probes: Vec<String>,
    guard_wait_ms: Option<u64>,
    slack_ms: Option<u64>,
    stores_after_ms: Option<u64>,
    #[serde(default)]
    refuses_from_ms: u64,
    #[serde(default)]
    refuses_until_ms: u64,
    #[serde(default)]
    allow_control: bool,
    #[serde(default)]
    accept_unverified: bool,
    #[serde(default)]
    gives_up: bool,
    #[serde(default)]
    dtmf_enquiry: bool,
    idle_ms: Option<u64>,
}

#[test]
fn every_script_goes_as_written() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols/tunstall/sessions.toml");
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
    let receiver = &script.receiver;
    let slack = ms(receiver.slack_ms.unwrap_or(0));
    let caller = Some(Caller { number: Some("01632960123".to_owned()), name: None });
    let begun = |at| Begun { caller, at, slack, learnt: None };
    let mut rig = Rig::new(|at| tunstall::Call::new(settings(receiver), Arc::clone(&CODES), begun(at)).into());
    rig.unit = script.unit.as_ref().map(|unit| Unit::new(unit_settings(unit), rig.start).into());
    script.line.set(&mut rig);
    rig.store = store(receiver.stores_after_ms, receiver.refuses_from_ms, receiver.refuses_until_ms);
    ask(&mut rig, &script.operator);
    rig.run(Duration::from_secs(script.seconds));
    let Call::Tunstall(call) = &rig.call else { panic!() };
    if call.is_given_up() {
        assert!(rig.ended.is_empty() && receiver.gives_up, "{}: {:?}", script.id, rig.log);
        rig.log.push("given up".to_owned());
        return rig.log;
    }
    assert_eq!(rig.ended.len(), 1, "{}: one record of the call, {:?}", script.id, rig.log);
    for (_, delivery) in &rig.reports {
        let telecare_protocol::Message::Report(report) = &delivery.message else { panic!() };
        assert_eq!(report.caller.as_ref().and_then(|caller| caller.number.as_deref()), Some("01632960123"));
    }
    rig.log
}

fn settings(script: &Receiver) -> Settings {
    let usual = Settings::default();
    let probes = script.probes.iter().map(|name| probe(name)).collect();
    let guard_wait = script.guard_wait_ms.map_or(Duration::ZERO, ms);
    Settings {
        probes: if script.probes.is_empty() { usual.probes } else { probes },
        guard_wait,
        ttold_guard_wait: guard_wait,
        allow_control: script.allow_control,
        accept_unverified: script.accept_unverified,
        hang_up_without_data: !script.gives_up,
        stmf_enquiry: !script.dtmf_enquiry,
        idle_longest: script.idle_ms.map_or(usual.idle_longest, ms),
        ..Settings::default()
    }
}

fn probe(name: &str) -> Probe {
    match name {
        "" | "tt92" => Probe::Tt92,
        "ttnew" => Probe::TtNew,
        "ttold" => Probe::TtOld,
        other => panic!("{other}"),
    }
}

fn unit_settings(script: &UnitScript) -> UnitSettings {
    let frame = script.frame.clone();
    let mut settings = match (probe(&script.probe), script.stmf) {
        (Probe::TtOld, _) => UnitSettings::old(frame),
        (probe, true) => UnitSettings { probe, ..UnitSettings::stmf(frame) },
        (probe, false) => UnitSettings { probe, ..UnitSettings::new(frame) },
    };
    settings.waiting.clone_from(&script.waiting);
    settings.repeats = script.repeats.unwrap_or(settings.repeats);
    settings.tells_again = script.tells_again;
    settings.is_duplex = script.duplex;
    settings.guards = script.guards;
    settings.guard = script.guard_hertz.map_or(settings.guard, Tone);
    settings.guard_every = script.guard_every_ms.map_or(settings.guard_every, ms);
    settings.sends = script.sends.unwrap_or(settings.sends);
    settings.hangs_up = script.hangs_up_ms.map_or(settings.hangs_up, ms);
    settings.link_lost = script.link_lost_ms.map_or(settings.link_lost, ms);
    settings.faults = UnitFaults {
        sends: script.faulty_sends,
        wrong_checksum: script.wrong_checksum,
        dropped: script.dropped,
        long_gap: script.long_gap_after.map(|after| (after, ms(script.long_gap_ms.unwrap()))),
        late_start: ms(script.late_start_ms),
        ignores_first_ack: script.ignores_first_ack,
        hangs_up_after: script.hangs_up_after,
        ignores_select: script.ignores_select,
        ignores_clear: script.ignores_clear,
        deaf_after: script.deaf_after_ms.map(ms),
        deaf_until: script.deaf_until_ms.map(ms),
    };
    settings
}
