//! The state of the digit path: what was heard last, and what goes on.

use std::collections::VecDeque;

use super::dial::DialTone;
use super::fit::{Fit, Turning};
use super::found::{BURST_WINDOW, Found, WINDOW, find, is_there, strongest, tone};
use super::settings::parts;
use super::{Settings, Sounded};
use crate::hops::{Bank, Cutter, HOP, Hop};
use crate::level::dbm0;

/// Samples received without a sound after which it is over: 20 ms. Shorter gaps split no digit (ES 201 235-3; A).
const ENDED: u32 = 160;
/// Samples lost in a row after which a sound is over as well, because nobody knows: 250 ms.
const LOST_MAX: u32 = 2000;
/// Steps between two looks at the frequencies and phases of what goes on.
const LOOK_AGAIN: u32 = 4;
/// The same sound is an echo if it begins so soon, and is so much weaker, dB: 40 ms; Q.24 has echoes 10 dB down.
const ECHO_SAMPLES: u64 = 320;
const ECHO_DB: f32 = 6.0;
/// From the end of a digit's low tone until its high tone is known: 60 ms and the window.
const PAIR_SAMPLES: u64 = 800;
/// Samples kept: 100 ms.
const KEPT: usize = 800;
/// Samples before the window in which an onset is looked for: 15 ms.
const EARLIER: usize = 120;
/// A sound as long as this is told as ended, and begins anew: a minute.
pub const SOUND_SAMPLES_MAX: u64 = 60 * 8000;

/// Hears sounds in one call.
#[derive(Clone, Debug)]
pub struct Listener {
    settings: Settings,
    frequencies: Vec<u16>,
    bank: Bank,
    cutter: Cutter,
    dial: DialTone,
    /// The last samples; lost ones are no number.
    samples: VecDeque<f32>,
    hops: VecDeque<Hop>,
    /// Samples so far, whole steps.
    now: u64,
    /// Where the last sound ended.
    ended: u64,
    /// Which it was, and its level.
    last: Option<(telecare_protocol::tones::Sound, f32)>,
    on: Option<On>,
}

/// A sound that goes on.
#[derive(Clone, Debug)]
struct On {
    told: Sounded,
    fit: Fit,
    turning: [Turning; 2],
    /// How much better the samples are explained with the sound than without it, and where that was best.
    gain: f32,
    best: f32,
    best_at: u64,
    received_since: u32,
    lost_since: u32,
    until_look: u32,
}

impl Listener {
    /// Begins with silence.
    pub fn new(settings: Settings) -> Listener {
        let mut frequencies = parts().to_vec();
        let others = settings.tones.iter().chain(&settings.bursts).map(|tone| tone.0);
        for hertz in others {
            if !frequencies.contains(&hertz) && hertz < 4000 {
                frequencies.push(hertz);
            }
        }
        frequencies.truncate(crate::hops::LANES);
        let bank = Bank::new(&frequencies);
        Listener {
            settings,
            frequencies,
            bank,
            cutter: Cutter::default(),
            dial: DialTone::new(),
            samples: VecDeque::with_capacity(KEPT + HOP),
            hops: VecDeque::with_capacity(2 * WINDOW + 1),
            now: 0,
            ended: 0,
            last: None,
            on: None,
        }
    }

    /// Takes samples in the order of the call; gives what began and what ended.
    pub fn push(&mut self, samples: &[f32]) -> Vec<Sounded> {
        self.cut(samples.iter().map(|sample| if sample.is_finite() { *sample } else { 0.0 }))
    }

    /// So many samples were lost.
    pub fn lose(&mut self, samples: usize) -> Vec<Sounded> {
        self.cut(std::iter::repeat_n(f32::NAN, samples))
    }

    /// The call is over: what goes on ends with it.
    pub fn finish(&mut self) -> Option<Sounded> {
        let on = self.on.take()?;
        Some(self.end(&on))
    }

    fn cut(&mut self, samples: impl Iterator<Item = f32>) -> Vec<Sounded> {
        let mut told = Vec::new();
        let mut cutter = std::mem::take(&mut self.cutter);
        let mut dial = std::mem::take(&mut self.dial);
        let samples = samples.map(|sample| dial.take(sample));
        cutter.push(samples, |number, step| self.step(number, step, &mut told));
        (self.cutter, self.dial) = (cutter, dial);
        told
    }

