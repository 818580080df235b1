//! Symbols one after the other at a steady pace.
//!
//! For each pace the best way to each moment is kept: the symbol that starts there, and the one before it about a period
//! earlier. Walking back gives the starts of as many symbols as a layout has.

use std::collections::VecDeque;

use super::emission::{History, KEPT, Pace, Symbol};

/// Steps by which a symbol may come early or late: 7.5 ms.
const STRAY: u64 = 3;
/// What a step of straying costs.
const STRAY_COST: f32 = 0.02;
/// How much of what came before counts.
const FADES: f32 = 0.97;
/// Symbols before the first that are looked at, and how good they may be beside the message's own.
const GOES_BACK: usize = 3;
const GOES_BACK_SHARE: f32 = 0.5;

/// Chains of one pace.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The pace.
    pub pace: Pace,
    links: VecDeque<Link>,
    /// The start of the newest link.
    newest: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    symbol: Symbol,
    sum: f32,
    /// Steps to the start before.
    back: u16,
}

/// The end of a chain.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Starts of its symbols in steps, the first one first.
    pub starts: Vec<u64>,
    /// What they seem to be.
    pub symbols: Vec<Symbol>,
}

impl Walk {
    /// The mean share of energy in the slots rather than beside them, of those that were received; 1 where none was.
    pub fn contrast(&self) -> f32 {
        let received: f32 = self.symbols.iter().map(|symbol| symbol.received).sum();
        let sum: f32 = self.symbols.iter().map(|symbol| symbol.received * symbol.contrast).sum();
        if received > 0.0 { sum / received } else { 1.0 }
    }

    /// The mean score of its symbols.
    pub fn mean(&self) -> f32 {
        self.symbols.iter().map(|symbol| symbol.score).sum::<f32>() / self.symbols.len().max(1) as f32
    }
}

impl Chain {
    /// Without links.
    pub fn new(pace: Pace) -> Chain {
        Chain { pace, links: VecDeque::new(), newest: 0 }
    }

    /// Takes the step that just came; the score of the symbol that it completes, and the sum of its chain.
    pub fn push(&mut self, history: &History) -> (Symbol, f32) {
        let Some(start) = history.next().checked_sub(self.pace.lasts()) else { return (Symbol::default(), 0.0) };
        let symbol = history.symbol(start, self.pace);
        let period = u64::from(self.pace.period);
        let mut best = (f32::MIN, self.pace.period);
        for back in period - STRAY..=period + STRAY {
            let before = start.checked_sub(back).and_then(|start| self.link_after(start, start + back));
            let sum = before.map_or(0.0, |link| link.sum) - STRAY_COST * back.abs_diff(period) as f32;
            if sum > best.0 {
                best = (sum, back as u16);
            }
        }
        let sum = symbol.score + FADES * best.0;
        if self.links.len() >= KEPT {
            self.links.pop_front();
        }
        self.links.push_back(Link { symbol, sum, back: best.1 });
        self.newest = start;
        (symbol, sum)
    }

    /// So many symbols back from the newest start.
    pub fn walk(&self, symbols: usize) -> Option<Walk> {
        let mut walk = Walk { starts: Vec::with_capacity(symbols), symbols: Vec::with_capacity(symbols) };
        let mut start = self.newest;
        for _ in 0..symbols {
            let link = self.link(start)?;
            walk.starts.push(start);
            walk.symbols.push(link.symbol);
            start = start.checked_sub(u64::from(link.back))?;
        }
        walk.starts.reverse();
        walk.symbols.reverse();
        Some(walk)
    }

    /// Whether there were symbols as good before the first: it is a part of something longer, at whatever pace.
    pub fn goes_back(&self, walk: &Walk) -> bool {
        let Some(longer) = self.walk(walk.symbols.len().saturating_add(GOES_BACK)) else { return false };
        let before = longer.symbols.iter().take(GOES_BACK).map(|symbol| symbol.score);
        before.sum::<f32>() > GOES_BACK_SHARE * GOES_BACK as f32 * walk.mean()
    }

    /// The start of the newest symbol.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    fn link(&self, start: u64) -> Option<&Link> {
        let back = usize::try_from(self.newest.checked_sub(start)?).ok()?;
        self.links.get(self.links.len().checked_sub(back + 1)?)
    }

    /// The link at a start while the newest is the one before another.
    fn link_after(&self, start: u64, coming: u64) -> Option<&Link> {
        let back = usize::try_from(coming.checked_sub(start)?).ok()?;
        self.links.get(self.links.len().checked_sub(back)?)
    }
}
