//! What a modem sends, taken apart: lines of text, and codes behind a DLE wherever they stand.

use super::DLE;

/// Bytes of a line at most; a longer one is dropped up to its end. Caller names have 15 characters (B), so the
/// longest line that is read has 22.
pub const LINE_BYTES_MAX: usize = 128;

/// A piece of what a modem sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A line without its end; never empty.
    Line(String),
    /// The byte behind a DLE.
    Code(u8),
}

/// Takes bytes one at a time.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    line: Vec<u8>,
    is_too_long: bool,
    is_code: bool,
}

impl Stream {
    /// Takes a byte; gives the piece that it ends.
    pub fn push(&mut self, byte: u8) -> Option<Item> {
        if std::mem::take(&mut self.is_code) {
            return Some(Item::Code(byte));
        }
        match byte {
            DLE => self.is_code = true,
            b'\r' | b'\n' => {
                let line = std::mem::take(&mut self.line);
                let is_whole = !std::mem::take(&mut self.is_too_long);
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                return (is_whole && !text.is_empty()).then_some(Item::Line(text));
            }
            _ if self.line.len() < LINE_BYTES_MAX => self.line.push(byte),
            _ => self.is_too_long = true,
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(bytes: &[u8]) -> Vec<Item> {
        let mut stream = Stream::default();
        bytes.iter().filter_map(|byte| stream.push(*byte)).collect()
    }

    #[test]
    fn codes_stand_anywhere_and_lines_end_with_either_end() {
        let line = |text: &str| Item::Line(text.to_owned());
        for (bytes, expected) in [
            (&b"\r\nOK\r\n"[..], vec![line("OK")]),
            (b"RI\x10R\x105NG\r", vec![Item::Code(b'R'), Item::Code(b'5'), line("RING")]),
            (b"NMBR = 01527 1\nOK", vec![line("NMBR = 01527 1")]),
            (b"\x10\x10\x10", vec![Item::Code(DLE)]),
            (b"\xff\r", vec![line("\u{fffd}")]),
        ] {
            assert_eq!(items(bytes), expected, "{bytes:?}");
        }
        let long = [vec![b'x'; LINE_BYTES_MAX + 1], b"\rOK\r".to_vec()].concat();
        assert_eq!(items(&long), [line("OK")]);
    }
}
