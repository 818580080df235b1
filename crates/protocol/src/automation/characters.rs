//! From bytes to characters: parity first, then the alphabet.

use super::LineError;

/// The line as text; tells also whether a parity bit was masked.
pub(crate) fn characters(frame: &[u8]) -> Result<(String, bool), LineError> {
    let mut text = String::with_capacity(frame.len());
    for (index, byte) in frame.iter().enumerate() {
        let character = unmasked(*byte).filter(|c| matches!(c, b' '..=b'~'));
        text.push(char::from(character.ok_or(LineError::IllegalCharacter { index })?));
    }
    if text.is_empty() { Err(LineError::Empty) } else { Ok((text, frame.iter().any(|byte| *byte > 0x7F))) }
}

/// A 7E1 line read as 8N1 shows even parity in bit 7: with it right the bit is masked, else the byte is
/// damaged (vector G19).
pub(crate) fn unmasked(byte: u8) -> Option<u8> {
    match byte {
        0..=0x7F => Some(byte),
        0x80..=0xFF if byte.count_ones().is_multiple_of(2) => Some(byte & 0x7F),
        0x80..=0xFF => None,
    }
}

/// LF or CR (the latter carries parity on a 7E1 line read as 8N1).
pub(crate) fn is_line_end(byte: u8) -> bool {
    matches!(byte, 0x0A | 0x0D | 0x8D)
}