    fn step(&mut self, number: u64, step: &[f32; HOP], told: &mut Vec<Sounded>) {
        let hop = self.bank.hop(number, step);
        self.samples.extend(step);
        let surplus = self.samples.len().saturating_sub(KEPT);
        self.samples.drain(..surplus);
        if self.hops.len() == 2 * WINDOW {
            self.hops.pop_front();
        }
        self.hops.push_back(hop);
        self.now = number.saturating_add(1).saturating_mul(HOP as u64);
        match self.on.take() {
            None => self.look(told),
            Some(on) => {
                self.follow(on, step, told);
                if self.on.is_none() {
                    self.look(told);
                }
            }
        }
    }

    /// Looks for a sound in the last steps, as far as they are after the last one.
    fn look(&mut self, told: &mut Vec<Sounded>) {
        let found = self.window(WINDOW).and_then(|(window, from)| {
            let strongest = strongest(window, self.frequencies.len().saturating_sub(8));
            find(&strongest, &self.since(from), &self.frequencies, &self.settings, self.is_after_low())
                .map(|found| (found, from))
        });
        let found = found.or_else(|| {
            let burst = self.settings.bursts?;
            let (_, from) = self.window(BURST_WINDOW)?;
            tone(&self.since(from), burst.0, &[burst.0], &Settings { hears_parts: true, ..self.settings.clone() })
                .map(|found| (found, from))
        });
        if let Some((found, from)) = found {
            let on = self.begin(&found, from);
            if !self.is_echo(&on.told) {
                told.push(on.told);
                self.on = Some(on);
            }
        }
    }

    /// Whether the low tone of a digit ended a moment ago: the high one may be beginning.
    fn is_after_low(&self) -> bool {
        let is_low = |sound| matches!(sound, telecare_protocol::tones::Sound::Tone(tone) if tone.0 < 1000);
        let is_recent = self.now.saturating_sub(self.ended) < PAIR_SAMPLES;
        self.settings.hears_parts && is_recent && self.last.is_some_and(|(sound, _)| is_low(sound))
    }

    /// The same sound, right after itself and much weaker.
    fn is_echo(&self, told: &Sounded) -> bool {
        let is_soon = told.began.saturating_sub(self.ended) < ECHO_SAMPLES;
        is_soon && self.last.is_some_and(|(sound, dbm0)| sound == told.sound && told.dbm0 < dbm0 - ECHO_DB)
    }

    /// The last steps of which something was received, and the first sample of the first; none while they are too few
    /// or reach too far back.
    fn window(&self, steps: usize) -> Option<(impl ExactSizeIterator<Item = &Hop>, u64)> {
        let newest = self.hops.back().filter(|hop| hop.received > 0)?;
        let received = |hop: &&Hop| usize::from(hop.received) > HOP / 2 && hop.number * HOP as u64 + 10 >= self.ended;
        let mut window: Vec<&Hop> = self.hops.iter().rev().filter(received).take(steps).collect();
        window.reverse();
        let first = window.first().filter(|_| window.len() == steps)?.number;
        let reaches = newest.number.saturating_sub(first);
        (reaches < 2 * steps as u64).then_some((window.into_iter(), first * HOP as u64))
    }

    /// The samples from there to now.
    fn since(&self, from: u64) -> Vec<f32> {
        let count = usize::try_from(self.now.saturating_sub(from)).unwrap_or(usize::MAX).min(self.samples.len());
        self.samples.iter().skip(self.samples.len() - count).copied().collect()
    }

