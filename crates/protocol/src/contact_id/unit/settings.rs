//! What a simulated panel is, how fast it is, and what is wrong with it.

use std::time::Duration;

/// Settings of a simulated panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// What it has to say, one after the other, in letters; check digits need not be right.
    pub messages: Vec<String>,
    /// A tone of the handshake is at least so long.
    pub handshake_shortest: Duration,
    /// A tone of the handshake is at most so long.
    pub handshake_longest: Duration,
    /// From the end of the handshake, or of a kiss-off, to its first digit.
    pub delay: Duration,
    /// Length of a digit.
    pub digit_on: Duration,
    /// Silence between digits.
    pub digit_off: Duration,
    /// A kiss-off is at least so long.
    pub kiss_off_shortest: Duration,
    /// From the end of its last digit to the start of the kiss-off, else it sends again.
    pub kiss_off_wait: Duration,
    /// It sends each message so often.
    pub sends: u32,
    /// Without a handshake for so long it hangs up.
    pub handshake_wait: Duration,
    /// After the last kiss-off it stays so long, for speech; then it hangs up.
    pub stays: Duration,
    /// What is wrong with it.
    pub faults: UnitFaults,
}

/// Faults of a simulated panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFaults {
    /// Those of a message are only in the first so many sends of the call; none is every send.
    pub sends: Option<u32>,
    /// The check digit is another.
    pub wrong_checksum: bool,
    /// A check digit worth ten is sent as key D.
    pub key_d: bool,
    /// This digit is left out.
    pub dropped: Option<usize>,
    /// This digit is sent twice.
    pub doubled: Option<usize>,
    /// After this digit there is so long a silence.
    pub long_gap: Option<(usize, Duration)>,
    /// Data begins so much later than it should.
    pub late_start: Duration,
    /// The first kiss-off is not heard.
    pub ignores_first_kiss_off: bool,
    /// It hangs up after so many digits of a message.
    pub hangs_up_after: Option<usize>,
    /// From so long after its answer on it hears nothing.
    pub deaf_after: Option<Duration>,
    /// Until so long after its answer it hears nothing.
    pub deaf_until: Option<Duration>,
}

impl UnitSettings {
    /// A panel without faults that sends these.
    pub fn new(messages: Vec<String>) -> UnitSettings {
        let ms = Duration::from_millis;
        UnitSettings {
            messages,
            handshake_shortest: ms(70), // B
            handshake_longest: ms(130), // B
            delay: ms(275),             // A: 250 to 300 ms
            digit_on: ms(55),           // A: 50 to 60 ms
            digit_off: ms(55),          // A: 50 to 60 ms
            kiss_off_shortest: ms(400), // A
            kiss_off_wait: ms(1250),    // B
            sends: 4,                   // B
            handshake_wait: ms(30_000), // C
            stays: Duration::ZERO,
            faults: UnitFaults::default(),
        }
    }

    /// A unit of the fast format without faults that sends these groups, each until it is acknowledged.
    pub fn fast_format(groups: Vec<String>) -> UnitSettings {
        let ms = Duration::from_millis;
        UnitSettings {
            kiss_off_wait: ms(1500), // C: longer than the receiver takes to see that a group is over
            sends: 8,                // C: four attempts of two copies
            ..UnitSettings::new(groups)
        }
    }
}
