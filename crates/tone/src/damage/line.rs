//! Noise, echo, another voice, a shift of all frequencies.

use std::f32::consts::TAU;

use super::Random;
use crate::RATE;
use crate::level::power;

/// White noise, so much below the `signal` power, dB.
pub fn noise(samples: &mut [f32], signal: f32, snr_db: f32, random: &mut Random) {
    let deviation = (signal / 10_f32.powf(snr_db / 10.0)).sqrt();
    for sample in samples {
        *sample += deviation * gaussian(random);
    }
}

/// Box and Muller's.
fn gaussian(random: &mut Random) -> f32 {
    let (one, two) = (random.f32().max(1e-9), random.f32());
    (-2.0 * one.ln()).sqrt() * (TAU * two).cos()
}

/// The samples once more, later and by so many dB weaker.
pub fn echo(samples: &mut [f32], later: usize, weaker_db: f32) {
    let gain = 10_f32.powf(-weaker_db / 20.0);
    let dry = samples.to_vec();
    for (sample, before) in samples.iter_mut().skip(later).zip(&dry) {
        *sample += gain * before;
    }
}

/// Adds another sound, so often as needed, at a power beside that of the `signal`, dB; its own power is that of its
/// louder parts: pauses do not count.
pub fn add(samples: &mut [f32], other: &[f32], signal: f32, relative_db: f32) {
    let active = active_power(other);
    if active <= 0.0 {
        return;
    }
    let gain = (signal / active * 10_f32.powf(relative_db / 10.0)).sqrt();
    for (sample, more) in samples.iter_mut().zip(other.iter().cycle()) {
        *sample += gain * more;
    }
}

/// The power of those 20 ms that are not 20 dB below the loudest.
pub(crate) fn active_power(samples: &[f32]) -> f32 {
    let powers: Vec<f32> = samples.chunks(crate::PACKET).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let active: Vec<f32> = powers.into_iter().filter(|power| *power > loudest / 100.0).collect();
    if active.is_empty() { 0.0 } else { active.iter().sum::<f32>() / active.len() as f32 }
}

/// Moves every frequency by so many hertz, as an analogue carrier does: by way of the Hilbert transform.
pub fn shift(samples: &mut [f32], hertz: f32) {
    const HALF: usize = 64;
    let dry = samples.to_vec();
    let at = |index: usize, offset: isize| {
        index.checked_add_signed(offset).and_then(|index| dry.get(index)).copied().unwrap_or(0.0)
    };
    let taps: Vec<(isize, f32)> = (1..=HALF as isize)
        .step_by(2)
        .map(|k| {
            (
                k,
                2.0 / (std::f32::consts::PI * k as f32)
                    * (0.54 + 0.46 * (std::f32::consts::PI * k as f32 / HALF as f32).cos()),
            )
        })
        .collect();
    for (index, sample) in samples.iter_mut().enumerate() {
        let quadrature: f32 = taps.iter().map(|(k, tap)| tap * (at(index, -k) - at(index, *k))).sum();
        let phase = TAU * (f64::from(hertz) * index as f64 / f64::from(RATE)).fract() as f32;
        *sample = dry.get(index).copied().unwrap_or(0.0) * phase.cos() - quadrature * phase.sin();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32) -> Vec<f32> {
        (0..8000).map(|n| (TAU * hertz * n as f32 / 8000.0).sin()).collect()
    }

    #[test]
    fn noise_has_its_power() {
        let mut samples = vec![0.0; 80_000];
        noise(&mut samples, 0.5, 3.0, &mut super::super::random(1));
        assert!((power(&samples) - 0.25).abs() < 0.01);
    }

    #[test]
    fn a_shift_moves_the_frequency_and_keeps_the_level() {
        let mut samples = tone(1000.0);
        shift(&mut samples, 10.0);
        let wanted = tone(1010.0);
        let likeness: f32 = samples[200..7800].iter().zip(&wanted[200..7800]).map(|(one, other)| one * other).sum();
        assert!((likeness / 3800.0 - 1.0).abs() < 0.02, "{likeness}");
    }

    #[test]
    fn an_echo_and_a_talker_have_their_levels() {
        let mut samples = tone(1000.0);
        echo(&mut samples, 4000, 10.0);
        assert!((power(&samples[..4000]) - 0.5).abs() < 0.01);
        let mut samples = vec![0.0; 8000];
        let half: Vec<f32> = tone(500.0).into_iter().take(4000).chain(vec![0.0; 4000]).collect();
        add(&mut samples, &half, 0.5, -6.0);
        assert!((power(&samples[..4000]) - 0.5 / 3.98).abs() < 0.01, "its pauses do not make it louder");
    }
}