    /// The onset is where going back no longer pays.
    fn begin(&self, found: &Found, from: u64) -> On {
        let earliest = from.saturating_sub(EARLIER as u64).max(self.ended);
        let samples = self.since(earliest);
        let first = self.now.saturating_sub(samples.len() as u64);
        let lead = from.saturating_sub(first) as f32;
        let mut turning = found.fit.parts.map(|part| Turning::new(&part.later(-lead)));
        let gains: Vec<f32> = samples.iter().map(|sample| gain(*sample, &mut turning)).collect();
        let (mut sum, mut best, mut at) = (0.0, f32::MIN, samples.len());
        for (place, gain) in gains.iter().enumerate().rev() {
            sum += gain;
            if *gain != 0.0 && sum > best {
                (best, at) = (sum, place);
            }
        }
        let loudest = found.fit.parts.iter().map(|part| part.amplitude()).fold(0.0, f32::max);
        let near = samples.get(at.saturating_sub(HOP)..).unwrap_or_default();
        let told = Sounded {
            sound: found.sound,
            began: first.saturating_add(at as u64),
            ended: None,
            dbm0: dbm0(loudest),
            doubtful: near.iter().any(|sample| sample.is_nan()),
        };
        On {
            told,
            fit: found.fit,
            turning,
            gain: 0.0,
            best: 0.0,
            best_at: self.now,
            received_since: 0,
            lost_since: 0,
            until_look: LOOK_AGAIN,
        }
    }

    /// Goes on with a sound, or ends it.
    fn follow(&mut self, mut on: On, step: &[f32; HOP], told: &mut Vec<Sounded>) {
        let first = self.now.saturating_sub(HOP as u64);
        for (sample, at) in step.iter().zip(first..) {
            let gain = gain(*sample, &mut on.turning);
            if sample.is_nan() {
                on.lost_since = on.lost_since.saturating_add(1);
                continue;
            }
            on.gain += gain;
            on.received_since = on.received_since.saturating_add(1);
            if on.gain > on.best {
                (on.best, on.best_at, on.received_since) = (on.gain, at.saturating_add(1), 0);
                on.told.doubtful |= on.lost_since > 0;
                on.lost_since = 0;
            }
        }
        on.until_look = on.until_look.saturating_sub(1);
        let is_over = on.received_since >= ENDED || on.lost_since >= LOST_MAX;
        if is_over || on.until_look == 0 {
            on.until_look = LOOK_AGAIN;
            let goes_on = self.look_again(&mut on);
            if is_over && !goes_on {
                told.push(self.end(&on));
                return;
            }
        }
        if self.now.saturating_sub(on.told.began) >= SOUND_SAMPLES_MAX {
            told.push(self.end(&on));
            return;
        }
        self.on = Some(on);
    }

    /// Takes frequency and phase anew if the last samples are this sound; whether they are.
    fn look_again(&self, on: &mut On) -> bool {
        let (steps, tones) = match on.told.sound {
            telecare_protocol::tones::Sound::Digit(_) => (8, 2),
            telecare_protocol::tones::Sound::Tone(_) => (BURST_WINDOW, 1),
        };
        let Some((window, from)) = self.window(steps) else { return false };
        if !is_there(window, &on.fit, on.told.sound, &self.frequencies) {
            return false;
        }
        let near = on.fit.parts.map(|part| part.hertz);
        let samples = self.since(from);
        let fit = super::fit::fit(&samples, near.get(..tones).unwrap_or(&near));
        let moved =
            fit.parts.iter().zip(&on.fit.parts).any(|(new, old)| (new.hertz - old.hertz).abs() > 0.02 * old.hertz);
        if moved || fit.left_over > 3.0 * self.settings.left_over_max {
            return false;
        }
        let lead = samples.len() as f32;
        on.turning = fit.parts.map(|part| Turning::new(&part.later(lead)));
        if on.received_since >= ENDED {
            // The phase jumped, or the level: it went on all the time.
            (on.best, on.best_at, on.received_since, on.lost_since) = (on.gain, self.now, 0, 0);
        }
        true
    }

    fn end(&mut self, on: &On) -> Sounded {
        self.ended = on.best_at;
        self.last = Some((on.told.sound, on.told.dbm0));
        let doubtful = on.told.doubtful || on.lost_since > 0 && on.received_since < HOP as u32;
        Sounded { ended: Some(on.best_at.max(on.told.began)), doubtful, ..on.told }
    }
}

/// How much less is left over of a sample with the sound taken out.
fn gain(sample: f32, turning: &mut [Turning; 2]) -> f32 {
    let [one, two] = turning;
    let sound = one.next() + two.next();
    if sample.is_nan() { 0.0 } else { sound * (2.0 * sample - sound) }
}
