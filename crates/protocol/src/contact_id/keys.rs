//! Contact ID writes its digits as `0-9 B-F`; on the line they are DTMF keys. Confidence A.
//!
//! `B` is `*`, `C` is `#`, `D` `E` `F` are the keys A, B, C. Key D is not used; it is written `A` here, so that every
//! key has one letter and every letter one key.

use crate::tones::Digit;

const TABLE: [(u8, Digit); 6] =
    [(b'B', Digit::Star), (b'C', Digit::Hash), (b'D', Digit::A), (b'E', Digit::B), (b'F', Digit::C), (b'A', Digit::D)];

/// The letters of keys as they were heard; what is no key is `?`, and no letter either.
pub fn letters(keys: &[u8]) -> Vec<u8> {
    let letter = |key: u8| match key {
        b'0'..=b'9' => key,
        _ => find(|(_, digit)| digit.as_byte() == key).map_or(b'?', |(letter, _)| letter),
    };
    keys.iter().map(|key| letter(*key)).collect()
}

/// The keys of letters, as they are played.
pub fn keys(letters: &str) -> String {
    let key = |letter: u8| find(|(known, _)| *known == letter).map_or(char::from(letter), |(_, digit)| digit.as_char());
    letters.bytes().map(key).collect()
}

/// Whether it is a letter that the protocols use.
pub(crate) fn is_letter(letter: u8) -> bool {
    letter.is_ascii_digit() || matches!(letter, b'B'..=b'F')
}

fn find(is_wanted: impl Fn(&(u8, Digit)) -> bool) -> Option<(u8, Digit)> {
    TABLE.into_iter().find(is_wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_letters_of_vector_c07() {
        assert_eq!(keys("9B0F18160200000C"), "9*0C18160200000#");
        assert_eq!(letters(b"9*0C18160200000#"), b"9B0F18160200000C");
    }

    #[test]
    fn every_key_has_a_letter_of_its_own() {
        let all: String = Digit::all().map(Digit::as_char).collect();
        let written = letters(all.as_bytes());
        assert_eq!(keys(std::str::from_utf8(&written).unwrap()), all);
        assert_eq!(written.iter().filter(|letter| is_letter(**letter)).count(), 15, "key D is not used");
    }
}
