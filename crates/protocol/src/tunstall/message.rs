//! The 8-digit messages of a grouped system. `D` stands for 0; the last digit says which it is. No checksum. B.
//!
//! ```text
//! C UUU B LL D   waiting alarm: call code, unit, battery (1 low), location
//! 8 XXXXXX   D   answer to a special function
//! S DDD UUU  A   selected: speech (1 both ways), unit
//! DDDDDDD    B   cleared
//! IIII XXX   C   identity, TTOLD only (C)
//! ```

use super::FrameError;
use super::checksum::ALPHABET;
use super::frame::InvalidField;

/// Digits of a message.
pub(super) const MESSAGE_DIGITS: usize = 8;

/// A message of 8 digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A dwelling calls.
    Waiting(Waiting),
    /// An answer to something this receiver never asks.
    Special(String),
    /// The path to this dwelling is open.
    Selected {
        /// 3 digits.
        unit: String,
        /// Whether both sides can speak at once.
        is_duplex: bool,
    },
    /// The speech with a dwelling was ended.
    Cleared,
    /// Who a TTOLD system is; only in its calls.
    Identity(String),
}

/// A dwelling's alarm. Digits as sent, but for `D`, which is written `0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Call code, 1 digit, never `8`.
    pub call: String,
    /// 3 digits.
    pub unit: String,
    /// The trigger's battery is low.
    pub is_battery_low: bool,
    /// 2 digits, `00` for none.
    pub location: String,
}

impl Message {
    /// Reads a message of a TT92 or TTNEW call. Every class of digit has to fit: nothing else protects it.
    pub fn decode(digits: &[u8]) -> Result<Message, FrameError> {
        match Message::decode_old(digits)? {
            Message::Identity(_) => Err(FrameError::UnknownTag { tag: 'C' }),
            message => Ok(message),
        }
    }

    /// Reads a message of a TTOLD call.
    pub fn decode_old(digits: &[u8]) -> Result<Message, FrameError> {
        if let Some(index) = digits.iter().position(|digit| !ALPHABET.contains(digit)) {
            return Err(FrameError::IllegalDigit { index });
        }
        let got = digits.len();
        let (body, tag) = match digits.split_last() {
            Some((tag, body)) if got == MESSAGE_DIGITS => (body, *tag),
            Some(_) | None => return Err(FrameError::BadLength { got }),
        };
        match tag {
            b'D' if body.first() == Some(&b'8') => Ok(Message::Special(text(body))),
            b'D' => waiting(body).map(Message::Waiting),
            b'A' => selected(body),
            b'B' => match body.iter().position(|digit| *digit != b'D') {
                None => Ok(Message::Cleared),
                Some(index) => Err(FrameError::IllegalDigit { index }),
            },
            b'C' => Ok(Message::Identity(text(body))),
            other => Err(FrameError::UnknownTag { tag: char::from(other) }),
        }
    }
}

impl Waiting {
    /// Its digits as a system sends them.
    pub fn encode(&self) -> Result<String, InvalidField> {
        let Waiting { call, unit, is_battery_low, location } = self;
        let is_call = call.len() == 1 && call != "8" && call.bytes().all(|digit| ALPHABET.contains(&digit));
        let of = |field: &str, width| field.len() == width && field.bytes().all(|digit| digit.is_ascii_digit());
        if !is_call {
            return Err(InvalidField("call"));
        }
        if !of(unit, 3) {
            return Err(InvalidField("unit"));
        }
        if !of(location, 2) {
            return Err(InvalidField("location"));
        }
        let battery = if *is_battery_low { '1' } else { 'D' };
        Ok(format!("{call}{}{battery}{}D", sent(unit), sent(location)))
    }
}

/// How a number is sent: its zeros as `D`.
pub(super) fn sent(number: &str) -> String {
    number.replace('0', "D")
}

/// The digits that open the path to a dwelling (vector V18); none if it is no number of one to three digits.
pub fn select(unit: &str) -> Option<String> {
    let is_unit = (1..=3).contains(&unit.len()) && unit.bytes().all(|digit| digit.is_ascii_digit());
    is_unit.then(|| format!("{}B", sent(&format!("{unit:0>3}"))))
}

/// What a system answers when the path to a dwelling is open.
pub(super) fn selected_digits(unit: &str, is_duplex: bool) -> String {
    format!("{}DDD{}A", if is_duplex { '1' } else { 'D' }, sent(unit))
}

fn waiting(body: &[u8]) -> Result<Waiting, FrameError> {
    let is_battery_low = body.get(4) == Some(&b'1');
    if !matches!(body.get(4), Some(b'D' | b'0' | b'1')) {
        return Err(FrameError::IllegalDigit { index: 4 });
    }
    let call = text(body.get(..1).unwrap_or_default());
    Ok(Waiting { call, unit: number(body, 1, 4)?, is_battery_low, location: number(body, 5, 7)? })
}

fn selected(body: &[u8]) -> Result<Message, FrameError> {
    let is_duplex = match body.first() {
        Some(b'1') => true,
        Some(b'D' | b'0') => false,
        Some(_) | None => return Err(FrameError::IllegalDigit { index: 0 }),
    };
    let unit = number(body, 4, 7)?;
    match number(body, 1, 4)?.as_str() {
        "000" => Ok(Message::Selected { unit, is_duplex }),
        _ => Err(FrameError::IllegalDigit { index: 1 }),
    }
}

/// Digits of a number, `D` as `0`.
fn number(body: &[u8], from: usize, to: usize) -> Result<String, FrameError> {
    let digits = body.get(from..to).unwrap_or_default();
    match digits.iter().position(|digit| !digit.is_ascii_digit() && *digit != b'D') {
        Some(place) => Err(FrameError::IllegalDigit { index: from.saturating_add(place) }),
        None => Ok(text(digits).replace('D', "0")),
    }
}

fn text(digits: &[u8]) -> String {
    String::from_utf8_lossy(digits).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_digit_out_of_its_class_is_no_message() {
        for (digits, index) in [("6D27*D7D", 4), ("6*27DD7D", 1), ("6D27DA7D", 5), ("2DDDD27A", 0), ("D1DDD27A", 1)] {
            assert_eq!(Message::decode(digits.as_bytes()), Err(FrameError::IllegalDigit { index }), "{digits}");
        }
        assert_eq!(Message::decode(b"DDDD1DDB"), Err(FrameError::IllegalDigit { index: 4 }));
        assert_eq!(Message::decode_old(b"1234DDDC"), Ok(Message::Identity("1234DDD".into())));
    }

    proptest! {
        #[test]
        fn a_waiting_alarm_comes_back(
            call in "[0-79A-D*#]", unit in "[0-9]{3}", is_battery_low: bool, location in "[0-9]{2}"
        ) {
            let waiting = Waiting { call, unit, is_battery_low, location };
            let digits = waiting.encode().unwrap();
            prop_assert_eq!(Message::decode(digits.as_bytes()), Ok(Message::Waiting(waiting)));
        }

        #[test]
        fn an_answer_to_select_comes_back(unit in "[0-9]{3}", is_duplex: bool) {
            let digits = selected_digits(&unit, is_duplex);
            prop_assert_eq!(Message::decode(digits.as_bytes()), Ok(Message::Selected { unit, is_duplex }));
        }
    }
}
