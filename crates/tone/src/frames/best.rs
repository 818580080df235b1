//! The best right message of some scores, and its lead over the second best.
//!
//! Messages are tried in the order of what they cost, so that the first right one is the best and the second right one
//! is the second best; the work is bounded, and a lead that was not explored to its end is told as what is sure of it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use telecare_protocol::Protocol;
use telecare_protocol::tones::Digit;

use super::layout::Layout;

/// What each digit of a slot costs: how much less likely it is than the likeliest, in natural logarithms. In the order
/// of [`Digit::all`].
pub type Costs = [f32; 16];

/// A slot where more than two digits cost less was hardly heard.
const UNHEARD: f32 = 1.5;
/// What a rare digit costs there beside a usual one, and where something was heard: too little to bend what is clear.
const RARE: f32 = 3.0;
const RARE_HEARD: f32 = 1.5;

/// Messages tried at most.
const TRIED_MAX: usize = 3000;

/// The best right message.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Its keys.
    pub keys: Vec<u8>,
    /// The protocol it is right in.
    pub protocol: Protocol,
    /// What it costs in all.
    pub cost: f32,
    /// The most that one of its slots costs.
    pub dearest: f32,
    /// How much more the second best costs, up to what was asked for.
    pub margin: f32,
}

/// Finds it among what `speaks` sends; none if no right message costs less than `cost_max`. The margin is not explored
/// beyond `margin_enough`.
pub fn best(layout: Layout, speaks: Protocol, costs: &[Costs], cost_max: f32, margin_enough: f32) -> Option<Best> {
    let mut slots: Vec<(usize, Vec<(f32, u8)>)> =
        costs.iter().enumerate().map(|(place, of)| (place, options(layout, place, of))).collect();
    // From the slot whose second choice is cheapest on: the search then meets each message once, cheapest first.
    let step = |options: &[(f32, u8)]| {
        options.get(1).map_or(f32::INFINITY, |second| second.0 - options.first().map_or(0.0, |first| first.0))
    };
    slots.sort_by(|(_, one), (_, other)| step(one).total_cmp(&step(other)));
    let cheapest: f32 = slots.iter().filter_map(|(_, options)| options.first()).map(|(cost, _)| cost).sum();
    let mut heap = BinaryHeap::new();
    heap.push(Trial { cost: cheapest, slot: 0, ranks: vec![0; slots.len()] });
    let mut found: Option<Best> = None;
    for _ in 0..TRIED_MAX {
        let Some(trial) = heap.pop() else { return found };
        match &mut found {
            Some(best) => {
                best.margin = (trial.cost - best.cost).min(margin_enough);
                if trial.cost - best.cost >= margin_enough {
                    return found;
                }
            }
            None if trial.cost > cost_max => return None,
            None => {}
        }
        let mut keys = vec![0; slots.len()];
        let mut dearest = 0.0_f32;
        for ((place, options), rank) in slots.iter().zip(&trial.ranks) {
            let (cost, key) = options.get(*rank).copied().unwrap_or((f32::INFINITY, b'?'));
            dearest = dearest.max(cost);
            if let Some(slot) = keys.get_mut(*place) {
                *slot = key;
            }
        }
        if let Some(protocol) = layout.verify_as(&keys, speaks) {
            if found.is_some() {
                return found;
            }
            found = Some(Best { keys, protocol, cost: trial.cost, dearest, margin: 0.0 });
        }
        trial.successors(&slots, &mut heap);
    }
    // What was tried last costs at least as much as the margin says.
    found
}

fn options(layout: Layout, place: usize, costs: &Costs) -> Vec<(f32, u8)> {
    let allowed = layout.may_be(place);
    let of = Digit::all().zip(costs).map(|(digit, cost)| (*cost, digit.as_byte()));
    let mut options: Vec<(f32, u8)> = of.filter(|(_, key)| allowed.contains(key)).collect();
    let is_unheard = costs.iter().filter(|cost| **cost < UNHEARD).count() > 2;
    let rare = if is_unheard { RARE } else { RARE_HEARD };
    options.iter_mut().filter(|(_, key)| layout.is_rare(place, *key)).for_each(|(cost, _)| *cost += rare);
    // A rare digit that was clearly heard costs nothing: it is not likely, and nothing else is.
    let other = Digit::all().zip(costs).filter(|(digit, _)| !allowed.contains(&digit.as_byte())).map(|(_, cost)| *cost);
    let least = options.iter().map(|(cost, _)| *cost).chain(other).fold(f32::MAX, f32::min);
    options.iter_mut().for_each(|(cost, _)| *cost -= least);
    options.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    options
}

/// A message by the rank of each slot's choice; slots after `slot` have their first.
struct Trial {
    cost: f32,
    slot: usize,
    ranks: Vec<usize>,
}

