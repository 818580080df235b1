//! Digits at the limits that Q.24 names, all taken together.

use std::time::Duration;

use telecare_protocol::tones::{self, Sound};
use telecare_tone::damage::{self, between, random};
use telecare_tone::digits::{Listener, Settings};
use telecare_tone::law::Law;
use telecare_tone::plan::{Voice, play};

use super::Options;

/// 10,000 digits of 40 ms, 40 ms apart, each tone 1.5 % off one way or the other, twist 8 or -4 dB, the weaker tone down
/// to -25 dBm0, noise 15 dB below.
pub fn run(options: &Options) {
    let mut random = random(options.seed);
    let ms = Duration::from_millis;
    let (mut right, mut extra, mut total) = (0, 0, 0);
    for _ in 0..625 {
        let mut text: Vec<char> = "0123456789*#ABCD".chars().collect();
        random.shuffle(&mut text);
        let text: String = text.into_iter().collect();
        let mut off = || if random.bool() { 0.015 } else { -0.015 };
        let (low_off, high_off) = (off(), off());
        let twist_db: f32 = if random.bool() { 8.0 } else { -4.0 };
        let dbm0 = between(&mut random, -25.0 + twist_db.abs(), 0.0);
        let voice = Voice { dbm0, twist_db, low_off, high_off };
        let before = Duration::from_micros(random.u64(50_000..60_000));
        let mut samples = play(&tones::notes(&text, ms(40), ms(40)), voice, before, ms(60));
        let loud = telecare_tone::level::amplitude(dbm0).powi(2) / 2.0;
        damage::noise(&mut samples, loud * (1.0 + 10_f32.powf(-twist_db.abs() / 10.0)), 15.0, &mut random);
        Law::A.through(&mut samples);
        let mut listener = Listener::new(Settings::default());
        let told = listener.push(&samples).into_iter().filter(|told| told.ended.is_some());
        let heard: String = told
            .filter_map(|told| if let Sound::Digit(digit) = told.sound { Some(digit.as_char()) } else { None })
            .collect();
        total += 16;
        right += text.chars().filter(|digit| heard.matches(*digit).count() == 1).count();
        extra += heard.len().saturating_sub(text.len());
    }
    println!("accept limits of Q.24 together: {right} of {total} digits, {extra} too many");
}
