//! Whether the last samples are a sound that is listened for.

use telecare_protocol::tones::{Digit, Sound, Tone};

use super::Settings;
use super::fit::{Fit, fit};
use super::settings::TONES_MAX;
use crate::hops::{HOP, Hop};
use crate::level::{amplitude, dbm0};

/// Steps of the window: 30 ms, so that 35 ms of sound are enough and 25 are not.
pub const WINDOW: usize = 12;
/// The same for bursts.
pub const BURST_WINDOW: usize = 5;
/// Steps that are summed with their phase: 10 ms, so that frequencies a little off still count.
const TOGETHER: usize = 4;
/// Share of the energy in the strongest tones below which nothing is fitted.
const LIKELY: f32 = 0.55;
/// A second tone weaker than this part of the first is no second tone.
const ALONE: f32 = 0.2;
/// How different the halves of a sound may be in energy.
const HALVES: std::ops::RangeInclusive<f32> = 0.55..=1.8;

/// What the last samples are.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Which.
    pub sound: Sound,
    /// Its tones, from the first of the samples on.
    pub fit: Fit,
}

/// The strongest low tone, high tone and other tone, and the energy that each holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Strongest {
    low: (usize, f32),
    high: (usize, f32),
    other: (usize, f32),
    energy: f32,
    is_even: bool,
}

/// Looks at steps.
pub fn strongest<'a>(hops: impl ExactSizeIterator<Item = &'a Hop>, others: usize) -> Strongest {
    let mut held = [0.0_f32; crate::hops::LANES];
    let (mut re, mut im, mut received) = ([0.0; crate::hops::LANES], [0.0; crate::hops::LANES], 0.0_f32);
    let mut halves = [0.0_f32; 2];
    let count = hops.len();
    for (index, hop) in hops.enumerate() {
        for lane in 0..crate::hops::LANES {
            re[lane] += hop.re[lane];
            im[lane] += hop.im[lane];
        }
        received += f32::from(hop.received);
        halves[usize::from(index >= count / 2)] += hop.energy;
        if index % TOGETHER == TOGETHER - 1 || index + 1 == count {
            for lane in 0..crate::hops::LANES {
                held[lane] += 2.0 * (re[lane] * re[lane] + im[lane] * im[lane]) / received.max(1.0);
            }
            (re, im, received) = ([0.0; crate::hops::LANES], [0.0; crate::hops::LANES], 0.0);
        }
    }
    let best = |from: usize, to: usize| {
        let lanes = held.iter().enumerate().take(to).skip(from);
        lanes.fold((from, 0.0), |best, (lane, energy)| if *energy > best.1 { (lane, *energy) } else { best })
    };
    Strongest {
        low: best(0, 4),
        high: best(4, 8),
        other: best(8, 8 + others.min(TONES_MAX)),
        energy: halves[0] + halves[1],
        is_even: HALVES.contains(&(halves[0] / halves[1].max(1e-12))),
    }
}

/// The digit or the tone of these samples, if they are one.
///
/// `parts_only` right after a low tone: then 1633 Hz a little too high is a part of a digit, and not 1645 Hz.
pub fn find(
    strongest: &Strongest,
    samples: &[f32],
    frequencies: &[u16],
    settings: &Settings,
    parts_only: bool,
) -> Option<Found> {
    let Strongest { low, high, other, energy, is_even } = *strongest;
    let quietest = amplitude(settings.weakest_dbm0);
    let likely = LIKELY * energy;
    if !is_even || energy < samples.len() as f32 * quietest * quietest / 4.0 {
        return None;
    }
    let hertz = |(lane, _): (usize, f32)| frequencies.get(lane).copied().unwrap_or(0);
    if low.1 + high.1 > likely && low.1.min(high.1) > energy * 0.03 {
        let found = fit(samples, &[f32::from(hertz(low)), f32::from(hertz(high))]);
        if let Some(sound) = digit(&found, (hertz(low), hertz(high)), settings) {
            return Some(Found { sound, fit: found });
        }
    }
    let alone = [(low, settings.hears_parts), (high, settings.hears_parts), (other, true)];
    let alone = alone.into_iter().filter(|(held, is_heard)| *is_heard && held.1 > likely);
    let (best, _) = alone.max_by(|(one, _), (other, _)| one.1.total_cmp(&other.1))?;
    let known = if parts_only { frequencies.get(..8).unwrap_or(frequencies) } else { frequencies };
    tone(samples, hertz(best), known, settings)
}

/// A single tone near this one; the nearest of those listened for.
pub fn tone(samples: &[f32], near: u16, frequencies: &[u16], settings: &Settings) -> Option<Found> {
    let found = fit(samples, &[f32::from(near)]);
    let [part, _] = found.parts;
    let off = |hertz: u16| (part.hertz / f32::from(hertz) - 1.0).abs();
    let heard = frequencies.iter().skip(if settings.hears_parts { 0 } else { 8 }).filter(|hertz| **hertz > 0);
    let nearest = *heard.min_by(|one, other| off(**one).total_cmp(&off(**other)))?;
    let is_it = off(nearest) <= settings.off_max
        && found.left_over <= settings.left_over_max
        && dbm0(part.amplitude()) >= settings.weakest_dbm0;
    is_it.then_some(Found { sound: Sound::Tone(Tone(nearest)), fit: found })
}

fn digit(found: &Fit, nominal: (u16, u16), settings: &Settings) -> Option<Sound> {
    let [low, high] = found.parts;
    let is_near = |hertz: f32, nominal: u16| (hertz / f32::from(nominal) - 1.0).abs() <= settings.off_max;
    let levels = (dbm0(low.amplitude()), dbm0(high.amplitude()));
    let twist = levels.0 - levels.1;
    let is_digit = found.left_over <= settings.left_over_max
        && is_near(low.hertz, nominal.0)
        && is_near(high.hertz, nominal.1)
        && twist <= settings.twist_max_db
        && twist >= -settings.reverse_twist_max_db
        && levels.0.min(levels.1) >= settings.weakest_dbm0
        && low.amplitude().min(high.amplitude()) >= ALONE * low.amplitude().max(high.amplitude());
    let is_nominal = |digit: &Digit| digit.tones() == (Tone(nominal.0), Tone(nominal.1));
    is_digit.then(|| Digit::all().find(is_nominal)).flatten().map(Sound::Digit)
}

/// Whether the tones of a sound are still there at half its amplitude or more, whatever their phase.
pub fn is_there<'a>(hops: impl Iterator<Item = &'a Hop>, fit: &Fit, sound: Sound, frequencies: &[u16]) -> bool {
    let tones = match sound {
        Sound::Tone(tone) => vec![tone],
        Sound::Digit(digit) => vec![digit.tones().0, digit.tones().1],
    };
    let hops: Vec<&Hop> = hops.collect();
    tones.iter().zip(&fit.parts).all(|(tone, part)| {
        let Some(lane) = frequencies.iter().position(|hertz| *hertz == tone.0) else { return false };
        let sums = hops.chunks(TOGETHER).map(|hops| {
            let (re, im): (f32, f32) =
                hops.iter().fold((0.0, 0.0), |sum, hop| (sum.0 + hop.re[lane], sum.1 + hop.im[lane]));
            re.hypot(im)
        });
        let samples: usize = hops.iter().map(|hop| usize::from(hop.received)).sum();
        let mean = 2.0 * sums.sum::<f32>() / samples.max(HOP) as f32;
        mean > 0.5 * part.amplitude()
    })
}
