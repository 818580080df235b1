//! The timers of a call, as the documents have them. All are for the receiver's side.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::fast_format::ACCOUNT_DIGITS;

/// Settings of one voice line that takes calls with the 1400 and 2300 Hz handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From the answer to the first handshake.
    pub settle: Duration,
    /// Length of either tone of the handshake, and of the pause between them.
    pub handshake: Duration,
    /// From the end of a handshake to the first digit.
    pub first_digit: Duration,
    /// Handshakes in all.
    pub handshakes: u32,
    /// Quiet after digits that were no message, before the next handshake, if one is left; longer than a panel waits
    /// for the kiss-off before it sends again.
    pub ask_again: Duration,
    /// From the first digit to a message that is stored and kissed off.
    pub data_valid: Duration,
    /// Digits that are arriving when that time ends have so long to end.
    pub data_grace: Duration,
    /// Silence that ends a run of digits.
    pub digit_gap: Duration,
    /// The same where the fast format is taken.
    pub group_end: Duration,
    /// The same once a message is in that is right.
    pub end_grace: Duration,
    /// A digit longer than this is no data.
    pub tone_longest: Duration,
    /// Length of a digit.
    pub digit_on: Duration,
    /// Least silence between the last digit and the kiss-off.
    pub kiss_off_gap: Duration,
    /// From the end of the last digit to the start of the kiss-off; later there is none, the panel repeats.
    pub kiss_off_within: Duration,
    /// Length of the kiss-off.
    pub kiss_off: Duration,
    /// Length of the acknowledgement of the fast format.
    pub fast_kiss_off: Duration,
    /// The same message within this time of its last copy is the same event; later it is a press.
    pub repeat_window: Duration,
    /// Quiet after a kiss-off before speech is opened.
    pub speech_after: Duration,
    /// Quiet after a kiss-off that ends a call without speech.
    pub quiet_after: Duration,
    /// Speech that nobody ends is ended after so long.
    pub speech_longest: Duration,
    /// Our own sounds may come back until so long after their end.
    pub echo_tail: Duration,
    /// Take the fast format, too.
    pub takes_fast_format: bool,
    /// How wide its accounts are; narrower leaves less doubt.
    pub fast_accounts: RangeInclusive<usize>,
    /// Where digits are a group of the fast format and a Super Fast message alike, take them for the group.
    pub prefers_fast_format: bool,
    /// Take key D for a check digit worth ten, as one widespread encoder sends it.
    pub accepts_key_d: bool,
    /// Open speech after the last kiss-off of every call, not only of those that ask for it.
    pub always_speech: bool,
    /// Hang up a call that gave no data; else it is given up to who probes for other protocols.
    pub hang_up_without_data: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        let ms = Duration::from_millis;
        Settings {
            settle: ms(1250),              // A: 0.5 to 2 s
            handshake: ms(100),            // A
            first_digit: ms(2000),         // B; a unit begins after 250 to 300 ms
            handshakes: 4,                 // C
            ask_again: ms(3500),           // C: one implementation's unit waits 3 s for the kiss-off
            data_valid: ms(30_000),        // ours: four attempts take 12 s, at a wait of 3 s 20 s
            data_grace: ms(5_000),         // ours: the longest group takes 3.4 s
            digit_gap: ms(200),            // B
            group_end: ms(1000),           // B
            end_grace: ms(110), // ours: twice the silence between digits, less than the gap before the kiss-off
            tone_longest: ms(1000), // ours: digits are 50 to 60 ms
            digit_on: ms(55),   // A
            kiss_off_gap: ms(200), // B
            kiss_off_within: ms(1000), // C: 1250 ms (B) less a round trip of 150 ms and 100 ms to recognise it
            kiss_off: ms(850),  // A: 750 to 1000 ms
            fast_kiss_off: ms(750), // B
            repeat_window: ms(15_000), // ours: four attempts at a wait of 3 s are over by then
            speech_after: ms(600), // ours: the next message begins 250 to 300 ms after a kiss-off
            quiet_after: ms(4_000), // ours: longer than a unit that missed the kiss-off waits
            speech_longest: ms(3_600_000), // ours: either end hangs up, this is for when neither does
            echo_tail: ms(300), // C
            takes_fast_format: true,
            fast_accounts: ACCOUNT_DIGITS,
            prefers_fast_format: false,
            accepts_key_d: false,
            always_speech: false,
            hang_up_without_data: true,
        }
    }
}

impl Settings {
    /// The same for a line whose units speak the fast format.
    pub fn fast_format() -> Settings {
        let ms = Duration::from_millis;
        Settings {
            first_digit: ms(1200), // B: a handshake every 1500 ms
            handshakes: 2,         // B
            prefers_fast_format: true,
            ..Settings::default()
        }
    }
}
