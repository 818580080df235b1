//! What a site may set of a modem, and how long it is waited for.

use std::time::Duration;

/// Settings of one modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The country's code for `AT+GCI` (T.35: B4 is the United Kingdom); none leaves the modem's own.
    pub country: Option<u8>,
    /// Commands of the site, sent after ours.
    pub init: Vec<String>,
    /// What takes the telephone off the hook: `AT+VLS=1`; some makes want `ATA` or `AT+VLS=15`.
    pub answer: String,
    /// A call is told of from this ring on. The caller's number comes after the first, in some countries before it.
    pub rings: u32,
    /// Characters of a command at most.
    pub command_chars_max: usize,
    /// How late the modem may tell of a digit, where the site knows; else by what the modem is seen to tell.
    pub slack: Option<Duration>,
    /// A command is answered within this, besides the time that it plays.
    pub answer_within: Duration,
    /// The same for a reset.
    pub reset_within: Duration,
    /// An idle modem is asked so often whether it is there.
    pub check_every: Duration,
    /// A bell that is silent for so long has stopped.
    pub ring_gap: Duration,
    /// A digit told without its end may go on for so long: nothing is played before.
    pub digit_rest: Duration,
    /// Busy and dial tone are believed when they are told again after this much time...
    pub tone_again_after: Duration,
    /// ...and before this much, with no digit between: speech passes for a tone now and then.
    pub tone_again_before: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        let ms = Duration::from_millis;
        Settings {
            country: None,
            init: Vec::new(),
            answer: "AT+VLS=1".to_owned(), // A
            rings: 2,                      // A: the number comes between the first two
            command_chars_max: 80,         // C: no make was seen to take fewer
            slack: None,
            answer_within: ms(3_000),
            reset_within: ms(5_000),
            check_every: ms(60_000),
            ring_gap: ms(8_000),         // A: cadences are 3 to 6 s
            digit_rest: ms(40),          // C: told about 45 ms after the onset of a digit of 80 ms
            tone_again_after: ms(2_000), // B: told again every 3 to 4 s
            tone_again_before: ms(10_000),
        }
    }
}

impl Settings {
    /// A digit's onset and its end are told so late by a modem that tells both (C: 40 ms to be sure of a tone, 20 on
    /// the way).
    pub const SLACK_OF_BOTH: Duration = Duration::from_millis(60);

    /// A digit is told so long after its onset by a modem that tells it once (C).
    pub const SLACK_OF_ONE: Duration = Duration::from_millis(120);
}
