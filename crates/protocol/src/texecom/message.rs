//! A message as a value: reading and writing one, and where it ends.

use super::{CR_LF, MESSAGE_BYTES_MAX, MessageError};
use crate::contact_id;
use crate::dc03::{self, Block, Kind};

/// Bytes of a poll: POLL, account, `#`, flags, three zeros, CR LF.
const POLL_BYTES: usize = 15;
/// Bytes of a Contact ID message: `2`, digits, CR LF.
const CONTACT_ID_BYTES: usize = 19;
/// Digits of an account.
const ACCOUNT_DIGITS: usize = 4;

/// One message of a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// `POLL`: the panel is there.
    Poll {
        /// 4 digits.
        account: String,
        /// What is wrong with it, bit by bit.
        flags: u8,
    },
    /// `2`: Contact ID.
    ContactId(contact_id::Message),
    /// `3`: DC-03 blocks, the end block among them.
    Sia(Vec<Block>),
    /// `+++`: the panel is done.
    Close,
}

/// A message that could be read, with the names of what deviates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What it is.
    pub message: Message,
    /// `ChecksumKeyD`, `MissingEnd`.
    pub warnings: Vec<&'static str>,
}

/// How far bytes are a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// So far they are; more must come.
    Open,
    /// So many of them are one.
    Whole(usize),
    /// They are none.
    Broken(MessageError),
}

/// Where the message ends that these bytes begin with.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    match bytes.first() {
        None => Cut::Open,
        Some(b'P') => fixed(bytes, b"POLL", POLL_BYTES),
        Some(b'2') => fixed(bytes, b"2", CONTACT_ID_BYTES),
        Some(b'+') => fixed(bytes, b"+++", 3),
        Some(b'3') => blocks(bytes),
        Some(_) => Cut::Broken(MessageError::UnknownMessage),
    }
}

fn fixed(bytes: &[u8], begin: &[u8], whole: usize) -> Cut {
    let differs = bytes.iter().zip(begin).any(|(byte, expected)| byte != expected);
    if differs {
        return Cut::Broken(MessageError::UnknownMessage);
    }
    let Some(message) = bytes.get(..whole) else { return Cut::Open };
    let ends = whole == begin.len() || message.ends_with(&CR_LF);
    if ends { Cut::Whole(whole) } else { Cut::Broken(MessageError::BadLayout) }
}

fn blocks(bytes: &[u8]) -> Cut {
    let (mut at, mut rest) = (1usize, bytes.get(1..).unwrap_or_default());
    loop {
        if at > MESSAGE_BYTES_MAX {
            return Cut::Broken(MessageError::TooLong);
        }
        let Some((block, tail)) = dc03::split(rest) else { return Cut::Open };
        at = at.saturating_add(block.len());
        rest = tail;
        match dc03::read(block) {
            Err(error) => return Cut::Broken(MessageError::Block(error)),
            Ok(block) if block.kind() == Kind::End => break,
            Ok(_) => {}
        }
    }
    let end = at.saturating_add(CR_LF.len());
    match rest.get(..CR_LF.len()) {
        None => Cut::Open,
        Some(end_bytes) if end_bytes == CR_LF => Cut::Whole(end),
        Some(_) => Cut::Broken(MessageError::BadLayout),
    }
}

/// Reads one whole message, its CR LF included.
pub fn read(bytes: &[u8]) -> Result<Read, MessageError> {
    match cut(bytes) {
        Cut::Open => return Err(MessageError::NoEnd),
        Cut::Broken(error) => return Err(error),
        Cut::Whole(whole) if whole < bytes.len() => return Err(MessageError::BadLayout),
        Cut::Whole(_) => {}
    }
    let plain = |message| Ok(Read { message, warnings: Vec::new() });
    match bytes.first() {
        Some(b'P') => plain(poll(bytes).ok_or(MessageError::BadLayout)?),
        Some(b'2') => {
            let digits = bytes.get(1..CONTACT_ID_BYTES.saturating_sub(CR_LF.len())).unwrap_or_default();
            let decoded = contact_id::Message::decode(&zeros(digits), true).map_err(MessageError::ContactId)?;
            Ok(Read { message: Message::ContactId(decoded.message), warnings: decoded.warnings })
        }
        Some(b'3') => {
            let (mut blocks, mut rest) = (Vec::new(), bytes.get(1..).unwrap_or_default());
            while let Some((block, tail)) = dc03::split(rest) {
                let block = dc03::read(block).map_err(MessageError::Block)?;
                let is_end = block.kind() == Kind::End;
                blocks.push(block);
                rest = tail;
                if is_end {
                    break;
                }
            }
            let accounts = blocks.iter().filter(|block| block.kind() == Kind::Account).count();
            if accounts > super::ACCOUNTS_MAX.saturating_sub(1) {
                return Err(MessageError::TooManyAccounts);
            }
            plain(Message::Sia(blocks))
        }
        _ => plain(Message::Close),
    }
}

