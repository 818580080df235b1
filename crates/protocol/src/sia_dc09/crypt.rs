//! AES of encrypted frames: CBC with a zero IV, each frame on its own, cipher text in hex.
//!
//! That gives secrecy and little more: nothing proves who sent a frame, and equal beginnings give equal cipher
//! blocks, so the padding that stands first must be random. What keeps an old frame from being taken for a new one is
//! its stamp and the memory of what was stored. Source: `protocols/sia-dc09/README.md`, confidence A.

use std::fmt;

use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};

/// Bytes of a cipher block.
pub const BLOCK_BYTES: usize = 16;

const IV: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// The key of an account. Its bytes are shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Bytes);

#[derive(Clone, PartialEq, Eq)]
enum Bytes {
    Aes128([u8; 16]),
    Aes192([u8; 24]),
    Aes256([u8; 32]),
}

/// Why a text is no key. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 16, 24 or 32 bytes.
    #[error("a key has 16, 24 or 32 bytes, not {0}")]
    Length(usize),
    /// Two hex digits make a byte.
    #[error("a key in hex has hex digits only, two for each byte")]
    NotHex,
    /// A panel's key is typed in.
    #[error("a key in ASCII has printable ASCII characters only")]
    NotAscii,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(AES-{}, hidden)", self.bits())
    }
}

impl Key {
    /// A key whose bytes are written in hex: 32, 48 or 64 digits.
    pub fn from_hex(text: &str) -> Result<Key, KeyError> {
        Key::from_bytes(&unhex(text.as_bytes()).ok_or(KeyError::NotHex)?)
    }

    /// A key whose characters are its bytes: 16, 24 or 32 of them.
    pub fn from_ascii(text: &str) -> Result<Key, KeyError> {
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(KeyError::NotAscii);
        }
        Key::from_bytes(text.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Key, KeyError> {
        let length = KeyError::Length(bytes.len());
        Ok(Key(match bytes.len() {
            16 => Bytes::Aes128(bytes.try_into().map_err(|_| length)?),
            24 => Bytes::Aes192(bytes.try_into().map_err(|_| length)?),
            32 => Bytes::Aes256(bytes.try_into().map_err(|_| length)?),
            _ => return Err(length),
        }))
    }

    /// 128, 192 or 256.
    pub fn bits(&self) -> u16 {
        match self.0 {
            Bytes::Aes128(_) => 128,
            Bytes::Aes192(_) => 192,
            Bytes::Aes256(_) => 256,
        }
    }

    /// The clear bytes of a cipher text in hex, of either case; none when it is no hex or no whole number of blocks.
    pub fn decrypt(&self, hex: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = unhex(hex).filter(|bytes| !bytes.is_empty())?;
        let done = match &self.0 {
            Bytes::Aes128(key) => decrypt(cbc::Decryptor::<Aes128>::new(key.into(), &IV.into()), &mut bytes),
            Bytes::Aes192(key) => decrypt(cbc::Decryptor::<Aes192>::new(key.into(), &IV.into()), &mut bytes),
            Bytes::Aes256(key) => decrypt(cbc::Decryptor::<Aes256>::new(key.into(), &IV.into()), &mut bytes),
        };
        done.then_some(bytes)
    }

    /// The cipher text of clear bytes in upper-case hex; none unless they fill whole blocks.
    pub fn encrypt(&self, clear: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = clear.to_vec();
        let done = match &self.0 {
            Bytes::Aes128(key) => encrypt(cbc::Encryptor::<Aes128>::new(key.into(), &IV.into()), &mut bytes),
            Bytes::Aes192(key) => encrypt(cbc::Encryptor::<Aes192>::new(key.into(), &IV.into()), &mut bytes),
            Bytes::Aes256(key) => encrypt(cbc::Encryptor::<Aes256>::new(key.into(), &IV.into()), &mut bytes),
        };
        done.then(|| hex(&bytes))
    }
}

fn decrypt(mut mode: impl BlockModeDecrypt<BlockSize = U16>, bytes: &mut [u8]) -> bool {
    let (blocks, rest) = Array::slice_as_chunks_mut(bytes);
    mode.decrypt_blocks(blocks);
    rest.is_empty()
}

fn encrypt(mut mode: impl BlockModeEncrypt<BlockSize = U16>, bytes: &mut [u8]) -> bool {
    let (blocks, rest) = Array::slice_as_chunks_mut(bytes);
    mode.encrypt_blocks(blocks);
    rest.is_empty()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_chunks::<2>();
    rest.is_empty().then_some(())?;
    pairs.iter().map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?)).collect()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digit = |value: u8| {
        let digit = char::from_digit(u32::from(value), 16).map(|digit| digit.to_ascii_uppercase());
        u8::try_from(digit.unwrap_or('0')).unwrap_or(b'0')
    };
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0F)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_and_alphabets_are_checked_and_nothing_is_shown() {
        let table = [
            (Key::from_hex("00112233445566778899AABBCCDDEEFF"), Ok(128)),
            (Key::from_hex("00112233445566778899aabbccddeeff"), Ok(128)),
            (Key::from_ascii("0123456789ABCDEF"), Ok(128)),
            (Key::from_ascii("0123456789ABCDEF01234567"), Ok(192)),
            (Key::from_ascii("0123456789ABCDEF0123456789ABCDEF"), Ok(256)),
            (Key::from_hex("0123456789ABCDEF"), Err(KeyError::Length(8))),
            (Key::from_hex("0123456789ABCDEG0123456789ABCDEF"), Err(KeyError::NotHex)),
            (Key::from_hex("0123456789ABCDEF0123456789ABCDE"), Err(KeyError::NotHex)),
            (Key::from_ascii("0123456789ABCDE"), Err(KeyError::Length(15))),
            (Key::from_ascii("0123456789ABCDE\n"), Err(KeyError::NotAscii)),
        ];
        for (key, bits) in table {
            if let Ok(key) = &key {
                assert_eq!(format!("{key:?}"), format!("Key(AES-{}, hidden)", key.bits()));
            }
            assert_eq!(key.map(|key| key.bits()), bits);
        }
    }

    #[test]
    fn what_is_no_whole_block_of_hex_is_not_decrypted() {
        let key = Key::from_hex("00112233445566778899AABBCCDDEEFF").unwrap();
        for wrong in [&b""[..], b"00", b"0011223344]", b"00112233445566778899AABBCCDDEEF", &[b'0'; 34]] {
            assert_eq!(key.decrypt(wrong), None);
        }
        assert_eq!(key.encrypt(b"fifteen letters"), None);
    }

    proptest! {
        #[test]
        fn what_is_encrypted_comes_back(key in "([0-9A-F]{32}|[0-9A-F]{48}|[0-9A-F]{64})", blocks in 1usize..9, byte in any::<u8>()) {
            let key = Key::from_hex(&key).unwrap();
            let clear: Vec<u8> = (0..blocks * BLOCK_BYTES).map(|n| byte.wrapping_add(n as u8)).collect();
            let sent = key.encrypt(&clear).unwrap();
            prop_assert_eq!(key.decrypt(&sent), Some(clear.clone()));
            prop_assert_eq!(key.decrypt(&sent.to_ascii_lowercase()), Some(clear));
        }
    }
}
