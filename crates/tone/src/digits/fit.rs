//! One or two tones fitted to some samples: frequency, amplitude and phase of each, and what is left over.
//!
//! Each tone in turn is moved by the turn of its phase from the first half to the second, with the other taken out.

use crate::RATE;

/// Samples fitted at most.
pub const SAMPLES_MAX: usize = 480;
const ROUNDS: usize = 4;

/// One tone, from the first sample on: `re cos(w n) - im sin(w n)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// Its frequency, hertz.
    pub hertz: f32,
    /// Amplitude by cosine of its phase.
    pub re: f32,
    /// Amplitude by sine of its phase.
    pub im: f32,
}

impl Part {
    /// Its amplitude.
    pub fn amplitude(&self) -> f32 {
        self.re.hypot(self.im)
    }

    /// It, seen from some samples later.
    pub fn later(&self, samples: f32) -> Part {
        let angle = std::f32::consts::TAU * (self.hertz * samples / RATE as f32).fract();
        let (sin, cos) = angle.sin_cos();
        Part { hertz: self.hertz, re: self.re * cos - self.im * sin, im: self.re * sin + self.im * cos }
    }
}

/// What fits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fit {
    /// Its tones; a second one of amplitude 0 where only one was asked for.
    pub parts: [Part; 2],
    /// Share of the energy that is left over, 0 to 1.
    pub left_over: f32,
}

/// A tone as it goes on from sample to sample.
#[derive(Clone, Copy, Debug)]
pub struct Turning {
    re: f32,
    im: f32,
    cos: f32,
    sin: f32,
}

impl Turning {
    /// Begins with the part's first sample.
    pub fn new(part: &Part) -> Turning {
        let (sin, cos) = (std::f32::consts::TAU * part.hertz / RATE as f32).sin_cos();
        Turning { re: part.re, im: part.im, cos, sin }
    }

    /// The next sample.
    pub fn next(&mut self) -> f32 {
        let now = self.re;
        self.re = now * self.cos - self.im * self.sin;
        self.im = now * self.sin + self.im * self.cos;
        now
    }
}

/// Fits tones near the given frequencies, one or two of them. Lost samples are no number.
pub fn fit(samples: &[f32], near: &[f32]) -> Fit {
    let samples = samples.get(..SAMPLES_MAX).unwrap_or(samples);
    let mut buffer = [0.0; SAMPLES_MAX];
    let mut found = Fit::default();
    let count = near.len().min(2);
    for (part, hertz) in found.parts.iter_mut().zip(near) {
        part.hertz = *hertz;
    }
    for round in 0..ROUNDS {
        for index in 0..count {
            let other = (count == 2).then(|| found.parts[1 - index]);
            let rest = without(samples, other, &mut buffer);
            let part = &mut found.parts[index];
            let (first, second) = halves(rest, part.hertz);
            if round > 0 || count == 1 {
                let turn =
                    (second.im * first.re - second.re * first.im).atan2(second.re * first.re + second.im * first.im);
                let apart = second.middle() - first.middle();
                if apart > 1.0 {
                    part.hertz += turn / std::f32::consts::TAU * RATE as f32 / apart;
                }
            }
            let (first, second) = halves(rest, part.hertz);
            let received = (first.received + second.received).max(1.0);
            part.re = 2.0 * (first.re + second.re) / received;
            part.im = 2.0 * (first.im + second.im) / received;
        }
    }
    let rest = without(samples, Some(found.parts[0]), &mut buffer);
    let mut second = Turning::new(&found.parts[1]);
    let left: f32 = rest.iter().map(|sample| square(sample - second.next())).sum();
    let energy: f32 = samples.iter().map(|sample| square(*sample)).sum();
    found.left_over = if energy > 0.0 { (left / energy).min(1.0) } else { 1.0 };
    found
}

/// A lost sample counts nothing.
fn square(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample * sample }
}

fn without<'a>(samples: &[f32], other: Option<Part>, buffer: &'a mut [f32; SAMPLES_MAX]) -> &'a [f32] {
    let mut turning = Turning::new(&other.unwrap_or_default());
    for (rest, sample) in buffer.iter_mut().zip(samples) {
        *rest = sample - turning.next();
    }
    buffer.get(..samples.len()).unwrap_or_default()
}

#[derive(Default)]
struct Half {
    re: f32,
    im: f32,
    received: f32,
    places: f32,
}

impl Half {
    fn middle(&self) -> f32 {
        self.places / self.received.max(1.0)
    }
}

fn halves(samples: &[f32], hertz: f32) -> (Half, Half) {
    let mut unit = Turning::new(&Part { hertz, re: 1.0, im: 0.0 });
    let mut halves = (Half::default(), Half::default());
    let middle = samples.len() / 2;
    for (place, sample) in samples.iter().enumerate() {
        let (cos, sin) = (unit.re, unit.im);
        unit.next();
        if sample.is_nan() {
            continue;
        }
        let half = if place < middle { &mut halves.0 } else { &mut halves.1 };
        half.re += sample * cos;
        half.im -= sample * sin;
        half.received += 1.0;
        half.places += place as f32;
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tones_are_found_where_they_are() {
        let made = [Part { hertz: 952.0, re: 0.3, im: 0.1 }, Part { hertz: 1190.0, re: -0.1, im: 0.05 }];
        let mut turning = made.map(|part| Turning::new(&part));
        let mut samples: Vec<f32> = (0..240).map(|_| turning.iter_mut().map(Turning::next).sum()).collect();
        for lost in [0..0, 100..150] {
            samples[lost.clone()].fill(f32::NAN);
            let found = fit(&samples, &[941.0, 1209.0]);
            for (part, made) in found.parts.iter().zip(made) {
                assert!((part.hertz - made.hertz).abs() < 1.5, "{lost:?} {part:?}");
                assert!((part.amplitude() - made.amplitude()).abs() < 0.02, "{lost:?} {part:?}");
            }
            assert!(found.left_over < 0.01, "{lost:?} {}", found.left_over);
        }
        assert!((made[0].later(80.0).re - samples[80] + made[1].later(80.0).re).abs() < 0.01);
    }

    #[test]
    fn nothing_fits_nothing() {
        assert_eq!(fit(&[], &[697.0, 1209.0]).left_over, 1.0);
        assert_eq!(fit(&[0.0; 240], &[697.0]).left_over, 1.0);
        assert_eq!(fit(&[f32::NAN; 240], &[697.0]).left_over, 1.0);
    }
}
