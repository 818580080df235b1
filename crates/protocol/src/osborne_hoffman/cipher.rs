//! The key of a connection, and what goes under it: 3DES in single blocks, filled up with zeros (A).

use std::fmt;

use des::TdesEde3;
use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

/// Bytes of a key.
pub const KEY_BYTES: usize = 24;

/// Bytes of a block.
pub(super) const BLOCK_BYTES: usize = 8;

/// What a key is sent under (A).
const MASK: [u8; KEY_BYTES] = [
    0x55, 0x2D, 0x6A, 0x05, 0x23, 0x49, 0x39, 0xA8, 0x45, 0x29, 0xD3, 0xE9, 0x94, 0xC2, 0xB5, 0x88, 0x45, 0xA3, 0x50,
    0x8A, 0x44, 0xAA, 0x69, 0x54,
];

/// The key of one connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; KEY_BYTES]);

impl fmt::Debug for Key {
    /// Not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// A key to give out, made of random bytes: each byte gets odd parity, as some panels' libraries ask for. None
    /// where the bytes make a weak key, which such libraries refuse; draw others then.
    pub fn from_random(bytes: [u8; KEY_BYTES]) -> Option<Key> {
        let key = bytes.map(|byte| if byte.count_ones().is_multiple_of(2) { byte ^ 1 } else { byte });
        des::weak_key_test(&key).is_ok().then_some(Key(key))
    }

    /// A key that is known, as it is.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Key {
        Key(bytes)
    }

    /// The bytes a receiver sends on connect.
    pub fn masked(&self) -> [u8; KEY_BYTES] {
        let mut bytes = self.0;
        bytes.iter_mut().zip(MASK).for_each(|(byte, mask)| *byte ^= mask);
        bytes
    }

    /// The key of the bytes a receiver has sent.
    pub fn unmask(sent: [u8; KEY_BYTES]) -> Key {
        Key(Key(sent).masked())
    }
}

/// The cipher of one connection.
#[derive(Clone)]
pub struct Cipher(TdesEde3);

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Cipher {
    /// The cipher under a key.
    pub fn new(key: &Key) -> Cipher {
        Cipher(TdesEde3::new(&Array::from(key.0)))
    }

    /// Closes a text, filled up with zeros.
    pub fn close(&self, text: &[u8]) -> Vec<u8> {
        let mut closed = Vec::with_capacity(text.len().saturating_add(BLOCK_BYTES));
        for part in text.chunks(BLOCK_BYTES) {
            let mut block = [0; BLOCK_BYTES];
            block.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            let mut block = Array::from(block);
            self.0.encrypt_block(&mut block);
            closed.extend_from_slice(&block);
        }
        closed
    }

    /// Opens whole blocks; bytes beyond the last whole one are left out.
    pub fn open(&self, closed: &[u8]) -> Vec<u8> {
        let (blocks, _) = closed.as_chunks::<BLOCK_BYTES>();
        blocks.iter().flat_map(|block| self.open_block(*block)).collect()
    }

    /// Opens one block.
    pub(super) fn open_block(&self, block: [u8; BLOCK_BYTES]) -> [u8; BLOCK_BYTES] {
        let mut block = Array::from(block);
        self.0.decrypt_block(&mut block);
        block.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counting() -> Key {
        Key::new(std::array::from_fn(|at| u8::try_from(at + 1).unwrap()))
    }

    /// Recomputed with another implementation of the cipher.
    #[test]
    fn key_and_answer_are_as_computed_elsewhere() {
        let masked = [
            0x54, 0x2F, 0x69, 0x01, 0x26, 0x4F, 0x3E, 0xA0, 0x4C, 0x23, 0xD8, 0xE5, 0x99, 0xCC, 0xBA, 0x98, 0x54, 0xB1,
            0x43, 0x9E, 0x51, 0xBC, 0x7E, 0x4C,
        ];
        assert_eq!(counting().masked(), masked);
        assert_eq!(Key::unmask(masked), counting());
        let answer = Cipher::new(&counting()).close(b"ACK\r");
        assert_eq!(answer, [0x38, 0x4F, 0x6A, 0x09, 0x0B, 0xCF, 0x60, 0xC4]);
        assert_eq!(Cipher::new(&counting()).open(&answer), b"ACK\r\0\0\0\0");
    }

    #[test]
    fn a_key_to_give_out_has_odd_parity_and_is_not_weak() {
        assert_eq!(Key::from_random([0; KEY_BYTES]), None, "three weak thirds");
        let mut alike = [0x25; KEY_BYTES];
        assert_eq!(Key::from_random(alike), None, "three thirds alike");
        alike.iter_mut().zip(1..).for_each(|(byte, add)| *byte += add);
        let key = Key::from_random(alike).unwrap();
        assert!(key.0.iter().all(|byte| byte.count_ones() % 2 == 1));
        assert_eq!(format!("{key:?}"), "Key", "no key in a log");
    }

    proptest! {
        #[test]
        fn what_is_closed_opens(bytes in any::<[u8; KEY_BYTES]>(), text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let cipher = Cipher::new(&Key::new(bytes));
            let closed = cipher.close(&text);
            prop_assert!(closed.len().is_multiple_of(8) && closed.len() < text.len() + 8);
            let opened = cipher.open(&closed);
            prop_assert!(opened.starts_with(&text) && opened[text.len()..].iter().all(|byte| *byte == 0));
        }
    }
}
