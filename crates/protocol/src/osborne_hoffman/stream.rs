//! Deframing: which bytes are one message.
//!
//! Every message begins on a block of its own. Its first eight bytes tell what it is: plain text, a header of the fourth
//! version, or else cipher text, which is opened block by block. An event ends with CR, anything else with the zeros that
//! fill its last block. What opens to no message runs on until a block that can only be a beginning, a pause, or the
//! bound: blocks do not depend on each other, so a message behind it is read.

use std::time::{Duration, Instant};

use super::cipher::{BLOCK_BYTES, Cipher};
use super::read::version_4;
use super::{FrameError, MESSAGE_BYTES_MAX};
use crate::session::after;

/// A message as it came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    /// Its text, opened.
    pub(super) text: Vec<u8>,
    /// Its bytes as they came.
    pub(super) bytes: Vec<u8>,
    /// Whether it came in plain text.
    pub(super) plain: bool,
    pub(super) first_byte: Instant,
    pub(super) last_byte: Instant,
    /// What is known to be wrong with it.
    pub(super) fault: Option<FrameError>,
}

impl Chunk {
    /// The bytes that are kept with its report: the text, which says the same under every key; cipher text that opens to
    /// nothing as it came.
    pub(super) fn kept(&self) -> Vec<u8> {
        match self.fault {
            Some(FrameError::Unintelligible | FrameError::Version4 { .. } | FrameError::TooLong) => self.bytes.clone(),
            _ if self.text.is_empty() => self.bytes.clone(),
            _ => self.text.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Too few bytes to tell.
    Untold,
    Plain,
    Closed,
    /// So many bytes once the header is there.
    Version4(Option<usize>),
    /// The identity behind a heartbeat in plain text.
    Identity,
}

/// Bytes of one connection.
#[derive(Debug)]
pub(super) struct Stream {
    cipher: Cipher,
    kind: Kind,
    bytes: Vec<u8>,
    text: Vec<u8>,
    first_byte: Option<Instant>,
    last_byte: Option<Instant>,
    /// Whether the panel has sent plain text: what fills the gaps between its messages means nothing.
    is_plain: bool,
    junk: u64,
}

impl Stream {
    pub(super) fn new(cipher: Cipher) -> Stream {
        Stream {
            cipher,
            kind: Kind::Untold,
            bytes: Vec::new(),
            text: Vec::new(),
            first_byte: None,
            last_byte: None,
            is_plain: false,
            junk: 0,
        }
    }

    /// Takes one byte. Two messages at most come of it: one that broke off, and the one that shows it.
    pub(super) fn push(&mut self, byte: u8, now: Instant) -> Vec<Chunk> {
        let is_gap = self.is_plain && self.bytes.is_empty() && matches!(byte, 0 | b'\r');
        if is_gap {
            return Vec::new();
        }
        if self.bytes.is_empty() {
            self.first_byte = Some(now);
            if self.is_plain && byte == b'[' {
                self.kind = Kind::Identity;
            }
        }
        // A clock that steps back must not end a message before it began.
        self.last_byte = Some(self.first_byte.map_or(now, |first| now.max(first)));
        self.bytes.push(byte);
        let mut chunks = match self.kind {
            Kind::Untold if self.bytes.len() < BLOCK_BYTES => Vec::new(),
            Kind::Untold => self.begin(now),
            Kind::Plain => self.plain(byte),
            Kind::Closed if self.bytes.len().is_multiple_of(BLOCK_BYTES) => self.block(now),
            Kind::Closed => Vec::new(),
            Kind::Version4(size) => self.version_4(size),
            Kind::Identity => {
                if byte == b']' {
                    self.clear();
                }
                Vec::new()
            }
        };
        if self.bytes.len() >= MESSAGE_BYTES_MAX {
            chunks.extend(self.take(Some(FrameError::TooLong)));
        }
        chunks
    }

    /// Bytes since the last call that are no message and no part of one.
    pub(super) fn take_junk(&mut self) -> u64 {
        std::mem::take(&mut self.junk)
    }

    /// When what waits for its end is given up.
    pub(super) fn deadline(&self, pause: Duration) -> Option<Instant> {
        self.last_byte.map(|last| after(last, pause))
    }

    /// Gives up what waits for its end, if its time has come.
    pub(super) fn expire(&mut self, pause: Duration, now: Instant) -> Option<Chunk> {
        let due = self.deadline(pause).is_some_and(|deadline| now >= deadline);
        if due { self.give_up() } else { None }
    }

    /// What is there, without its end. A heartbeat may end without a zero; the first bytes of a block are noise.
    pub(super) fn give_up(&mut self) -> Option<Chunk> {
        let whole_blocks = self.bytes.len().is_multiple_of(BLOCK_BYTES);
        match self.kind {
            Kind::Untold | Kind::Identity => {
                let bytes = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
                self.junk = self.junk.saturating_add(bytes);
                self.clear();
                None
            }
            Kind::Plain if self.text.starts_with(b"SR") => self.take(None),
            Kind::Closed if self.text.starts_with(b"SR") && whole_blocks => self.take(None),
            Kind::Closed if !is_begun(&self.text) => self.take(Some(FrameError::Unintelligible)),
            Kind::Plain | Kind::Closed | Kind::Version4(_) => self.take(Some(FrameError::NoEnd)),
        }
    }

    /// The first eight bytes are there.
    fn begin(&mut self, now: Instant) -> Vec<Chunk> {
        if is_version_4(&self.bytes) {
            self.kind = Kind::Version4(None);
            return Vec::new();
        }
        if is_beginning(&self.bytes) {
            self.kind = Kind::Plain;
            self.is_plain = true;
            self.text.clone_from(&self.bytes);
            return Vec::new();
        }
        self.kind = Kind::Closed;
        self.block(now)
    }

    fn plain(&mut self, byte: u8) -> Vec<Chunk> {
        self.text.push(byte);
        let is_event = self.text.first() == Some(&b'\n');
        let ends = match byte {
            b'\r' => true,
            0 | b']' => !is_event && self.text.len() > BLOCK_BYTES,
            _ => false,
        };
        if ends { self.take(None).into_iter().collect() } else { Vec::new() }
    }

    /// A block of cipher text is whole.
    fn block(&mut self, now: Instant) -> Vec<Chunk> {
        let at = self.bytes.len().saturating_sub(BLOCK_BYTES);
        let Some(raw) = self.bytes.get(at..).and_then(|block| <[u8; BLOCK_BYTES]>::try_from(block).ok()) else {
            return Vec::new();
        };
        let opened = self.cipher.open_block(raw);
        let filling = opened == [0; BLOCK_BYTES];
        if self.text.is_empty() && filling {
            self.clear();
            return Vec::new();
        }
        let is_plain = is_beginning(&raw) || is_version_4(&raw);
        if !self.text.is_empty() && (is_plain || is_beginning(&opened)) {
            // What came before has no end of its own.
            self.bytes.truncate(at);
            let before = self.give_up();
            (self.first_byte, self.last_byte) = (Some(now), Some(now));
            self.bytes = raw.to_vec();
            return before.into_iter().chain(self.begin(now)).collect();
        }
        self.text.extend(opened);
        let is_event = self.text.first() == Some(&b'\n');
        let ends = match self.text.first() {
            Some(b'\n') => opened.contains(&b'\r'),
            _ => opened.ends_with(&[0]),
        };
        if !ends || !is_begun(&self.text) {
            return Vec::new();
        }
        let kept = if is_event { self.text.iter().position(|byte| *byte == b'\r') } else { None };
        if let Some(end) = kept {
            self.text.truncate(end.saturating_add(1));
        }
        self.take(None).into_iter().collect()
    }

    fn version_4(&mut self, size: Option<usize>) -> Vec<Chunk> {
        let header = version_4(&self.bytes);
        let size = size.or(header.as_ref().map(|header| header.bytes));
        self.kind = Kind::Version4(size);
        if size.is_none_or(|size| self.bytes.len() < size) {
            return Vec::new();
        }
        let from = header.map(|header| header.from);
        self.take(Some(FrameError::Version4 { from })).into_iter().collect()
    }

    fn take(&mut self, fault: Option<FrameError>) -> Option<Chunk> {
        let (first_byte, last_byte) = (self.first_byte?, self.last_byte?);
        let plain = self.kind == Kind::Plain;
        let (text, bytes) = (std::mem::take(&mut self.text), std::mem::take(&mut self.bytes));
        self.clear();
        Some(Chunk { text, bytes, plain, first_byte, last_byte, fault })
    }

    fn clear(&mut self) {
        (self.kind, self.first_byte, self.last_byte) = (Kind::Untold, None, None);
        self.text.clear();
        self.bytes.clear();
    }
}

/// Whether a text begins as a message does.
fn is_begun(text: &[u8]) -> bool {
    text.starts_with(b"\n") || text.starts_with(b"SR") || text.starts_with(b"DHR")
}

/// Whether eight bytes can only be the beginning of a message: of an event, or of a heartbeat. Cipher text looks so once
/// in four thousand million blocks.
fn is_beginning(block: &[u8]) -> bool {
    match block {
        [b'\n', b'0', b'1', b'0', b'1', length @ ..] => length.iter().all(u8::is_ascii_hexdigit),
        [b'S', b'R', a, b, c, d, b'L', l] => [a, b, c, d, l].iter().all(|byte| byte.is_ascii_hexdigit()),
        _ => false,
    }
}

/// Whether eight bytes begin a header of the fourth version.
fn is_version_4(block: &[u8]) -> bool {
    block.strip_prefix(b"#40R").is_some_and(|digits| digits.iter().take(4).all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osborne_hoffman::Key;

    const PAUSE: Duration = Duration::from_secs(2);
    const EVENT: &[u8] = b"\n01010034\"SIA-DCS\"0009R6666L1234[#005412|Nri04/UA105]\r\0";
    const V1: &[u8] = b"SR0001L0001    006969XX    \0";
    const V2: &[u8] = b"SR0001L0001    006969XX    \0[ID00000000]\0";

    fn cipher() -> Cipher {
        Cipher::new(&Key::new(std::array::from_fn(|at| u8::try_from(at + 1).unwrap())))
    }

    /// In words: the fault or the first bytes of the text; then junk.
    fn told(bytes: &[u8], reads: usize) -> Vec<String> {
        let (mut stream, now) = (Stream::new(cipher()), Instant::now());
        let mut chunks = Vec::new();
        for read in bytes.chunks(reads) {
            chunks.extend(read.iter().flat_map(|byte| stream.push(*byte, now)));
        }
        chunks.extend(stream.expire(PAUSE, now + PAUSE));
        assert_eq!(stream.deadline(PAUSE), None);
        let junk = stream.take_junk();
        let words = chunks.iter().map(|chunk| match &chunk.fault {
            Some(fault) => format!("{} {}", fault.name(), chunk.bytes.len()),
            None => format!("{}{}", if chunk.plain { "plain " } else { "" }, chunk.text.len()),
        });
        words.chain((junk > 0).then(|| format!("junk {junk}"))).collect()
    }

    #[test]
    fn messages_are_parted_wherever_the_reads_are() {
        let closed = |text: &[u8]| cipher().close(text);
        let nonsense = closed(b"nothing that anybody says");
        for (bytes, expected) in [
            (closed(EVENT), &["54"][..]),
            (closed(V1), &["32"]),
            (closed(V2), &["48"]),
            // Eight zeros more than there need be; two messages; one without its last zero.
            ([closed(EVENT), closed(&[0; 8]), closed(V1)].concat(), &["54", "32"]),
            ([closed(V1), closed(V2), closed(EVENT)].concat(), &["32", "48", "54"]),
            (closed(b"SR0001L0001    006969XX    [ID00000000]"), &["40"]),
            (closed(b"SR0001L00012    006969XX    [ID00000000]"), &["40"]),
            // In plain text, with and without identity, and zeros between.
            (EVENT.to_vec(), &["plain 54"]),
            ([V1, V2, EVENT].concat(), &["plain 28", "plain 28", "plain 54"]),
            (b"SR0001L0001    006969XX    [ID00000000]".to_vec(), &["plain 39"]),
            (b"SR0001L0001    006969XX".to_vec(), &["plain 23"]),
            // What opens to nothing, alone and before a message.
            (nonsense.clone(), &["Unintelligible 32"]),
            ([nonsense, closed(EVENT)].concat(), &["Unintelligible 32", "54"]),
            // Cut off, and then the next message.
            ([&closed(EVENT)[..24], &closed(EVENT)].concat(), &["NoEnd 24", "54"]),
            (closed(EVENT)[..24].to_vec(), &["NoEnd 24"]),
            (closed(EVENT)[..27].to_vec(), &["NoEnd 27"]),
            (closed(V2)[..30].to_vec(), &["NoEnd 30"]),
            (b"abc".to_vec(), &["junk 3"]),
        ] {
            for reads in [1, 3, 8, 1000] {
                assert_eq!(told(&bytes, reads), expected, "{reads} at once: {}", String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn the_fourth_version_is_known_by_its_plain_header_and_taken_whole() {
        let header = b"#40R0001L12345A001234S0010";
        let rest = [&[0xA5; 32][..], b"C12AB"].concat();
        let whole = [&header[..], &rest].concat();
        let both = [whole.clone(), cipher().close(EVENT)].concat();
        assert_eq!(told(&both, 1000), [format!("Version4 {}", whole.len()), "54".to_owned()]);
        assert_eq!(told(&whole[..40], 1), ["NoEnd 40"]);
        let header = version_4(header).unwrap();
        assert_eq!(header.from, ("0001".to_owned(), "12345".to_owned(), "001234".to_owned()));
        assert_eq!(header.bytes, whole.len());
    }

    #[test]
    fn the_bound_holds() {
        let long = cipher().close(&[b"\n0101FFFF".to_vec(), vec![b'x'; 3000]].concat());
        let told = told(&long, 1000);
        assert_eq!(told[0], format!("TooLong {MESSAGE_BYTES_MAX}"));
        assert!(told[1].starts_with("Unintelligible"), "{told:?}");
    }

    #[test]
    fn a_pause_lets_the_next_message_begin_on_its_own_block() {
        let (mut stream, now) = (Stream::new(cipher()), Instant::now());
        assert!(stream.push(b'x', now).is_empty());
        assert_eq!(stream.expire(PAUSE, now + PAUSE / 2), None);
        assert_eq!((stream.expire(PAUSE, now + PAUSE), stream.take_junk()), (None, 1));
        let chunks: Vec<Chunk> = cipher().close(EVENT).iter().flat_map(|byte| stream.push(*byte, now)).collect();
        assert_eq!(chunks.len(), 1);
    }
}
