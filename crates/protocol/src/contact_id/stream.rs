//! Cutting a string of digits into messages, which stand between white space.

use super::{FrameError, Message, letters};
use crate::decode::Mode;

/// One message and what it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The digits as they came.
    pub raw: Vec<u8>,
    /// The message, or why there is none.
    pub message: Result<Message, FrameError>,
    /// `MissingChecksum`: deviations tolerated, in strict mode errors.
    pub warnings: Vec<&'static str>,
}

/// Reads every message; at least one result, also for no digits at all (vector C24).
///
/// They may be written in letters, as documents do, or in keys, as lines hear them. What has a `*` or a `#` is keys;
/// anything else is letters if that reads, else keys.
pub fn decode_all(digits: &[u8], mode: Mode) -> Vec<Read> {
    let messages = digits.split(u8::is_ascii_whitespace).filter(|message| !message.is_empty());
    let mut reads: Vec<Read> = messages.map(|message| read(message, mode)).collect();
    if reads.is_empty() {
        reads.push(read(&[], mode));
    }
    reads
}

fn read(digits: &[u8], mode: Mode) -> Read {
    let is_keys = digits.iter().any(|digit| matches!(digit, b'*' | b'#'));
    let as_keys = || Message::decode(&letters(digits), false);
    let decoded = match Message::decode(digits, false) {
        _ if is_keys => as_keys(),
        Err(error) => as_keys().or(Err(error)),
        decoded => decoded,
    };
    let (message, warnings) = match decoded {
        Ok(decoded) if mode == Mode::Strict && !decoded.warnings.is_empty() => {
            (Err(FrameError::TooShort { got: digits.len() }), Vec::new())
        }
        Ok(decoded) => (Ok(decoded.message), decoded.warnings),
        Err(error) => (Err(error), Vec::new()),
    };
    Read { raw: digits.to_vec(), message, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_keys_of_one_message_read_the_same() {
        let one = |digits: &[u8]| decode_all(digits, Mode::Tolerant).remove(0).message;
        assert_eq!(one(b"9*0C18160200000#"), one(b"9B0F18160200000C"));
        assert_eq!(one(b"123418340103005C"), one(b"123418340103005F"), "no * or #, and letters do not add up");
        assert!(one(b"9*0C18160200000#").is_ok());
    }

    #[test]
    fn strict_mode_wants_the_check_digit() {
        assert_eq!(decode_all(b"1234173", Mode::Tolerant).remove(0).warnings, ["MissingChecksum"]);
        assert_eq!(decode_all(b"1234173", Mode::Strict).remove(0).message, Err(FrameError::TooShort { got: 7 }));
        assert_eq!(decode_all(b"12341739 123427353\n", Mode::Strict).len(), 2);
        assert_eq!(decode_all(b" ", Mode::Tolerant).remove(0).message, Err(FrameError::TooShort { got: 0 }));
    }
}
