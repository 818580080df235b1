//! The timers of a call, as the document has them. All are for the receiver's side.

use std::time::Duration;

use super::Probe;
use crate::Protocol;
use crate::tones::Tone;

/// Settings of one voice line that takes Tunstall calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The protocols asked for, in this order. A unit whose protocol is known is asked in that one alone.
    pub probes: Vec<Probe>,
    /// Enquiries of each.
    pub enquiries: u32,
    /// The TT92 enquiry is one that STMF units hear, too.
    pub stmf_enquiry: bool,
    /// How long to wait for a guard tone before the first enquiry.
    pub guard_wait: Duration,
    /// The same when TTOLD is asked for first.
    pub ttold_guard_wait: Duration,
    /// Quiet after a guard tone, or a digit, before the first enquiry.
    pub guard_quiet: Duration,
    /// The first enquiry goes out so long after the answer whatever is heard.
    pub guard_longest: Duration,
    /// The single tones that units announce themselves with. None is ever required.
    pub guard_tones: Vec<Tone>,
    /// From the end of a TT92 enquiry to the next one, if nothing is heard.
    pub tt92_wait: Duration,
    /// The same for TTNEW.
    pub ttnew_wait: Duration,
    /// The same for TTOLD.
    pub ttold_wait: Duration,
    /// Length of the TTOLD enquiry.
    pub ttold_enquiry: Duration,
    /// Length of a digit.
    pub digit_on: Duration,
    /// Silence between digits.
    pub digit_off: Duration,
    /// Length of each of the two tones of an STMF digit.
    pub stmf_on: Duration,
    /// Silence after each.
    pub stmf_off: Duration,
    /// Silence after an STMF acknowledgement, in all.
    pub stmf_last_off: Duration,
    /// A tone shorter than this is no part of an STMF digit.
    pub stmf_shortest: Duration,
    /// Nor is a longer one.
    pub stmf_longest: Duration,
    /// Silence between the two tones of a digit at most.
    pub stmf_gap_longest: Duration,
    /// Time of an STMF digit, for the time that the rest of a frame may take.
    pub stmf_symbol: Duration,
    /// Silence that ends a group of digits.
    pub gap_longest: Duration,
    /// The same once a frame is in that verifies: only noise can follow.
    pub end_grace: Duration,
    /// A digit longer than this is no data.
    pub tone_longest: Duration,
    /// Quiet after something that was no frame, before the next enquiry, if one is left.
    pub ask_again: Duration,
    /// Silence after a frame that could not be read; then the call ends.
    pub resend_wait: Duration,
    /// From the first digit after an enquiry to a valid frame, stored and acknowledged.
    pub data_valid: Duration,
    /// A frame that is arriving then has so long to end.
    pub data_grace: Duration,
    /// From the end of a frame to the start of its acknowledgement; later there is none, the unit repeats.
    pub ack_within: Duration,
    /// Quiet after a TT92 acknowledgement.
    pub tt92_settle: Duration,
    /// Quiet after a TTNEW acknowledgement.
    pub ttnew_settle: Duration,
    /// Quiet after a TTOLD acknowledgement.
    pub ttold_settle: Duration,
    /// Length of the TTOLD acknowledgement.
    pub ttold_ack: Duration,
    /// Silence that ends a group of bursts.
    pub ttold_silence: Duration,
    /// The same frame within this time of its last copy is the same alarm; later it is a press.
    pub repeat_window: Duration,
    /// How long dwellings' alarms are collected, after the opening frame and after each clear.
    pub catalogue_wait: Duration,
    /// The same after the clear of a TTNEW system.
    pub ttnew_clear_wait: Duration,
    /// From the end of a select or clear to its answer.
    pub answer_within: Duration,
    /// From the end of a change of the speech mode to its echo.
    pub mode_within: Duration,
    /// Commands that have an answer are sent so often in all.
    pub attempts: u32,
    /// Quiet after a command that has no answer.
    pub settle: Duration,
    /// A dwelling whose alarm the store has not spoken of is selected all the same after this.
    pub store_wait: Duration,
    /// Length of a command of one held digit.
    pub hold: Duration,
    /// Length of the `0` that clears.
    pub clear_hold: Duration,
    /// Length of the `#` that ends the call.
    pub clear_down: Duration,
    /// From one keep-alive to the next.
    pub keep_alive: Duration,
    /// After so long without a request and without a digit the call is ended.
    pub idle_longest: Duration,
    /// After "clear down" the unit has so long to hang up.
    pub hang_up_wait: Duration,
    /// Our own sounds may come back until so long after their end.
    pub echo_tail: Duration,
    /// Take an opening frame whose checksum is wrong, with a warning.
    pub accept_unverified: bool,
    /// Hang up a call that gave no data; else it is given up to who probes for other protocols.
    pub hang_up_without_data: bool,
    /// Let operators release the door.
    pub allow_control: bool,
}

