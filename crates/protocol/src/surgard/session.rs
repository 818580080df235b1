//! The conversation with a hardware receiver that writes Sur-Gard lines.

use super::encode::DC4;
use super::meaning::is_about_caller;
use super::{Body, LineError, Settings, read, report};
use crate::automation::{self, Dialect, FRAME_BYTES_MAX, Framing, Heard, Said, Timing};
use crate::{Codes, Mode, Protocol};

/// A conversation on one Sur-Gard line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::SurGard;

    fn framing(&self) -> Framing {
        Framing { start: None, end: DC4, between: b"\r\n", tail_reads: false, bytes_max: FRAME_BYTES_MAX }
    }

    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError> {
        let found = read(line, self.header_digits, Mode::Tolerant)?;
        let said = match (report(&found, codes), &found.line.body) {
            (None, _) => Said::Heartbeat,
            (Some(report), Body::Unknown { .. }) => Said::Unknown(report),
            (Some(report), body) if is_about_caller(body) => Said::Caller(report),
            (Some(report), _) => Said::Event(report),
        };
        Ok(Heard { noise_bytes: found.noise_bytes, said })
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::SurGard(session)
    }
}
