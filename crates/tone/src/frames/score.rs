//! What each digit of each slot costs.
//!
//! Over the whole of a slot, at the sender's own frequencies, the amplitude at each of the eight places is compared with
//! what a digit at the sender's own level would give there. What does not fit is other sound: it may be anything, so a
//! misfit costs with its logarithm (Cauchy's distribution), and no single place can outvote the rest. Whether a tone
//! keeps its level and phase through the slot counts as well: a digit's does, a voice's harmonic wanders.

use std::ops::Range;

use telecare_protocol::tones::{Digit, Tone};

use super::best::Costs;
use super::chain::Walk;
use super::emission::{History, Symbol};
use super::heard::{Heard, hear, strongest, tuned};
use super::slots::Slots;
use crate::digits::settings::parts;

/// How far off a tone may be, as shares of its frequency, and the steps in which it is looked for.
const OFF_MAX: f32 = 0.022;
const OFF_STEP: f32 = 0.002;
/// How many slots' worth the whole group says of how far off each of its tones is.
const OTHERS_COUNT: f32 = 4.0;
/// The usual misfit of a tone's amplitude even where nothing disturbs it.
const MISFIT: f32 = 0.08;
/// A tone in a pause as strong as this beside the slots' is a digit.
const BUSY: f32 = 0.6;
/// Slots in which both tones may be much weaker than elsewhere though they were received: more are another message.
const MISSING_MAX: usize = 1;
/// Slots in which one of them may be: another voice cancels it, or the pace is not the sender's.
const WEAKENED_MAX: usize = 4;
/// How much of the energy at a tone's place may turn against the rest for it to be a digit's.
const UNSTEADY_MAX: f32 = 0.3;
/// Pauses in which somebody may speak as loud as a digit.
const BUSY_MAX: usize = 2;
/// Symbols of STMF in which somebody may speak as loud as the other tone.
const BOTH_MAX: usize = 5;
/// How much louder the low tones may be, dB.
const TWIST_DB: std::ops::RangeInclusive<f32> = -12.0..=14.0;
/// Steps between a slot and what counts as its pause.
const APART: u64 = 2;
/// How much of what is there in the pauses is to be expected in a slot.
const PAUSE_COUNTS: f32 = 0.5;
/// How much a tone's steadiness counts beside its level: a voice passes through its place, and does not stay. Of 110,000
/// tones under a talker, and 108,000 under a louder one, fits of both gave 1.8 and 7 times as much; this is right for mixtures.
const STEADY_COUNTS: f32 = 3.4;
/// The share of a slot that must be received for it to say anything: less may be its edges alone.
const LEAST: f32 = 0.12;
/// A slot of which less was received is a fragment: where no tone is heard in it, it may lie beside the tone.
const FRAGMENT: f32 = 0.5;
/// A tone weaker than this beside the others is missing.
const WEAK: f32 = 0.5;

/// Scored slots.
#[derive(Clone, Debug)]
pub struct Scored {
    /// For each symbol.
    pub costs: Vec<Costs>,
    /// For each symbol, the share of its samples that were received.
    pub received: Vec<f32>,
    /// Amplitudes of the low and of the high tones.
    pub levels: [f32; 2],
    /// For each symbol, which of its tones are much weaker than the others' though they were received.
    pub weak: Vec<[bool; 2]>,
    /// Pauses that have tones as strong as the slots': the pace is not the sender's.
    pub busy: usize,
    /// Symbols of STMF that have both groups of tones at once: they are digits of DTMF.
    pub both: usize,
    /// What the likeliest digits cost on their own, on average: how badly they fit.
    pub misfit: f32,
    /// All that sounds in a usual slot, as a power, beside the tones that belong there: 2 is other sound as loud as they are.
    pub loudness: f32,
    /// How far off the tones are.
    off: [[f32; 4]; 2],
}

impl Scored {
    /// Slots that were received and have a tone much weaker than the others'.
    pub fn weakened(&self) -> usize {
        self.weak.iter().filter(|weak| weak.contains(&true)).count()
    }

