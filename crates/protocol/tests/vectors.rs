//! Walks every `protocols/*/vectors.toml` and compares what the decoders say, in full.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use telecare_protocol::{
    Codes, Command, DecodeOptions, Fault, Fields, Message, Mode, Origin, Outcome, Protocol, Report, Session, Value,
    What, ademco685, bs8521, cp220, decode, iti, nowip, osborne_hoffman, radionics, sia_dc07, sia_dc09, surgard,
    tunstall,
};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    vector: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(dead_code, reason = "what sessions answer is looked at by their own tests")]
struct Vector {
    id: String,
    origin: String,
    source: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    mode: String,
    /// Where a folder has several.
    protocol: Option<String>,
    header_digits: Option<usize>,
    /// The byte that ends a line, where a site has set another.
    end: Option<u8>,
    /// The key of every account in it, in one of two ways of writing.
    key_hex: Option<String>,
    key_ascii: Option<String>,
    /// Of an Osborne-Hoffman connection, in hex; none where the bytes are plain text.
    key: Option<String>,
    /// What a session answers, and when: looked at where sessions are tested.
    reply: Option<String>,
    /// The command of NOW-IP that an answer is read for.
    after: Option<String>,
    reply_hex: Option<String>,
    reply_clear: Option<String>,
    clock: Option<String>,
    /// Of a SCAIP document, looked at where its answers are.
    class: Option<String>,
    recovered: Option<toml::Table>,
    input: Option<String>,
    hex: Option<String>,
    expect: Vec<toml::Table>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        match (&self.input, &self.hex) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(hex)) => bytes(hex),
            _ => panic!("{}: give either input or hex", self.id),
        }
    }

    /// The keys of this vector, for whatever accounts it names.
    fn keys(&self) -> sia_dc09::Keys {
        let key = match (&self.key_hex, &self.key_ascii) {
            (Some(hex), _) => sia_dc09::Key::from_hex(hex).unwrap(),
            (None, Some(text)) => sia_dc09::Key::from_ascii(text).unwrap(),
            (None, None) => return sia_dc09::Keys::default(),
        };
        let mut keys = sia_dc09::Keys::default();
        for account in ["1234", "4321", "AAAB"] {
            keys.insert(account, key.clone());
        }
        keys
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn files() -> BTreeMap<String, Vec<Vector>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocols");
    let mut files = BTreeMap::new();
    for protocol in [
        "ademco-685",
        "bs8521",
        "contact-id",
        "cp-220",
        "espa-444",
        "fast-format",
        "iti",
        "nowip",
        "osborne-hoffman",
        "radionics-6500",
        "scaip",
        "sia-dc03",
        "sia-dc07",
        "sia-dc09",
        "surgard",
        "texecom",
        "tunstall",
    ] {
        let text = fs::read_to_string(folder.join(protocol).join("vectors.toml")).unwrap();
        files.insert(protocol.to_owned(), toml::from_str::<File>(&text).unwrap().vector);
    }
    files
}

