//! What stands beside a message: a part of a longer one is not a shorter one.

use super::accept::{is_clear, may_be};
use super::best::Costs;
use super::emission::History;
use super::layout::Layout;
use super::score::{Scored, beside};
use super::slots::Slots;

/// At this share of a message's own level, something beside it is a digit.
const DIGIT_LEVEL: std::ops::Range<f32> = 0.6..1.7;
/// Symbols before a message that must be none: the panel waits longer before it repeats one.
const ALONE_BEFORE: i64 = 10;
/// Places by which a message may be elsewhere than it seems, where other sound stands for its first or last digits.
const ELSEWHERE: i64 = 3;

/// Whether something stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// It does.
    Yes,
    /// What stood beside it was lost.
    Unknown,
    /// It is a part of something longer.
    No,
}

/// A message of which no fixed key was clearly heard may be one symbol off: then what stands beside both ends must be none.
pub fn in_place(history: &History, layout: Layout, slots: &Slots, scored: &Scored, number: u64) -> Alone {
    let is_heard = |place: &usize| {
        scored.costs.get(*place).is_some_and(|costs| is_clear(costs) && may_be(costs, layout.may_be(*place)))
    };
    if layout.anchors().iter().any(is_heard) {
        return Alone::Yes;
    }
    let count = slots.low.len() as i64;
    let levels = [-1, count].map(|shift| beside(history, slots, scored, shift, number));
    if levels.iter().flatten().any(|level| DIGIT_LEVEL.contains(level)) {
        return Alone::No;
    }
    if levels.iter().all(Option::is_some) { Alone::Yes } else { Alone::Unknown }
}

/// No digit where one more would stand before the first, or after the last as far as that came: a part of a longer
/// message is not a shorter one.
pub fn alone(history: &History, slots: &Slots, scored: &Scored, number: u64, waited: u8) -> Alone {
    let level = |shift: i64| beside(history, slots, scored, shift, number);
    let count = slots.low.len() as i64;
    let is_digit_there = |shift: i64| level(shift).is_some_and(|level| DIGIT_LEVEL.contains(&level));
    if (-ALONE_BEFORE..0).chain(count..=count + 1).any(is_digit_there) {
        return Alone::No;
    }
    let is_known_before = level(-1).is_some() || level(-2).is_some();
    if is_known_before && is_in_no_other_place(&scored.costs, is_digit_there) {
        return Alone::Yes;
    }
    // Of a message of which one end was not heard, the other end may be one further: what stands there must be known.
    let may_begin_before = !is_digit_there(count - 1) && level(-1).is_none();
    let may_end_after = !is_digit_there(0) && level(count).is_none();
    if may_begin_before || may_end_after {
        return Alone::Unknown;
    }
    // Where another sound stands for a digit at an end, the message may go on at the other.
    let is_digit = |shift: i64| level(shift).is_none_or(|level| DIGIT_LEVEL.contains(&level));
    // Two are no message's: it begins later, or ended earlier, and what is drowned beside the other end belongs to it.
    if [[0, 1], [count - 2, count - 1]].into_iter().any(|end| !end.into_iter().any(is_digit)) {
        return Alone::No;
    }
    if waited == 0 && ![0, 1, count - 2, count - 1].into_iter().all(is_digit) {
        return Alone::Unknown;
    }
    let is_first = slots.low.first().is_some_and(|first| (first.start as f32) < 2.0 * slots.period);
    let is_known = if waited > 0 {
        (count..count + i64::from(waited)).any(|shift| level(shift).is_some())
    } else {
        is_first || is_known_before
    };
    if is_known { Alone::Yes } else { Alone::Unknown }
}

/// Whether the type of a Contact ID message was clearly heard, and would be none a few places earlier or later, as far as
/// the digits at the ends do not tell that: `18` among zeros is in its place, `55` is not.
fn is_in_no_other_place(costs: &[Costs], is_digit_there: impl Fn(i64) -> bool) -> bool {
    let &[first, second] = Layout::ContactId.anchors() else { return false };
    let costs_at =
        |place: usize, shift: i64| place.checked_add_signed(shift as isize).and_then(|place| costs.get(place));
    let is_type = |shift: i64| {
        [first, second]
            .into_iter()
            .all(|place| costs_at(place, shift).is_some_and(|costs| may_be(costs, Layout::ContactId.may_be(place))))
    };
    let is_clear = [first, second].into_iter().all(|place| costs_at(place, 0).is_some_and(is_clear));
    let count = costs.len() as i64;
    let may_begin = |shift: i64| is_type(shift) && !(0..shift).any(&is_digit_there);
    let may_end = |shift: i64| is_type(-shift) && !(count - shift..count).any(&is_digit_there);
    is_clear && is_type(0) && !(1..=ELSEWHERE).any(|shift| may_begin(shift) || may_end(shift))
}
