//! The other side: a panel as a pure state machine, for test calls and simulators.
//!
//! ```text
//! connected ── 24 bytes: the key ── one message at a time (see `automation::Sender`) ── ACK, NACK, ID
//! ```
//!
//! What it wants to say before the key has come waits for it. What goes unanswered is sent again, on the next connection
//! under that one's key.

use std::time::{Duration, Instant};

use super::cipher::{BLOCK_BYTES, Cipher, KEY_BYTES, Key};
use super::{Heartbeat, Message};
use crate::automation::{self, AnswersIn, LineNumber, Sender, SenderCommand, SenderSettings};

/// Settings of a simulated panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelSettings {
    /// Wait for an answer (C).
    pub ack_wait: Duration,
    /// Attempts in all, the first included (C).
    pub attempts: u32,
    /// Idle time before a heartbeat; zero sends none: 60 s (B).
    pub heartbeat: Duration,
    /// What the heartbeat says.
    pub says: Heartbeat,
    /// Whether it sends plain text.
    pub is_plain: bool,
}

impl Default for PanelSettings {
    fn default() -> Self {
        PanelSettings {
            ack_wait: Duration::from_secs(5),
            attempts: 3,
            heartbeat: Duration::from_secs(60),
            says: Heartbeat {
                receiver: "0001".to_owned(),
                line: "0001".to_owned(),
                account: "009999".to_owned(),
                panel_id: Some("00000000".to_owned()),
                time: None,
            },
            is_plain: false,
        }
    }
}

/// A simulated panel.
#[derive(Debug)]
pub struct Panel {
    sender: Sender,
    is_plain: bool,
    /// Of this connection; none before its key has come.
    cipher: Option<Cipher>,
    /// Bytes of the key, then of an answer.
    heard: Vec<u8>,
    /// What waits for the key.
    waiting: Option<Vec<u8>>,
    /// The identity that the receiver gave it.
    panel_id: Option<String>,
}

impl Panel {
    /// Begins connected, and without a key.
    pub fn new(settings: PanelSettings, now: Instant) -> Panel {
        let PanelSettings { ack_wait, attempts, heartbeat, says, is_plain } = settings;
        let heartbeat_line = Message::Heartbeat(says).encode();
        Panel {
            sender: Sender::new(
                SenderSettings { ack_wait, attempts, heartbeat, heartbeat_line, answers: AnswersIn::Bytes },
                now,
            ),
            is_plain,
            cipher: None,
            heard: Vec::new(),
            waiting: None,
            panel_id: None,
        }
    }

    /// A new connection: another key comes.
    pub fn connected(&mut self) {
        (self.cipher, self.waiting) = (None, None);
        self.heard.clear();
    }

    /// Takes a text to send, as [`Message::encode`] writes it; none when the buffer is full.
    pub fn send(&mut self, text: Vec<u8>, now: Instant) -> Option<LineNumber> {
        self.sender.send(text, now)
    }

    /// Takes bytes that the receiver sent.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            self.heard.push(*byte);
            match &self.cipher {
                None => {
                    if let Ok(sent) = <[u8; KEY_BYTES]>::try_from(self.heard.as_slice()) {
                        self.cipher = Some(Cipher::new(&Key::unmask(sent)));
                        self.heard.clear();
                    }
                }
                Some(_) if self.is_plain => self.plain_answer(*byte, now),
                Some(cipher) => {
                    let opened = cipher.open(&self.heard);
                    self.answer(&opened, now);
                }
            }
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.sender.handle_timeout(now);
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<SenderCommand> {
        if let Some(cipher) = &self.cipher
            && let Some(text) = self.waiting.take()
        {
            return Some(SenderCommand::Send(closed(cipher, text, self.is_plain)));
        }
        loop {
            match (self.sender.next_command()?, &self.cipher) {
                (SenderCommand::Send(text), Some(cipher)) => {
                    return Some(SenderCommand::Send(closed(cipher, text, self.is_plain)));
                }
                (SenderCommand::Send(text), None) => self.waiting = Some(text),
                (other, _) => return Some(other),
            }
        }
    }

