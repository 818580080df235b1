//! Deframing: which bytes are a block, and which are signs on the line.
//!
//! The byte after ETX is the check byte whatever its value. Inside a block an ENQ or EOT belongs to no text: the
//! block is broken, and what follows is not read before the line was quiet, because it may be the rest of the
//! block. Only an EOT after a pause is one. Outside, an enquiry behind bytes that nobody could read is not clean: "2 ENQ" may be two characters of
//! a block whose SOH was lost, and a check byte may be ENQ. Only a whole "1 ENQ 2 ENQ" is clean there. A bare ENQ may
//! be an SOH with one damaged bit: it counts only once nothing has followed it.

use std::time::{Duration, Instant};

use super::{ACK, BLOCK_BYTES_MAX, BlockError, ENQ, EOT, ETX, NAK, SOH, STX};
use crate::session::after;

/// Silence after which what came before has nothing to do with what comes next: longer than a device server or a
/// 300 baud line parts two characters, shorter than any sender waits for an answer (C).
pub(super) const QUIET: Duration = Duration::from_millis(300);

/// Silence after a bare ENQ that shows that no block follows it.
const BARE_QUIET: Duration = Duration::from_millis(100);

/// What some bytes are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sign {
    /// ENQ with the address before it; none where it stands alone (B).
    Enquiry {
        address: Option<u8>,
        /// Whether it may be answered.
        clean: bool,
    },
    /// EOT.
    End,
    /// ACK.
    Positive,
    /// NAK with the digit before it.
    Negative(Option<u8>),
    /// From SOH to the check byte.
    Block(Chunk),
    /// A block that broke off.
    Broken(Chunk, BlockError),
}

/// Bytes of a block as they came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
}

#[derive(Debug)]
enum State {
    /// Between signs; a digit may wait for its ENQ or NAK.
    Between { digit: Option<u8> },
    /// Behind a bare ENQ.
    Bare { since: Instant, clean: bool },
    /// Inside a block; `checked` once ETX has come.
    Block { chunk: Chunk, checked: bool },
    /// Behind a broken block, until the line is quiet.
    Skipping,
}

#[derive(Debug)]
pub(super) struct Deframer {
    bare_quiet: Duration,
    state: State,
    last_byte: Option<Instant>,
    /// Bytes that nobody could read have come since the line was quiet.
    dirty: bool,
    junk: u64,
}

impl Deframer {
    pub(super) fn new() -> Deframer {
        Deframer {
            bare_quiet: BARE_QUIET,
            state: State::Between { digit: None },
            last_byte: None,
            dirty: false,
            junk: 0,
        }
    }

    /// Of bytes that are read later, without their times: a bare ENQ counts at once.
    pub(super) fn without_times() -> Deframer {
        Deframer { bare_quiet: Duration::ZERO, ..Deframer::new() }
    }

    /// Whether the byte fills gaps and means nothing between signs.
    pub(super) fn is_filler(&self, byte: u8) -> bool {
        matches!(byte, 0x00 | b'\r' | b'\n') && matches!(self.state, State::Between { digit: None })
    }

    pub(super) fn push(&mut self, byte: u8, now: Instant) -> Option<Sign> {
        self.settle(now);
        self.last_byte = Some(now);
        match std::mem::replace(&mut self.state, State::Skipping) {
            State::Between { digit } => self.between(digit, byte, now),
            State::Bare { .. } => {
                self.junk(1);
                self.between(None, byte, now)
            }
            State::Block { chunk, checked } => self.inside(chunk, checked, byte, now),
            State::Skipping => {
                self.junk(1);
                None
            }
        }
    }

    /// Bytes outside blocks and signs since the last call.
    pub(super) fn take_junk(&mut self) -> u64 {
        std::mem::take(&mut self.junk)
    }

    /// What comes next may be the rest of a damaged block.
    pub(super) fn distrust(&mut self) {
        self.dirty = true;
    }

    /// When a block that has begun is given up.
    pub(super) fn deadline(&self, pause: Duration) -> Option<Instant> {
        match &self.state {
            State::Block { chunk, .. } => Some(after(chunk.last_byte, pause)),
            State::Bare { since, .. } => Some(after(*since, self.bare_quiet)),
            State::Between { .. } | State::Skipping => None,
        }
    }

    /// Gives up a block that has begun, or takes a bare ENQ for one, if its time has come.
    pub(super) fn expire(&mut self, pause: Duration, now: Instant) -> Option<Sign> {
        if self.deadline(pause).is_none_or(|deadline| now < deadline) {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Between { digit: None }) {
            State::Block { chunk, .. } => self.broken(chunk, BlockError::NoEnd),
            State::Bare { clean, .. } => Some(Sign::Enquiry { address: None, clean }),
            State::Between { .. } | State::Skipping => None,
        }
    }

