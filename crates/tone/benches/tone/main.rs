//! `cargo xtask bench tone`: how well tones are heard, right and wrong side by side, by us and by others.
//!
//! `--frames N` of each layout and condition (1000), twice as many of the heavily damaged ones, `--seed S` (1), `--only
//! WORD` conditions with it in their name and nothing else, `--others N` of them for other decoders (200), `--no-speech`, `--no-frames`.

#[path = "../../tests/support/mod.rs"]
mod support;

mod conditions;
mod limits;
mod others;
mod speech;

use std::path::PathBuf;
use std::time::Instant;

use telecare_tone::frames::{self, Layout, Limits, Outcome};
use telecare_tone::{damage, digits};

struct Options {
    frames: u64,
    others: u64,
    seed: u64,
    only: Option<String>,
    speech: bool,
    messages: bool,
}

fn main() {
    let mut options = Options { frames: 1000, others: 200, seed: 1, only: None, speech: true, messages: true };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number =
            || words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{word} takes a number"));
        match word.as_str() {
            "--frames" => options.frames = number(),
            "--others" => options.others = number(),
            "--seed" => options.seed = number(),
            "--only" => options.only = words.next(),
            "--no-speech" => options.speech = false,
            "--no-frames" => options.messages = false,
            "--bench" => {}
            _ => panic!("{word}? Known: --frames N --others N --seed S --only WORD --no-speech --no-frames"),
        }
    }
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tone");
    std::fs::create_dir_all(&scratch).expect("the target directory is ours");
    println!("seed {}", options.seed);
    if options.only.is_none() {
        speed();
        limits::run(&options);
    }
    if options.messages {
        conditions::run(&options, &others::Other::all(&scratch));
    }
    if options.speech && options.only.is_none() {
        talk_off(&scratch);
    }
}

/// Calls that one core hears in real time.
fn speed() {
    let case = support::all_cases(1).remove(0);
    let (mut samples, ..) = support::call(&case, &support::Damage::default(), 1);
    samples.extend(damage::speech(samples.len(), &mut damage::random(1)));
    let repeated: Vec<f32> = samples.iter().cycle().take(8000 * 120).copied().collect();
    let began = Instant::now();
    let mut listener = digits::Listener::new(digits::Settings::default());
    repeated.chunks(160).for_each(|packet| drop(listener.push(packet)));
    let digit = 120.0 / began.elapsed().as_secs_f64();
    let began = Instant::now();
    let mut listener = frames::Listener::new(&Layout::ALL, Limits::default());
    repeated.chunks(160).for_each(|packet| drop(listener.push(packet)));
    let frame = 120.0 / began.elapsed().as_secs_f64();
    println!(
        "calls in real time on one core, half digits, half speech: digit path {digit:.0}, frame path hunting all {frame:.0}"
    );
}

fn talk_off(scratch: &std::path::Path) {
    let (mut hours, mut digits_all, mut tones_all, mut frames_all) = (0.0, 0, 0, 0);
    for (name, samples) in speech::corpus(scratch) {
        let mut listener = digits::Listener::new(digits::Settings::default());
        let told: Vec<_> =
            samples.chunks(160).flat_map(|packet| listener.push(packet)).filter(|told| told.ended.is_some()).collect();
        let found: Vec<_> =
            told.iter().filter(|told| matches!(told.sound, telecare_protocol::tones::Sound::Digit(_))).collect();
        let mut listener = frames::Listener::new(&Layout::ALL, Limits::default());
        let messages: Vec<_> = samples
            .chunks(160)
            .flat_map(|packet| listener.push(packet))
            .filter(|told| matches!(told, Outcome::Frame(_)))
            .collect();
        println!(
            "{name}: {:.2} h, digits {}, single tones {}, frames {}",
            samples.len() as f64 / 8000.0 / 3600.0,
            found.len(),
            told.len() - found.len(),
            messages.len()
        );
        for told in found.iter().take(12) {
            println!(
                "    {} at {:.3} s, {} ms, {:.0} dBm0",
                told.sound,
                told.began as f64 / 8000.0,
                (told.ended.unwrap_or(0) - told.began) / 8,
                told.dbm0
            );
        }
        messages.iter().for_each(|message| println!("    {message:?}"));
        hours += samples.len() as f64 / 8000.0 / 3600.0;
        digits_all += found.len();
        tones_all += told.len() - found.len();
        frames_all += messages.len();
    }
    println!("speech and music: {hours:.1} h: digits {digits_all}, single tones {tones_all}, frames {frames_all}");
}
