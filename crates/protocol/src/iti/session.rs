//! The conversation with a hardware receiver that writes ITI records, and how such a receiver sends.

use super::read::{read, report};
use crate::ademco685::{CR, LF};
use crate::automation::{self, Dialect, FRAME_BYTES_MAX, Framing, Heard, LineError, Said, SenderSettings, Timing};
use crate::{Codes, Mode, Protocol, ademco685};

/// A conversation on one ITI line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

/// The okay record.
pub const OKAY: &str = "00 OKAY @";
/// The test record.
pub const TEST: &str = "IT IRCV 234A";

/// Settings of one ITI line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The timers.
    pub timing: Timing,
}

impl Default for Settings {
    /// Nothing is known of an ITI's waits and attempts: as with an Ademco 685, whose family it is (C).
    fn default() -> Self {
        Settings { timing: ademco685::Settings::default().timing }
    }
}

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::Iti;

    fn framing(&self) -> Framing {
        Framing { start: Some(LF), end: CR, between: &[CR], tail_reads: true, bytes_max: FRAME_BYTES_MAX }
    }

    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError> {
        let (record, warnings) = read(line, Mode::Tolerant)?;
        let said = report(&record, &warnings, codes).map_or(Said::Heartbeat, Said::Event);
        Ok(Heard { noise_bytes: 0, said })
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::Iti(session)
    }
}

/// The bytes of a record, LF and CR included.
pub fn encode(text: &str) -> Vec<u8> {
    [&[LF], text.as_bytes(), &[CR]].concat()
}

/// A receiver as delivered.
pub fn sender_settings(settings: &Settings) -> SenderSettings {
    SenderSettings { heartbeat_line: encode(OKAY), ..SenderSettings::new(&settings.timing) }
}
