//! The state of the frame path: chains at every pace, candidates, and what was refused.

use std::collections::VecDeque;

use telecare_protocol::Protocol;

use super::accept::{Frame, Judged, Limits, Refused, is_clear, likeliest, may_be};
use super::alone::{Alone, alone, in_place};
use super::arriving::{Arrivals, Arriving};
use super::best::Costs;
use super::chain::{Chain, Walk};
use super::emission::{History, Pace, Symbol};
use super::layout::Layout;
use super::score::score;
use super::slots::{Slots, slots};
use crate::digits::settings::parts;
use crate::hops::{Bank, Cutter, HOP};

/// Paces that are hunted, in steps of 2.5 ms: 90 to 200 ms a digit, each with the paces around it.
const DTMF_PERIODS: [u16; 11] = [37, 40, 44, 48, 52, 56, 60, 64, 69, 74, 79];
/// The slowest pace of Contact ID, whose digits and pauses are 50 to 60 ms: 140 ms a digit.
const CONTACT_ID_PERIOD_MAX: u16 = 56;
/// Paces of STMF, B: 160 ms a digit.
const STMF_PERIODS: [u16; 3] = [60, 64, 68];
/// A symbol from which on a chain is looked at.
const SCORE_MIN: f32 = 0.1;
/// A chain whose symbols are worse on average is none.
const MEAN_MIN: f32 = 0.2;
/// The least share of the energy that must be in the slots rather than in the pauses.
const CONTRAST_MIN: f32 = 0.82;
/// Symbols that may be none in a chain, as a share.
const MISSING_MAX: f32 = 0.4;
/// Starts of parts that are remembered.
const PARTS_MAX: usize = 8;
/// Symbols that are waited for at most: one may be lost as well.
const WAITS_MAX: u8 = 2;
/// Periods after the last slot's end until the next symbol, if there is one, can be heard.
const WAITS: f32 = 0.75;
/// Steps in which a better candidate may come: 10 ms.
const SETTLES: u64 = 4;
/// Refused copies kept.
const COPIES_MAX: usize = 4;
/// Slots that must agree before copies are added up, as a share.
const AGREE_MIN: f32 = 0.5;
/// A refused candidate as good as this is told of.
const TOLD: f32 = 0.55;
/// Steps until it is: 150 ms, most of a symbol.
const TOLD_AFTER: u64 = 60;

/// What the frame path tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A message.
    Frame(Frame),
    /// A message's shape without a message.
    Refused(Refused),
    /// What may become one is arriving, or stopped.
    Arriving(Arriving),
}

/// Hears messages in one call.
#[derive(Clone, Debug)]
pub struct Listener {
    bank: Bank,
    cutter: Cutter,
    history: History,
    chains: Vec<Chain>,
    searches: Vec<Search>,
    arrivals: Arrivals,
    limits: Limits,
    speaks: Protocol,
    /// Everything before this step belongs to an accepted message.
    taken: u64,
}

/// The search for one layout.
#[derive(Clone, Debug)]
struct Search {
    layout: Layout,
    candidate: Option<Candidate>,
    copies: Vec<Copy>,
    /// What was refused, and when to tell of it: a better look may come.
    refused: Option<(Refused, u64)>,
    /// First starts of candidates that were parts of something longer.
    parts: VecDeque<u64>,
}

/// A refused message.
#[derive(Clone, Debug)]
struct Copy {
    costs: Vec<Costs>,
    /// The step after it.
    ends: u64,
}

#[derive(Clone, Debug)]
struct Candidate {
    walk: Walk,
    pace: Pace,
    mean: f32,
    ready: u64,
    /// So many symbols that would come after it have been waited for.
    waited: u8,
}

impl Listener {
    /// Hunts the given layouts.
    pub fn new(layouts: &[Layout], limits: Limits) -> Listener {
        let dtmf = DTMF_PERIODS.iter().map(|period| Pace { period: *period, is_stmf: false });
        let stmf = STMF_PERIODS.iter().map(|period| Pace { period: *period, is_stmf: true });
        let is_wanted = |pace: &Pace| layouts.iter().any(|layout| (*layout == Layout::Stmf) == pace.is_stmf);
        let search = |layout: &Layout| Search {
            layout: *layout,
            candidate: None,
            copies: Vec::new(),
            refused: None,
            parts: VecDeque::new(),
        };
        Listener {
            bank: Bank::new(&parts()),
            cutter: Cutter::default(),
            history: History::default(),
            chains: dtmf.chain(stmf).filter(is_wanted).map(Chain::new).collect(),
            searches: layouts.iter().map(search).collect(),
            arrivals: Arrivals::default(),
            limits,
            speaks: Protocol::Detect,
            taken: 0,
        }
    }

    /// Hunts what one protocol sends and takes nothing else, where the call's is known: TT92 and TTNEW would fill a lost
    /// digit differently. [`Protocol::Detect`] hunts everything.
    pub fn speaking(protocol: Protocol, limits: Limits) -> Listener {
        Listener { speaks: protocol, ..Listener::new(&Layout::of(protocol), limits) }
    }

