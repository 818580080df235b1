//! Whether scored slots are a message.

use std::time::{Duration, Instant};

use telecare_protocol::Protocol;
use telecare_protocol::tones::{Digit, Heard, Length, Sound};

use super::best::{Best, Costs, best};
use super::layout::Layout;
use super::score::Scored;
use super::slots::Slots;
use crate::digits::duration;
use crate::hops::HOP;
use crate::level::dbm0;

/// What a message must be to be accepted. Costs and margins are natural logarithms of likelihoods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How much more the second best right message must cost.
    pub margin_min: f32,
    /// How much more for each unit by which the tones misfit: among loud other sound likelihoods are less sure.
    pub margin_per_misfit: f32,
    /// How much more for each slot in which a tone is much weaker than elsewhere though it was received: what cancels one
    /// tone may pass for another.
    pub margin_per_weakened: f32,
    /// How much more if all of it were lost: what is left has fewer to tell against a wrong one.
    pub margin_per_lost: f32,
    /// How much more each time the power in a slot doubles beyond other sound as loud as the tones: a loud voice drowns two
    /// digits so that the check digits come out right.
    pub margin_per_loudness: f32,
    /// The most that may be lost of a message, as a share.
    pub lost_max: f32,
    /// The most that a message may cost in all beside the likeliest digits, right or not.
    pub cost_max: f32,
    /// The most that one slot may cost: a slot clearly heard as something else costs more.
    pub slot_cost_max: f32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            margin_min: 3.5,
            margin_per_misfit: 1.25,
            margin_per_weakened: 1.5,
            margin_per_lost: 1.5,
            margin_per_loudness: 4.0,
            lost_max: 0.5,
            cost_max: 4.0,
            slot_cost_max: 4.0,
        }
    }
}

/// A margin beyond this is not explored.
pub(super) const MARGIN_ENOUGH: f32 = 16.0;
/// How much more a message must lead by that was bent, beside what the bending cost.
const BENT_COUNTS: f32 = 0.75;
/// How much more a message must lead by that has one check digit of fifteen: it makes so many more wrong messages right
/// than two of ten do, as a logarithm.
const ONE_CHECK_DIGIT: f32 = 1.9;
/// The usual loudness of a slot where other sound is as loud as the tones.
const AS_LOUD: f32 = 2.0;
/// A digit is clearly heard where every other costs so much more.
const CLEAR: f32 = 5.0;

/// A digit is open where another costs less.
const OPEN: f32 = 0.7;

/// One symbol of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Its key.
    pub digit: Digit,
    /// Its first sample, to 2.5 ms.
    pub began: u64,
    /// The sample after its last.
    pub ended: u64,
    /// The share of it that was received.
    pub received: f32,
    /// What it costs beside the likeliest digit; 0 where it is that.
    pub cost: f32,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Its layout.
    pub layout: Layout,
    /// The protocol that its check digits are right in.
    pub protocol: Protocol,
    /// Its keys.
    pub keys: String,
    /// Its symbols.
    pub slots: Vec<Slot>,
    /// How much more the second best right message costs, 16 at most.
    pub margin: f32,
    /// What it costs beside the likeliest digits.
    pub cost: f32,
    /// The check digits had to choose: a slot was not heard, or not as the message has it.
    pub is_chosen: bool,
    /// Copies in the call whose costs were added up, this one included.
    pub copies: usize,
    /// The share of its slots that was lost.
    pub lost: f32,
    /// How badly its tones fit, on average; 0 is perfectly, 1 and more is among other loud sound.
    pub misfit: f32,
    /// Level of its louder tones, dBm0.
    pub dbm0: f32,
    /// Samples of the call when it was decided.
    pub decided: u64,
}

impl Frame {
    /// Its digits as sessions take them, those of STMF as tones; `origin` is when the first sample of the call was.
    /// Digits of which something was lost, or that another would fit as well, are doubtful: they rest on the check
    /// digits.
    pub fn heard(&self, origin: Instant) -> Vec<Heard> {
        let at = |samples: u64| origin.checked_add(duration(samples)).unwrap_or(origin);
        let heard = |slot: &Slot, sound: Sound, began: u64, ended: u64| {
            let lasted = Duration::from_nanos(ended.saturating_sub(began).saturating_mul(125_000));
            let doubtful = slot.received < 0.99 || slot.cost > 0.0;
            Heard { doubtful, ..Heard::new(sound, at(began), Length::Measured(lasted)) }
        };
        let sounds = |slot: &Slot| {
            let (low, high) = slot.digit.tones();
            let middle = slot.began.midpoint(slot.ended);
            if self.layout == Layout::Stmf {
                let low = heard(slot, Sound::Tone(low), slot.began, middle);
                vec![low, heard(slot, Sound::Tone(high), middle, slot.ended)]
            } else {
                vec![heard(slot, Sound::Digit(slot.digit), slot.began, slot.ended)]
            }
        };
        self.slots.iter().flat_map(sounds).collect()
    }

