//! Dial tone under the digits: always the same two tones, up to 22 dB above a weak digit's (MT8870; A).
//!
//! Only where these hold most of what is heard are they taken out, by notches; otherwise samples pass as they are.

use std::f32::consts::TAU;

use crate::RATE;

/// Its tones in the precise plan, hertz.
const TONES: [f32; 2] = [350.0, 440.0];
/// Radius of a notch's poles: 3 dB down 38 Hz beside its middle, settled after 12 ms.
const RADIUS: f32 = 0.97;
/// Two notches of a tone lie so much beside it, as a share: the tone may be 2 % off.
const BESIDE: f32 = 0.012;
/// Samples in which the tones are looked for: 20 ms.
const WINDOW: usize = 160;
/// The share of the energy that each must hold, and both together.
const EACH: f32 = 0.1;
const BOTH: f32 = 0.7;
/// The least energy of a window that is looked at: about -50 dBm0.
const ENERGY_MIN: f32 = 1e-4;
/// Windows without them after which samples pass as they are: 100 ms.
const WITHOUT: u8 = 5;

/// Takes dial tone out.
#[derive(Clone, Debug, Default)]
pub(super) struct DialTone {
    /// For each sample of a window cosine and sine of both tones.
    table: Vec<[f32; 4]>,
    sums: [f32; 4],
    energy: f32,
    samples: usize,
    notches: [Notch; 4],
    /// Windows until samples pass as they are.
    left: u8,
}

impl DialTone {
    /// Before the first sample.
    pub fn new() -> DialTone {
        let angle = |sample: usize, tone: usize| (TAU * TONES[tone] * sample as f32 / RATE as f32).sin_cos();
        let row = |sample: usize| {
            let ((sin, cos), (other_sin, other_cos)) = (angle(sample, 0), angle(sample, 1));
            [cos, sin, other_cos, other_sin]
        };
        DialTone {
            table: (0..WINDOW).map(row).collect(),
            sums: [0.0; 4],
            energy: 0.0,
            samples: 0,
            notches: notches(),
            left: 0,
        }
    }

    /// The sample without it. A lost one stays lost.
    pub fn take(&mut self, sample: f32) -> f32 {
        let input = if sample.is_nan() { 0.0 } else { sample };
        self.look(input);
        if self.left == 0 {
            return sample;
        }
        let output = self.notches.iter_mut().fold(input, |input, notch| notch.take(input));
        if sample.is_nan() { sample } else { output }
    }

    fn look(&mut self, sample: f32) {
        if let Some(row) = self.table.get(self.samples) {
            self.sums.iter_mut().zip(row).for_each(|(sum, unit)| *sum += sample * unit);
        }
        self.energy += sample * sample;
        self.samples += 1;
        if self.samples < WINDOW {
            return;
        }
        let [re, im, other_re, other_im] = self.sums;
        let held = [re * re + im * im, other_re * other_re + other_im * other_im].map(|sum| 2.0 * sum / WINDOW as f32);
        let is_there = self.energy > ENERGY_MIN
            && held.iter().all(|held| *held > EACH * self.energy)
            && held.iter().sum::<f32>() > BOTH * self.energy;
        if is_there && self.left == 0 {
            self.notches = notches();
        }
        self.left = if is_there { WITHOUT } else { self.left.saturating_sub(1) };
        (self.sums, self.energy, self.samples) = ([0.0; 4], 0.0, 0);
    }
}

fn notches() -> [Notch; 4] {
    let beside = [1.0 - BESIDE, 1.0 + BESIDE];
    std::array::from_fn(|index| Notch::new(TONES[index / 2] * beside[index % 2]))
}

/// A filter that leaves one frequency out.
#[derive(Clone, Copy, Debug, Default)]
struct Notch {
    cos: f32,
    gain: f32,
    inputs: [f32; 2],
    outputs: [f32; 2],
}

impl Notch {
    fn new(hertz: f32) -> Notch {
        let cos = (TAU * hertz / RATE as f32).cos();
        // High frequencies pass as they are.
        let gain = (1.0 + 2.0 * RADIUS * cos + RADIUS * RADIUS) / (2.0 + 2.0 * cos);
        Notch { cos, gain, inputs: [0.0; 2], outputs: [0.0; 2] }
    }

    fn take(&mut self, input: f32) -> f32 {
        let zeros = self.gain * (input - 2.0 * self.cos * self.inputs[0] + self.inputs[1]);
        let output = zeros + 2.0 * RADIUS * self.cos * self.outputs[0] - RADIUS * RADIUS * self.outputs[1];
        self.inputs = [input, self.inputs[0]];
        self.outputs = [output, self.outputs[0]];
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amplitudes of 697 Hz and of 440 Hz after it.
    fn after(dial: f32) -> [f32; 2] {
        let mut tone = DialTone::new();
        let at = |hertz: f32, sample: usize| TAU * hertz * sample as f32 / RATE as f32;
        let made = |n: usize| 0.02 * at(697.0, n).sin() + dial * (at(350.0, n).sin() + at(440.0, n).sin());
        let samples: Vec<f32> = (0..8000).map(|n| tone.take(made(n))).collect();
        [697.0, 440.0].map(|hertz| {
            let later = samples.iter().enumerate().skip(4000);
            let (re, im) = later.fold((0.0, 0.0), |(re, im), (n, sample)| {
                (re + sample * at(hertz, n).cos(), im + sample * at(hertz, n).sin())
            });
            re.hypot(im) / 2000.0
        })
    }

    #[test]
    fn it_is_taken_out_and_digits_stay() {
        let [digit, dial] = after(0.25);
        assert!((digit - 0.02).abs() < 0.001 && dial < 0.25 / 50.0, "{digit} {dial}");
        let [digit, dial] = after(0.001);
        assert!((digit - 0.02).abs() < 1e-4 && (dial - 0.001).abs() < 1e-4, "nothing is there to take: {digit} {dial}");
    }
}
