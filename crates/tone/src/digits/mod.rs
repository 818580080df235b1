//! The digit path: sounds one by one, each on its own merits.
//!
//! ```text
//! samples ─ every 2.5 ms: do one or two tones hold most of the last 30 ms? ─ fit them ─ is it one we know, clean enough?
//!         ─ yes: onset to the sample, told ─ follow it ─ 20 ms received without it: end to the sample, told
//! ```
//!
//! What was lost is neither sound nor silence: it ends nothing and begins nothing.

mod dial;
mod fit;
mod found;
mod listener;
pub(crate) mod settings;

pub use listener::{Listener, SOUND_SAMPLES_MAX};
pub use settings::{Settings, TONES, TONES_MAX};

use std::time::{Duration, Instant};

use telecare_protocol::tones::{Heard, Length, Sound};

use crate::RATE;

/// A sound with its times in samples from the start of the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sounded {
    /// Which.
    pub sound: Sound,
    /// Its first sample.
    pub began: u64,
    /// The sample after its last; none while it goes on.
    pub ended: Option<u64>,
    /// Level of its louder tone, dBm0.
    pub dbm0: f32,
    /// Something of it, or right before or after it, was lost.
    pub doubtful: bool,
}

impl Sounded {
    /// As sessions take it; `origin` is when the first sample of the call was.
    pub fn heard(&self, origin: Instant) -> Heard {
        let began = origin.checked_add(duration(self.began)).unwrap_or(origin);
        let length = match self.ended {
            None => Length::StillOn,
            Some(ended) => Length::Measured(duration(ended.saturating_sub(self.began))),
        };
        let dbm0 = Some(self.dbm0.round().clamp(-128.0, 127.0) as i8);
        Heard { dbm0, doubtful: self.doubtful, ..Heard::new(self.sound, began, length) }
    }
}

/// How long so many samples are.
pub fn duration(samples: u64) -> Duration {
    let rate = u64::from(RATE);
    let nanos = (samples % rate) * (1_000_000_000 / rate);
    Duration::from_secs(samples / rate).saturating_add(Duration::from_nanos(nanos))
}