    /// Its first sample.
    pub fn began(&self) -> u64 {
        self.slots.first().map_or(0, |slot| slot.began)
    }

    /// The sample after its last.
    pub fn ended(&self) -> u64 {
        self.slots.last().map_or(0, |slot| slot.ended)
    }
}

/// Something that has a message's shape and is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Its layout.
    pub layout: Layout,
    /// The likeliest keys.
    pub keys: String,
    /// Its first sample.
    pub began: u64,
    /// The sample after its last.
    pub ended: u64,
    /// Every digit is clear, and the check digits are wrong.
    pub is_clear: bool,
    /// The lead of the best right message, if there is one that is not dear.
    pub margin: Option<f32>,
}

/// What is known of some slots.
pub(super) struct Judged<'a> {
    pub layout: Layout,
    pub speaks: Protocol,
    pub slots: &'a Slots,
    pub scored: &'a Scored,
    /// Costs, with those of copies added.
    pub costs: &'a [Costs],
    pub copies: usize,
    pub now: u64,
}

impl Judged<'_> {
    /// A message, or why not.
    pub fn judge(&self, limits: &Limits) -> Result<Frame, Refused> {
        let found = best(self.layout, self.speaks, self.costs, limits.cost_max, MARGIN_ENOUGH);
        match found {
            Some(best)
                if best.margin >= self.margin_min(&best, limits)
                    && best.dearest <= limits.slot_cost_max
                    && self.lost() <= limits.lost_max =>
            {
                Ok(self.frame(&best))
            }
            found => Err(self.refused(found.map(|best| best.margin))),
        }
    }

    fn lost(&self) -> f32 {
        let received: f32 = self.scored.received.iter().sum();
        (1.0 - received / self.scored.received.len().max(1) as f32).max(0.0)
    }

    fn is_chosen(&self, best: &Best) -> bool {
        let is_open = |costs: &Costs| costs.iter().filter(|cost| **cost < OPEN).count() > 1;
        best.cost > 0.0 || self.costs.iter().any(is_open)
    }

    fn margin_min(&self, best: &Best, limits: &Limits) -> f32 {
        let check_digits = if self.layout == Layout::ContactId { ONE_CHECK_DIGIT } else { 0.0 };
        limits.margin_min
            + check_digits
            + BENT_COUNTS * best.cost
            + limits.margin_per_misfit * self.scored.misfit
            + limits.margin_per_weakened * self.scored.weakened() as f32
            + limits.margin_per_lost * self.lost()
            + limits.margin_per_loudness * (self.scored.loudness / AS_LOUD).log2().max(0.0)
    }

    fn frame(&self, best: &Best) -> Frame {
        let mut slots = Vec::with_capacity(best.keys.len());
        let ranges = self.slots.low.iter().zip(&self.slots.high);
        for (((key, (low, high)), costs), received) in
            best.keys.iter().zip(ranges).zip(self.costs).zip(&self.scored.received)
        {
            let Some((digit, cost)) = Digit::all().zip(costs).find(|(digit, _)| digit.as_byte() == *key) else {
                continue;
            };
            slots.push(Slot {
                digit,
                began: samples(low.start),
                ended: samples(high.end),
                received: *received,
                cost: *cost,
            });
        }
        Frame {
            layout: self.layout,
            protocol: best.protocol,
            keys: String::from_utf8_lossy(&best.keys).into_owned(),
            margin: best.margin,
            cost: best.cost,
            is_chosen: self.is_chosen(best),
            copies: self.copies,
            lost: self.lost(),
            misfit: self.scored.misfit,
            dbm0: dbm0(self.scored.levels.iter().copied().fold(0.0, f32::max)),
            decided: self.now,
            slots,
        }
    }

    fn refused(&self, margin: Option<f32>) -> Refused {
        Refused {
            layout: self.layout,
            keys: likeliest(self.costs),
            began: self.slots.low.first().map_or(0, |slot| samples(slot.start)),
            ended: self.slots.high.last().map_or(0, |slot| samples(slot.end)),
            is_clear: self.costs.iter().all(is_clear),
            margin,
        }
    }
}

fn samples(steps: u64) -> u64 {
    steps.saturating_mul(HOP as u64)
}

/// The cheapest digit of each slot.
pub(super) fn likeliest(costs: &[Costs]) -> String {
    let cheapest = |costs: &Costs| {
        let best = Digit::all().zip(costs).min_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map_or('?', |(digit, _)| digit.as_char())
    };
    costs.iter().map(cheapest).collect()
}

/// Whether a slot can be one of some keys: none of the others was heard clearly.
pub(super) fn may_be(costs: &Costs, keys: &[u8]) -> bool {
    Digit::all().zip(costs).any(|(digit, cost)| *cost < CLEAR && keys.contains(&digit.as_byte()))
}

/// Whether only one digit is likely.
pub(super) fn is_clear(costs: &Costs) -> bool {
    costs.iter().filter(|cost| **cost < CLEAR).count() == 1
}
