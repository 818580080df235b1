//! Frames as they are heard: read, with their bytes and times.

use std::time::Instant;

use crate::Mode;
use crate::sia_frame::{End, Frame, FrameError, Head, Piece, read};

/// A frame whose CRC and length are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What was read.
    pub frame: Frame,
    /// Names of deviations that did not prevent reading.
    pub warnings: Vec<&'static str>,
    /// Every byte, as it came.
    pub raw: Vec<u8>,
    /// When its first byte came.
    pub first_byte: Instant,
    /// When its last byte came.
    pub last_byte: Instant,
}

impl Heard {
    /// Reads a piece. Without its CR it is no frame (vector D24).
    pub fn read(piece: Piece) -> Result<Heard, (FrameError, Piece)> {
        match piece.end {
            End::Cr => {}
            End::Cut => return Err((FrameError::NoEnd, piece)),
            End::Overflow => return Err((FrameError::TooLong, piece)),
        }
        match read(&piece.bytes, Mode::Tolerant) {
            Ok(read) => Ok(Heard {
                frame: read.frame,
                warnings: read.warnings,
                raw: piece.bytes,
                first_byte: piece.first_byte,
                last_byte: piece.last_byte,
            }),
            Err(error) => Err((error, piece)),
        }
    }

    /// Up to the opening bracket.
    pub fn head(&self) -> &Head {
        &self.frame.head
    }
}

/// Whether bytes that are no frame may be one gone wrong: a line of another protocol, as whoever tries every open port
/// sends, has neither a quote nor the bracket of data in this order.
pub fn may_be_a_frame(bytes: &[u8]) -> bool {
    let quote = bytes.iter().position(|byte| *byte == b'"');
    quote.is_some_and(|quote| bytes.iter().skip(quote).any(|byte| *byte == b'['))
}