    /// After a silence nothing is left of what came before, but for a block that has begun.
    fn settle(&mut self, now: Instant) {
        if self.last_byte.is_none_or(|last| now < after(last, QUIET)) {
            return;
        }
        self.dirty = false;
        match self.state {
            State::Between { digit: Some(_) } => {
                self.junk = self.junk.saturating_add(1);
                self.state = State::Between { digit: None };
            }
            State::Skipping => self.state = State::Between { digit: None },
            State::Between { digit: None } | State::Bare { .. } | State::Block { .. } => {}
        }
    }

    fn between(&mut self, digit: Option<u8>, byte: u8, now: Instant) -> Option<Sign> {
        self.state = State::Between { digit: None };
        if let (ENQ, Some(address)) = (byte, digit) {
            // The first enquiry behind junk is not clean; one right after it is.
            let clean = !std::mem::take(&mut self.dirty);
            return Some(Sign::Enquiry { address: Some(address), clean });
        }
        if let (NAK, Some(reason)) = (byte, digit) {
            return Some(Sign::Negative(Some(reason)));
        }
        self.junk(u64::from(digit.is_some()));
        match byte {
            ENQ if self.bare_quiet.is_zero() => Some(Sign::Enquiry { address: None, clean: !self.dirty }),
            ENQ => {
                self.state = State::Bare { since: now, clean: !self.dirty };
                None
            }
            EOT => {
                self.dirty = false;
                Some(Sign::End)
            }
            ACK => Some(Sign::Positive),
            NAK => Some(Sign::Negative(None)),
            SOH => {
                let chunk = Chunk { bytes: vec![SOH], first_byte: now, last_byte: now };
                self.state = State::Block { chunk, checked: false };
                None
            }
            b'0'..=b'9' => {
                self.state = State::Between { digit: Some(byte) };
                None
            }
            // What fills gaps on some links.
            0x00 | b'\r' | b'\n' => None,
            _ => {
                self.junk(1);
                None
            }
        }
    }

    fn inside(&mut self, mut chunk: Chunk, checked: bool, byte: u8, now: Instant) -> Option<Sign> {
        if byte == SOH && !checked {
            let next = Chunk { bytes: vec![SOH], first_byte: now, last_byte: now };
            let broken = self.broken(chunk, BlockError::NoEnd);
            self.state = State::Block { chunk: next, checked: false };
            return broken;
        }
        if byte == EOT && !checked && now >= after(chunk.last_byte, QUIET) {
            // Its sender has given it up.
            let broken = self.broken(chunk, BlockError::NoEnd);
            (self.state, self.dirty) = (State::Between { digit: None }, false);
            return broken;
        }
        chunk.bytes.push(byte);
        chunk.last_byte = chunk.first_byte.max(now);
        if checked {
            self.state = State::Between { digit: None };
            self.dirty = false;
            return Some(Sign::Block(chunk));
        }
        if matches!(byte, ENQ | EOT) {
            return self.broken(chunk, BlockError::NoEnd);
        }
        if chunk.bytes.len() >= BLOCK_BYTES_MAX {
            return self.broken(chunk, BlockError::TooLong);
        }
        self.state = State::Block { chunk, checked: byte == ETX };
        None
    }

