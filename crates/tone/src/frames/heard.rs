//! One group of tones, the low or the high, in one slot, at the sender's own frequencies.

use std::f32::consts::TAU;
use std::ops::Range;

use super::emission::History;
use crate::hops::HOP;

/// Steps of a block: 20 ms.
const BLOCK: u64 = 8;

/// One group of tones in one slot.
#[derive(Debug)]
pub struct Heard {
    /// The share of its samples that were received.
    pub share: f32,
    /// Amplitude at each tone.
    pub at: [f32; 4],
    /// Amplitude at each tone in the pauses before and after, block by block: somebody who speaks there may speak here
    /// too.
    pub pause: [f32; 4],
    /// What a tone of amplitude 1 gives at another's place.
    pub leaks: [[f32; 4]; 4],
    /// Amplitude and phase at each tone in each of its blocks, with the share received.
    pub blocks: Vec<([(f32, f32); 4], f32)>,
}

impl Heard {
    /// Amplitude at each tone, of what changes its frequency or phase as well.
    pub fn in_blocks(&self) -> [f32; 4] {
        std::array::from_fn(|place| {
            let sum: f32 =
                self.blocks.iter().map(|(at, share)| share * (at[place].0.powi(2) + at[place].1.powi(2))).sum();
            let share: f32 = self.blocks.iter().map(|(_, share)| share).sum();
            self.at[place].max((sum / share.max(0.01)).sqrt())
        })
    }

    /// The share of the energy at a place that no tone of one level and phase explains.
    pub fn unsteady(&self, place: usize) -> f32 {
        let share: f32 = self.blocks.iter().map(|(_, share)| share).sum();
        let mean = |of: fn((f32, f32)) -> f32| {
            self.blocks.iter().map(|(at, share)| share * of(at[place])).sum::<f32>() / share.max(1e-6)
        };
        let energy = mean(|(re, im)| re * re + im * im);
        let steady = mean(|(re, _)| re).powi(2) + mean(|(_, im)| im).powi(2);
        1.0 - steady / energy.max(1e-12)
    }

    /// How much less than silence a tone of this level explains the blocks at a place: negative where it is steady in
    /// level and phase, positive where it is not.
    pub fn steadiness(&self, place: usize, level: f32, usual: f32) -> f32 {
        let (mut re, mut im) = (0.0, 0.0);
        for (at, share) in &self.blocks {
            re += at[place].0 * share;
            im += at[place].1 * share;
        }
        let length = re.hypot(im).max(1e-9);
        let (re, im) = (level * re / length, level * im / length);
        let usual = usual * (self.blocks.len() as f32).sqrt();
        let mut sum = 0.0;
        for (at, share) in &self.blocks {
            let (x, y) = at[place];
            let own = ((x - re).powi(2) + (y - im).powi(2)) / (usual * usual);
            let none = (x * x + y * y) / (usual * usual);
            sum += share * (own.ln_1p() - none.ln_1p());
        }
        sum / self.blocks.len().max(1) as f32
    }
}

/// The parts of a slot, each at the sender's frequencies with the phase on the slot's own clock.
fn blocks(
    history: &History,
    slot: &Range<u64>,
    base: usize,
    off: &[f32; 4],
    hertz: &[f32; 8],
) -> Vec<([(f32, f32); 4], f32)> {
    let steps = slot.end.saturating_sub(slot.start);
    let count = ((steps + BLOCK / 2) / BLOCK).max(1);
    let part = |index: u64| slot.start + steps * index / count..slot.start + steps * (index + 1) / count;
    let block = |index: u64| {
        let part = part(index);
        let mut at = [(0.0, 0.0); 4];
        let mut received = 0.0;
        for (place, at) in at.iter_mut().enumerate() {
            let beside = off[place] * hertz[base + place];
            let (re, im, samples) = sums(history, &part, base + place, beside, part.start - slot.start);
            let scale = 2.0 / samples.max(1.0);
            (*at, received) = ((re * scale, im * scale), samples);
        }
        (at, received / ((part.end - part.start).max(1) as usize * HOP) as f32)
    };
    (0..count).map(block).collect()
}

