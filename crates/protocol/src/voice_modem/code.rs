//! The codes that a modem puts behind a DLE.

use crate::tones::{Digit, Tone};

/// Data link escape: the next byte is a code.
pub const DLE: u8 = 0x10;

/// What a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A DTMF tone begins; the digit follows.
    ToneBegan,
    /// It has ended.
    ToneEnded,
    /// A digit.
    Digit(Digit),
    /// The bell.
    Ring,
    /// Busy or congestion tone.
    Busy,
    /// Dial tone.
    DialTone,
    /// The exchange broke the loop current: the far end has hung up.
    LoopBreak,
    /// A single tone that modems know: of a calling fax, of a calling or answering modem.
    Tone(Tone),
    /// Anything else: silence, levels, an extension taken up. Nothing depends on it.
    Other(u8),
}

impl From<u8> for Code {
    fn from(code: u8) -> Code {
        match code {
            b'/' => Code::ToneBegan, // A
            // A: `~`; B: two makes of one maker end with `-` or DEL.
            b'~' | b'-' | 0x7f => Code::ToneEnded,
            b'R' => Code::Ring,             // A
            b'b' => Code::Busy,             // A
            b'd' => Code::DialTone,         // A
            b'l' => Code::LoopBreak,        // A
            b'c' => Code::Tone(Tone(1100)), // A
            b'e' => Code::Tone(Tone(1300)), // A
            b'a' => Code::Tone(Tone(2100)), // A
            b'f' => Code::Tone(Tone(2225)), // A
            _ => match Digit::from_char(char::from(code)) {
                Some(digit) => Code::Digit(digit), // A
                None => Code::Other(code),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_its_own_code_and_no_other() {
        for digit in Digit::all() {
            assert_eq!(Code::from(digit.as_byte()), Code::Digit(digit));
        }
        let digits = (0..=255).filter(|code| matches!(Code::from(*code), Code::Digit(_))).count();
        assert_eq!(digits, 16);
        for (code, said) in
            [(b'~', Code::ToneEnded), (b'-', Code::ToneEnded), (b'b', Code::Busy), (b's', Code::Other(b's'))]
        {
            assert_eq!(Code::from(code), said);
        }
    }
}