    /// What had no header is no block: a plug touched, a line opened.
    fn broken(&mut self, chunk: Chunk, error: BlockError) -> Option<Sign> {
        self.dirty = true;
        if chunk.bytes.get(2) == Some(&STX) {
            return Some(Sign::Broken(chunk, error));
        }
        self.junk(u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX));
        None
    }

    fn junk(&mut self, bytes: u64) {
        self.junk = self.junk.saturating_add(bytes);
        self.dirty = self.dirty || bytes > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(3);

    fn signs(bytes: &[u8]) -> (Vec<String>, u64) {
        let (mut deframer, now) = (Deframer::new(), Instant::now());
        let mut signs: Vec<Sign> = bytes.iter().filter_map(|byte| deframer.push(*byte, now)).collect();
        if matches!(deframer.state, State::Bare { .. }) {
            signs.extend(deframer.expire(PAUSE, now + BARE_QUIET));
        }
        (signs.iter().map(words).collect(), deframer.take_junk())
    }

    fn words(sign: &Sign) -> String {
        let digit = |digit: &Option<u8>| digit.map_or(String::new(), |digit| char::from(digit).to_string());
        match sign {
            Sign::Enquiry { address, clean } => format!("{}{}", digit(address), if *clean { "enq" } else { "enq?" }),
            Sign::End => "eot".to_owned(),
            Sign::Positive => "ack".to_owned(),
            Sign::Negative(reason) => format!("{}nak", digit(reason)),
            Sign::Block(chunk) => format!("block {}", chunk.bytes.len()),
            Sign::Broken(chunk, error) => format!("{} {}", error.name(), chunk.bytes.len()),
        }
    }

    #[test]
    fn signs_and_blocks_are_told_apart_whatever_the_check_byte() {
        for (bytes, expected, junk) in [
            (&b"1\x052\x05"[..], &["1enq", "2enq"][..], 0),
            (b"\x05", &["enq"], 0),
            (b"\x051\x021\x1fA\x03\x02", &[], 8),
            (b"\x04\x061\x15\x15", &["eot", "ack", "1nak", "nak"], 0),
            (b"\x011\x021\x1fA\x03\x05\x04", &["block 8", "eot"], 0),
            (b"\x011\x021\x1fA\x03\x012\x05", &["block 8", "2enq"], 0),
            (b"\x011\x021\x1fA\x03\x03\x04", &["block 8", "eot"], 0),
            (b"\r\n\x002\x05", &["2enq"], 0),
            (b"12\x05", &["2enq?"], 1),
        ] {
            let (found, other) = signs(bytes);
            assert_eq!((&found[..], other), (&expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..], junk));
        }
    }

    #[test]
    fn an_enquiry_behind_what_nobody_could_read_is_not_clean() {
        for (bytes, expected) in [
            // SOH lost, check byte ENQ; a character that became ENQ.
            (&b"1\x021\x1f12\x03\x05"[..], &["enq?"][..]),
            (b"FLAT 2\x05", &["2enq?"]),
            (b"\xFF\x00A1\x052\x05", &["1enq?", "2enq"]),
            (b"\xFF\x042\x05", &["eot", "2enq"]),
            (b"\x011\x02FLAT 2\x05A\x03\x052\x05", &["NoEnd 10"]),
            (b"\x011\x02FLAT\x011\x02A\x03\x05", &["NoEnd 7", "block 6"]),
        ] {
            assert_eq!(signs(bytes).0, expected, "{bytes:?}");
        }
    }

    #[test]
    fn quiet_makes_clean_and_ends_what_was_broken() {
        let (mut deframer, now) = (Deframer::new(), Instant::now());
        let mut push = |bytes: &[u8], now| -> Vec<String> {
            let mut signs: Vec<Sign> = bytes.iter().filter_map(|byte| deframer.push(*byte, now)).collect();
            signs.extend(deframer.expire(PAUSE, now + BARE_QUIET));
            signs.iter().map(words).collect()
        };
        assert_eq!(push(b"\x011\x02AB\x04", now), ["NoEnd 6"]);
        assert_eq!(push(b"2\x05", now + QUIET / 2), [""; 0]);
        assert_eq!(push(b"2\x05", now + QUIET * 2), ["2enq"]);
        assert_eq!(push(b"\x011\x02AB", now + QUIET * 3), [""; 0]);
        assert_eq!(push(b"\x041\x052\x05", now + QUIET * 5), ["NoEnd 5", "1enq", "2enq"], "given up by its sender");
        let now = now + QUIET * 6;
        assert_eq!(push(b"x2", now + QUIET * 4), [""; 0]);
        assert_eq!(push(b"\x05", now + QUIET * 5), ["enq"], "the digit before the pause is not its address");
    }

    #[test]
    fn a_block_that_stops_is_given_up_and_one_without_end_bounded() {
        let (mut deframer, now) = (Deframer::new(), Instant::now());
        assert!(b"\x011\x02AB".iter().all(|byte| deframer.push(*byte, now).is_none()));
        assert_eq!(deframer.expire(PAUSE, now + PAUSE / 2), None);
        assert_eq!(deframer.expire(PAUSE, now + PAUSE).map(|sign| words(&sign)).as_deref(), Some("NoEnd 5"));
        assert_eq!(deframer.deadline(PAUSE), None);
        let long = [b"\x011\x02".to_vec(), vec![b'A'; 1000]].concat();
        assert_eq!(signs(&long), (vec![format!("TooLong {BLOCK_BYTES_MAX}")], 1003 - 512));
        assert_eq!(signs(b"\x01\x01ab"), (vec![], 1), "a start alone is no block");
    }
}