/// Amplitude of a tone in a slot, so many hertz beside the lane's frequency, and the samples received.
pub fn tuned(history: &History, slot: &Range<u64>, lane: usize, beside: f32) -> (f32, f32) {
    let (re, im, samples) = sums(history, slot, lane, beside, 0);
    (2.0 * re.hypot(im) / samples.max(1.0), samples)
}

/// The sums of a tone over some steps, so many hertz beside the lane's frequency, and the samples received; the phase is
/// counted from so many steps before the first.
fn sums(history: &History, slot: &Range<u64>, lane: usize, beside: f32, from: u64) -> (f32, f32, f32) {
    let (mut re, mut im, mut samples) = (0.0, 0.0, 0.0);
    let turn = -TAU * beside * HOP as f32 / crate::RATE as f32;
    let (turn_sin, turn_cos) = turn.sin_cos();
    let (mut sin, mut cos) = (turn * from as f32).sin_cos();
    for number in slot.clone() {
        if let Some(hop) = history.hop(number) {
            re += hop.re[lane] * cos - hop.im[lane] * sin;
            im += hop.re[lane] * sin + hop.im[lane] * cos;
            samples += f32::from(hop.received);
        }
        (cos, sin) = (cos * turn_cos - sin * turn_sin, cos * turn_sin + sin * turn_cos);
    }
    (re, im, samples)
}

/// Hears a group of tones, of which each is so far off, in some steps.
pub fn hear(history: &History, slot: &Range<u64>, base: usize, off: &[f32; 4], hertz: &[f32; 8]) -> Heard {
    let mut at = [0.0; 4];
    let mut samples = 0.0;
    for (place, amplitude) in at.iter_mut().enumerate() {
        (*amplitude, samples) = tuned(history, slot, base + place, off[place] * hertz[base + place]);
    }
    let whole = (slot.end.saturating_sub(slot.start) as usize * HOP) as f32;
    let true_hertz: [f32; 4] = std::array::from_fn(|place| hertz[base + place] * (1.0 + off[place]));
    let blocks = blocks(history, slot, base, off, hertz);
    let mut leaks = [[0.0; 4]; 4];
    for one in 0..4 {
        leaks[one][one] = 1.0;
        for other in 0..one {
            let leak = leak(history, slot, true_hertz[one] - true_hertz[other]);
            leaks[one][other] = leak;
            leaks[other][one] = leak;
        }
    }
    Heard { share: samples / whole.max(1.0), at, pause: [0.0; 4], leaks, blocks }
}

/// What a tone of amplitude 1 gives so many hertz beside it.
fn leak(history: &History, slot: &Range<u64>, apart: f32) -> f32 {
    let (turn_sin, turn_cos) = (TAU * apart * HOP as f32 / crate::RATE as f32).sin_cos();
    let (mut cos, mut sin) = (1.0_f32, 0.0_f32);
    let (mut re, mut im, mut samples) = (0.0, 0.0, 0.0);
    for number in slot.clone() {
        let received = history.hop(number).map_or(0.0, |hop| f32::from(hop.received));
        re += received * cos;
        im += received * sin;
        samples += received;
        (cos, sin) = (cos * turn_cos - sin * turn_sin, cos * turn_sin + sin * turn_cos);
    }
    if samples > 0.0 { re.hypot(im) / samples } else { 1.0 }
}

/// The place that sounds most, and its amplitude.
pub fn strongest(at: &[f32; 4]) -> (usize, f32) {
    at.iter()
        .enumerate()
        .fold((0, 0.0), |best, (place, amplitude)| if *amplitude > best.1 { (place, *amplitude) } else { best })
}
