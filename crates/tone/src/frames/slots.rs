//! Where exactly the slots of a chain are.
//!
//! The starts are brought onto one line, start and pace; then the energy of the tones, laid over each other slot by slot,
//! shows where in a period they are on.

use std::ops::Range;

use super::chain::Walk;
use super::emission::{History, Pace};

/// The slots of one message, in steps: for each symbol where its low tone is and where its high one is.
#[derive(Clone, Debug)]
pub struct Slots {
    /// Of the low tones.
    pub low: Vec<Range<u64>>,
    /// Of the high tones; in DTMF the same.
    pub high: Vec<Range<u64>>,
    /// From one symbol to the next, steps.
    pub period: f32,
}

impl Slots {
    /// The step after the last slot.
    pub fn ends(&self) -> u64 {
        self.high.last().map_or(0, |slot| slot.end)
    }

    /// The slots of a place so many symbols from the first: before it, or after the last.
    pub fn beside(&self, shift: i64) -> Option<[Range<u64>; 2]> {
        let by = (self.period * shift as f32).round() as i64;
        let moved = |slot: &Range<u64>| Some(slot.start.checked_add_signed(by)?..slot.end.checked_add_signed(by)?);
        Some([moved(self.low.first()?)?, moved(self.high.first()?)?])
    }
}

/// Finds them; none where the tones do not come and go with the pace.
pub fn slots(history: &History, walk: &Walk, pace: Pace) -> Option<Slots> {
    let (first, period) = line(walk)?;
    let start = |symbol: usize| first + period * symbol as f32;
    let low = window(history, walk, &start, period, 0.0, |symbol| usize::from(symbol.low))?;
    let high = if pace.is_stmf {
        window(history, walk, &start, period, period / 2.0, |symbol| 4 + usize::from(symbol.high))?
    } else {
        low.clone()
    };
    let ranges = |window: &Range<f32>| {
        let range = |symbol: usize| {
            // A step at each end may be half on: it is left out.
            let from = (start(symbol) + window.start).round().max(0.0) as u64 + 1;
            let to = (start(symbol) + window.end).round().max(0.0) as u64;
            from..to.saturating_sub(1).max(from + 1)
        };
        let base = walk.starts.first().copied().unwrap_or(0);
        (0..walk.starts.len()).map(range).map(|range| base + range.start - ORIGIN..base + range.end - ORIGIN).collect()
    };
    Some(Slots { low: ranges(&low), high: ranges(&high), period })
}

/// A tone's level in the pauses, at most, beside its level in the slots.
const PAUSE_MAX: f32 = 0.65;

/// Places are counted from so many steps before the first start, so that none is negative.
const ORIGIN: u64 = 200;

/// First start and period of the line through the starts of symbols that were heard.
fn line(walk: &Walk) -> Option<(f32, f32)> {
    let base = walk.starts.first()?;
    let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, (start, symbol)) in walk.starts.iter().zip(&walk.symbols).enumerate() {
        let weight = symbol.score.max(0.0);
        let (x, y) = (index as f32, (start - base) as f32);
        n += weight;
        sx += weight * x;
        sy += weight * y;
        sxx += weight * x * x;
        sxy += weight * x * y;
    }
    let spread = n * sxx - sx * sx;
    if spread <= 1e-3 {
        return None;
    }
    let period = (n * sxy - sx * sy) / spread;
    Some(((sy - period * sx) / n + ORIGIN as f32, period))
}

/// Where in a period the tones are on, about half a period from `about` on.
fn window(
    history: &History,
    walk: &Walk,
    start: &impl Fn(usize) -> f32,
    period: f32,
    about: f32,
    lane: impl Fn(&super::emission::Symbol) -> usize,
) -> Option<Range<f32>> {
    let base = walk.starts.first()?;
    let quarter = (period / 4.0) as i64;
    let length = (period * 1.25) as usize;
    let mut profile = vec![0.0_f32; length];
    let mut heard = vec![0.0_f32; length];
    for (index, symbol) in walk.symbols.iter().enumerate().filter(|(_, symbol)| symbol.score > 0.0) {
        let lane = lane(symbol);
        let from = (start(index) + about).round() as i64 - quarter - ORIGIN as i64;
        for (place, (sum, heard)) in profile.iter_mut().zip(&mut heard).enumerate() {
            let number = base.checked_add_signed(from + place as i64);
            // Two steps together tell tones apart better than one.
            let pair = number.and_then(|number| Some((history.hop(number)?, history.hop(number.checked_sub(1)?)?)));
            if let Some((one, two)) = pair.filter(|(one, two)| one.received > 10 && two.received > 10) {
                *sum += (one.re[lane] + two.re[lane]).hypot(one.im[lane] + two.im[lane]);
                *heard += 1.0;
            }
        }
    }
    profile.iter_mut().zip(&heard).for_each(|(sum, heard)| *sum /= heard.max(1.0));
    let half = (period / 2.0) as usize;
    let middle = (quarter as usize + half / 2).min(length.saturating_sub(1));
    let inner = profile.get(middle.saturating_sub(half / 4)..middle + half / 4)?;
    let on = inner.iter().sum::<f32>() / inner.len().max(1) as f32;
    let least = profile.iter().copied().fold(f32::MAX, f32::min);
    if least > PAUSE_MAX * on {
        return None;
    }
    let edge = (on + least) / 2.0;
    let first = profile.get(..middle)?.iter().rposition(|level| *level < edge).map_or(0, |place| place + 1);
    let last = profile.get(middle..)?.iter().position(|level| *level < edge).map_or(length, |place| place + middle);
    // The pair of steps lies half a step before its place.
    let from = first as f32 - quarter as f32 + about - 0.5;
    let to = last as f32 - quarter as f32 + about - 0.5;
    let is_plausible = (0.3 * period..=0.72 * period).contains(&(to - from));
    is_plausible.then_some(from..to)
}
