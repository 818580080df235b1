//! Levels: dBm0 and what they are in samples. Samples are `f32`, full scale is ±1.

/// The level of a sine at full scale in A-law, dBm0 (ITU-T G.711; A).
#[allow(clippy::approx_constant, reason = "a level, not half a turn")]
pub const FULL_SCALE_DBM0: f32 = 3.14;

/// The amplitude of a sine of a level.
pub fn amplitude(dbm0: f32) -> f32 {
    10_f32.powf((dbm0 - FULL_SCALE_DBM0) / 20.0)
}

/// The level of a sine of an amplitude; silence is -100.
pub fn dbm0(amplitude: f32) -> f32 {
    if amplitude <= 1e-5 { -100.0 } else { 20.0 * amplitude.log10() + FULL_SCALE_DBM0 }
}

/// Mean power; of nothing 0.
pub fn power(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

/// Linear samples of 16 bits.
pub fn to_linear(samples: &[f32]) -> Vec<i16> {
    // A cast of a float saturates, and makes 0 of what is no number.
    samples.iter().map(|sample| (sample * 32768.0).round() as i16).collect()
}

/// The reverse.
pub fn of_linear(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|sample| f32::from(*sample) / 32768.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_amplitudes() {
        assert!((amplitude(-10.0) - 0.2203).abs() < 0.001, "the reference of files");
        assert!((dbm0(amplitude(-26.0)) + 26.0).abs() < 1e-3);
        assert_eq!(to_linear(&[2.0, -2.0, f32::NAN, 0.5]), [i16::MAX, i16::MIN, 0, 16384]);
    }
}