    /// When [`Panel::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.sender.poll_timeout()
    }

    /// Messages not yet answered.
    pub fn held(&self) -> usize {
        self.sender.held()
    }

    /// The identity that the receiver gave it.
    pub fn panel_id(&self) -> Option<&str> {
        self.panel_id.as_deref()
    }

    /// The answer opened so far.
    fn answer(&mut self, opened: &[u8], now: Instant) {
        match opened {
            [b'A', b'C', b'K', b'\r', ..] => self.sender.handle_bytes(&[automation::ACK], now),
            [b'N', b'A', b'C', b'K', b'\r', ..] => self.sender.handle_bytes(&[automation::NAK], now),
            // Two blocks: ID and eight digits.
            [b'I', b'D', rest @ ..] => match rest.get(..8) {
                Some(id) => self.panel_id = Some(String::from_utf8_lossy(id).into_owned()),
                None => return,
            },
            _ if self.heard.len() < BLOCK_BYTES => return,
            _ => {}
        }
        self.heard.clear();
    }

    fn plain_answer(&mut self, byte: u8, now: Instant) {
        if byte == b'\n' || self.heard.len() > BLOCK_BYTES {
            let heard = std::mem::take(&mut self.heard);
            self.answer(&heard, now);
        }
    }
}

fn closed(cipher: &Cipher, text: Vec<u8>, is_plain: bool) -> Vec<u8> {
    if is_plain { text } else { cipher.close(&text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &[u8] = b"\n0101002E\"SIA-DCS\"0001R0001L0001[#009999|NQA01]\r\0";

    fn told(panel: &mut Panel) -> Vec<SenderCommand> {
        std::iter::from_fn(|| panel.next_command()).collect()
    }

    fn key(byte: u8) -> Key {
        Key::new([byte; KEY_BYTES])
    }

    #[test]
    fn what_it_says_waits_for_the_key_of_each_connection() {
        let now = Instant::now();
        let mut panel = Panel::new(PanelSettings::default(), now);
        let line = panel.send(EVENT.to_vec(), now).unwrap();
        assert_eq!(told(&mut panel), []);
        let masked = key(1).masked();
        let (first, second) = masked.split_at(10);
        panel.handle_bytes(first, now);
        assert_eq!(told(&mut panel), []);
        panel.handle_bytes(second, now);
        assert_eq!(told(&mut panel), [SenderCommand::Send(Cipher::new(&key(1)).close(EVENT))]);
        panel.connected();
        let later = panel.poll_timeout().unwrap();
        panel.handle_timeout(later);
        assert_eq!(told(&mut panel), []);
        panel.handle_bytes(&key(2).masked(), later);
        assert_eq!(told(&mut panel), [SenderCommand::Send(Cipher::new(&key(2)).close(EVENT))]);
        let cipher = Cipher::new(&key(2));
        panel.handle_bytes(&[cipher.close(b"ID12AB34CD"), cipher.close(b"ACK\r")].concat(), later);
        assert_eq!(told(&mut panel), [SenderCommand::Acknowledged { line, attempts: 2 }]);
        assert_eq!(panel.panel_id(), Some("12AB34CD"));
    }

    #[test]
    fn a_refusal_is_met_with_another_attempt_and_plain_text_is_spoken_as_well() {
        let now = Instant::now();
        let settings = PanelSettings { is_plain: true, ..PanelSettings::default() };
        let mut panel = Panel::new(settings, now);
        panel.handle_bytes(&key(1).masked(), now);
        let line = panel.send(EVENT.to_vec(), now).unwrap();
        assert_eq!(told(&mut panel), [SenderCommand::Send(EVENT.to_vec())]);
        panel.handle_bytes(b"NACK\r\n", now);
        assert_eq!(told(&mut panel), [SenderCommand::Send(EVENT.to_vec())]);
        panel.handle_bytes(b"ACK\r\n", now);
        assert_eq!(told(&mut panel), [SenderCommand::Acknowledged { line, attempts: 2 }]);
    }
}
