//! What the digit path listens for.

use telecare_protocol::tones::{Digit, Tone};

use crate::hops::LANES;

/// Single tones of telecare units and of receivers (tones-and-DTMF facts, B): guard tones, handshakes, bursts.
pub const TONES: [Tone; 5] = [Tone(1000), Tone(1400), Tone(1645), Tone(1850), Tone(2300)];

/// Single tones beside the eight of digits, at most.
pub const TONES_MAX: usize = LANES - 8;

/// What to listen for, and how strictly.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Single tones, [`TONES_MAX`] at most; more are not heard.
    pub tones: Vec<Tone>,
    /// Tones of digits alone, as STMF has them.
    pub hears_parts: bool,
    /// A tone whose bursts may be as short as 15 ms (TTOLD: 1850 Hz).
    pub bursts: Option<Tone>,
    /// How far a frequency may be off, as a share: Q.24 accepts 0.015 and rejects 0.035.
    pub off_max: f32,
    /// The weakest tone, dBm0: Q.24 accepts -25, rejects -55.
    pub weakest_dbm0: f32,
    /// By how much the low tone may be louder, dB: Q.24 accepts 8.
    pub twist_max_db: f32,
    /// By how much the high tone may be louder, dB: Q.24 accepts 4.
    pub reverse_twist_max_db: f32,
    /// Share of the energy that may be something else: at 15 dB, as Q.24 accepts, noise is 0.03.
    pub left_over_max: f32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            tones: TONES.to_vec(),
            hears_parts: true,
            bursts: None,
            off_max: 0.024,
            weakest_dbm0: -40.0,
            twist_max_db: 10.5,
            reverse_twist_max_db: 6.5,
            left_over_max: 0.12,
        }
    }
}

/// The eight tones of digits, the low ones first.
pub(crate) fn parts() -> [u16; 8] {
    let mut low: Vec<u16> = Digit::all().map(|digit| digit.tones().0.0).collect();
    let mut high: Vec<u16> = Digit::all().map(|digit| digit.tones().1.0).collect();
    for group in [&mut low, &mut high] {
        group.sort_unstable();
        group.dedup();
    }
    let mut all = low.into_iter().chain(high);
    std::array::from_fn(|_| all.next().unwrap_or(0))
}
