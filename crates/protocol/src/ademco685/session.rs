//! The conversation with a hardware receiver that writes Ademco 685 lines.

use super::encode::{CR, LF};
use super::{LineError, Settings, read, report};
use crate::automation::{self, Dialect, FRAME_BYTES_MAX, Framing, Heard, Said, Timing};
use crate::{Codes, Mode, Protocol};

/// A conversation on one Ademco 685 line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::Ademco685;

    fn framing(&self) -> Framing {
        Framing { start: Some(LF), end: CR, between: &[CR], tail_reads: true, bytes_max: FRAME_BYTES_MAX }
    }

    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError> {
        let found = read(line, self.header_digits, Mode::Tolerant)?;
        let said = report(&found, codes).map_or(Said::Heartbeat, Said::Event);
        Ok(Heard { noise_bytes: 0, said })
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::Ademco685(session)
    }
}
