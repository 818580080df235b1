//! How much a moment is the start of a symbol.
//!
//! Energies of windows of 20 ms, summed without phase: that is enough to hunt with, and a frequency a little off costs
//! nothing. Higher is more like a symbol; 0 is what lost audio says.

use std::collections::VecDeque;

use crate::hops::{HOP, Hop};

/// Steps of a window.
const WINDOW: usize = 8;
/// Steps kept: 6 s, longer than the longest frame at its slowest pace.
pub const KEPT: usize = 2400;
/// Share of its group's energy that a tone must hold to be worth more than nothing.
const SHARE: f32 = 0.55;
/// Share of a tone's energy in and before its slot that must be in it.
const CONTRAST: f32 = 0.8;
/// How much that share counts beside the other.
const CONTRAST_COUNTS: f32 = 0.6;
/// What a tone's weakest window must have of its mean, and how much that counts.
const EVEN: f32 = 0.5;
const EVEN_COUNTS: f32 = 0.3;

/// The steps so far, the last [`KEPT`] of them.
#[derive(Clone, Debug, Default)]
pub struct History {
    hops: VecDeque<Hop>,
    /// Energy that each tone of the digits holds in the window that ends with the step, and the share received.
    held: VecDeque<([f32; 8], f32)>,
    next: u64,
}

/// A pace: of digits, or of digits in two tones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From a symbol's start to the next one's, in steps.
    pub period: u16,
    /// Whether its tones come one after the other.
    pub is_stmf: bool,
}

impl Pace {
    /// Windows in half a period, and the steps before the first: the rest is left free at both ends.
    fn windows(self) -> (usize, usize) {
        let half = usize::from(self.period) / 2;
        let windows = (half.saturating_sub(2) / WINDOW).max(1);
        (windows, half.saturating_sub(windows * WINDOW) / 2)
    }

    /// Steps from a symbol's start until it can be judged.
    pub fn lasts(self) -> u64 {
        let (windows, before) = self.windows();
        let last = (before + windows * WINDOW) as u64;
        if self.is_stmf { last + u64::from(self.period) / 2 } else { last }
    }
}

/// A symbol that may start at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Symbol {
    /// How much it is one.
    pub score: f32,
    /// Place of its low tone in the low group.
    pub low: u8,
    /// Place of its high tone in the high group.
    pub high: u8,
    /// The share of its tones' energy in and beside its slot that is in it.
    pub contrast: f32,
    /// The share of it that was received.
    pub received: f32,
}

impl History {
    /// Adds a step.
    pub fn push(&mut self, hop: Hop) {
        if self.hops.len() >= KEPT {
            self.hops.pop_front();
            self.held.pop_front();
        }
        self.hops.push_back(hop);
        self.next = hop.number.saturating_add(1);
        let (mut re, mut im, mut received) = ([0.0; 8], [0.0; 8], 0.0);
        for hop in self.hops.iter().rev().take(WINDOW) {
            for lane in 0..8 {
                re[lane] += hop.re[lane];
                im[lane] += hop.im[lane];
            }
            received += f32::from(hop.received);
        }
        let scale = 2.0 / f32::max(received, 1.0);
        let held = std::array::from_fn(|lane| scale * (re[lane] * re[lane] + im[lane] * im[lane]));
        self.held.push_back((held, received / (WINDOW * HOP) as f32));
    }

    /// The number of the step to come.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// A step by its number.
    pub fn hop(&self, number: u64) -> Option<&Hop> {
        let back = usize::try_from(self.next.checked_sub(number)?).ok()?;
        self.hops.get(self.hops.len().checked_sub(back)?)
    }

    /// Energies of some windows from a step on, those of the weakest received one, and the share received.
    fn windows(&self, from: i64, count: usize) -> Windows {
        let (mut sum, mut least, mut share) = ([0.0; 8], [f32::MAX; 8], 0.0);
        for window in 1..=count {
            let last = from.saturating_add((window * WINDOW) as i64).saturating_sub(1);
            let back = i64::try_from(self.next).unwrap_or(i64::MAX).saturating_sub(last);
            let place = usize::try_from(back).ok().and_then(|back| self.held.len().checked_sub(back));
            if let Some((held, received)) = place.and_then(|place| self.held.get(place)) {
                for lane in 0..8 {
                    sum[lane] += held[lane];
                    if *received > 0.5 {
                        least[lane] = least[lane].min(held[lane] / received);
                    }
                }
                share += received / count as f32;
            }
        }
        Windows { sum, least, share, count: count as f32 }
    }

    /// The symbol of a pace that starts with a step.
    pub fn symbol(&self, start: u64, pace: Pace) -> Symbol {
        let (count, before) = pace.windows();
        let from = i64::try_from(start).unwrap_or(i64::MAX).saturating_add(before as i64);
        let half = i64::from(pace.period) / 2;
        let now = self.windows(from, count);
        let other = if pace.is_stmf { from + half } else { from - half };
        let beside = self.windows(other, count);
        let (high_in, high_out) = if pace.is_stmf { (&beside, &now) } else { (&now, &beside) };
        let (low, low_share) = strongest(&now.sum[..4]);
        let (high, high_share) = strongest(&high_in.sum[4..]);
        let part = |inside: &Windows, outside: &Windows, lane: usize, share: f32| {
            let contrast = inside.sum[lane] / (inside.sum[lane] + outside.sum[lane]).max(1e-12);
            let even = inside.even(lane);
            let sum = share - SHARE + CONTRAST_COUNTS * (contrast - CONTRAST) + EVEN_COUNTS * (even - EVEN);
            (inside.share * sum, contrast)
        };
        let (low_part, low_contrast) = part(&now, &beside, low, low_share);
        let (high_part, high_contrast) = part(high_in, high_out, 4 + high, high_share);
        Symbol {
            score: low_part + high_part,
            low: low as u8,
            high: high as u8,
            contrast: (low_contrast + high_contrast) / 2.0,
            received: now.share.min(high_in.share),
        }
    }
}

/// Energies of windows one after the other.
struct Windows {
    sum: [f32; 8],
    /// Of the window that has least, as if all of it had been received.
    least: [f32; 8],
    share: f32,
    count: f32,
}

impl Windows {
    /// How much of its mean energy a tone has where it has least: little at the edge of a tone.
    fn even(&self, lane: usize) -> f32 {
        let mean = self.sum[lane] / (self.count * self.share).max(1e-6);
        if self.least[lane] == f32::MAX { EVEN } else { (self.least[lane] / mean.max(1e-12)).min(1.0) }
    }
}

fn strongest(group: &[f32]) -> (usize, f32) {
    let sum: f32 = group.iter().sum();
    let (place, most) = group
        .iter()
        .enumerate()
        .fold((0, 0.0), |best, (place, held)| if *held > best.1 { (place, *held) } else { best });
    (place, most / sum.max(1e-12))
}
