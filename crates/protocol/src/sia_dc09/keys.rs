//! The keys of a line, by account; and the padding of what it sends.

use std::collections::HashMap;

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

use super::crypt::{BLOCK_BYTES, Key};

/// The keys of a line's accounts, as sent: 0042 and 42 are two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    by_account: HashMap<String, Key>,
}

impl Keys {
    /// Gives an account its key; false if it had one.
    pub fn insert(&mut self, account: &str, key: Key) -> bool {
        self.by_account.insert(account.to_owned(), key).is_none()
    }

    /// The key of an account.
    pub fn of(&self, account: &str) -> Option<&Key> {
        self.by_account.get(account)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_account.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_account.is_empty()
    }
}

/// Padding that nobody can foretell: the characters come from a cipher keyed with a seed given from outside, so that
/// this crate needs no source of chance and a test knows what comes.
#[derive(Clone)]
pub struct Pads {
    cipher: Aes128,
    next: u64,
}

impl std::fmt::Debug for Pads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pads").field("next", &self.next).finish_non_exhaustive()
    }
}

/// Neither bar nor bracket is in it, and nothing that a terminal would take badly.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";

impl Pads {
    /// From 16 bytes of chance, which must not be used twice.
    pub fn new(seed: [u8; 16]) -> Pads {
        Pads { cipher: Aes128::new(&seed.into()), next: 0 }
    }

    /// So many characters.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let mut pad = Vec::with_capacity(count);
        while pad.len() < count {
            let mut block = [0; BLOCK_BYTES];
            for (place, byte) in block.iter_mut().zip(self.next.to_be_bytes()) {
                *place = byte;
            }
            self.next = self.next.wrapping_add(1);
            let mut block = block.into();
            self.cipher.encrypt_block(&mut block);
            let character = |byte: &u8| ALPHABET.get(usize::from(byte & 0x3F)).copied().unwrap_or(b'p');
            pad.extend(block.iter().map(character));
        }
        pad.truncate(count);
        pad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_differ_by_seed_and_by_turn_and_hold_no_sign() {
        let mut pads = Pads::new([7; 16]);
        let (first, second) = (pads.take(27), pads.take(27));
        assert_ne!(first, second);
        assert_ne!(Pads::new([8; 16]).take(27), first);
        assert_eq!(Pads::new([7; 16]).take(27), first);
        assert!(first.iter().chain(&second).all(|byte| !b"|[]".contains(byte)));
        assert_eq!((pads.take(0).len(), pads.take(11).len(), pads.take(32).len()), (0, 11, 32));
    }

    #[test]
    fn accounts_are_texts() {
        let mut keys = Keys::default();
        let key = Key::from_ascii("0123456789ABCDEF").unwrap();
        assert!(keys.insert("0042", key.clone()));
        assert!(!keys.insert("0042", key));
        assert!(keys.of("0042").is_some() && keys.of("42").is_none());
        assert!(!format!("{keys:?}").contains("0123456789"));
    }
}