    /// Whether the pace and the levels are a sender's.
    pub fn is_plausible(&self) -> bool {
        let twist_db = 20.0 * (self.levels[0] / self.levels[1]).log10();
        let weakened_max = if self.busy == 0 { WEAKENED_MAX } else { MISSING_MAX };
        let is_silent = |weak: &[bool; 2]| *weak == [true; 2];
        // Where an end is silent the message begins later, or ended earlier.
        let [first, last] = [self.weak.first(), self.weak.last()];
        !first.is_some_and(is_silent)
            && !last.is_some_and(is_silent)
            && self.weak.iter().filter(|weak| is_silent(weak)).count() <= MISSING_MAX
            && self.weakened() <= weakened_max
            && self.busy <= BUSY_MAX
            && self.both <= BOTH_MAX
            && TWIST_DB.contains(&twist_db)
    }
}

/// Scores them.
pub fn score(history: &History, walk: &Walk, slots: &Slots) -> Scored {
    let hertz = parts().map(f32::from);
    let seem =
        |of: fn(&Symbol) -> u8| walk.symbols.iter().map(|symbol| usize::from(of(symbol))).collect::<Vec<usize>>();
    let seem = [seem(|symbol| symbol.low), seem(|symbol| symbol.high)];
    let groups = [(0, &slots.low, &seem[0]), (4, &slots.high, &seem[1])].map(|(base, slots, seem)| {
        let off = offsets(history, slots, seem, base, &hertz);
        let mut heard: Vec<Heard> = slots.iter().map(|slot| hear(history, slot, base, &off, &hertz)).collect();
        let pauses: Vec<Heard> = slots
            .windows(2)
            .map(|pair| pair[0].end + APART..pair[1].start.saturating_sub(APART))
            .map(|pause| hear(history, &pause, base, &off, &hertz))
            .collect();
        let known = |pause: &Heard, at: [f32; 4]| if pause.share > 0.3 { at } else { [0.0; 4] };
        for (index, heard) in heard.iter_mut().enumerate() {
            let before = index.checked_sub(1).and_then(|index| pauses.get(index));
            for pause in before.into_iter().chain(pauses.get(index)) {
                let wandering = known(pause, pause.in_blocks());
                heard.pause.iter_mut().zip(wandering).for_each(|(most, at)| *most = most.max(at));
            }
        }
        let level = median(heard.iter().filter(|heard| heard.share > 0.5).map(|heard| strongest(&heard.at).1));
        let beside = median(heard.iter().filter(|heard| heard.share > 0.5).flat_map(|heard| {
            let (most, _) = strongest(&heard.at);
            let others = heard.at.iter().enumerate().filter(move |(place, _)| *place != most);
            others.map(|(_, amplitude)| *amplitude).collect::<Vec<f32>>()
        }));
        let pauses: Vec<[f32; 4]> = pauses.iter().map(|pause| known(pause, pause.at)).collect();
        (heard, level.max(1e-6), beside, off, pauses)
    });
    let [low, high] = &groups;
    let (mut low_least, mut high_least) = (Vec::new(), Vec::new());
    let costs = low.0.iter().zip(&high.0).map(|(of_low, of_high)| {
        let (low_costs, least) = group_costs(of_low, low.1, low.2);
        low_least.extend(least);
        let (high_costs, least) = group_costs(of_high, high.1, high.2);
        high_least.extend(least);
        let mut all = Digit::all().map(|digit| {
            let (Tone(low), Tone(high)) = digit.tones();
            let place =
                |tone: u16, base: usize| parts().iter().skip(base).position(|known| *known == tone).unwrap_or(0);
            low_costs[place(low, 0).min(3)] + high_costs[place(high, 4).min(3)]
        });
        std::array::from_fn(|_| all.next().unwrap_or(0.0))
    });
    let costs: Vec<Costs> = costs.collect();
    let is_weak = |heard: &Heard, level: f32| heard.share > 0.6 && strongest(&heard.at).1 < WEAK * level;
    let weak: Vec<[bool; 2]> =
        low.0.iter().zip(&high.0).map(|(of_low, of_high)| [is_weak(of_low, low.1), is_weak(of_high, high.1)]).collect();
    let is_stmf = slots.low != slots.high;
    let is_busy = |pause: &[f32; 4], level: f32| strongest(pause).1 > BUSY * level;
    let busy = low.4.iter().zip(&high.4).filter(|(of_low, of_high)| {
        let (low, high) = (is_busy(of_low, low.1), is_busy(of_high, high.1));
        if is_stmf { low || high } else { low && high }
    });
    let other = |slot: &Range<u64>, base: usize, off: &[f32; 4], level: f32| {
        let heard = hear(history, slot, base, off, &hertz);
        heard.share > 0.3 && strongest(&heard.at).1 > BUSY * level
    };
    let both = slots.low.iter().zip(&slots.high).filter(|(low_slot, high_slot)| {
        is_stmf && (other(low_slot, 4, &high.3, high.1) || other(high_slot, 0, &low.3, low.1))
    });
    let received = low.0.iter().zip(&high.0).map(|(low, high)| low.share.min(high.share));
    Scored {
        costs,
        received: received.collect(),
        levels: [low.1, high.1],
        weak,
        busy: busy.count(),
        both: if is_stmf { both.count() } else { 0 },
        misfit: (mean(&low_least) + mean(&high_least)) / 2.0,
        loudness: loudness(history, slots, [low.1, high.1]),
        off: [low.3, high.3],
    }
}

