//! An alarm panel: DC-03 blocks on a serial line, or Texecom's wrapper over TCP.
//!
//! Written from the layouts, not from the product's protocol crate. It sends a block or message, waits for its answer,
//! sends it again, and begins anew when nobody answers. Its wire may be bad.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::link::{Heard, Link};
use crate::wait;
use crate::wire::{BadWire, Wire};

/// "Stored" on a serial line.
pub const ACKNOWLEDGE: &[u8] = &[0x40, 0x38, 0x87];
/// "Damaged, once more" on a serial line.
pub const REJECT: &[u8] = &[0x40, 0x39, 0x86];
/// Attempts before a report is begun anew.
const ATTEMPTS: u32 = 4;

/// A DC-03 block that asks for an acknowledgement.
pub fn block(function: char, data: &str) -> Vec<u8> {
    let mut bytes = vec![0x40 + u8::try_from(data.len()).unwrap_or_default()];
    bytes.extend(format!("{function}{data}").bytes());
    bytes.push(bytes.iter().fold(0xFF, |sum, byte| sum ^ byte));
    bytes
}

/// A Texecom message of an account's event and its text.
pub fn sia(account: &str, event: &str, text: &str) -> Vec<u8> {
    let blocks = [block('#', account), block('N', event), block('A', text)].map(|mut block| {
        // The reverse channel bit is set in all but the end; the parity byte counts it.
        block[0] ^= 0x80;
        let last = block.len() - 1;
        block[last] ^= 0x80;
        block
    });
    [b"3", &blocks.concat()[..], b"\x40\x30\x8F\r\n"].concat()
}

/// A panel at one end of a line.
#[derive(Debug)]
pub struct Panel {
    link: Link,
    reply_wait: Duration,
    wire: BadWire,
}

impl Panel {
    /// Takes a link and the time it waits for an answer. Its wire is good.
    pub fn new(link: Link, reply_wait: Duration) -> Panel {
        Panel { link, reply_wait, wire: BadWire::new(Wire::default(), 1) }
    }

    /// One with a bad wire; the seed makes two runs throw the same dice.
    pub fn over(self, wire: Wire, seed: u64) -> Panel {
        Panel { wire: BadWire::new(wire, seed), ..self }
    }

    /// Sends bytes; gives what comes back until it ends with one of these, or until the wait is over.
    pub fn exchange(&mut self, bytes: &[u8], answers: &[&[u8]]) -> Result<Vec<u8>> {
        self.link.connect()?;
        let bytes = self.wire.on_the_way(bytes);
        let mut heard = Vec::new();
        if !self.link.write(&bytes)? {
            return Ok(heard);
        }
        let give_up = Instant::now() + self.reply_wait;
        while !answers.iter().any(|answer| heard.ends_with(answer)) {
            let left = give_up.saturating_duration_since(Instant::now());
            match self.link.read(left)? {
                Heard::Bytes(bytes) => heard.extend(bytes),
                Heard::Nothing => return Ok(Vec::new()),
                Heard::Gone => {
                    // It takes its time before it connects again.
                    return Ok(Vec::new());
                }
            }
        }
        if self.wire.happens(self.wire.wire.deaf) {
            // Answered, and the wire lost it: it waits for what does not come.
            self.link.read(self.reply_wait)?;
            return Ok(Vec::new());
        }
        Ok(heard)
    }

    /// Reports by DC-03 blocks, however often that takes: the account, then the others. After a failure the account comes
    /// again, and what was not acknowledged.
    pub fn report(&mut self, account: &str, blocks: &[Vec<u8>]) -> Result<()> {
        let give_up = Instant::now() + wait::BOUND;
        let account = block('#', account);
        let mut done = 0;
        while done < blocks.len() {
            if Instant::now() > give_up {
                bail!("no acknowledgement of {:?}", blocks[done]);
            }
            if !self.acknowledged(&account)? {
                continue;
            }
            while done < blocks.len() && self.acknowledged(&blocks[done])? {
                done += 1;
            }
        }
        Ok(())
    }

    /// Sends a Texecom message until its answer comes.
    pub fn message(&mut self, bytes: &[u8], answer: &[u8]) -> Result<()> {
        let give_up = Instant::now() + wait::BOUND;
        while self.exchange(bytes, &[answer])? != answer {
            if Instant::now() > give_up {
                bail!("no answer to {bytes:?}");
            }
            self.may_unplug()?;
        }
        self.may_unplug()
    }

    fn acknowledged(&mut self, block: &[u8]) -> Result<bool> {
        for _ in 0..ATTEMPTS {
            if self.exchange(block, &[ACKNOWLEDGE, REJECT])?.ends_with(ACKNOWLEDGE) {
                return Ok(true);
            }
            self.may_unplug()?;
        }
        Ok(false)
    }

    fn may_unplug(&mut self) -> Result<()> {
        if self.wire.happens(self.wire.wire.unplug) {
            self.link.unplug()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_as_the_layout_has_them() {
        assert_eq!(block('8', ""), ACKNOWLEDGE);
        assert_eq!(block('N', "ti11:46/BV"), b"\x4ANti11:46/BV\xE5");
        assert_eq!(
            sia("1000", "ri1MA003", "HALL PULLCORD"),
            b"3\xC4#1000\x19\xC8Nri1MA003\x6C\xCDAHALL PULLCORD\x45\x400\x8F\r\n"
        );
    }
}