#[test]
fn every_vector_is_marked_and_decodes_as_expected() {
    let mut wrong = Vec::new();
    for (protocol, vectors) in files() {
        let least = if protocol == "iti" { 10 } else { 20 };
        assert!(vectors.len() > least, "{protocol} has only {} vectors", vectors.len());
        for vector in vectors {
            let id = format!("{protocol} {} ({})", vector.id, vector.note);
            assert!(matches!(vector.origin.as_str(), "real" | "synthetic"), "{id}: origin {}", vector.origin);
            assert!(!vector.source.is_empty(), "{id}: no source");
            let found = match vector.kind.as_str() {
                "" => decoded(&protocol, &vector),
                "answer" => vec![answer(&vector)],
                "nowip-answer" => vec![nowip_answer(&vector)],
                "message" | "select" => vec![tunstall(&vector)],
                kind => vec![short_answer(kind, &vector)],
            };
            if found != vector.expect {
                wrong.push(format!("{id}\n  expected {:?}\n  found    {found:?}", vector.expect));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a session delivers is what the front door says, whatever the reads: whole, byte by byte, in threes.
#[test]
fn sessions_say_the_same_for_every_split() {
    for (protocol, end) in [
        ("surgard", surgard::DC4),
        ("radionics-6500", surgard::DC4),
        ("ademco-685", ademco685::CR),
        ("cp-220", ademco685::CR),
        ("iti", ademco685::CR),
        ("sia-dc07", ademco685::CR),
    ] {
        let vectors = files().remove(protocol).unwrap();
        for vector in vectors.iter().filter(|v| v.mode != "strict" && v.bytes().ends_with(&[end])) {
            let readable = vector.expect.iter().filter(|expect| !expect.contains_key("error"));
            let expected: Vec<_> = readable.cloned().collect();
            for size in [1, 3, 1000] {
                let session = session(protocol, vector.header_digits);
                let found = through_session(session, &vector.bytes(), size);
                assert_eq!(found, expected, "{} in reads of {size}", vector.id);
            }
        }
    }
}

fn session(protocol: &str, header_digits: Option<usize>) -> Session {
    let (now, codes) = (Instant::now(), Arc::clone(&CODES));
    match protocol {
        "surgard" => {
            let mut settings = surgard::Settings::default();
            settings.header_digits = header_digits.unwrap_or(settings.header_digits);
            surgard::Session::new(settings, codes, now).into()
        }
        "ademco-685" => {
            let mut settings = ademco685::Settings::default();
            settings.header_digits = header_digits.unwrap_or(settings.header_digits);
            ademco685::Session::new(settings, codes, now).into()
        }
        "cp-220" => {
            let mut settings = cp220::Settings::default();
            settings.header_digits = header_digits.unwrap_or(settings.header_digits);
            cp220::Session::new(settings, codes, now).into()
        }
        "radionics-6500" => radionics::Session::new(radionics::Settings::default(), codes, now).into(),
        "iti" => iti::Session::new(iti::Settings::default(), codes, now).into(),
        "sia-dc07" => sia_dc07::Session::new(sia_dc07::Settings::default(), codes, now).into(),
        other => panic!("{other}"),
    }
}

fn through_session(mut session: Session, bytes: &[u8], size: usize) -> Vec<toml::Table> {
    let mut now = Instant::now();
    let mut found = Vec::new();
    // What comes first may be the end of a line.
    session.handle_bytes(b"\x14", now);
    for read in bytes.chunks(size) {
        now += Duration::from_millis(5);
        session.handle_bytes(read, now);
        while let Some(command) = session.next_command() {
            let Command::Deliver(delivery) = command else { continue };
            assert!(bytes.windows(delivery.raw.len()).any(|part| part == delivery.raw), "raw bytes are kept");
            found.push(match &delivery.message {
                Message::SignOfLife(_) => one("control", "heartbeat".into()),
                Message::Report(said) => one("report", report(said).into()),
            });
        }
    }
    found
}

fn decoded(protocol: &str, vector: &Vector) -> Vec<toml::Table> {
    let named = vector.protocol.as_deref();
    let several = protocol == "tunstall";
    let protocol: Protocol = named.unwrap_or(if several { "tt92" } else { protocol }).parse().unwrap();
    let mode = if vector.mode == "strict" { Mode::Strict } else { Mode::Tolerant };
    let keys = vector.keys();
    let key = vector.key.as_deref().map(|hex| osborne_hoffman::Key::new(bytes(hex).try_into().unwrap()));
    let options = DecodeOptions { header_digits: vector.header_digits, end: vector.end, keys: Some(&keys), key };
    let results = decode(protocol, &vector.bytes(), mode, &CODES, &options);
    let table = |what: &What| match what {
        What::Report(said) => {
            let mut table = report(said);
            if several {
                table.insert("protocol".into(), said.protocol.as_str().into());
            }
            one("report", table.into())
        }
        What::Control(name) => one("control", (*name).into()),
        What::Error(fault) => one("error", error(fault).into()),
    };
    results.iter().map(|decoded| table(&decoded.what)).collect()
}

fn answer(vector: &Vector) -> toml::Table {
    match bs8521::Answer::decode(&vector.bytes()) {
        Ok(answer) => one("answer", record(&answer).into()),
        Err(fault) => one("error", error(&fault.fault()).into()),
    }
}

fn record(answer: &bs8521::Answer) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert("local_unit".into(), answer.local_unit.clone().into());
    table.insert("event".into(), answer.event.clone().into());
    table.insert("location".into(), answer.location.clone().into());
    table.insert("priority".into(), answer.priority.clone().into());
    table.insert("status".into(), answer.status.clone().into());
    table.insert("none".into(), answer.is_none().into());
    table
}

/// An answer of a NOW-IP unit, read for the command it is given to.
fn nowip_answer(vector: &Vector) -> toml::Table {
    let after = vector.after.as_deref().unwrap();
    let parameter = || after[3..6].to_owned();
    let command = match after.split_at(1) {
        ("0", unit) => nowip::Command::Unit(bs8521::Command::Select(unit.to_owned())),
        ("1", unit) => nowip::Command::Unit(bs8521::Command::List(unit.to_owned())),
        ("2", rest) => nowip::Command::Unit(bs8521::Command::Equipment(rest[2..].parse().unwrap())),
        ("9", "") => nowip::Command::Unit(bs8521::Command::Clear),
        ("4", _) => {
            nowip::Command::Program(nowip::Program::Set { parameter: parameter(), value: after[9..].to_owned() })
        }
        ("5", _) => nowip::Command::Program(nowip::Program::Read(parameter())),
        _ => panic!("{}: after {after}", vector.id),
    };
    assert_eq!(command.data().unwrap().1, after, "{}", vector.id);
    let document = nowip::read(&vector.bytes()).unwrap();
    if !command.is_answered_by(document.kind) {
        return one("answer", "unexpected".into());
    }
    match command.read(document.kind, &document.data) {
        Some(nowip::Answer::Record(answer)) => one("record", record(&answer).into()),
        Some(nowip::Answer::Outstanding(count)) => one("outstanding", i64::from(count).into()),
        Some(nowip::Answer::Value(value)) => one("value", value.into()),
        Some(nowip::Answer::Done) => one("answer", "done".into()),
        Some(nowip::Answer::None) => one("answer", "none".into()),
        None => one("answer", "unreadable".into()),
    }
}

/// The other answers of a BS 8521 unit; "set" is what is sent.
fn short_answer(kind: &str, vector: &Vector) -> toml::Table {
    let bytes = vector.bytes();
    let body = bytes.strip_prefix(b"A").and_then(|digits| digits.strip_suffix(b"#")).unwrap();
    let number = |number: Option<u8>| i64::from(number.unwrap()).into();
    match kind {
        "outstanding" => one("outstanding", number(bs8521::read_outstanding(body))),
        "equipment" => one("equipment", number(bs8521::read_equipment(body))),
        "set-parameter" => {
            let (parameter, value) = (&vector.expect[0]["parameter"], &vector.expect[0]["value"]);
            let sent = bs8521::parameter::set(parameter.as_str().unwrap(), value.as_str().unwrap()).unwrap();
            assert_eq!(sent.as_bytes(), bytes, "{}", vector.id);
            vector.expect[0].clone()
        }
        "parameter" => match bs8521::parameter::read_answer(&bytes) {
            Ok(answer) => {
                let mut table = one("parameter", answer.parameter.into());
                if let Some(value) = answer.value {
                    table.insert("value".into(), value.into());
                    table.insert("sum-matches".into(), answer.sum_matches.into());
                }
                table
            }
            Err(fault) => one("error", error(&fault.fault()).into()),
        },
        other => panic!("{}: kind {other}", vector.id),
    }
}

/// A Tunstall message by its own decoder, and the digits that select a dwelling.
fn tunstall(vector: &Vector) -> toml::Table {
    if vector.kind == "select" {
        return one("sent", tunstall::select(vector.input.as_deref().unwrap()).unwrap().into());
    }
    match tunstall::Message::decode(&vector.bytes()) {
        Ok(tunstall::Message::Selected { unit, is_duplex }) => {
            let mut table = one("selected", unit.into());
            table.insert("duplex".into(), is_duplex.into());
            table
        }
        Ok(other) => panic!("{}: {other:?}", vector.id),
        Err(fault) => one("error", error(&fault.fault()).into()),
    }
}

fn report(report: &Report) -> toml::Table {
    assert_eq!(report.outcome, Outcome::Decoded);
    let mut table = toml::Table::new();
    let mut put = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            table.insert(name.into(), value.clone().into());
        }
    };
    put("identity", &report.identity);
    put("local-unit", &report.local_unit);
    let caller = report.caller.clone().unwrap_or_default();
    put("caller-number", &caller.number);
    put("caller-name", &caller.name);
    match report.origin {
        Origin::Unit => {}
        Origin::HardwareReceiver => put("origin", &Some("hardware-receiver".into())),
        Origin::Line => put("origin", &Some("line".into())),
    }
    let event = |event: &telecare_protocol::Event| {
        let mut table = toml::Table::new();
        table.insert("trigger".into(), event.trigger.as_str().into());
        table.insert("status".into(), event.status.as_str().into());
        table.insert("code".into(), event.code.clone().into());
        if let Some(location) = &event.location {
            assert!(!location.words.is_empty());
            table.insert("location".into(), location.code.clone().into());
        }
        assert!(!event.words.is_empty());
        toml::Value::Table(table)
    };
    table.insert("events".into(), toml::Value::Array(report.events.iter().map(event).collect()));
    table.insert("fields".into(), fields(&report.fields).into());
    let warnings = report.warnings.iter().map(|warning| warning.as_str().into()).collect();
    table.insert("warnings".into(), toml::Value::Array(warnings));
    table
}

fn error(fault: &Fault) -> toml::Table {
    let mut table = fields(&fault.fields);
    table.insert("name".into(), fault.name.clone().into());
    table
}

fn fields(fields: &Fields) -> toml::Table {
    let value = |value: &Value| match value {
        Value::Text(text) => text.as_str().into(),
        Value::Number(number) => (*number).into(),
        Value::List(groups) => toml::Value::Array(groups.iter().map(|group| self::fields(group).into()).collect()),
    };
    fields.iter().map(|(name, said)| (name.clone(), value(said))).collect()
}

fn one(name: &str, value: toml::Value) -> toml::Table {
    toml::Table::from_iter([(name.to_owned(), value)])
}
