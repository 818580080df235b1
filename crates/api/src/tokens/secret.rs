//! The token itself, and the only trace of it that is kept.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Random bytes in a token: 256 bits, as much as its digest tells apart.
const RANDOM_BYTES: usize = 32;
/// Marks a token as one of ours, for people and for secret scanners.
const PREFIX: &str = "tc_";
/// The URL-safe alphabet of RFC 4648 section 5.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A token in clear. It exists only between its making and its being shown, and in its carrier's requests.
pub struct Secret(String);

/// SHA-256 of a token.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Secret {
    /// A new token from the kernel's random source.
    pub fn generate() -> io::Result<Secret> {
        let mut bytes = [0; RANDOM_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Secret(format!("{PREFIX}{}", base64url(&bytes))))
    }

    /// The text its carrier keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the token file keeps.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl Digest {
    /// The digest of a presented token.
    pub fn of(token: &str) -> Digest {
        Digest(Sha256::digest(token.as_bytes()).into())
    }

    /// Reads 64 hex digits.
    pub fn from_hex(text: &str) -> Option<Digest> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Digest(bytes))
    }

    /// Compares in a time that does not depend on where the first difference is.
    pub fn matches(&self, other: &Digest) -> bool {
        self.0.iter().zip(&other.0).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without padding: a token is never cut or joined.
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for sextet in 0..=group.len() {
            let index = bits >> (18 - 6 * sextet) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_agrees_with_the_vectors_of_rfc_4648() {
        let table: [(&[u8], &str); 6] = [
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"fooba", "Zm9vYmE"),
            (&[0xfb, 0xff], "-_8"),
        ];
        for (bytes, text) in table {
            assert_eq!(base64url(bytes), text);
        }
    }

    #[test]
    fn a_token_matches_its_own_digest_and_no_other() {
        let (one, other) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_eq!(one.as_str().len(), PREFIX.len() + 43);
        assert!(one.digest().matches(&Digest::from_hex(&one.digest().to_string()).unwrap()));
        assert!(!one.digest().matches(&other.digest()));
    }

    #[test]
    fn a_digest_is_sixty_four_hex_digits() {
        // sha256("abc"), FIPS 180-2 appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of("abc").to_string(), known);
        for wrong in ["", "ba78", &known[1..], &known.replace('b', "g"), &format!("{known}00"), "é"] {
            assert!(Digest::from_hex(wrong).is_none(), "{wrong}");
        }
    }
}
