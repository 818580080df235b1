//! Something like speech: pulses of a wandering pitch through wandering resonances, syllables, hisses and pauses.
//!
//! It is no voice. It has what makes voices hard for tone detectors: strong harmonics that pass through the bands of the
//! digits, steady for a tenth of a second.

use std::f32::consts::TAU;

use super::{Random, between};
use crate::RATE;

/// So many samples, of a power of about 0.01 where it speaks.
pub fn speech(samples: usize, random: &mut Random) -> Vec<f32> {
    let mut out = Vec::with_capacity(samples);
    let pitch = between(random, 90.0, 260.0);
    while out.len() < samples {
        match random.u8(0..10) {
            0 => out.extend(std::iter::repeat_n(0.0, random.usize(400..2400))),
            1 | 2 => hiss(&mut out, random),
            _ => vowel(&mut out, pitch * between(random, 0.85, 1.2), random),
        }
    }
    out.truncate(samples);
    out
}

fn hiss(out: &mut Vec<f32>, random: &mut Random) {
    let mut last = 0.0;
    for _ in 0..random.usize(300..900) {
        let next = between(random, -0.1, 0.1);
        out.push(next - last);
        last = next;
    }
}

/// A resonance: a filter of two poles.
struct Formant {
    hertz: f32,
    width: f32,
    gain: f32,
    kept: [f32; 2],
}

impl Formant {
    fn push(&mut self, input: f32) -> f32 {
        let radius = (-std::f32::consts::PI * self.width / RATE as f32).exp();
        let turn = 2.0 * radius * (TAU * self.hertz / RATE as f32).cos();
        let output = input * (1.0 - radius) + turn * self.kept[0] - radius * radius * self.kept[1];
        self.kept = [output, self.kept[0]];
        output * self.gain
    }
}

fn vowel(out: &mut Vec<f32>, pitch: f32, random: &mut Random) {
    let length = random.usize(600..2400);
    let glide = between(random, -0.15, 0.15);
    let mut formants = [(280.0, 850.0, 60.0, 1.0), (850.0, 2300.0, 90.0, 0.6), (2300.0, 3000.0, 120.0, 0.3)]
        .map(|(least, most, width, gain)| Formant { hertz: between(random, least, most), width, gain, kept: [0.0; 2] });
    let drift = between(random, -0.1, 0.1);
    let mut phase = 0.0;
    let start = out.len();
    for index in 0..length {
        let way = index as f32 / length as f32;
        phase += pitch * (1.0 + glide * way) / RATE as f32;
        let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
        phase -= phase.floor();
        let rise = (way * 8.0).min((1.0 - way) * 6.0).min(1.0);
        let sum: f32 = formants.iter_mut().map(|formant| formant.push(pulse)).sum();
        for formant in &mut formants {
            formant.hertz *= 1.0 + drift / length as f32;
        }
        out.push(sum * rise);
    }
    let spoken = out.get_mut(start..).unwrap_or_default();
    let power = crate::level::power(spoken).max(1e-9);
    let gain = (0.01 / power).sqrt() * between(random, 0.5, 1.3);
    spoken.iter_mut().for_each(|sample| *sample *= gain);
}