/// How strong a digit is so many symbols from the first, beside the message's own; none where too little of it was
/// received.
pub fn beside(history: &History, slots: &Slots, scored: &Scored, shift: i64, now: u64) -> Option<f32> {
    let hertz = parts().map(f32::from);
    let [low, high] = slots.beside(shift)?;
    let level = |slot: Range<u64>, group: usize| {
        let slot = slot.start..slot.end.min(now + 1).max(slot.start);
        let base = 4 * group;
        let heard = hear(history, &slot, base, scored.off.get(group)?, &hertz);
        let (place, most) = strongest(&heard.at);
        let level = if heard.unsteady(place) > UNSTEADY_MAX { 0.0 } else { most / scored.levels[group] };
        (heard.share > 0.4 && !slot.is_empty()).then_some(level)
    };
    Some(level(low, 0)?.min(level(high, 1)?))
}

/// How far off each tone of a group is: where it is strongest in the slots it seemed to be in, and the others of its group
/// in theirs. One clock makes them all; a tone that was sent once, under a voice, does not say it alone.
fn offsets(history: &History, slots: &[Range<u64>], heard: &[usize], base: usize, hertz: &[f32; 8]) -> [f32; 4] {
    let steps = (OFF_MAX / OFF_STEP).round() as i32;
    let offs: Vec<f32> = (-steps..=steps).map(|step| step as f32 * OFF_STEP).collect();
    let power = |place: usize, off: f32| -> f32 {
        let own = slots.iter().zip(heard).filter(|(_, heard)| **heard == place);
        own.map(|(slot, _)| tuned(history, slot, base + place, off * hertz[base + place]).0.powi(2)).sum()
    };
    let powers: [Vec<f32>; 4] = std::array::from_fn(|place| offs.iter().map(|off| power(place, *off)).collect());
    let others = OTHERS_COUNT / slots.len().max(1) as f32;
    powers.each_ref().map(|own| {
        let all = |index: usize| powers.iter().filter_map(|powers| powers.get(index)).sum::<f32>();
        let sums = own.iter().enumerate().map(|(index, own)| own + others * all(index));
        let best =
            offs.iter().zip(sums).fold((0.0, 0.0), |best, (off, sum)| if sum > best.1 { (*off, sum) } else { best });
        best.0
    })
}