impl Settings {
    /// The enquiry of this place in their order, none when all were sent.
    pub(super) fn probe(&self, enquiry: u32) -> Option<Probe> {
        let place = enquiry.checked_div(self.enquiries)?;
        self.probes.get(usize::try_from(place).ok()?).copied()
    }

    /// From the end of an enquiry to the next.
    pub(super) fn wait(&self, probe: Probe) -> Duration {
        match probe {
            Probe::Tt92 => self.tt92_wait,
            Probe::TtNew => self.ttnew_wait,
            Probe::TtOld => self.ttold_wait,
        }
    }

    /// Before the first enquiry.
    pub(super) fn first_wait(&self) -> Duration {
        if self.probes.first() == Some(&Probe::TtOld) { self.ttold_guard_wait } else { self.guard_wait }
    }

    /// Quiet after an acknowledgement.
    pub(super) fn after_ack(&self, protocol: Protocol) -> Duration {
        match protocol {
            Protocol::TtNew => self.ttnew_settle,
            Protocol::TtOld => self.ttold_settle,
            _ => self.tt92_settle,
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        let ms = Duration::from_millis;
        Settings {
            probes: vec![Probe::Tt92, Probe::TtNew], // TTOLD beyond its frame is not known: off
            enquiries: 2,                            // B
            stmf_enquiry: true,
            guard_wait: ms(4600),                                  // B
            ttold_guard_wait: ms(3700),                            // B
            guard_quiet: ms(500),                                  // B
            guard_longest: ms(10_000),                             // ours: a guard comes every 2.5 to 3 s
            guard_tones: vec![Tone(1850), Tone(1645), Tone(1000)], // B
            tt92_wait: ms(1180),                                   // B, 1500 in an older build
            ttnew_wait: ms(900),                                   // B
            ttold_wait: ms(7000),                                  // B
            ttold_enquiry: ms(2000),                               // B
            digit_on: ms(80),                                      // B
            digit_off: ms(80),                                     // B
            stmf_on: ms(75),                                       // B
            stmf_off: ms(5),                                       // B
            stmf_last_off: ms(85),                                 // B
            stmf_shortest: ms(60),                                 // B, 80 in older builds
            stmf_longest: ms(120),                                 // B, 96 in older builds
            stmf_gap_longest: ms(60),                              // C: 5 to 10 ms are sent
            stmf_symbol: ms(160),                                  // B
            gap_longest: ms(230),                                  // B
            end_grace: ms(110),                                    // ours, as BS 8521 has it
            tone_longest: ms(2500),                                // B
            ask_again: ms(1500),                                   // ours
            resend_wait: ms(10_000),                               // B
            data_valid: ms(40_000),                                // ours: four sends take 22 s
            data_grace: ms(5_000),                                 // ours: a frame takes 3.8 s
            ack_within: ms(1000),  // C: 1500 ms less a round trip of 300 ms and the time to hear it
            tt92_settle: ms(680),  // B, 1000 and 3000 in older builds
            ttnew_settle: ms(550), // B
            ttold_settle: ms(150), // B
            ttold_ack: ms(500),    // B, 2000 in another build
            ttold_silence: ms(1000), // B
            repeat_window: ms(25_000), // ours: four sends take 22 s
            catalogue_wait: ms(3500), // B
            ttnew_clear_wait: ms(2000), // B
            answer_within: ms(3500), // B
            mode_within: ms(1100), // B
            attempts: 2,           // B
            settle: ms(70),        // B
            store_wait: ms(2000),  // ours
            hold: ms(500),         // B
            clear_hold: ms(1000),  // B
            clear_down: ms(2000),  // B
            keep_alive: ms(110_000), // B: at most 120 s
            idle_longest: ms(3_600_000), // ours
            hang_up_wait: ms(6000), // B: the unit takes 1.5 to 5 s
            echo_tail: ms(300),    // C: the round trip that BS 8521 allows
            accept_unverified: false,
            hang_up_without_data: true,
            allow_control: false,
        }
    }
}
