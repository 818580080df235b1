//! What networks, rooms and people do to tones, each seeded: for tests and for test calls.
//!
//! In the order in which a call meets them: the sender's frequencies and levels are the plan's
//! ([`Voice`](crate::plan::Voice)); then the line ([`shift`], [`echo`], [`add`] of a talker, [`noise`]), the law
//! ([`Law::through`](crate::law::Law::through)) and the network ([`Loss`]).

mod line;
mod loss;
mod speech;

pub use line::{add, echo, noise, shift};
pub use loss::{Loss, lose};
pub use speech::speech;

/// The source of everything random here.
pub type Random = fastrand::Rng;

/// A source of its own for each seed.
pub fn random(seed: u64) -> Random {
    fastrand::Rng::with_seed(seed)
}

/// A number from a range.
pub fn between(random: &mut Random, least: f32, most: f32) -> f32 {
    least + (most - least) * random.f32()
}
