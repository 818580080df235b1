//! Bytes of a line written as text: `\xNN` stands for a byte that cannot be typed.

/// The bytes a text stands for. A backslash that begins no `\xNN` is itself.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        match escape(rest) {
            Some((byte, tail)) => {
                bytes.push(byte);
                rest = tail;
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    bytes
}

fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, tail) = text.strip_prefix(b"\\x")?.split_at_checked(2)?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
    Some((u8::from_str_radix(digits, 16).ok()?, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use telecare_api::shapes::escaped;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unescaped(escaped(&all).as_bytes()), all);
    }

    #[test]
    fn a_backslash_alone_is_a_backslash() {
        for (text, bytes) in
            [("\\x14", &b"\x14"[..]), ("a\\", b"a\\"), ("\\x1", b"\\x1"), ("\\x+1", b"\\x+1"), ("\\n", b"\\n")]
        {
            assert_eq!(unescaped(text.as_bytes()), bytes, "{text}");
        }
    }
}
