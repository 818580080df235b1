//! Writing frames.

use super::{CR, Check, Frame, LF, crc};

/// The bytes of a frame, LF and CR included; CRC and length are computed.
pub fn encode(frame: &Frame) -> Vec<u8> {
    let mut body = frame.head.text().into_bytes();
    body.push(b'[');
    body.extend(&frame.content);
    frame_of(&body, frame.check)
}

/// Puts CRC, length, LF and CR around a text. A text longer than the field can say gets the largest length.
pub fn frame_of(body: &[u8], check: Check) -> Vec<u8> {
    let (crc, length) = (crc(body), u16::try_from(body.len()).unwrap_or(u16::MAX));
    let mut bytes = vec![LF];
    match check {
        Check::Hex => bytes.extend(format!("{crc:04X}").into_bytes()),
        Check::Raw => bytes.extend(crc.to_be_bytes()),
    }
    bytes.extend(format!("{length:04X}").into_bytes());
    bytes.extend(body);
    bytes.push(CR);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Mode;
    use crate::sia_frame::{Address, Content, Head, read};

    fn address() -> impl Strategy<Value = Address> {
        let hex = || proptest::option::of("[0-9A-F]{1,6}");
        let account = || proptest::option::of("[0-9A-F]{1,16}");
        let bare = ("[0-9]{2}", "[0-9]{2}", account()).prop_map(|(r, l, account)| Address {
            receiver: Some(r),
            line: Some(l),
            account,
            bare: true,
        });
        let lettered = (hex(), proptest::option::of("[0-9A-F]{0,6}"), account())
            .prop_map(|(receiver, line, account)| Address { receiver, line, account, bare: false });
        prop_oneof![bare, lettered]
    }

    proptest! {
        #[test]
        fn any_frame_comes_back(token in "[A-Z0-9-]{1,8}", enciphered in any::<bool>(), sequence in 0u16..=9999,
                                address in address(), data in "[^\\[\\]\r\n]{0,40}", raw in any::<bool>()) {
            let content = Content { data: data.into_bytes(), ..Content::default() }.bytes();
            let check = if raw { Check::Raw } else { Check::Hex };
            let frame = Frame { check, head: Head { enciphered, token, sequence, address }, content };
            prop_assert_eq!(read(&encode(&frame), Mode::Tolerant).unwrap().frame, frame);
        }

        #[test]
        fn a_changed_bit_is_seen(sequence in 0u16..=9999, data in "[A-Z0-9|#/]{0,40}", bit in 0usize..400) {
            let head = Head { enciphered: false, token: "SIA-DCS".into(), sequence, address: Address::default() };
            let content = Content { data: data.into_bytes(), ..Content::default() }.bytes();
            let mut bytes = encode(&Frame { check: Check::Hex, head, content });
            prop_assume!(bit / 8 < bytes.len() - 2);
            bytes[1 + bit / 8] ^= 1 << (bit % 8);
            prop_assume!(!bytes[1..9].iter().any(u8::is_ascii_lowercase));
            prop_assert!(read(&bytes, Mode::Tolerant).is_err());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes, Mode::Tolerant);
        }
    }
}
