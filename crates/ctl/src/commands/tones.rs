//! `tones`: the sound of a test message as a file, clean or damaged.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use telecare_protocol::Protocol;
use telecare_tone::damage::{self, Loss};
use telecare_tone::law::Law;
use telecare_tone::plan::{self, Voice};
use telecare_tone::wav::{self, Form};
use telecare_tone::{PACKET, level};

use super::decode::protocol;
use crate::frame::FrameArguments;
use crate::{Usage, Verdict};

/// Silence before a message and after it.
const SILENCE: Duration = Duration::from_millis(500);
/// Silence between two copies: longer than any protocol's end of a group.
const BETWEEN: Duration = Duration::from_millis(1500);
/// An echo is so late at most.
const ECHO_MS_MAX: f32 = 1000.0;

/// Write the sound of a message into a WAV file, damaged if asked for.
///
/// With the same seed it is the same sound again. `listen` reads it.
#[derive(clap::Args)]
pub struct Arguments {
    /// bs8521, tt92, ttnew, ttold, contact-id or fast-format.
    #[arg(long, value_parser = protocol)]
    protocol: Protocol,
    /// The file to write.
    #[arg(long, value_name = "FILE.wav")]
    out: PathBuf,
    /// These digits instead of a frame of named fields.
    #[arg(long, value_name = "DIGITS")]
    digits: Option<String>,
    /// TT92 in tones one after the other.
    #[arg(long)]
    stmf: bool,
    /// The message so many times; TTOLD always twice.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=10))]
    copies: u8,
    /// How samples are written: alaw, mulaw or linear.
    #[arg(long, default_value = "alaw", value_parser = form)]
    law: Form,
    /// Level of each tone, dBm0.
    #[arg(long, default_value_t = -10.0, allow_negative_numbers = true, value_parser = decibels)]
    level: f32,
    /// How much louder the low tone of a digit is, dB; negative: the high one.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = decibels)]
    twist: f32,
    /// By how much every tone is off, percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, allow_negative_numbers = true, value_parser = decibels)]
    offset: f32,
    /// White noise so much below the tones, dB.
    #[arg(long, value_name = "DB", allow_negative_numbers = true, value_parser = decibels)]
    snr: Option<f32>,
    /// An echo: milliseconds late, and dB weaker.
    #[arg(long, value_name = "MS:DB", value_parser = echo)]
    echo: Option<(f32, f32)>,
    /// Somebody who talks all the time, from a WAV file, as loud as the tones.
    #[arg(long, value_name = "FILE.wav")]
    talker: Option<PathBuf>,
    /// Share of packets of 20 ms that are lost, percent; their numbers go to FILE.wav.lost.
    #[arg(long, value_name = "PERCENT", value_parser = decibels)]
    loss: Option<f32>,
    /// Where the damage's chances begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    fields: FrameArguments,
}

fn form(text: &str) -> Result<Form, String> {
    match text {
        "alaw" => Ok(Form::Law(Law::A)),
        "mulaw" => Ok(Form::Law(Law::Mu)),
        "linear" => Ok(Form::Linear),
        _ => Err("alaw, mulaw or linear".to_owned()),
    }
}

fn decibels(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|number: &f32| number.abs() <= 100.0).ok_or_else(|| "a number of 100 at most".to_owned())
}

fn echo(text: &str) -> Result<(f32, f32), String> {
    let pair = text.split_once(':').and_then(|(ms, db)| Some((ms.parse().ok()?, db.parse().ok()?)));
    pair.filter(|(ms, db): &(f32, f32)| (0.0..=ECHO_MS_MAX).contains(ms) && (0.0..=100.0).contains(db))
        .ok_or_else(|| "MS:DB, as 60:10".to_owned())
}

/// Makes the sound and writes it; says what was made.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let digits = digits(arguments)?;
    let Some(notes) = plan::notes(arguments.protocol, &digits, arguments.stmf).filter(|notes| !notes.is_empty()) else {
        return Err(Usage(format!("{} has no such tones", arguments.protocol)).into());
    };
    let off = f64::from(arguments.offset) / 100.0;
    let voice = Voice { dbm0: arguments.level, twist_db: arguments.twist, low_off: off, high_off: off };
    let mut samples = Vec::new();
    for copy in 0..arguments.copies {
        let before = if copy == 0 { SILENCE } else { BETWEEN };
        samples.extend(plan::play(&notes, voice, before, Duration::ZERO));
    }
    samples.resize(samples.len() + plan::samples_until(SILENCE), 0.0);
    let lost = damaged(&mut samples, arguments)?;
    std::fs::write(&arguments.out, wav::write(&samples, arguments.law))
        .with_context(|| arguments.out.display().to_string())?;
    if arguments.loss.is_some() {
        let mut path = arguments.out.clone().into_os_string();
        path.push(".lost");
        let lines: String = lost.iter().map(|packet| format!("{packet}\n")).collect();
        std::fs::write(&path, lines).with_context(|| path.display().to_string())?;
    }
    println!("{digits}: {:.2} s, {} packets lost", samples.len() as f64 / f64::from(telecare_tone::RATE), lost.len());
    Ok(Verdict::Done)
}

fn digits(arguments: &Arguments) -> anyhow::Result<String> {
    if let Some(digits) = &arguments.digits {
        return Ok(digits.clone());
    }
    let fields = &arguments.fields;
    let bytes = match arguments.protocol {
        Protocol::Bs8521 => fields.bs8521(&[])?,
        protocol @ (Protocol::Tt92 | Protocol::TtNew) => fields.tunstall(protocol, &[])?,
        Protocol::TtOld => {
            let group = fields.tunstall(Protocol::TtOld, &[])?;
            [&group[..], b" ", &group[..]].concat()
        }
        Protocol::ContactId => fields.contact_id(&[])?,
        Protocol::FastFormat => fields.fast_format(&[])?,
        protocol => return Err(Usage(format!("{protocol} has no tones")).into()),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Does to the samples what was asked for; the numbers of the lost packets.
fn damaged(samples: &mut [f32], arguments: &Arguments) -> anyhow::Result<Vec<usize>> {
    let mut random = damage::random(arguments.seed);
    let one = level::amplitude(arguments.level).powi(2) / 2.0;
    let tones = if arguments.stmf { one } else { one * (1.0 + 10_f32.powf(-arguments.twist.abs() / 10.0)) };
    if let Some((ms, weaker)) = arguments.echo {
        let later = plan::samples_until(Duration::from_secs_f32(ms / 1000.0));
        damage::echo(samples, later, weaker);
    }
    if let Some(file) = &arguments.talker {
        let talker = super::listen::read(file)?;
        damage::add(samples, &talker, tones, 0.0);
    }
    if let Some(snr) = arguments.snr {
        damage::noise(samples, tones, snr, &mut random);
    }
    if let Form::Law(law) = arguments.law {
        law.through(samples);
    }
    let Some(percent) = arguments.loss else { return Ok(Vec::new()) };
    let loss = Loss { share: percent / 100.0, burst: 1.0 };
    let lost = loss.draw(samples.len().div_ceil(PACKET), &mut random);
    damage::lose(samples, &lost);
    Ok(lost)
}
