//! The timers of a call, as the document has them. All are for the receiver's side.

use std::time::Duration;

use crate::tones::Tone;

/// Settings of one voice line that takes BS 8521 calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long to wait for an enquiry tone before the first request; zero asks at once, as the standard has it.
    pub guard_wait: Duration,
    /// Quiet after an enquiry tone, or a digit, before the first request.
    pub guard_quiet: Duration,
    /// The first request goes out so long after the answer whatever is heard.
    pub guard_longest: Duration,
    /// The single tones that units announce themselves with. None is ever required.
    pub enquiry_tones: Vec<Tone>,
    /// Length of the request for data.
    pub request: Duration,
    /// T1: from the end of a request to the start of data.
    pub data_start: Duration,
    /// Requests in all.
    pub requests: u32,
    /// T2: from the end of the request that was answered to a valid frame, stored and acknowledged.
    pub data_valid: Duration,
    /// A frame that is arriving when T2 ends has so long to end.
    pub data_grace: Duration,
    /// Quiet after something that was no frame, before the next request, if one is left.
    pub ask_again: Duration,
    /// T3: silence that ends a run of digits.
    pub gap_longest: Duration,
    /// The same once the 26 digits of a body are in: the `#` may be lost.
    pub end_grace: Duration,
    /// A digit longer than this is no data.
    pub tone_longest: Duration,
    /// Length of the acknowledgement, and of a digit of a command.
    pub digit_on: Duration,
    /// Silence between digits of a command.
    pub digit_off: Duration,
    /// Length of the `A` before a quick command.
    pub long_a: Duration,
    /// A `B` up to this length is an acknowledgement.
    pub ack_longest: Duration,
    /// From the end of a frame to the start of its acknowledgement; later there is none, the unit repeats.
    pub ack_within: Duration,
    /// Quiet after an acknowledgement before the next command.
    pub settle: Duration,
    /// The same frame within this time of its last copy is the same alarm; later it is a press.
    pub repeat_window: Duration,
    /// From the end of a command to the start of its answer.
    pub answer_within: Duration,
    /// Quick commands are sent so often in all.
    pub attempts: u32,
    /// Commands with data are sent so often in all.
    pub data_attempts: u32,
    /// From the last acknowledgement to the next null.
    pub null_every: Duration,
    /// Without an acknowledgement for so long the link is lost.
    pub link_lost: Duration,
    /// After "clear down" the unit has so long to hang up.
    pub hang_up_wait: Duration,
    /// Our own sounds may come back until so long after their end.
    pub echo_tail: Duration,
    /// Hang up a call that gave no data; else it is given up to who probes for other protocols.
    pub hang_up_without_data: bool,
    /// End a call by itself when the unit says that it cannot speak.
    pub end_without_speech: bool,
    /// Let operators switch doors and relays at the unit's end.
    pub allow_control: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        let ms = Duration::from_millis;
        Settings {
            guard_wait: ms(4600),                                    // B
            guard_quiet: ms(500),                                    // B
            guard_longest: ms(10_000),                               // the latest first tone of an emulated unit, C
            enquiry_tones: vec![Tone(1850), Tone(1645), Tone(1000)], // B
            request: ms(600),                                        // B
            data_start: ms(600),                                     // B, ±30 ms
            requests: 4,                                             // B
            data_valid: ms(25_000),                                  // B
            data_grace: ms(5_000),                                   // ours: a frame takes 4480 ms
            ask_again: ms(1_500),                                    // ours: a unit repeats by itself after 600 ms
            gap_longest: ms(230),                                    // B
            end_grace: ms(110),                                      // B
            tone_longest: ms(2_500),                                 // B
            digit_on: ms(80),                                        // B
            digit_off: ms(80),                                       // B
            long_a: ms(250),                                         // B
            ack_longest: ms(499),                                    // A: from 500 ms on a B is a request
            ack_within: ms(200), // C: 570 ms less a round trip of 300 ms and 60 ms to recognise it
            settle: ms(1_500),   // B
            repeat_window: ms(25_000), // ours: four sends take 20.4 s
            answer_within: ms(600), // B
            attempts: 4,         // B
            data_attempts: 2,    // B
            null_every: ms(55_000), // B: at most 60 s
            link_lost: ms(130_000), // A
            hang_up_wait: ms(5_000), // C
            echo_tail: ms(300),  // B: the round trip the standard allows
            hang_up_without_data: true,
            end_without_speech: true,
            allow_control: false,
        }
    }
}
