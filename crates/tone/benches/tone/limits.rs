//! Digits at the limits that Q.24 and receivers built to it name: what must be heard, and what must not.

use std::time::Duration;

use telecare_protocol::tones::{self, Note, Sound, Tone};
use telecare_tone::damage::{self, Random, between, random};
use telecare_tone::digits::{self, Listener, Settings};
use telecare_tone::law::Law;
use telecare_tone::plan::{Voice, play};

use super::Options;

/// A set of digits: each with its voice and length, what else is in the line, and whether they must be heard.
struct Set {
    name: &'static str,
    voice: fn(&mut Random) -> Voice,
    on_ms: u64,
    /// Tones beside them, and how much louder than the louder tone of the digits each is, dB.
    beside: fn(&mut Random) -> (Vec<u16>, f32),
    snr_db: f32,
}

fn sign(random: &mut Random, of: f64) -> f64 {
    if random.bool() { of } else { -of }
}

/// Each tone 1.5 % off one way or the other, twist 8 or -4 dB, the weaker tone down to -25 dBm0.
fn at_the_limits(random: &mut Random) -> Voice {
    let (low_off, high_off) = (sign(random, 0.015), sign(random, 0.015));
    let twist_db: f32 = if random.bool() { 8.0 } else { -4.0 };
    Voice { dbm0: between(random, -25.0 + twist_db.abs(), 0.0), twist_db, low_off, high_off }
}

fn usual(random: &mut Random) -> Voice {
    Voice { dbm0: between(random, -20.0, -6.0), ..Voice::default() }
}

/// A tone between those of digits, or beside them.
fn third(random: &mut Random) -> u16 {
    random.choice([310, 480, 560, 620, 1030, 1080, 1120, 1750, 1900, 2200, 2600, 3000]).unwrap_or(1080)
}

const ACCEPT: [Set; 3] = [
    Set {
        name: "all limits together, noise 15 dB",
        voice: at_the_limits,
        on_ms: 40,
        beside: |_| (vec![], 0.0),
        snr_db: 15.0,
    },
    Set {
        name: "a third tone 16 dB down",
        voice: usual,
        on_ms: 40,
        beside: |random| (vec![third(random)], -16.0),
        snr_db: 25.0,
    },
    Set {
        name: "over dial tone 22 dB louder",
        voice: |random| Voice { dbm0: between(random, -28.0, -25.0), ..Voice::default() },
        on_ms: 40,
        beside: |random| (vec![random.u16(346..=354), random.u16(435..=445)], 22.0),
        snr_db: 40.0,
    },
];

const REJECT: [Set; 6] = [
    Set { name: "23 ms", voice: usual, on_ms: 23, beside: |_| (vec![], 0.0), snr_db: 30.0 },
    Set {
        name: "a tone 3.5 % off",
        voice: |random| {
            let off = sign(random, 0.035);
            let (low_off, high_off) = if random.bool() { (off, 0.0) } else { (0.0, off) };
            Voice { low_off, high_off, ..usual(random) }
        },
        on_ms: 80,
        beside: |_| (vec![], 0.0),
        snr_db: 30.0,
    },
    Set {
        name: "-55 dBm0",
        voice: |_| Voice { dbm0: -55.0, ..Voice::default() },
        on_ms: 80,
        beside: |_| (vec![], 0.0),
        snr_db: 40.0,
    },
    Set {
        name: "twist 13 dB, -9 dB",
        voice: |random| Voice { twist_db: if random.bool() { 13.0 } else { -9.0 }, ..usual(random) },
        on_ms: 80,
        beside: |_| (vec![], 0.0),
        snr_db: 30.0,
    },
    Set {
        name: "a third tone 3 dB down",
        voice: usual,
        on_ms: 80,
        beside: |random| (vec![third(random)], -3.0),
        snr_db: 25.0,
    },
    Set {
        name: "dial tone and digits at -60 dBm0",
        voice: |_| Voice { dbm0: -60.0, ..Voice::default() },
        on_ms: 80,
        beside: |random| (vec![350, 440], between(random, 40.0, 56.0)),
        snr_db: 40.0,
    },
];

/// 10,000 digits of what must be accepted together, 2,000 of each other set.
pub fn run(options: &Options) {
    let mut random = random(options.seed);
    for (index, set) in ACCEPT.iter().enumerate() {
        let [right, extra, total] = set.heard(if index == 0 { 625 } else { 125 }, &mut random);
        println!("Q.24 accept, {}: {right} of {total} digits, {extra} too many", set.name);
    }
    for set in &REJECT {
        let [right, extra, total] = set.heard(125, &mut random);
        println!("Q.24 reject, {}: {} heard of {total}", set.name, right + extra);
    }
}

impl Set {
    /// How many were heard once, how many too many, and of how many.
    fn heard(&self, rounds: usize, random: &mut Random) -> [usize; 3] {
        let ms = Duration::from_millis;
        let (mut right, mut extra, mut total) = (0, 0, 0);
        for _ in 0..rounds {
            let mut text: Vec<char> = "0123456789*#ABCD".chars().collect();
            random.shuffle(&mut text);
            let text: String = text.into_iter().collect();
            let voice = (self.voice)(random);
            let before = Duration::from_micros(random.u64(150_000..160_000));
            let mut samples = play(&tones::notes(&text, ms(self.on_ms), ms(40)), voice, before, ms(60));
            let (beside, louder) = (self.beside)(random);
            let long = digits::duration(samples.len() as u64);
            for hertz in beside {
                let level = Voice { dbm0: voice.dbm0 + louder, ..Voice::default() };
                let more = play(&[Note::alone(Sound::Tone(Tone(hertz)), long)], level, ms(0), ms(0));
                samples.iter_mut().zip(more).for_each(|(sample, more)| *sample += more);
            }
            let loud = telecare_tone::level::amplitude(voice.dbm0).powi(2) / 2.0;
            let signal = loud * (1.0 + 10_f32.powf(-voice.twist_db.abs() / 10.0));
            damage::noise(&mut samples, signal, self.snr_db, random);
            Law::A.through(&mut samples);
            let mut listener = Listener::new(Settings::default());
            let told = listener.push(&samples).into_iter().filter(|told| told.ended.is_some());
            let heard: String = told
                .filter_map(|told| if let Sound::Digit(digit) = told.sound { Some(digit.as_char()) } else { None })
                .collect();
            let once = text.chars().filter(|digit| heard.matches(*digit).count() == 1).count();
            total += 16;
            right += once;
            extra += heard.len() - once;
        }
        [right, extra, total]
    }
}