impl Trial {
    fn successors(&self, slots: &[(usize, Vec<(f32, u8)>)], heap: &mut BinaryHeap<Trial>) {
        let cost_at = |slot: usize, rank: usize| {
            slots.get(slot).and_then(|(_, options)| options.get(rank)).map(|option| option.0)
        };
        let mut push = |changes: &[(usize, usize)], slot: usize| {
            let mut next = Trial { cost: self.cost, slot, ranks: self.ranks.clone() };
            for (at, rank) in changes {
                let (Some(old), Some(new)) =
                    (next.ranks.get(*at).and_then(|old| cost_at(*at, *old)), cost_at(*at, *rank))
                else {
                    return;
                };
                next.cost += new - old;
                if let Some(place) = next.ranks.get_mut(*at) {
                    *place = *rank;
                }
            }
            heap.push(next);
        };
        let rank = self.ranks.get(self.slot).copied().unwrap_or(0);
        push(&[(self.slot, rank + 1)], self.slot);
        if rank > 0 {
            push(&[(self.slot + 1, 1)], self.slot + 1);
        }
        if rank == 1 {
            push(&[(self.slot, 0), (self.slot + 1, 1)], self.slot + 1);
        }
    }
}

impl PartialEq for Trial {
    fn eq(&self, other: &Trial) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Trial {}

impl PartialOrd for Trial {
    fn partial_cmp(&self, other: &Trial) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Trial {
    /// The cheapest is the greatest.
    fn cmp(&self, other: &Trial) -> Ordering {
        other.cost.total_cmp(&self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "D#1016123456******000004";

    fn clear(keys: &str) -> Vec<Costs> {
        keys.bytes()
            .map(|key| {
                let mut all = Digit::all().map(|digit| if digit.as_byte() == key { 0.0 } else { 9.0 });
                std::array::from_fn(|_| all.next().unwrap())
            })
            .collect()
    }

    #[test]
    fn a_clear_right_message_leads_by_two_slots() {
        let best = best(Layout::Tunstall, Protocol::Detect, &clear(V1), 10.0, 15.0).unwrap();
        assert_eq!((best.keys.as_slice(), best.cost, best.margin), (V1.as_bytes(), 0.0, 9.0_f32.max(best.margin)));
    }

    #[test]
    fn one_lost_slot_is_filled_and_two_have_no_lead() {
        let frame = "A01000001234500000190190076#";
        let mut costs = clear(frame);
        costs[7] = [0.0; 16];
        let filled = best(Layout::Bs8521, Protocol::Detect, &costs, 10.0, 15.0).unwrap();
        assert_eq!((filled.keys.as_slice(), filled.margin), (frame.as_bytes(), 9.0));
        costs[8] = [0.0; 16];
        assert_eq!(best(Layout::Bs8521, Protocol::Detect, &costs, 10.0, 15.0).unwrap().margin, 0.0);
    }

    #[test]
    fn a_clear_wrong_checksum_is_not_bent() {
        assert_eq!(best(Layout::Bs8521, Protocol::Detect, &clear("A01000001234500000190190077#"), 8.0, 15.0), None);
    }

    #[test]
    fn messages_come_cheapest_first_and_once() {
        let mut costs = clear("9*0C18160200000#");
        for (index, cost) in costs.iter_mut().flatten().enumerate() {
            *cost += (index * 37 % 11) as f32 / 7.0;
        }
        // The second best of all right messages by trying every change of up to two slots.
        let found = best(Layout::ContactId, Protocol::Detect, &costs, 100.0, 100.0).unwrap();
        assert!(found.margin >= 0.0 && Layout::ContactId.verify(&found.keys).is_some());
    }
    #[test]
    fn what_either_protocol_would_fill_differently_has_a_lead_only_where_one_is_spoken() {
        // TT92 and TTNEW have the same first check digit.
        let frame = tunstall("D#1016123401******0000");
        let mut costs = clear(&frame);
        costs[23] = [0.0; 16];
        let found = |speaks: Protocol| best(Layout::Tunstall, speaks, &costs, 10.0, 15.0).unwrap();
        assert_eq!(found(Protocol::Detect).margin, 0.0);
        assert_eq!((found(Protocol::Tt92).keys.as_slice(), found(Protocol::Tt92).margin), (frame.as_bytes(), 9.0));
    }

    #[test]
    fn rare_digits_that_were_clearly_heard_cost_nothing() {
        let frame = tunstall("D#1016A2B4D6******0000");
        let found = best(Layout::Tunstall, Protocol::Detect, &clear(&frame), 2.5, 15.0).unwrap();
        assert_eq!((found.keys.as_slice(), found.cost), (frame.as_bytes(), 0.0));
    }

    fn tunstall(data: &str) -> String {
        let mut all = (0..100).map(|check| format!("{data}{check:02}"));
        all.find(|keys| Layout::Tunstall.verify_as(keys.as_bytes(), Protocol::Tt92).is_some()).unwrap()
    }
}