fn poll(bytes: &[u8]) -> Option<Message> {
    let account = bytes.get(4..8)?;
    let is_account = account.iter().all(u8::is_ascii_hexdigit) && bytes.get(8) == Some(&b'#');
    let account = account.iter().map(|digit| char::from(*digit)).collect();
    is_account.then_some(Message::Poll { account, flags: *bytes.get(9)? })
}

/// The zeros of the account are written as the letter A (B).
fn zeros(digits: &[u8]) -> Vec<u8> {
    let zero = |(at, digit): (usize, &u8)| if at < ACCOUNT_DIGITS && *digit == b'A' { b'0' } else { *digit };
    digits.iter().enumerate().map(zero).collect()
}

/// The bytes of a message, as a panel sends them; none where Contact ID has a field that cannot be sent.
pub fn encode(message: &Message) -> Option<Vec<u8>> {
    let body = match message {
        Message::Poll { account, flags } => [b"POLL", account.as_bytes(), b"#", &[*flags, 0, 0, 0]].concat(),
        Message::ContactId(message) => {
            let mut digits = message.encode().ok()?.into_bytes();
            let account = digits.iter_mut().take(ACCOUNT_DIGITS).filter(|digit| **digit == b'0');
            account.for_each(|digit| *digit = b'A');
            [b"2", &digits[..]].concat()
        }
        Message::Sia(blocks) => {
            let blocks = blocks.iter().flat_map(dc03::encode);
            std::iter::once(b'3').chain(blocks).collect()
        }
        Message::Close => return Some(b"+++".to_vec()),
    };
    Some([&body[..], &CR_LF].concat())
}

/// Every message in the bytes; a rest that is none is an error. CR LF at the very end may be left out. At least one
/// result.
pub fn decode_all(bytes: &[u8]) -> Vec<(Vec<u8>, Result<Read, MessageError>)> {
    let (mut all, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let Cut::Whole(whole) = cut(rest) else { break };
        let (message, tail) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
        all.push((message.to_vec(), read(message)));
        rest = tail;
    }
    if all.is_empty() || !rest.is_empty() {
        let ended = [rest, &CR_LF].concat();
        let whole = cut(&ended) == Cut::Whole(ended.len());
        all.push((rest.to_vec(), if whole { read(&ended) } else { read(rest) }));
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_end_where_their_kind_does_whatever_a_parity_byte_is() {
        // A text whose parity is CR: the message does not end there.
        let texts = (b' '..=b'~').map(|last| format!("HALL {}", char::from(last)));
        let mut blocks = texts.map(|text| Block { reverse_channel: true, ..Block::new('A', &text) });
        let parity = blocks.find(|block| dc03::encode(block).ends_with(b"\r")).expect("one of them ends so");
        let message = Message::Sia(vec![parity, Block::new('N', "MA003"), Block::new('0', "")]);
        let bytes = encode(&message).unwrap();
        assert_eq!(read(&bytes).map(|read| read.message), Ok(message));
        for length in 0..bytes.len() {
            assert_eq!(cut(&bytes[..length]), Cut::Open);
        }
        assert_eq!(cut(b"POLX"), Cut::Broken(MessageError::UnknownMessage));
        assert_eq!(cut(b"GET / HTTP/1.1"), Cut::Broken(MessageError::UnknownMessage));
        assert_eq!(read(b"21AAA1811000100391\r").map_err(|error| error.name()), Err("BadLayout"));
        let long = [b"3".to_vec(), dc03::encode(&Block::new('A', &"x".repeat(63))).repeat(9)].concat();
        assert_eq!(cut(&long), Cut::Broken(MessageError::TooLong));
    }

    proptest! {
        #[test]
        fn a_poll_comes_back(account in "[0-9A-F]{4}", flags: u8) {
            let message = Message::Poll { account, flags };
            prop_assert_eq!(read(&encode(&message).unwrap()).map(|read| read.message), Ok(message));
        }

        #[test]
        fn contact_id_comes_back(account in "[0-9B-F]{4}", code in "[0-9]{3}", zone in "[0-9]{3}") {
            let (message_type, qualifier, group) = ("18".to_owned(), '1', "01".to_owned());
            let message = contact_id::Message::ContactId { account, message_type, qualifier, code, group, zone };
            let message = Message::ContactId(message);
            prop_assert_eq!(read(&encode(&message).unwrap()).map(|read| read.message), Ok(message));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(!decode_all(&bytes).is_empty());
            prop_assert!(!decode_all(&[b"3", &bytes[..]].concat()).is_empty());
        }
    }
}
