//! Deframing: which bytes are one frame, whatever pieces they come in.
//!
//! LF begins a frame and CR ends it; an LF within one begins the next, so a frame cut short costs no frame but
//! itself, and neither does one whose length is wrong: the length is not believed for cutting. Only the two bytes
//! of a raw CRC may be LF or CR themselves; whether they are one shows once the length and the quote behind them
//! are there.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{CR, LF};
use crate::session::after;

/// Longest frame: LF, CRC and length, the longest text the length can say (0FFF), CR. The bytes of a longer run
/// are dropped up to the next LF.
pub const FRAME_BYTES_MAX: usize = 4105;

/// Bytes up to and with the quote behind a raw CRC.
const HEAD_BYTES: usize = 8;

/// Bytes that began with LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As they came, LF and CR included.
    pub bytes: Vec<u8>,
    /// When LF came.
    pub first_byte: Instant,
    /// When the last byte came.
    pub last_byte: Instant,
    /// How they end.
    pub end: End,
}

/// How a piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By CR: a frame.
    Cr,
    /// By the LF of the next, or by silence: cut short.
    Cut,
    /// By [`FRAME_BYTES_MAX`].
    Overflow,
}

/// Finds frames in bytes.
#[derive(Debug, Default)]
pub struct Deframer {
    /// Empty, or begins with LF.
    bytes: Vec<u8>,
    /// When the first bytes came: LF may turn out to be any of them.
    times: Vec<Instant>,
    last_byte: Option<Instant>,
    pieces: VecDeque<Piece>,
    junk: u64,
}

impl Deframer {
    /// Begins before any frame.
    pub fn new() -> Deframer {
        Deframer::default()
    }

    /// Takes one byte; [`Deframer::next_piece`] gives what it completed.
    pub fn push(&mut self, byte: u8, now: Instant) {
        if self.bytes.is_empty() && byte != LF {
            // Some senders write 00 after CR, and CR and LF both (A).
            self.junk = self.junk.saturating_add(u64::from(!matches!(byte, 0 | CR)));
            return;
        }
        // A clock that steps back must not end a frame before it began.
        let now = self.last_byte.map_or(now, |last| now.max(last));
        self.last_byte = Some(now);
        self.bytes.push(byte);
        if self.times.len() < HEAD_BYTES {
            self.times.push(now);
        }
        if self.bytes.len() <= HEAD_BYTES || matches!(byte, LF | CR) {
            self.cut();
        }
        if self.bytes.len() >= FRAME_BYTES_MAX {
            let bytes = std::mem::take(&mut self.bytes);
            self.piece(bytes, End::Overflow, now);
        }
    }

