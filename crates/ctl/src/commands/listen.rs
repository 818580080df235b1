//! `listen`: what is heard in a recording: digits, tones, messages, with times and margins.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use telecare_protocol::tones::Sound;
use telecare_protocol::{Codes, DecodeOptions, Mode, Protocol, decode};
use telecare_tone::PACKET;
use telecare_tone::digits::Sounded;
use telecare_tone::ear::{Ear, Told};
use telecare_tone::frames::{Arriving, Frame, Layout, Refused};
use telecare_tone::wav::{self, BYTES_MAX};

use super::decode::protocol;
use crate::decoded::in_words;
use crate::{Usage, Verdict};

/// Bytes of a list of lost packets at most.
const LIST_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Hear digits, tones and messages in a recording.
///
/// Exit code 1 if there was no message with right check digits (TTOLD and the fast format, which have none: no sound).
#[derive(clap::Args)]
pub struct Arguments {
    /// A WAV file of one channel, 8 or 16 kHz, linear or G.711; - is standard input.
    file: PathBuf,
    /// Hunt this protocol's messages only.
    #[arg(long, default_value = "detect", value_parser = protocol)]
    protocol: Protocol,
    /// Numbers of the packets of 20 ms that were lost, one a line, the first packet 0.
    #[arg(long, value_name = "FILE")]
    lost_packets: Option<PathBuf>,
    /// Print one JSON object a sound or message.
    #[arg(long)]
    json: bool,
}

/// The samples of a file.
pub fn read(file: &Path) -> anyhow::Result<Vec<f32>> {
    let mut bytes = Vec::new();
    let most = BYTES_MAX as u64 + 1;
    if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes).context("standard input")?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
        opened.take(most).read_to_end(&mut bytes).with_context(|| file.display().to_string())?;
    }
    wav::read(&bytes).with_context(|| file.display().to_string())
}

/// Listens, and prints in the order in which it is known.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    if Layout::of(arguments.protocol).is_empty()
        && !matches!(arguments.protocol, Protocol::TtOld | Protocol::FastFormat)
    {
        return Err(Usage(format!("{} has no tones", arguments.protocol)).into());
    }
    let samples = read(&arguments.file)?;
    let lost = lost(arguments.lost_packets.as_deref())?;
    let codes = Codes::builtin();
    let mut ear = Ear::new(arguments.protocol);
    let mut out = io::stdout().lock();
    let (mut sounds, mut frames) = (0_u64, 0_u64);
    let mut print = |told: Vec<Told>| -> io::Result<()> {
        for told in told {
            match told {
                Told::Sound(Sounded { ended: None, .. }) => continue,
                Told::Arriving(Arriving { is_over, .. }) if !arguments.json || !is_over => continue,
                Told::Sound(_) => sounds += 1,
                Told::Frame(_) => frames += 1,
                Told::Refused(_) | Told::Arriving(_) => {}
            }
            writeln!(out, "{}", if arguments.json { as_json(&told) } else { in_text(&told, &codes) })?;
        }
        Ok(())
    };
    for (number, packet) in samples.chunks(PACKET).enumerate() {
        let told = if lost.contains(&number) { ear.lose(packet.len()) } else { ear.push(packet) };
        print(told)?;
    }
    print(ear.finish())?;
    out.flush()?;
    let has_layout = !Layout::of(arguments.protocol).is_empty();
    Ok(if frames > 0 || !has_layout && sounds > 0 { Verdict::Done } else { Verdict::Failed })
}

fn lost(file: Option<&Path>) -> anyhow::Result<BTreeSet<usize>> {
    let Some(file) = file else { return Ok(BTreeSet::new()) };
    let mut text = String::new();
    let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
    opened.take(LIST_BYTES_MAX).read_to_string(&mut text).with_context(|| file.display().to_string())?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.parse().map_err(|_| Usage(format!("{line}: no packet number")).into())).collect()
}

fn ms(samples: u64) -> f64 {
    samples as f64 / 8.0
}

fn rounded(number: f32) -> f64 {
    (f64::from(number) * 100.0).round() / 100.0
}

fn kind_and_name(sound: Sound) -> (&'static str, String) {
    match sound {
        Sound::Digit(digit) => ("digit", digit.to_string()),
        Sound::Tone(tone) => ("tone", tone.0.to_string()),
    }
}

fn as_json(told: &Told) -> String {
    match told {
        Told::Sound(sound) => {
            let (kind, name) = kind_and_name(sound.sound);
            let ended = sound.ended.map(ms);
            json!({
                "kind": kind, kind: name, "began_ms": ms(sound.began), "ended_ms": ended,
                "dbm0": rounded(sound.dbm0), "doubtful": sound.doubtful,
            })
        }
        Told::Frame(frame) => json!({
            "kind": "frame", "protocol": frame.protocol.as_str(), "layout": frame.layout.as_str(), "digits": frame.keys,
            "began_ms": ms(frame.began()), "ended_ms": ms(frame.ended()), "decided_ms": ms(frame.decided),
            "margin": rounded(frame.margin), "cost": rounded(frame.cost), "chosen": frame.is_chosen,
            "copies": frame.copies, "lost": rounded(frame.lost), "misfit": rounded(frame.misfit),
            "dbm0": rounded(frame.dbm0),
        }),
        Told::Refused(refused) => json!({
            "kind": "refused", "layout": refused.layout.as_str(), "digits": refused.keys,
            "began_ms": ms(refused.began), "ended_ms": ms(refused.ended), "clear": refused.is_clear,
            "margin": refused.margin.map(rounded),
        }),
        Told::Arriving(arriving) => json!({ "kind": "unfinished", "began_ms": ms(arriving.began) }),
    }
    .to_string()
}

fn in_text(told: &Told, codes: &Codes) -> String {
    let span = |began: u64, ended: u64| format!("{:9.3} to {:.3} s", ms(began) / 1000.0, ms(ended) / 1000.0);
    match told {
        Told::Sound(sound) => {
            let when = span(sound.began, sound.ended.unwrap_or(sound.began));
            let doubt = if sound.doubtful { ", something lost" } else { "" };
            let (kind, _) = kind_and_name(sound.sound);
            format!("{when}  {kind} {}, {:.0} dBm0{doubt}", sound.sound, sound.dbm0)
        }
        Told::Arriving(arriving) => format!("{:9.3} s  something that became no message", ms(arriving.began) / 1000.0),
        Told::Frame(frame) => frame_in_text(frame, &span(frame.began(), frame.ended()), codes),
        Told::Refused(Refused { began, ended, layout, keys, is_clear, .. }) => {
            let why = if *is_clear { "clearly heard, check digits wrong" } else { "not sure enough" };
            format!("{}  refused, {} layout: {keys} ({why})", span(*began, *ended), layout.as_str())
        }
    }
}

fn frame_in_text(frame: &Frame, when: &str, codes: &Codes) -> String {
    let chosen = if frame.is_chosen { ", by its check digits" } else { "" };
    let read = decode(frame.protocol, frame.keys.as_bytes(), Mode::Tolerant, codes, &DecodeOptions::default());
    let words: Vec<String> = read.iter().map(in_words).collect();
    format!(
        "{when}  {} {} margin {:.1}{chosen}, lost {:.0} %, decided at {:.3} s\n{}",
        frame.protocol,
        frame.keys,
        frame.margin,
        frame.lost * 100.0,
        ms(frame.decided) / 1000.0,
        words.join("\n").trim_end(),
    )
}
