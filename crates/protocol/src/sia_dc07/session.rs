//! The conversation with a hardware receiver that writes DC-07 frames, and how such a receiver sends.

use std::time::Duration;

use super::read::read;
use super::report;
use crate::automation::{self, AnswersIn, Dialect, Framing, Heard, LineError, Said, SenderSettings, Timing, unmasked};
use crate::sia_frame::{self, Address, CR, Check, Content, FRAME_BYTES_MAX, Frame, Head, LF};
use crate::{Codes, Mode, Protocol, sia_dc09};

/// A conversation on one DC-07 line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

/// How long the sender waits for our answer, and how often it tries: unknown; as with Sur-Gard (C).
const ACK_WAIT: Duration = Duration::from_secs(4);
const ATTEMPTS: u32 = 4;

/// Settings of one DC-07 line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The timers.
    pub timing: Timing,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { timing: Timing::new(ACK_WAIT, ATTEMPTS) }
    }
}

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::SiaDc07;
    const NAMES_LINES: bool = true;

    fn framing(&self) -> Framing {
        Framing { start: Some(LF), end: CR, between: &[CR, 0], tail_reads: false, bytes_max: FRAME_BYTES_MAX }
    }

    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError> {
        let found = read(line, Mode::Tolerant).map_err(LineError::Frame)?;
        let said = report(&found, codes).map_or(Said::Heartbeat, Said::Event);
        Ok(Heard { noise_bytes: 0, said })
    }

    /// The head as sent, with nothing in it. An end whose parity bit came along is an end, but none that the frame knows.
    fn answer(&self, raw: &[u8]) -> Vec<u8> {
        let ended = raw.split_last().filter(|(last, _)| unmasked(**last) == Some(CR));
        let line = ended.map_or(raw, |(_, line)| line);
        sia_frame::read(line, Mode::Tolerant).map(|read| sia_dc09::ack(&read.frame)).unwrap_or_default()
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::SiaDc07(session)
    }
}

/// The bytes of a frame with this data, LF and CR included.
pub fn encode(token: &str, sequence: u16, receiver: &str, line: &str, data: &str) -> Vec<u8> {
    let (receiver, line) = (Some(receiver.to_owned()), Some(line.to_owned()));
    let address = Address { receiver, line, ..Address::default() };
    let head = Head { enciphered: false, token: token.to_owned(), sequence, address };
    let content = Content { data: data.as_bytes().to_vec(), ..Content::default() }.bytes();
    sia_frame::encode(&Frame { check: Check::Hex, head, content })
}

/// A receiver that tests its link by an empty frame, every 30 s as with Sur-Gard (C).
pub fn sender_settings(settings: &Settings) -> SenderSettings {
    let heartbeat_line = encode("NULL", 0, "1", "1", "");
    SenderSettings { heartbeat_line, answers: AnswersIn::Frames, ..SenderSettings::new(&settings.timing) }
}
