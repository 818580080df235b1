//! What a simulated modem is, how fast it is, and what is wrong with it.

use std::time::Duration;

/// How a modem reports digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reports {
    /// Begin and end: `DLE / DLE 5 … DLE ~`.
    Both,
    /// Once: `DLE 5`.
    Once,
}

/// How a modem tells that the far end has hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUpTold {
    /// The exchange breaks the loop current.
    LoopBreak,
    /// It sends busy tone, until we hang up.
    Busy,
    /// It sends dial tone.
    DialTone,
    /// Not at all.
    Nothing,
}

/// Settings of a simulated modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimSettings {
    /// How it reports digits.
    pub reports: Reports,
    /// From a digit's onset to its report; a shorter one is none.
    pub detect: Duration,
    /// From its end to the report of that.
    pub release: Duration,
    /// From a command to its answer.
    pub respond: Duration,
    /// From ring to ring.
    pub ring_every: Duration,
    /// How it tells that the far end has hung up.
    pub hang_up_told: HangUpTold,
    /// Whether digits are recognised while it plays.
    pub hears_while_playing: bool,
    /// Length of a tone without one, until `AT+VTD` says otherwise.
    pub tone: Duration,
    /// What is wrong with it.
    pub faults: SimFaults,
}

/// Faults of a simulated modem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimFaults {
    /// It sends nothing at all.
    pub deaf: bool,
    /// From this command on it sends nothing; 0 is the first.
    pub dies_at: Option<u32>,
    /// It says ERROR to commands that begin so, behind the AT.
    pub errors: Vec<String>,
    /// OK comes before the tones.
    pub is_early: bool,
    /// The nth digit of the far end is not recognised; 1 is the first.
    pub misses: Option<u32>,
}

impl Default for SimSettings {
    fn default() -> SimSettings {
        let ms = Duration::from_millis;
        SimSettings {
            reports: Reports::Both,
            detect: ms(40),        // A: detectors are sure after 40 ms
            release: ms(30),       // C
            respond: ms(10),       // C
            ring_every: ms(3_000), // A: United Kingdom
            hang_up_told: HangUpTold::LoopBreak,
            hears_while_playing: false,
            tone: ms(100),
            faults: SimFaults::default(),
        }
    }
}