    /// The next piece, until there is none.
    pub fn next_piece(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// Whether no frame has begun.
    pub fn is_idle(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes outside frames came since the last call; 00 and CR between frames are not counted.
    pub fn take_junk(&mut self) -> u64 {
        std::mem::take(&mut self.junk)
    }

    /// When a frame that waits for its end is given up.
    pub fn deadline(&self, partial_frame: Duration) -> Option<Instant> {
        self.last_byte.filter(|_| !self.bytes.is_empty()).map(|last| after(last, partial_frame))
    }

    /// Gives up a frame that waits for its end, if its time has come; [`Deframer::next_piece`] gives it.
    pub fn expire(&mut self, partial_frame: Duration, now: Instant) {
        if self.deadline(partial_frame).is_some_and(|deadline| now >= deadline) {
            let last_byte = self.last_byte.unwrap_or(now);
            let bytes = std::mem::take(&mut self.bytes);
            self.piece(bytes, End::Cut, last_byte);
        }
    }

    /// Takes off what is complete, and looks at what is behind it anew: at most the few bytes of an undecided head.
    fn cut(&mut self) {
        let Some(at) = self.delimiter() else { return };
        let ends = self.bytes.get(at) == Some(&CR);
        let keep = if ends { at.saturating_add(1) } else { at };
        let rest = self.bytes.split_off(keep.min(self.bytes.len()));
        let last = self.last_byte.take();
        let times = self.times.split_off(keep.min(self.times.len()));
        let bytes = std::mem::take(&mut self.bytes);
        if let Some(now) = last {
            let last_byte = self.times.last().copied().filter(|_| keep <= HEAD_BYTES).unwrap_or(now);
            self.piece(bytes, if ends { End::Cr } else { End::Cut }, last_byte);
            let times = times.into_iter().chain(std::iter::repeat(now));
            rest.into_iter().zip(times).for_each(|(byte, time)| self.push(byte, time));
        }
    }

    /// Where the frame ends or the next one begins.
    fn delimiter(&self) -> Option<usize> {
        let begin = if self.may_be_raw() { 3 } else { 1 };
        let found = self.bytes.iter().enumerate().skip(begin).find(|(_, byte)| matches!(**byte, LF | CR));
        found.map(|(at, _)| at)
    }

    /// Whether the first two bytes may be a raw CRC: the length and the quote stand behind them, as far as they came.
    fn may_be_raw(&self) -> bool {
        let fits = |(at, byte): (usize, &u8)| match at {
            3..=6 => byte.is_ascii_hexdigit(),
            7 => matches!(byte, b'"' | b'\t'),
            _ => true,
        };
        self.bytes.iter().take(HEAD_BYTES).enumerate().all(fits)
    }

    fn piece(&mut self, bytes: Vec<u8>, end: End, last_byte: Instant) {
        let first_byte = self.times.first().copied().unwrap_or(last_byte);
        self.times.clear();
        // A line feed alone began nothing.
        if bytes != [LF] {
            self.pieces.push_back(Piece { bytes, first_byte, last_byte, end });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sia_frame::{Check, frame_of};

    fn pieces(bytes: &[u8]) -> (Vec<(Vec<u8>, End)>, u64) {
        let now = Instant::now();
        let mut deframer = Deframer::new();
        let mut found = Vec::new();
        for (n, byte) in (0u64..).zip(bytes) {
            deframer.push(*byte, now + Duration::from_millis(n));
            while let Some(piece) = deframer.next_piece() {
                assert!(piece.first_byte <= piece.last_byte);
                found.push((piece.bytes, piece.end));
            }
        }
        (found, deframer.take_junk())
    }

    fn check(bytes: &[u8], expected: &[(&[u8], End)], junk: u64) {
        let expected: Vec<(Vec<u8>, End)> = expected.iter().map(|(bytes, end)| (bytes.to_vec(), *end)).collect();
        assert_eq!(pieces(bytes), (expected, junk), "{:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn frames_between_other_bytes() {
        let f = frame_of(b"\"NULL\"0000L0#1234[]", Check::Hex);
        let g = [f.as_slice(), b"\0"].concat();
        check(&[&g[..], &f].concat(), &[(&f, End::Cr), (&f, End::Cr)], 0);
        check(&[b"zz", &f[..]].concat(), &[(&f, End::Cr)], 2);
        check(&[b"\n", &f[..]].concat(), &[(&f, End::Cr)], 0);
        check(&[b"\n\r", &f[..], b"\n"].concat(), &[(b"\n\r", End::Cr), (&f, End::Cr)], 0);
        check(&[b"\nx\r", &f[..]].concat(), &[(b"\nx\r", End::Cr), (&f, End::Cr)], 0);
        check(&[&f[..20], &f].concat(), &[(&f[..20], End::Cut), (&f, End::Cr)], 0);
        check(&f[1..], &[], 27);
    }

    #[test]
    fn a_raw_crc_may_look_like_the_ends() {
        for crc in [[LF, LF], [CR, LF], [LF, CR], [CR, CR], [LF, b'0']] {
            let frame = [&[LF][..], &crc, b"0012\"NULL\"0000L0#1234[]\r"].concat();
            check(&frame, &[(&frame, End::Cr)], 0);
        }
    }

    #[test]
    fn silence_and_length_give_a_frame_up() {
        let now = Instant::now();
        let mut deframer = Deframer::new();
        b"\n6A56003A\"SIA".iter().for_each(|byte| deframer.push(*byte, now));
        let wait = Duration::from_secs(5);
        deframer.expire(wait, now + wait / 2);
        assert_eq!(deframer.next_piece(), None);
        deframer.expire(wait, deframer.deadline(wait).unwrap());
        assert_eq!(deframer.next_piece().map(|piece| piece.end), Some(End::Cut));
        assert!(deframer.is_idle() && deframer.deadline(wait).is_none());
        let long = [b"\n", [b'x'; FRAME_BYTES_MAX].as_slice()].concat();
        let (found, junk) = pieces(&long);
        assert_eq!((found.len(), found[0].1, junk), (1, End::Overflow, 1));
    }

    proptest! {
        #[test]
        fn no_bytes_are_lost_or_made(bytes in proptest::collection::vec(
            prop_oneof![Just(LF), Just(CR), Just(b'"'), Just(b'0'), Just(b'A'), any::<u8>()], 0..120)) {
            let now = Instant::now();
            let mut deframer = Deframer::new();
            bytes.iter().for_each(|byte| deframer.push(*byte, now));
            deframer.expire(Duration::ZERO, now);
            let pieces: Vec<Piece> = std::iter::from_fn(|| deframer.next_piece()).collect();
            prop_assert!(pieces.iter().all(|piece| piece.bytes.first() == Some(&LF) && piece.bytes.len() > 1));
            let kept: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
            let junk = usize::try_from(deframer.take_junk()).unwrap();
            let nothing = bytes.iter().filter(|byte| matches!(**byte, 0 | CR | LF)).count();
            prop_assert!(kept + junk <= bytes.len() && kept + junk + nothing >= bytes.len());
        }
    }
}
