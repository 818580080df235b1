//! Bytes of a line as text: what can be read stays readable, nothing is lost.

use std::fmt::Write;

/// Prints bytes as ASCII; everything else, and the backslash, as `\xNN`.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if (byte.is_ascii_graphic() || byte == b' ') && byte != b'\\' {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_bytes_stay_and_the_rest_is_named() {
        assert_eq!(escaped(b"5011 18\x14\\\xb1\r"), "5011 18\\x14\\x5C\\xB1\\x0D");
    }
}
