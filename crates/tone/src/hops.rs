//! Sixteen frequencies at once, in steps of 2.5 ms.
//!
//! Each step's sums are kept with their phase on one clock from the start of the call, so that the sums of neighbouring
//! steps add up to those of any longer window, at the frequency itself or one a little beside it.

use crate::RATE;

/// Samples of a step.
pub const HOP: usize = 20;
/// Frequencies that are watched together.
pub const LANES: usize = 16;
/// Steps after which every frequency in whole hertz has the same phase again.
const TURN: usize = RATE as usize / HOP;

/// The sums of one step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hop {
    /// Number of the step since the start of the call.
    pub number: u64,
    /// Samples that were received.
    pub received: u8,
    /// Sum of their squares.
    pub energy: f32,
    /// Sum of samples by cosine of each frequency.
    pub re: [f32; LANES],
    /// The same by minus sine.
    pub im: [f32; LANES],
}

/// The tables of one set of frequencies.
#[derive(Clone, Debug)]
pub struct Bank {
    hertz: [u16; LANES],
    cos: [[f32; LANES]; HOP],
    sin: [[f32; LANES]; HOP],
    turn: Vec<(f32, f32)>,
}

impl Bank {
    /// A bank of up to [`LANES`] frequencies in whole hertz; more are left out.
    pub fn new(frequencies: &[u16]) -> Bank {
        let mut hertz = [0; LANES];
        for (lane, frequency) in hertz.iter_mut().zip(frequencies) {
            *lane = *frequency;
        }
        let angle = |sample: usize, lane: usize| {
            std::f64::consts::TAU * f64::from(hertz.get(lane).copied().unwrap_or(0)) * sample as f64 / f64::from(RATE)
        };
        let table = |of: fn(f64) -> f64| {
            std::array::from_fn(|sample| std::array::from_fn(|lane| of(angle(sample, lane)) as f32))
        };
        let turn = (0..TURN).map(|step| {
            let angle = std::f64::consts::TAU * step as f64 / TURN as f64;
            (angle.cos() as f32, angle.sin() as f32)
        });
        Bank { hertz, cos: table(f64::cos), sin: table(f64::sin), turn: turn.collect() }
    }

    /// The sums of one step's samples; a lost sample is no number.
    pub fn hop(&self, number: u64, samples: &[f32; HOP]) -> Hop {
        let mut hop = Hop { number, ..Hop::default() };
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        for ((sample, cos), sin) in samples.iter().zip(&self.cos).zip(&self.sin) {
            if sample.is_nan() {
                continue;
            }
            hop.received += 1;
            hop.energy += sample * sample;
            for lane in 0..LANES {
                re[lane] += sample * cos[lane];
                im[lane] -= sample * sin[lane];
            }
        }
        let step = (number % TURN as u64) as usize;
        for lane in 0..LANES {
            let phase = usize::from(self.hertz[lane]) * step % TURN;
            let (cos, sin) = self.turn.get(phase).copied().unwrap_or((1.0, 0.0));
            hop.re[lane] = re[lane] * cos + im[lane] * sin;
            hop.im[lane] = im[lane] * cos - re[lane] * sin;
        }
        hop
    }
}

/// Cuts samples into steps.
#[derive(Clone, Debug, Default)]
pub struct Cutter {
    open: Vec<f32>,
    next: u64,
}

impl Cutter {
    /// The steps that these samples complete, with their numbers.
    pub fn push(&mut self, samples: impl IntoIterator<Item = f32>, mut each: impl FnMut(u64, &[f32; HOP])) {
        for sample in samples {
            self.open.push(sample);
            if let Ok(step) = <&[f32; HOP]>::try_from(self.open.as_slice()) {
                each(self.next, step);
                self.next = self.next.saturating_add(1);
                self.open.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_add_up_to_any_window() {
        let bank = Bank::new(&[697, 1633]);
        let samples: Vec<f32> =
            (0..400).map(|n| (std::f32::consts::TAU * 697.0 * n as f32 / 8000.0 + 1.0).cos()).collect();
        let mut sum = (0.0, 0.0, 0.0);
        Cutter::default().push(samples, |number, step| {
            let hop = bank.hop(number, step);
            sum = (sum.0 + hop.re[0], sum.1 + hop.im[0], sum.2 + hop.energy);
        });
        assert!((sum.0 - 200.0 * 1_f32.cos()).abs() < 3.0 && (sum.1 - 200.0 * 1_f32.sin()).abs() < 3.0, "{sum:?}");
        assert!((sum.2 - 200.0).abs() < 2.0);
    }
}
