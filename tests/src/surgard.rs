//! The hardware receiver: sends Sur-Gard lines, waits for each acknowledgement, repeats.
//!
//! Written from the published manuals, not from the product's protocol crate. Stop and wait: nothing is
//! sent while an answer is owed. Timers are shortened by the owner; the rules stay.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::link::{Heard, Link};
use crate::wait;

/// Ends every line.
pub const DC4: u8 = 0x14;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// First copy and three repeats make one series.
const COPIES_PER_SERIES: u32 = 4;

/// A Contact ID line: `5` header ` 18` account, qualifier and code, group, zone.
pub fn contact_id(header: &str, account: &str, event: &str, zone: u32) -> String {
    format!("5{header} 18{account}{event}01{zone:03}")
}

/// A SIA line with one block of data, such as `RP01` or `ri1QA01`.
pub fn sia(header: &str, account: &str, data: &str) -> String {
    format!("S{header}[#{account}|N{data}]")
}

/// A heartbeat.
pub fn heartbeat(header: &str) -> String {
    format!("1{header}           @    ")
}

/// A line as bytes.
pub fn frame(line: &str) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    bytes.push(DC4);
    bytes
}

/// What became of one line.
#[derive(Clone, Debug)]
pub struct Told {
    /// The line without its end.
    pub line: String,
    /// How often it was sent.
    pub copies: u32,
    /// How many of the copies were acknowledged. At least one.
    pub acknowledged: u32,
    /// From the last byte of the first copy that was answered to the answer.
    pub took: Duration,
    /// When the answer came.
    pub at: Instant,
}

/// A hardware receiver at one end of a line.
#[derive(Debug)]
pub struct HardwareReceiver {
    link: Link,
    ack_wait: Duration,
    frame: fn(&str) -> Vec<u8>,
    series_seen: u32,
}

/// How one wait for an answer ended.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Acknowledged(Instant),
    Refused,
    Silence,
    Gone,
}

impl HardwareReceiver {
    /// Takes a link and the time it waits for an answer.
    pub fn new(link: Link, ack_wait: Duration) -> HardwareReceiver {
        HardwareReceiver { link, ack_wait, frame, series_seen: 0 }
    }

    /// One that writes its lines in another way, and keeps to the same rules.
    pub fn writing(self, frame: fn(&str) -> Vec<u8>) -> HardwareReceiver {
        HardwareReceiver { frame, ..self }
    }

    /// The link, for bytes no protocol allows.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Sends a line until it is acknowledged, however many series that takes.
    pub fn tell(&mut self, line: &str) -> Result<Told> {
        self.tell_while(line, || true)?.ok_or_else(|| anyhow::anyhow!("gave up although told to go on"))
    }

    /// As [`HardwareReceiver::tell`], as long as `go_on` says so before each copy; none if never acknowledged.
    pub fn tell_while(&mut self, line: &str, go_on: impl Fn() -> bool) -> Result<Option<Told>> {
        let give_up = Instant::now() + wait::BOUND;
        let (mut copies, mut copies_on_link) = (0, 0);
        while go_on() {
            if Instant::now() > give_up {
                bail!("no acknowledgement of {line:?} after {copies} copies");
            }
            self.link.connect()?;
            if !self.link.write(&(self.frame)(line))? {
                copies_on_link = 0;
                continue;
            }
            let sent = Instant::now();
            copies += 1;
            copies_on_link += 1;
            match self.answer(self.ack_wait)? {
                Answer::Acknowledged(at) => {
                    let strays = self.settle(copies_on_link - 1)?;
                    let told = Told { line: line.to_owned(), copies, acknowledged: 1 + strays, took: at - sent, at };
                    return Ok(Some(told));
                }
                Answer::Refused | Answer::Silence => {}
                Answer::Gone => copies_on_link = 0,
            }
            if copies % COPIES_PER_SERIES == 0 {
                self.series_seen += 1;
            }
        }
        Ok(None)
    }

    /// Sends one copy of a line and says whether it was acknowledged in time.
    pub fn tell_once(&mut self, line: &str) -> Result<bool> {
        self.tell_bytes(&(self.frame)(line))
    }

    /// Sends bytes as they are and says whether an acknowledgement came in time.
    pub fn tell_bytes(&mut self, bytes: &[u8]) -> Result<bool> {
        self.link.connect()?;
        Ok(self.link.write(bytes)? && matches!(self.answer(self.ack_wait)?, Answer::Acknowledged(_)))
    }

    /// Counts the acknowledgements among everything that comes until the line has been quiet for a time.
    pub fn acknowledgements_until_quiet(&mut self, quiet: Duration) -> Result<usize> {
        let mut count = 0;
        loop {
            match self.link.read(quiet)? {
                Heard::Bytes(bytes) => count += bytes.iter().filter(|byte| **byte == ACK).count(),
                Heard::Nothing | Heard::Gone => return Ok(count),
            }
        }
    }

    /// Series that ended without an answer: what makes a real receiver sound its own alarm.
    pub fn series_unanswered(&self) -> u32 {
        self.series_seen
    }

    fn answer(&mut self, within: Duration) -> Result<Answer> {
        let give_up = Instant::now() + within;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            match self.link.read(left)? {
                Heard::Nothing => return Ok(Answer::Silence),
                Heard::Gone => return Ok(Answer::Gone),
                Heard::Bytes(bytes) if bytes.contains(&ACK) => return Ok(Answer::Acknowledged(Instant::now())),
                Heard::Bytes(bytes) if bytes.contains(&NAK) => return Ok(Answer::Refused),
                Heard::Bytes(_) => {}
            }
        }
    }

    /// Waits for the answers to earlier copies, which would pass for answers to the next line. An answer
    /// that has not come within the acknowledgement wait never comes.
    fn settle(&mut self, copies_unanswered: u32) -> Result<u32> {
        let mut strays = 0;
        while strays < copies_unanswered && matches!(self.answer(self.ack_wait)?, Answer::Acknowledged(_)) {
            strays += 1;
        }
        Ok(strays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_printed_in_the_manuals() {
        assert_eq!(contact_id("011", "1234", "E121", 1), "5011 181234E12101001");
        assert_eq!(sia("013", "1234", "ri1QA01"), "S013[#1234|Nri1QA01]");
        assert_eq!(heartbeat("011"), "1011           @    ");
        assert_eq!(frame(&heartbeat("011")).len(), 21);
    }
}