    /// Takes samples in the order of the call.
    pub fn push(&mut self, samples: &[f32]) -> Vec<Outcome> {
        self.cut(samples.iter().map(|sample| if sample.is_finite() { sample.clamp(-8.0, 8.0) } else { 0.0 }))
    }

    /// So many samples were lost.
    pub fn lose(&mut self, samples: usize) -> Vec<Outcome> {
        self.cut(std::iter::repeat_n(f32::NAN, samples))
    }

    fn cut(&mut self, samples: impl Iterator<Item = f32>) -> Vec<Outcome> {
        let mut told = Vec::new();
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.push(samples, |number, step| self.step(number, step, &mut told));
        self.cutter = cutter;
        told
    }

    fn step(&mut self, number: u64, step: &[f32; HOP], told: &mut Vec<Outcome>) {
        let hop = self.bank.hop(number, step);
        self.history.push(hop);
        for chain in &mut self.chains {
            let (symbol, sum) = chain.push(&self.history);
            if chain.newest() >= self.taken {
                told.extend(self.arrivals.push(chain, &symbol, chain.newest()).map(Outcome::Arriving));
            }
            let is_lost = symbol.received < 0.5;
            if symbol.score < SCORE_MIN && !is_lost || sum < 2.0 * MEAN_MIN {
                continue;
            }
            for search in
                self.searches.iter_mut().filter(|search| (search.layout == Layout::Stmf) == chain.pace.is_stmf)
            {
                search.offer(chain, self.taken, number);
            }
        }
        told.extend(self.arrivals.expire(number).map(Outcome::Arriving));
        for index in 0..self.searches.len() {
            self.decide(index, number, told);
        }
    }

    fn decide(&mut self, index: usize, number: u64, told: &mut Vec<Outcome>) {
        let Some(search) = self.searches.get_mut(index) else { return };
        if let Some((refused, _)) = search.refused.take_if(|(_, at)| number >= *at) {
            told.push(Outcome::Refused(refused));
        }
        let Some(candidate) = search.candidate.take_if(|candidate| number >= candidate.ready) else { return };
        let Some(slots) = slots(&self.history, &candidate.walk, candidate.pace) else { return };
        if slots.ends() >= number {
            search.candidate = Some(Candidate { ready: slots.ends().saturating_add(1), ..candidate });
            return;
        }
        if search.layout == Layout::ContactId && slots.period > f32::from(CONTACT_ID_PERIOD_MAX) {
            return;
        }
        let scored = score(&self.history, &candidate.walk, &slots);
        let (costs, copies) = search.with_copies(&scored.costs, &slots);
        let now = number.saturating_add(1).saturating_mul(HOP as u64);
        let judged = Judged {
            layout: search.layout,
            speaks: self.speaks,
            slots: &slots,
            scored: &scored,
            costs: &costs,
            copies,
            now,
        };
        let alone = match search.layout {
            Layout::ContactId => alone(&self.history, &slots, &scored, number, candidate.waited),
            Layout::Bs8521 | Layout::Tunstall | Layout::Stmf => {
                in_place(&self.history, search.layout, &slots, &scored, number)
            }
        };
        match judged.judge(&self.limits) {
            _ if !scored.is_plausible() => {}
            _ if alone == Alone::No || alone == Alone::Unknown && candidate.waited >= WAITS_MAX => {
                search.is_part(&candidate)
            }
            Ok(_) if alone == Alone::Unknown || search.may_go_on(&costs) && candidate.waited == 0 => {
                let ready = slots.ends().saturating_add((slots.period * (WAITS + f32::from(candidate.waited))) as u64);
                search.candidate = Some(Candidate { ready, waited: candidate.waited.saturating_add(1), ..candidate });
            }
            Ok(frame) => {
                self.taken = frame.ended() / HOP as u64;
                for search in &mut self.searches {
                    search.candidate = None;
                    search.copies.clear();
                    search.refused = None;
                }
                self.arrivals.clear();
                told.push(Outcome::Frame(frame));
            }
            Err(refused) => {
                search.keep(&scored.costs, &slots);
                if candidate.mean >= TOLD || refused.margin.is_some() {
                    search.refused = Some((refused, number.saturating_add(TOLD_AFTER)));
                }
            }
        }
    }
}

impl Search {
    /// Takes the newest chain for a candidate if it is one, and better than the last.
    fn offer(&mut self, chain: &Chain, taken: u64, number: u64) {
        if self.layout == Layout::ContactId && chain.pace.period > CONTACT_ID_PERIOD_MAX {
            return;
        }
        let Some(walk) = chain.walk(self.layout.symbols()) else { return };
        let mean = walk.mean();
        let missing = walk.symbols.iter().filter(|symbol| symbol.score < 0.05).count() as f32;
        let half = u64::from(chain.pace.period) / 2;
        let is_part =
            walk.starts.first().is_some_and(|first| self.parts.iter().any(|part| part.abs_diff(*first) < half));
        let is_later = !is_part && walk.starts.first().is_some_and(|first| *first >= taken);
        let is_better = self.candidate.as_ref().is_none_or(|candidate| mean > candidate.mean);
        if mean < MEAN_MIN
            || walk.contrast() < CONTRAST_MIN
            || missing > MISSING_MAX * walk.symbols.len() as f32
            || !is_later
            || !is_better
        {
            return;
        }
        if !self.fits(&walk) || self.layout == Layout::ContactId && chain.goes_back(&walk) {
            return;
        }
        self.candidate =
            Some(Candidate { walk, pace: chain.pace, mean, ready: number.saturating_add(SETTLES), waited: 0 });
    }