/// What each tone of a group costs beside the cheapest, and what that one costs; nothing where nothing was heard.
fn group_costs(heard: &Heard, level: f32, beside: f32) -> ([f32; 4], Option<f32>) {
    let is_beside = heard.share < FRAGMENT && strongest(&heard.at).1 < WEAK * level;
    if heard.share < LEAST || is_beside {
        return ([0.0; 4], None);
    }
    let usual = (MISFIT * level).max(beside / heard.share.clamp(0.05, 1.0).sqrt());
    let usual: [f32; 4] = std::array::from_fn(|place| usual.max(PAUSE_COUNTS * heard.pause[place]));
    let whole: [f32; 4] = std::array::from_fn(|tone| {
        let misfit = |place: usize| (heard.at[place] - level * heard.leaks[tone][place]) / usual[place];
        (0..4).map(|place| misfit(place).powi(2).ln_1p()).sum()
    });
    let costs: [f32; 4] =
        std::array::from_fn(|tone| whole[tone] + STEADY_COUNTS * heard.steadiness(tone, level, usual[tone]));
    let least = costs.iter().copied().fold(f32::MAX, f32::min);
    let misfit = whole.iter().copied().fold(f32::MAX, f32::min);
    (costs.map(|cost| cost - least), Some(misfit))
}

/// The power in a usual slot beside that of its tones: of both together, or of the one that sounds then.
fn loudness(history: &History, slots: &Slots, [low, high]: [f32; 2]) -> f32 {
    let power = |slot: &Range<u64>| {
        let hops = slot.clone().filter_map(|number| history.hop(number));
        let (energy, samples) =
            hops.fold((0.0, 0.0), |(energy, samples), hop| (energy + hop.energy, samples + f32::from(hop.received)));
        (samples > 0.0).then_some(energy / samples)
    };
    let beside = |slots: &[Range<u64>], amplitude: f32| {
        let tones = amplitude * amplitude / 2.0;
        slots.iter().filter_map(power).map(|power| power / tones).collect::<Vec<f32>>()
    };
    if slots.low == slots.high {
        median(beside(&slots.low, low.hypot(high)).into_iter())
    } else {
        median(beside(&slots.low, low).into_iter().chain(beside(&slots.high, high)))
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;
    use crate::hops::HOP;

    fn fragment(at: f32) -> Heard {
        let mut leaks = [[0.0; 4]; 4];
        (0..4).for_each(|place| leaks[place][place] = 1.0);
        let at = [at, 0.05, 0.02, 0.0];
        Heard { share: 0.2, at, pause: [0.0; 4], leaks, blocks: vec![(at.map(|at| (at, 0.0)), 0.2)] }
    }

    #[test]
    fn a_silent_fragment_says_nothing_and_one_with_a_tone_does() {
        assert_eq!(group_costs(&fragment(0.2), 1.0, 0.03), ([0.0; 4], None), "it may lie beside the tone");
        let (costs, least) = group_costs(&fragment(1.0), 1.0, 0.03);
        assert!(least.is_some() && costs[0] == 0.0 && costs[1..].iter().all(|cost| *cost > 3.0), "{costs:?}");
    }

    /// Five slots of 75 ms: 697 Hz 1 % too high in four, 770 Hz as much too high in one, under something louder beside it.
    #[test]
    fn a_tone_that_was_sent_once_is_as_far_off_as_the_others() {
        let tone = |hertz: f32, sample: u64| (TAU * hertz * sample as f32 / 8000.0).sin();
        let mut history = History::default();
        let bank = crate::hops::Bank::new(&parts());
        for number in 0..150 {
            let samples = std::array::from_fn(|index| {
                let sample = number * HOP as u64 + index as u64;
                if number < 120 {
                    tone(697.0 * 1.01, sample)
                } else {
                    tone(770.0 * 1.01, sample) + 1.5 * tone(770.0 * 0.985, sample)
                }
            });
            history.push(bank.hop(number, &samples));
        }
        let slots: Vec<Range<u64>> = (0..5).map(|slot| slot * 30..slot * 30 + 30).collect();
        let off = offsets(&history, &slots, &[0, 0, 0, 0, 1], 0, &parts().map(f32::from));
        assert!(off.iter().all(|off| (off - 0.01).abs() < 0.003), "{off:?}");
    }
}
