//! Runs every script of `protocols/contact-id/sessions.toml` and `protocols/fast-format/sessions.toml`: a simulated panel
//! calls, and both sides are written down to the millisecond. Nothing may be left over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rig::{Rig, Store, Tells};
use serde::Deserialize;
use telecare_protocol::call::{Begun, Control, Operator, Request, RequestId, Volume};
use telecare_protocol::contact_id::{self, Settings, Unit, UnitFaults, UnitSettings};
use telecare_protocol::tones::{Digit, Sound};
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
    hangs_up_ms: Option<u64>,
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct UnitScript {
    messages: Vec<String>,
    #[serde(default)]
    stays_ms: u64,
    sends: Option<u32>,
    kiss_off_wait_ms: Option<u64>,
    digit_off_ms: Option<u64>,
    faulty_sends: Option<u32>,
    #[serde(default)]
    wrong_checksum: bool,
    #[serde(default)]
    key_d: bool,
    dropped: Option<usize>,
    doubled: Option<usize>,
    long_gap_after: Option<usize>,
    long_gap_ms: Option<u64>,
    #[serde(default)]
    late_start_ms: u64,
    #[serde(default)]
    ignores_first_kiss_off: bool,
    hangs_up_after: Option<usize>,
    deaf_after_ms: Option<u64>,
    deaf_until_ms: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Line {
    #[serde(default)]
    tells: String,
    #[serde(default)]
    late_ms: u64,
    #[serde(default)]
    delay_ms: u64,
    echo_ms: Option<u64>,
    #[serde(default)]
    doubtful: bool,
    /// A digit of the room: when, which, for how long.
    noise: Option<(u64, char, u64)>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Receiver {
    slack_ms: Option<u64>,
    stores_after_ms: Option<u64>,
    #[serde(default)]
    refuses_from_ms: u64,
    #[serde(default)]
    refuses_until_ms: u64,
    #[serde(default)]
    without_fast_format: bool,
    #[serde(default)]
    accepts_key_d: bool,
    #[serde(default)]
    always_speech: bool,
    speech_longest_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wanted {
    at_ms: u64,
    wanted: String,
}

#[test]
fn every_script_goes_as_written() {
    let mut wrong = Vec::new();
    for protocol in ["contact-id", "fast-format"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols").join(protocol).join("sessions.toml");
        let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let ids: HashSet<_> = file.session.iter().map(|script| script.id.as_str()).collect();
        assert_eq!(ids.len(), file.session.len(), "ids are unique");
        for script in &file.session {
            assert!(script.origin == "synthetic" && !script.source.is_empty(), "{}", script.id);
            let log = run(script, protocol == "fast-format");
            if log != script.expect {
                let lines: Vec<_> = log.iter().map(|line| format!("    \"{line}\",")).collect();
                wrong.push(format!("{} ({}) went\nexpect = [\n{}\n]", script.id, script.note, lines.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn run(script: &Script, is_fast: bool) -> Vec<String> {
    let mut settings = if is_fast { Settings::fast_format() } else { Settings::default() };
    settings.takes_fast_format = !script.receiver.without_fast_format;
    settings.accepts_key_d = script.receiver.accepts_key_d;
    settings.always_speech = script.receiver.always_speech;
    settings.speech_longest = script.receiver.speech_longest_ms.map_or(settings.speech_longest, ms);
    let slack = ms(script.receiver.slack_ms.unwrap_or(0));
    let caller = Some(Caller { number: Some("01632960123".to_owned()), name: None });
    let mut rig = Rig::new(|at| {
        contact_id::Call::new(settings, Arc::clone(&CODES), Begun { caller, at, slack, learnt: None }).into()
    });
    rig.unit = script.unit.as_ref().map(|unit| Unit::new(unit_settings(unit, is_fast), rig.start).into());
    rig.delay = ms(script.line.delay_ms);
    rig.echo = script.line.echo_ms.map(ms);
    rig.tells = match script.line.tells.as_str() {
        "" | "both" => Tells::Both,
        "ends" => Tells::Ends(ms(script.line.late_ms)),
        "once" => Tells::Once(ms(script.line.late_ms)),
        other => panic!("{}: {other}", script.id),
    };
    rig.doubtful = script.line.doubtful;
    if let Some((at, digit, lasts)) = script.line.noise {
        rig.sound(ms(at), Sound::Digit(Digit::from_char(digit).unwrap()), ms(lasts));
    }
    rig.store = Store {
        takes: ms(script.receiver.stores_after_ms.unwrap_or(20)),
        refuses: (ms(script.receiver.refuses_from_ms), ms(script.receiver.refuses_until_ms)),
    };
    for (id, wanted) in (1..).zip(&script.operator) {
        rig.wanted(ms(wanted.at_ms), Request { id: RequestId(id), wanted: operator(&wanted.wanted) });
    }
    if let Some(at) = script.hangs_up_ms {
        rig.hangs_up(ms(at));
    }
    rig.run(Duration::from_secs(script.seconds));
    assert_eq!(rig.ended.len(), 1, "{}: one record of the call, {:?}", script.id, rig.log);
    for (_, delivery) in &rig.reports {
        let telecare_protocol::Message::Report(report) = &delivery.message else { panic!() };
        assert_eq!(report.caller.as_ref().and_then(|caller| caller.number.as_deref()), Some("01632960123"));
    }
    rig.log
}

fn unit_settings(script: &UnitScript, is_fast: bool) -> UnitSettings {
    let messages = script.messages.clone();
    let mut settings = if is_fast { UnitSettings::fast_format(messages) } else { UnitSettings::new(messages) };
    settings.stays = ms(script.stays_ms);
    settings.sends = script.sends.unwrap_or(settings.sends);
    settings.kiss_off_wait = script.kiss_off_wait_ms.map_or(settings.kiss_off_wait, ms);
    settings.digit_off = script.digit_off_ms.map_or(settings.digit_off, ms);
    settings.faults = UnitFaults {
        sends: script.faulty_sends,
        wrong_checksum: script.wrong_checksum,
        key_d: script.key_d,
        dropped: script.dropped,
        doubled: script.doubled,
        long_gap: script.long_gap_after.map(|after| (after, ms(script.long_gap_ms.unwrap()))),
        late_start: ms(script.late_start_ms),
        ignores_first_kiss_off: script.ignores_first_kiss_off,
        hangs_up_after: script.hangs_up_after,
        deaf_after: script.deaf_after_ms.map(ms),
        deaf_until: script.deaf_until_ms.map(ms),
    };
    settings
}

fn operator(wanted: &str) -> Operator {
    match wanted {
        "speak" => Operator::Speak,
        "listen" => Operator::Listen,
        "duplex" => Operator::Duplex,
        "simplex" => Operator::Simplex,
        "louder" => Operator::Volume(Volume::Up),
        "clear" => Operator::Clear,
        "clear down" => Operator::ClearDown,
        "hang up" => Operator::HangUp,
        "next" => Operator::Next,
        "door 1" => Operator::Control(Control::Door(1)),
        other => Operator::Select(other.strip_prefix("select ").unwrap().to_owned()),
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