    /// Whether it may be the beginning of a longer message of another layout: each slot can be what usually stands there.
    fn may_go_on(&self, costs: &[Costs]) -> bool {
        let may_be = |layout: Layout| {
            costs.iter().enumerate().all(|(place, costs)| {
                let is_usual = |key: &u8| !layout.is_rare(place, *key);
                may_be(costs, &layout.may_be(place).iter().copied().filter(is_usual).collect::<Vec<u8>>())
            })
        };
        self.layout == Layout::ContactId && (may_be(Layout::Bs8521) || may_be(Layout::Tunstall))
    }

    /// The middle of something longer: other looks at the same symbols are that as well.
    fn is_part(&mut self, candidate: &Candidate) {
        if self.parts.len() >= PARTS_MAX {
            self.parts.pop_front();
        }
        self.parts.extend(candidate.walk.starts.first());
    }

    /// Whether one of the layout's fixed keys stands where it should, and hardly any clear symbol where it cannot. Of both
    /// keys that frame a message one tone each is enough: another sound passes for the other.
    fn fits(&self, walk: &Walk) -> bool {
        let key = |symbol: &Symbol| key_of(symbol.low, symbol.high);
        let is_key = |place: &usize| {
            let symbol = walk.symbols.get(*place).filter(|symbol| symbol.score > 0.0);
            symbol.is_some_and(|symbol| self.layout.may_be(*place).contains(&key(symbol)))
        };
        let has_a_tone = |place: &usize| {
            let symbol = walk.symbols.get(*place).filter(|symbol| symbol.score > 0.0);
            symbol.is_some_and(|symbol| {
                let keys = (0..4).flat_map(|other| [key_of(symbol.low, other), key_of(other, symbol.high)]);
                self.layout != Layout::ContactId
                    && keys.into_iter().any(|key| self.layout.may_be(*place).contains(&key))
            })
        };
        let wrong = walk
            .symbols
            .iter()
            .enumerate()
            .filter(|(place, symbol)| symbol.score > 0.4 && !self.layout.may_be(*place).contains(&key(symbol)));
        let anchors = self.layout.anchors();
        (anchors.iter().any(is_key) || anchors.iter().all(has_a_tone)) && wrong.count() <= walk.symbols.len() / 6
    }

    /// Adds up what this copy and those that were refused before cost, where they can be the same message.
    fn with_copies(&self, costs: &[Costs], slots: &Slots) -> (Vec<Costs>, usize) {
        let mut sum = costs.to_vec();
        let mut count = 1;
        let begins = slots.low.first().map_or(0, |slot| slot.start);
        for copy in self.copies.iter().filter(|copy| copy.ends < begins && may_be_same(&copy.costs, costs)) {
            count += 1;
            for (sum, more) in sum.iter_mut().zip(&copy.costs) {
                sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                let least = sum.iter().copied().fold(f32::MAX, f32::min);
                sum.iter_mut().for_each(|cost| *cost -= least);
            }
        }
        (sum, count)
    }

    /// Keeps a refused copy; the same audio looked at again is no copy of itself.
    fn keep(&mut self, costs: &[Costs], slots: &Slots) {
        let begins = slots.low.first().map_or(0, |slot| slot.start);
        self.copies.retain(|copy| copy.ends < begins);
        if self.copies.len() >= COPIES_MAX {
            self.copies.remove(0);
        }
        self.copies.push(Copy { costs: costs.to_vec(), ends: slots.ends() });
    }
}

/// Whether two copies agree where both are clear, and are clear often enough.
fn may_be_same(one: &[Costs], other: &[Costs]) -> bool {
    let (keys, others) = (likeliest(one), likeliest(other));
    let mut agree = 0.0;
    for (((one, other), key), other_key) in one.iter().zip(other).zip(keys.bytes()).zip(others.bytes()) {
        match (is_clear(one) && is_clear(other), key == other_key) {
            (true, false) => return false,
            (_, true) => agree += 1.0,
            (false, false) => {}
        }
    }
    agree >= AGREE_MIN * one.len() as f32
}

pub(super) fn key_of(low: u8, high: u8) -> u8 {
    const ROWS: [&[u8; 4]; 4] = [b"123A", b"456B", b"789C", b"*0#D"];
    ROWS.get(usize::from(low)).and_then(|row| row.get(usize::from(high))).copied().unwrap_or(b'?')
}
