//! The conversation with a hardware receiver that writes Ademco 685 lines.

use super::encode::{CR, LF};
use super::{LineError, Settings, read, report};
use crate::automation::{self, Dialect, Framing, Heard, Said, Timing};
use crate::{Codes, Mode, Protocol};

/// A conversation on one Ademco 685 line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

/// CR with the parity bit that a 7E1 line read as 8N1 shows.
const CR_PARITY: u8 = 0x8D;

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::Ademco685;
    const FRAMING: Framing = Framing { start: Some(LF), ends: &[CR, CR_PARITY], between: &[CR, CR_PARITY] };

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
