//! A warden-call controller: hands calls to a pager system by ESPA 4.4.4.
//!
//! Written from the annotated text of the document, not from the product's protocol crate. It polls itself, selects the
//! pager system, sends one block, ends. What nobody answers it ends, selects and sends again. Its wire may be bad.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::link::{Heard, Link};
use crate::surgard::Told;
use crate::wait;
use crate::wire::{BadWire, Wire};

const EOT: u8 = 0x04;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
/// Polls itself (1), selects the pager system (2).
const SELECT: &[u8] = b"1\x052\x05";

/// A call block: call address, display message, standard call, priority alarm.
pub fn call(address: &str, message: &str) -> Vec<u8> {
    block('1', &[('1', address), ('2', message), ('4', "3"), ('6', "1")])
}

/// A block of these records.
pub fn block(header: char, records: &[(char, &str)]) -> Vec<u8> {
    let texts: Vec<String> = records.iter().map(|(id, data)| format!("{id}\u{1f}{data}")).collect();
    let mut bytes = format!("\u{1}{header}\u{2}{}\u{3}", texts.join("\u{1e}")).into_bytes();
    bytes.push(bytes[1..].iter().fold(0, |sum, byte| sum ^ byte));
    bytes
}

/// A controller at one end of a line.
#[derive(Debug)]
pub struct Controller {
    link: Link,
    reply_wait: Duration,
    wire: BadWire,
}

/// How one wait for an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// ACK.
    Acknowledged,
    /// NAK, with the digit before it.
    Refused(u8),
    /// EOT.
    Ended,
    /// None in time, or none heard.
    Silence,
}

impl Controller {
    /// Takes a link and the time it waits for an answer. Its wire is good.
    pub fn new(link: Link, reply_wait: Duration) -> Controller {
        Controller { link, reply_wait, wire: BadWire::new(Wire::default(), 1) }
    }

    /// One with a bad wire; the seed makes two runs throw the same dice.
    pub fn over(self, wire: Wire, seed: u64) -> Controller {
        Controller { wire: BadWire::new(wire, seed), ..self }
    }

    /// Selects the pager system; gives its answer.
    pub fn select(&mut self) -> Result<Answer> {
        self.send(SELECT)
    }

    /// Sends a block in a turn that is open; gives its answer.
    pub fn send(&mut self, bytes: &[u8]) -> Result<Answer> {
        self.link.connect()?;
        if !self.transmit(bytes)? {
            return Ok(Answer::Silence);
        }
        self.answer()
    }

    /// Ends the turn.
    pub fn end(&mut self) -> Result<()> {
        self.transmit(&[EOT]).map(|_| ())
    }

    /// Hands a call over, however often that takes; none when `go_on` says so before it is acknowledged.
    pub fn tell_while(&mut self, block: &[u8], go_on: impl Fn() -> bool) -> Result<Option<Told>> {
        let give_up = Instant::now() + wait::BOUND;
        let (mut copies, mut acknowledged) = (0, 0);
        while go_on() {
            if Instant::now() > give_up {
                bail!("no acknowledgement of {block:?} after {copies} copies");
            }
            if self.select()? != Answer::Acknowledged {
                self.end()?;
                continue;
            }
            let sent = Instant::now();
            copies += 1;
            let answer = self.send(block)?;
            acknowledged += u32::from(answer == Answer::Acknowledged);
            // Acknowledged, and the wire lost the answer.
            let heard = answer == Answer::Acknowledged && !self.wire.happens(self.wire.wire.deaf);
            if heard {
                let at = Instant::now();
                self.end()?;
                let line = String::from_utf8_lossy(block).into_owned();
                return Ok(Some(Told { line, copies, acknowledged, took: at - sent, at }));
            }
            if answer == Answer::Acknowledged {
                // It waits for what does not come.
                self.link.read(self.reply_wait)?;
            }
            self.end()?;
            if self.wire.happens(self.wire.wire.unplug) {
                self.link.unplug()?;
            }
        }
        Ok(None)
    }

    /// As [`Controller::tell_while`], until it is acknowledged.
    pub fn tell(&mut self, block: &[u8]) -> Result<Told> {
        self.tell_while(block, || true)?.ok_or_else(|| anyhow::anyhow!("gave up although told to go on"))
    }

    fn answer(&mut self) -> Result<Answer> {
        let give_up = Instant::now() + self.reply_wait;
        let mut before = b'0';
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let Heard::Bytes(bytes) = self.link.read(left)? else { return Ok(Answer::Silence) };
            for byte in bytes {
                match byte {
                    ACK => return Ok(Answer::Acknowledged),
                    NAK => return Ok(Answer::Refused(before)),
                    EOT => return Ok(Answer::Ended),
                    other => before = other,
                }
            }
        }
    }

    fn transmit(&mut self, bytes: &[u8]) -> Result<bool> {
        let bytes = self.wire.on_the_way(bytes);
        self.link.write(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_the_document_has_them() {
        assert_eq!(block('1', &[('1', "1"), ('2', "A")]), b"\x011\x021\x1f1\x1e2\x1fA\x03\x5d");
        assert_eq!(block('1', &[('1', "12"), ('2', "FLAT 18"), ('6', "1")]).last(), Some(&0x1E));
    }
}
