//! A panel that speaks Osborne-Hoffman: connects, takes its key, sends one message and waits for the answer.
//!
//! Written from the layout, not from the product's protocol crate; the cipher is the same library's, and
//! `clients/osborne_panel.py` is a panel with another one. Its network may be bad.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use des::TdesEde3;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::link::{Heard, Link};
use crate::surgard::Told;
use crate::wait;

const MASK: [u8; 24] =
    *b"\x55\x2D\x6A\x05\x23\x49\x39\xA8\x45\x29\xD3\xE9\x94\xC2\xB5\x88\x45\xA3\x50\x8A\x44\xAA\x69\x54";

/// An event: sequence, account, SIA text.
pub fn event(sequence: u16, account: &str, data: &str) -> Vec<u8> {
    let body = format!("\"SIA-DCS\"{sequence:04X}R0001L0001[#{account}|{data}]");
    format!("\n0101{:04X}{body}\r\0", body.len() + 8).into_bytes()
}

/// A heartbeat of the second version: the panel's account.
pub fn heartbeat(account: &str) -> Vec<u8> {
    format!("SR0001L0001    {account}XX    \0[ID00000000]\0").into_bytes()
}

/// What may go wrong; each once in so many times, 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network {
    /// The connection ends in the middle of a message.
    pub cut: u64,
    /// It ends before the answer is heard.
    pub deaf: u64,
    /// It ends between two messages.
    pub unplug: u64,
}

/// A panel.
#[derive(Debug)]
pub struct Panel {
    link: Link,
    cipher: Option<TdesEde3>,
    answer_wait: Duration,
    network: Network,
    dice: u64,
}

/// How one wait for an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// ACK.
    Acknowledged,
    /// NACK.
    Refused,
    /// None in time, or none heard.
    Silence,
}

impl Panel {
    /// A panel that connects there and waits so long for an answer. Its network is good.
    pub fn new(receiver: SocketAddr, answer_wait: Duration) -> Panel {
        let link = Link::Calling(receiver, None);
        Panel { link, cipher: None, answer_wait, network: Network::default(), dice: 1 }
    }

    /// One with a bad network; the seed makes two runs throw the same dice.
    pub fn over(self, network: Network, seed: u64) -> Panel {
        Panel { network, dice: seed.max(1), ..self }
    }

    /// Sends a text under the key, or bytes as they are; gives the answer.
    pub fn send(&mut self, text: &[u8]) -> Result<Answer> {
        if !self.connect()? {
            return Ok(Answer::Silence);
        }
        let closed = self.closed(text)?;
        if !self.link.write(&closed)? {
            return self.lost();
        }
        self.answer()
    }

    /// Sends bytes as they are; gives what comes back within the wait, opened where it is cipher text.
    pub fn send_plain(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        ensure!(self.connect()?, "no key");
        self.link.write(bytes)?;
        match self.link.read(self.answer_wait)? {
            Heard::Bytes(bytes) => Ok(bytes),
            Heard::Nothing | Heard::Gone => Ok(Vec::new()),
        }
    }

    /// Opens what came under the key of this connection.
    pub fn opened(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let cipher = self.cipher.as_ref().context("a key")?;
        let open = |block: &[u8; 8]| {
            let mut block = Array::from(*block);
            cipher.decrypt_block(&mut block);
            <[u8; 8]>::from(block)
        };
        Ok(bytes.as_chunks::<8>().0.iter().flat_map(open).collect())
    }

    /// Sends an event until it is acknowledged, however often that takes; none when `go_on` says so before.
    pub fn tell_while(&mut self, text: &[u8], go_on: impl Fn() -> bool) -> Result<Option<Told>> {
        let give_up = Instant::now() + wait::BOUND;
        let mut copies = 0;
        while go_on() {
            if Instant::now() > give_up {
                bail!("no acknowledgement after {copies} copies");
            }
            if !self.connect()? {
                continue;
            }
            let closed = self.closed(text)?;
            if self.happens(self.network.cut) {
                self.link.write(&closed[..closed.len() / 2])?;
                self.lost()?;
                continue;
            }
            let sent = Instant::now();
            copies += 1;
            if !self.link.write(&closed)? || self.happens(self.network.deaf) {
                self.lost()?;
                continue;
            }
            if self.answer()? == Answer::Acknowledged {
                let at = Instant::now();
                let line = String::from_utf8_lossy(text).into_owned();
                if self.happens(self.network.unplug) {
                    self.lost()?;
                }
                return Ok(Some(Told { line, copies, acknowledged: 1, took: at - sent, at }));
            }
        }
        Ok(None)
    }

    /// As [`Panel::tell_while`], until it is acknowledged.
    pub fn tell(&mut self, text: &[u8]) -> Result<Told> {
        self.tell_while(text, || true)?.context("gave up although told to go on")
    }

    /// Makes sure of a connection and its key; false when it ends before the key is there.
    fn connect(&mut self) -> Result<bool> {
        if self.cipher.is_some() && matches!(self.link, Link::Calling(_, Some(_))) {
            return Ok(true);
        }
        self.link.connect()?;
        let mut key = Vec::new();
        while key.len() < MASK.len() {
            match self.link.read(self.answer_wait)? {
                Heard::Bytes(bytes) => key.extend(bytes),
                Heard::Nothing | Heard::Gone => return self.lost().map(|_| false),
            }
        }
        let mut key: [u8; 24] = key.try_into().ok().context("more than a key on connect")?;
        key.iter_mut().zip(MASK).for_each(|(byte, mask)| *byte ^= mask);
        self.cipher = Some(TdesEde3::new(&Array::from(key)));
        Ok(true)
    }

    fn closed(&self, text: &[u8]) -> Result<Vec<u8>> {
        let cipher = self.cipher.as_ref().context("a key")?;
        let mut text = text.to_vec();
        text.resize(text.len().next_multiple_of(8), 0);
        let close = |block: &[u8; 8]| {
            let mut block = Array::from(*block);
            cipher.encrypt_block(&mut block);
            <[u8; 8]>::from(block)
        };
        Ok(text.as_chunks::<8>().0.iter().flat_map(close).collect())
    }

    fn answer(&mut self) -> Result<Answer> {
        let give_up = Instant::now() + self.answer_wait;
        let mut heard = Vec::new();
        while heard.len() < 8 {
            let left = give_up.saturating_duration_since(Instant::now());
            match self.link.read(left)? {
                Heard::Bytes(bytes) => heard.extend(bytes),
                Heard::Nothing => return Ok(Answer::Silence),
                Heard::Gone => return self.lost(),
            }
        }
        match self.opened(&heard)?.as_slice() {
            b"ACK\r\0\0\0\0" => Ok(Answer::Acknowledged),
            b"NACK\r\0\0\0" => Ok(Answer::Refused),
            other => bail!("{:?} is no answer", String::from_utf8_lossy(other)),
        }
    }

    fn lost(&mut self) -> Result<Answer> {
        self.cipher = None;
        self.link.unplug().map(|()| Answer::Silence)
    }

    fn happens(&mut self, one_in: u64) -> bool {
        // Marsaglia's xorshift.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        one_in > 0 && (self.dice >> 16).is_multiple_of(one_in)
    }
}
