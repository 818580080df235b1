//! What a simulated unit is, how fast it is, and what is wrong with it.

use std::time::Duration;

use crate::bs8521::Answer;
use crate::tones::Tone;

/// Settings of a simulated unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// The frame it sends, `A` and `#` included; its checksum need not be right.
    pub frame: String,
    /// The calls a scheme has outstanding, that of the frame among them; none for a dispersed unit.
    pub outstanding: Vec<Answer>,
    /// The equipment codes it can switch.
    pub equipment: Vec<u8>,
    /// The single tone it announces itself with.
    pub guard: Tone,
    /// Length of that tone.
    pub guard_on: Duration,
    /// When the first one begins after the answer.
    pub guard_first: Duration,
    /// From onset to onset.
    pub guard_every: Duration,
    /// So many at most, then it hangs up; 0 waits for a request in silence.
    pub guards: u32,
    /// A `B` from this length on asks for data.
    pub request_shortest: Duration,
    /// From the end of what it was sent to its first sound.
    pub delay: Duration,
    /// Length of a digit.
    pub digit_on: Duration,
    /// Silence between digits.
    pub digit_off: Duration,
    /// An `A` from this length on begins a quick command.
    pub long_a: Duration,
    /// From the end of its frame to the start of the next attempt.
    pub ack_wait: Duration,
    /// It sends a frame, or an answer with data, so often in all.
    pub sends: u32,
    /// An answer with data is sent again so long after the time that its digits take.
    pub answer_again: Duration,
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
    /// The second digit of the checksum is another.
    pub wrong_checksum: bool,
    /// This digit of the frame is left out; 0 is the `A`.
    pub dropped: Option<usize>,
    /// After this digit of the frame there is so long a silence.
    pub long_gap: Option<(usize, Duration)>,
    /// The `#` is left out.
    pub missing_end: bool,
    /// Data begins so much later than it should.
    pub late_start: Duration,
    /// The first acknowledgement is not heard.
    pub ignores_first_ack: bool,
    /// It hangs up after so many digits of its frame.
    pub hangs_up_after: Option<usize>,
    /// From so long after its answer on it hears nothing.
    pub deaf_after: Option<Duration>,
    /// Until so long after its answer it hears nothing.
    pub deaf_until: Option<Duration>,
}

impl UnitSettings {
    /// A unit without faults that sends this frame.
    pub fn new(frame: String) -> UnitSettings {
        let ms = Duration::from_millis;
        UnitSettings {
            frame,
            outstanding: Vec::new(),
            equipment: Vec::new(),
            guard: Tone(1850),         // B
            guard_on: ms(250),         // C
            guard_first: ms(1000),     // C: up to 10 s
            guard_every: ms(3000),     // C
            guards: 10,                // C
            request_shortest: ms(500), // A
            delay: ms(80),             // B
            digit_on: ms(80),          // B
            digit_off: ms(80),         // B
            long_a: ms(200),           // B
            ack_wait: ms(600),         // B
            sends: 4,                  // C
            answer_again: ms(4000),    // C
            link_lost: ms(130_000),    // A
            faults: UnitFaults::default(),
        }
    }
}
