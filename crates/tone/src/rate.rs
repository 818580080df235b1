//! 16 kHz in, [`RATE`](crate::RATE) out.

/// Half of the filter, from its middle on: a half-band low-pass whose other even taps are 0 (Hamming window).
const HALF: usize = 23;

/// Takes every second sample after a low-pass; a state, so that audio may come in pieces.
#[derive(Clone, Debug)]
pub struct Halver {
    taps: [f32; 2 * HALF + 1],
    /// The last samples, as many as there are taps.
    kept: Vec<f32>,
    is_odd: bool,
}

impl Default for Halver {
    fn default() -> Halver {
        let tap = |index: usize| {
            let x = index as f32 - HALF as f32;
            let window = 0.54 + 0.46 * (std::f32::consts::PI * x / (HALF as f32 + 1.0)).cos();
            let sinc =
                if x == 0.0 { 0.5 } else { (std::f32::consts::FRAC_PI_2 * x).sin() / (std::f32::consts::PI * x) };
            window * sinc
        };
        Halver { taps: std::array::from_fn(tap), kept: vec![0.0; 2 * HALF], is_odd: false }
    }
}

impl Halver {
    /// The samples that this piece completes. They come 1.4 ms late.
    pub fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        self.kept.extend_from_slice(samples);
        let mut out = Vec::with_capacity(samples.len() / 2 + 1);
        for window in self.kept.windows(self.taps.len()) {
            if !self.is_odd {
                out.push(window.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum());
            }
            self.is_odd = !self.is_odd;
        }
        let done = self.kept.len().saturating_sub(2 * HALF);
        self.kept.drain(..done);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32) -> Vec<f32> {
        (0..16_000).map(|n| (std::f32::consts::TAU * hertz * n as f32 / 16_000.0).sin()).collect()
    }

    #[test]
    fn speech_band_passes_and_what_would_fold_does_not() {
        let through = |hertz| crate::level::power(&Halver::default().push(&tone(hertz))[100..]);
        for hertz in [300.0, 1000.0, 2300.0, 3000.0] {
            assert!((through(hertz) - 0.5).abs() < 0.01, "{hertz}");
        }
        assert!(through(5600.0) < 1e-4);
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let samples = tone(700.0);
        let whole = Halver::default().push(&samples);
        let mut halver = Halver::default();
        let pieces: Vec<f32> = samples.chunks(37).flat_map(|piece| halver.push(piece)).collect();
        assert_eq!(whole, pieces);
        assert_eq!(whole.len(), 8000);
    }
}
