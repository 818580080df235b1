//! What a simulated unit is, how fast it is, and what is wrong with it.

use std::time::Duration;

use crate::tones::Tone;
use crate::tunstall::{Probe, Signalling};

/// Settings of a simulated unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// The frame it sends: 24 digits, `D#` included, or the 4 to 5 of a TTOLD system. Its checksum need not be right.
    pub frame: String,
    /// The enquiry it answers.
    pub probe: Probe,
    /// How it sends its digits, and hears the receiver's.
    pub signalling: Signalling,
    /// The messages of 8 digits that a grouped system sends after its frame.
    pub waiting: Vec<String>,
    /// Each of them is sent so often.
    pub repeats: u32,
    /// After a clear it tells of those that are left before it says that it cleared.
    pub tells_again: bool,
    /// Its dwellings can speak both ways.
    pub is_duplex: bool,
    /// The single tone it announces itself with.
    pub guard: Tone,
    /// Length of that tone.
    pub guard_on: Duration,
    /// When the first one begins after the answer.
    pub guard_first: Duration,
    /// From onset to onset.
    pub guard_every: Duration,
    /// So many at most, then it hangs up; 0 waits for an enquiry in silence.
    pub guards: u32,
    /// From the end of what it was sent to its first sound.
    pub delay: Duration,
    /// Length of a digit, or of each tone of an STMF digit.
    pub digit_on: Duration,
    /// Silence between digits, or after each tone of an STMF digit.
    pub digit_off: Duration,
    /// From the end of its frame to the start of the next attempt.
    pub ack_wait: Duration,
    /// It sends its frame so often in all.
    pub sends: u32,
    /// Silence between the two copies of a TTOLD system.
    pub copy_gap: Duration,
    /// From the acknowledgement to the first message.
    pub waiting_after: Duration,
    /// Silence between messages.
    pub waiting_gap: Duration,
    /// It hangs up so long after the end of "clear down".
    pub hangs_up: Duration,
    /// Without a command for so long it hangs up.
    pub link_lost: Duration,
    /// What is wrong with it.
    pub faults: UnitFaults,
}

/// Faults of a simulated unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFaults {
    /// Those of a frame are only in the first so many attempts; none is every attempt.
    pub sends: Option<u32>,
    /// The last digit is another; in TTOLD, that of the second copy.
    pub wrong_checksum: bool,
    /// This digit of the frame is left out; 0 is the first.
    pub dropped: Option<usize>,
    /// After this digit of the frame there is so long a silence.
    pub long_gap: Option<(usize, Duration)>,
    /// Data begins so much later than it should.
    pub late_start: Duration,
    /// The first acknowledgement is not heard.
    pub ignores_first_ack: bool,
    /// It hangs up after so many digits of its frame.
    pub hangs_up_after: Option<usize>,
    /// It answers no select.
    pub ignores_select: bool,
    /// It does not say that it cleared.
    pub ignores_clear: bool,
    /// From so long after its answer on it hears nothing.
    pub deaf_after: Option<Duration>,
    /// Until so long after its answer it hears nothing.
    pub deaf_until: Option<Duration>,
}

impl UnitSettings {
    /// A TT92 unit without faults that sends this frame in DTMF.
    pub fn new(frame: String) -> UnitSettings {
        let ms = Duration::from_millis;
        UnitSettings {
            frame,
            probe: Probe::Tt92,
            signalling: Signalling::Dtmf,
            waiting: Vec::new(),
            repeats: 1,
            tells_again: false,
            is_duplex: false,
            guard: Tone(1850),       // B
            guard_on: ms(200),       // B: 130 to 250
            guard_first: ms(1000),   // C
            guard_every: ms(2500),   // C
            guards: 10,              // C
            delay: ms(200),          // C: 100 to 300
            digit_on: ms(80),        // B
            digit_off: ms(80),       // B
            ack_wait: ms(1500),      // C
            sends: 4,                // C
            copy_gap: ms(1000),      // B
            waiting_after: ms(1000), // C: within 3500
            waiting_gap: ms(500),    // C
            hangs_up: ms(500),       // B: 1.5 to 5 s after the start of a tone of 2 s
            link_lost: ms(125_000),  // B: a keep-alive comes every 120 s
            faults: UnitFaults::default(),
        }
    }

    /// A TTOLD system: it waits until the receiver can know that its group is over, and has answered (C).
    pub fn old(frame: String) -> UnitSettings {
        let ack_wait = Duration::from_millis(3000);
        UnitSettings { probe: Probe::TtOld, ack_wait, ..UnitSettings::new(frame) }
    }

    /// The same as the first in STMF.
    pub fn stmf(frame: String) -> UnitSettings {
        let (digit_on, digit_off) = (Duration::from_millis(75), Duration::from_millis(5));
        UnitSettings { signalling: Signalling::Stmf, digit_on, digit_off, ..UnitSettings::new(frame) }
    }
}
