//! Virtual time of a test: what happens in its order, chance that a seed fixes, and who wants to be woken.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The time of a world in which events happen.
pub struct Timeline<E> {
    /// Now.
    pub now: Instant,
    /// Chance.
    pub random: Random,
    /// Nothing goes wrong any more, so that what is left arrives.
    pub calm: bool,
    events: BTreeMap<(Instant, u64), E>,
    order: u64,
}

/// What comes next.
pub enum Step<E> {
    /// An event.
    Happens(E),
    /// Somebody wanted to be woken now.
    Wakes,
}

impl<E> Timeline<E> {
    pub fn new(seed: u32) -> Timeline<E> {
        Timeline { now: Instant::now(), random: Random(seed), calm: false, events: BTreeMap::new(), order: 0 }
    }

    pub fn after(&mut self, ms: u64, event: E) {
        self.order += 1;
        self.events.insert((self.now + Duration::from_millis(ms), self.order), event);
    }

    /// Whether something goes wrong that does once in `n`.
    pub fn one_in(&mut self, n: u32) -> bool {
        self.random.below(n) == 0 && !self.calm
    }

    /// Goes on to the next event, or to when somebody wants to be woken if that is earlier; none when nothing is left.
    pub fn step(&mut self, wakes: [Option<Instant>; 2]) -> Option<Step<E>> {
        let wake = wakes.into_iter().flatten().min();
        let next = self.events.first_key_value().map(|((at, _), _)| *at);
        if let Some(at) = next.filter(|at| wake.is_none_or(|wake| *at <= wake)) {
            self.now = self.now.max(at);
            return self.events.pop_first().map(|(_, event)| Step::Happens(event));
        }
        self.now = self.now.max(wake?);
        Some(Step::Wakes)
    }
}

/// Numbers that a seed fixes.
pub struct Random(pub u32);

impl Random {
    pub fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % n
    }

    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}
