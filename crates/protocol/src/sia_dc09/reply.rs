//! What a receiver answers, and frames as a unit writes them. An answer repeats the head of the frame to the byte: a unit
//! refuses one with a receiver that it did not send, or an account that lost its zeros.

use time::OffsetDateTime;

use super::content::{Content, Extended};
use super::crypt::{BLOCK_BYTES, Key};
use super::keys::Pads;
use super::stamp::stamp;
use crate::sia_frame::{Check, Frame, Head, encode, frame_of};

/// A frame of the 2026 edition has padding of at least so many characters, an earlier one only what fills the block (B).
pub const LONG_PAD_MIN: usize = 16;

/// The frame is stored. Only [`super::Session::handle_stored`] sends it.
pub fn ack(of: &Frame) -> Vec<u8> {
    answer("ACK", of)
}

/// The same for an encrypted frame, in its own key.
pub fn encrypted_ack(of: &Frame, key: &Key, long_pad: bool, pads: &mut Pads, utc: OffsetDateTime) -> Option<Vec<u8>> {
    let head = Head { token: "ACK".to_owned(), ..of.head.clone() };
    encrypted(head, of.check, &Content::encode("", &[], &stamp(utc)), Padding { bar: false, long: long_pad }, key, pads)
}

/// The stamp of an encrypted frame is outside the window: what time it is, in clear, so that the unit can set its clock
/// and send again. It names nobody (A).
pub fn nak(utc: OffsetDateTime) -> Vec<u8> {
    let content = Content::encode("", &[], &stamp(utc));
    frame_of(&[b"\"NAK\"0000R0L0A0[", content.as_slice()].concat(), Check::Hex)
}

/// The frame is good and its content cannot be used.
pub fn duh(of: &Frame) -> Vec<u8> {
    answer("DUH", of)
}

fn answer(token: &str, of: &Frame) -> Vec<u8> {
    clear(Head { enciphered: false, token: token.to_owned(), ..of.head.clone() }, of.check, "", &[], "")
}

/// A frame in clear; `stamp` is empty for none.
pub fn clear(head: Head, check: Check, data: &str, extended: &[Extended], stamp: &str) -> Vec<u8> {
    encode(&Frame { check, head, content: Content::encode(data, extended, stamp) })
}

/// How the padding of an encrypted frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// With the bar behind it. Where there is no data a real unit leaves it out (vector R8).
    pub bar: bool,
    /// 16 to 31 characters instead of 1 to 16.
    pub long: bool,
}

/// A frame whose content is encrypted. None only if it were longer than memory.
pub fn encrypted(
    head: Head,
    check: Check,
    content: &[u8],
    padding: Padding,
    key: &Key,
    pads: &mut Pads,
) -> Option<Vec<u8>> {
    let bar: &[u8] = if padding.bar { b"|" } else { b"" };
    let over = content.len().checked_add(bar.len())?.checked_rem(BLOCK_BYTES)?;
    // What fills the block: all of one where nothing is missing.
    let fill = BLOCK_BYTES.checked_sub(over)?;
    let length = match (padding.long, fill) {
        (false, _) => fill,
        (true, BLOCK_BYTES) => LONG_PAD_MIN,
        (true, _) => fill.checked_add(LONG_PAD_MIN)?,
    };
    let cipher = key.encrypt(&[&pads.take(length), bar, content].concat())?;
    Some(encode(&Frame { check, head: Head { enciphered: true, ..head }, content: cipher }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;
    use crate::sia_frame::{Address, read};

    #[test]
    fn padding_fills_the_block_and_is_as_long_as_its_edition_wants() {
        let key = Key::from_ascii("0123456789ABCDEF").unwrap();
        let mut pads = Pads::new([7; 16]);
        for (long, lengths) in [(false, 1..=16), (true, 16..=31)] {
            for text in 0..40 {
                let address = Address { account: Some("1234".to_owned()), ..Address::default() };
                let head = Head { enciphered: false, token: "ADM-CID".to_owned(), sequence: 1, address };
                let content = format!("{}]", "x".repeat(text));
                let padding = Padding { bar: true, long };
                let bytes = encrypted(head, Check::Hex, content.as_bytes(), padding, &key, &mut pads).unwrap();
                let clear = key.decrypt(&read(&bytes, Mode::Tolerant).unwrap().frame.content).unwrap();
                let pad = clear.iter().position(|byte| *byte == b'|').unwrap();
                assert!(lengths.contains(&pad), "{pad} characters before {text}");
                assert_eq!(&clear[pad + 1..], content.as_bytes());
            }
        }
    }
}
