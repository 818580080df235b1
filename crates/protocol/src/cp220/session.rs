//! The conversation with a hardware receiver that writes CP-220 lines, and how such a receiver sends.

use super::settings::Settings;
use super::{Body, Header, Line, report};
use crate::ademco685::{Make, Read, read_as, text};
use crate::automation::{self, Dialect, FRAME_BYTES_MAX, Framing, Heard, LineError, Said, SenderSettings, Timing};
use crate::{Codes, Mode, Protocol};

/// A conversation on one CP-220 line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::Cp220;

    fn framing(&self) -> Framing {
        Framing { start: self.first, end: self.last, between: b"\r\n", tail_reads: true, bytes_max: FRAME_BYTES_MAX }
    }

    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError> {
        let found = read(line, self.header_digits, Mode::Tolerant)?;
        if self.first.is_none() && found.warnings.contains(&"HeaderWidth") {
            // Nothing shows where a line begins: a character of noise would make another receiver of it.
            return Err(LineError::BadField { field: "header" });
        }
        let said = report(&found, codes).map_or(Said::Heartbeat, Said::Event);
        Ok(Heard { noise_bytes: 0, said })
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::Cp220(session)
    }
}

/// Reads one line without its first and last characters, as [`crate::ademco685::read`] does.
pub fn read(line: &[u8], header_digits: usize, mode: Mode) -> Result<Read, LineError> {
    read_as(Make::Cp220, line, header_digits, mode)
}

/// The bytes of a line, first and last characters included.
pub fn encode(line: &Line, settings: &Settings) -> Vec<u8> {
    let mut bytes = Vec::from_iter(settings.first);
    bytes.extend(text(line).into_bytes());
    bytes.push(settings.last);
    bytes
}

/// A receiver with these settings; how often it checks its link is unknown, 30 s as with Sur-Gard (C).
pub fn sender_settings(header: &Header, settings: &Settings) -> SenderSettings {
    SenderSettings {
        heartbeat_line: encode(&Line { header: Some(header.clone()), body: Body::Heartbeat }, settings),
        ..SenderSettings::new(&settings.timing)
    }
}
