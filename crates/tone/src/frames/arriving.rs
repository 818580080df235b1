//! That something like a message is arriving, long before it is whole: a session that does not know asks again in the
//! middle of it.

use telecare_protocol::tones::Digit;

use super::chain::{Chain, Walk};
use super::emission::Symbol;
use super::listener::key_of;
use crate::hops::HOP;

/// Symbols in a row that are a beginning: they take 400 ms, and sessions wait 600.
const SYMBOLS: usize = 3;
/// What each of them must score, and all of them on average.
const LEAST: f32 = 0.5;
const MEAN: f32 = 0.7;
/// The least share of the energy that must be in their slots rather than beside them.
const CONTRAST: f32 = 0.88;
/// Periods without a further symbol after which nothing is arriving: two may be lost.
const SILENT: u64 = 4;

/// Symbols at a steady pace are being heard, and may become a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arriving {
    /// What the first seems to be.
    pub digit: Digit,
    /// Its first sample, to a few milliseconds; what is told again with the same one is the same.
    pub began: u64,
    /// They stopped, and made no message.
    pub is_over: bool,
}

/// What is arriving in a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    on: Option<On>,
}

#[derive(Clone, Debug)]
struct On {
    told: Arriving,
    period: u64,
    is_stmf: bool,
    /// Start of the newest symbol.
    last: u64,
}

impl Arrivals {
    /// Takes the newest symbol of a chain, which starts with a step; tells when something begins, and goes on.
    pub fn push(&mut self, chain: &Chain, symbol: &Symbol, start: u64) -> Option<Arriving> {
        if symbol.score < LEAST {
            return None;
        }
        if let Some(on) = &mut self.on {
            let is_next = on.is_stmf == chain.pace.is_stmf && start.saturating_sub(on.last) > on.period * 3 / 4;
            if is_next {
                on.last = start;
            }
            return is_next.then_some(on.told);
        }
        let walk = chain.walk(SYMBOLS)?;
        if !begins(&walk) || chain.goes_back(&walk) {
            return None;
        }
        let (first, symbol) = (walk.starts.first()?, walk.symbols.first()?);
        let digit = Digit::from_char(char::from(key_of(symbol.low, symbol.high)))?;
        let told = Arriving { digit, began: first.saturating_mul(HOP as u64), is_over: false };
        let (period, is_stmf) = (u64::from(chain.pace.period), chain.pace.is_stmf);
        self.on = Some(On { told, period, is_stmf, last: start });
        Some(told)
    }

    /// Takes notice of a step: what stopped is over.
    pub fn expire(&mut self, number: u64) -> Option<Arriving> {
        let on = self.on.take_if(|on| number.saturating_sub(on.last) > SILENT * on.period)?;
        Some(Arriving { is_over: true, ..on.told })
    }

    /// It became a message.
    pub fn clear(&mut self) {
        self.on = None;
    }
}

fn begins(walk: &Walk) -> bool {
    let is_each = walk.symbols.iter().all(|symbol| symbol.score >= LEAST && symbol.received > 0.5);
    is_each && walk.mean() >= MEAN && walk.contrast() >= CONTRAST
}
