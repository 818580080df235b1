//! One message in one of the formats, and its digits both ways.

use super::FrameError;
use super::checksum::{check_digit, computed, value};
use super::keys::is_letter;

/// Digits of the account and of the message type, with which every format begins.
const ACCOUNT_DIGITS: usize = 4;
const HEAD_DIGITS: usize = 6;
/// Digits of the shortest message: Express 4+1 without its check digit.
pub(super) const SHORTEST_DIGITS: usize = 7;

/// A message. Every field is letters `0-9 B-F` as sent, its zeros kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Types 18 and 98.
    ContactId {
        /// 4 digits.
        account: String,
        /// `18`, or its alias `98`.
        message_type: String,
        /// Q: 1, 3 or 6; others are kept as sent.
        qualifier: char,
        /// XYZ, 3 digits.
        code: String,
        /// GG, 2 digits; 00 none.
        group: String,
        /// CCC, 3 digits: zone or user; 000 none.
        zone: String,
    },
    /// Types 17 (4+1) and 27 (4+2, with a zone).
    Express {
        /// 4 digits.
        account: String,
        /// C.
        event: char,
        /// Z, in 4+2.
        zone: Option<char>,
    },
    /// Type 55.
    HighSpeed {
        /// 4 digits.
        account: String,
        /// P1 to P8.
        channels: String,
        /// X.
        auxiliary: char,
    },
    /// Type 56, without a checksum.
    SuperFast {
        /// 4 digits.
        account: String,
        /// P1 to P8.
        channels: String,
        /// X.
        auxiliary: char,
    },
}

/// A field of a message to be sent that has the wrong width or a character that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not of the digits such a message has there")]
pub struct InvalidField(pub &'static str);

/// A message as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What it says.
    pub message: Message,
    /// Whether a check digit says that it came as it was sent.
    pub is_verified: bool,
    /// `MissingChecksum`, `ChecksumKeyD`.
    pub warnings: Vec<&'static str>,
}

/// A format that a message type names.
#[derive(Clone, Copy)]
struct Format {
    message_type: &'static str,
    digits: usize,
    has_checksum: bool,
    /// Whether some send it without its check digit (B).
    may_lack_checksum: bool,
}

const fn format(message_type: &'static str, digits: usize, has_checksum: bool, may_lack_checksum: bool) -> Format {
    Format { message_type, digits, has_checksum, may_lack_checksum }
}

/// Confidence A; that Express may come without its check digit: B.
const FORMATS: [Format; 6] = [
    format("18", 16, true, false),
    format("98", 16, true, false),
    format("17", 8, true, true),
    format("27", 9, true, true),
    format("55", 16, true, false),
    format("56", 15, false, false),
];

/// Whether digits 5 and 6 name a format of this protocol.
pub(super) fn has_known_type(letters: &[u8]) -> bool {
    format_of(letters).is_some()
}

impl Message {
    /// Reads letters. Checks in the order illegal digit, length, type, check digit. Key D as the check digit of a
    /// message that needs one worth ten is an error of its own, or a warning where `takes_key_d`.
    pub fn decode(letters: &[u8], takes_key_d: bool) -> Result<Decoded, FrameError> {
        let got = letters.len();
        let last = got.saturating_sub(1);
        let illegal = letters.iter().position(|letter| !is_letter(*letter));
        let has_key_d = illegal == Some(last) && letters.last() == Some(&b'A');
        if let Some(index) = illegal.filter(|_| !has_key_d) {
            return Err(FrameError::IllegalDigit { index });
        }
        if got < SHORTEST_DIGITS {
            return Err(FrameError::TooShort { got });
        }
        let format = format_of(letters).ok_or_else(|| FrameError::UnknownType { message_type: type_of(letters) })?;
        if has_key_d && !(format.has_checksum && got == format.digits) {
            return Err(FrameError::IllegalDigit { index: last });
        }
        if format.may_lack_checksum && got.checked_add(1) == Some(format.digits) {
            let message = fields(format, letters).ok_or(FrameError::TooShort { got })?;
            return Ok(Decoded { message, is_verified: false, warnings: vec!["MissingChecksum"] });
        }
        if got < format.digits {
            return Err(FrameError::TooShort { got });
        }
        if got > format.digits {
            return Err(FrameError::TooLong { got });
        }
        if !format.has_checksum {
            check_values(letters)?;
            let message = fields(format, letters).ok_or(FrameError::TooShort { got })?;
            return Ok(Decoded { message, is_verified: false, warnings: Vec::new() });
        }
        let (body, check) = letters.split_at_checked(last).unwrap_or((letters, &[]));
        let check = check.first().copied().unwrap_or_default();
        let wanted = computed(body).ok_or(FrameError::IllegalDigit { index: last })?;
        if has_key_d && wanted == TEN && !takes_key_d {
            return Err(FrameError::ChecksumKeyD);
        }
        if has_key_d && wanted != TEN {
            return Err(FrameError::IllegalDigit { index: last });
        }
        let received = value(check).unwrap_or(TEN);
        if received != wanted {
            return Err(FrameError::BadChecksum { computed: wanted, received });
        }
        let message = fields(format, body).ok_or(FrameError::TooShort { got })?;
        let warnings = if has_key_d { vec!["ChecksumKeyD"] } else { Vec::new() };
        Ok(Decoded { message, is_verified: true, warnings })
    }

    /// The letters as they are sent, check digit included.
    pub fn encode(&self) -> Result<String, InvalidField> {
        let body = match self {
            Message::ContactId { account, message_type, qualifier, code, group, zone } => {
                if !matches!(message_type.as_str(), "18" | "98") {
                    return Err(InvalidField("message type"));
                }
                let (qualifier, code) = (one("qualifier", *qualifier)?, all("code", code, 3)?);
                let (group, zone) = (all("group", group, 2)?, all("zone", zone, 3)?);
                format!("{}{message_type}{qualifier}{code}{group}{zone}", all("account", account, ACCOUNT_DIGITS)?)
            }
            Message::Express { account, event, zone: None } => {
                format!("{}17{}", all("account", account, ACCOUNT_DIGITS)?, one("event", *event)?)
            }
            Message::Express { account, event, zone: Some(zone) } => {
                let (event, zone) = (one("event", *event)?, one("zone", *zone)?);
                format!("{}27{event}{zone}", all("account", account, ACCOUNT_DIGITS)?)
            }
            Message::HighSpeed { account, channels, auxiliary } => {
                let channels = all("channels", channels, 8)?;
                let account = all("account", account, ACCOUNT_DIGITS)?;
                format!("{account}55{channels}{}", one("auxiliary", *auxiliary)?)
            }
            Message::SuperFast { account, channels, auxiliary } => {
                let account = all("account", account, ACCOUNT_DIGITS)?;
                let digits = format!("{account}56{channels}{auxiliary}");
                let is_right = channels.len() == 8 && auxiliary.is_ascii() && check_values(digits.as_bytes()).is_ok();
                return if is_right { Ok(digits) } else { Err(InvalidField("channels")) };
            }
        };
        let check = check_digit(body.as_bytes()).ok_or(InvalidField("message"))?;
        Ok(format!("{body}{check}"))
    }

    /// The account.
    pub fn account(&self) -> &str {
        match self {
            Message::ContactId { account, .. }
            | Message::Express { account, .. }
            | Message::HighSpeed { account, .. }
            | Message::SuperFast { account, .. } => account,
        }
    }
}

const TEN: u32 = 10;

fn type_of(letters: &[u8]) -> String {
    String::from_utf8_lossy(letters.get(ACCOUNT_DIGITS..HEAD_DIGITS).unwrap_or_default()).into_owned()
}

fn format_of(letters: &[u8]) -> Option<Format> {
    let message_type = letters.get(ACCOUNT_DIGITS..HEAD_DIGITS)?;
    FORMATS.into_iter().find(|format| format.message_type.as_bytes() == message_type)
}

/// Without a checksum, what the values may be is the only check: P is 0 to 6, X a decimal digit.
fn check_values(letters: &[u8]) -> Result<(), FrameError> {
    let last = letters.len().saturating_sub(1);
    let is_right = |(index, letter): (usize, &u8)| match index {
        0..HEAD_DIGITS => true,
        _ if index == last => letter.is_ascii_digit(),
        _ => matches!(letter, b'0'..=b'6'),
    };
    match letters.iter().enumerate().position(|place| !is_right(place)) {
        Some(index) => Err(FrameError::IllegalValue { index }),
        None => Ok(()),
    }
}

/// The fields of a body, its check digit taken off.
fn fields(format: Format, body: &[u8]) -> Option<Message> {
    let body = std::str::from_utf8(body).ok()?;
    let (account, rest) = body.split_at_checked(ACCOUNT_DIGITS)?;
    let (message_type, rest) = rest.split_at_checked(2)?;
    let account = account.to_owned();
    let mut characters = rest.chars();
    Some(match format.message_type {
        "17" => Message::Express { account, event: characters.next()?, zone: None },
        "27" => Message::Express { account, event: characters.next()?, zone: Some(characters.next()?) },
        "55" | "56" => {
            let (channels, auxiliary) = rest.split_at_checked(8)?;
            let (channels, auxiliary) = (channels.to_owned(), auxiliary.chars().next()?);
            if format.has_checksum {
                Message::HighSpeed { account, channels, auxiliary }
            } else {
                Message::SuperFast { account, channels, auxiliary }
            }
        }
        _ => {
            let qualifier = characters.next()?;
            let (code, rest) = characters.as_str().split_at_checked(3)?;
            let (group, zone) = rest.split_at_checked(2)?;
            Message::ContactId {
                account,
                message_type: message_type.to_owned(),
                qualifier,
                code: code.to_owned(),
                group: group.to_owned(),
                zone: zone.to_owned(),
            }
        }
    })
}

fn all<'a>(name: &'static str, field: &'a str, width: usize) -> Result<&'a str, InvalidField> {
    let is_right = field.len() == width && field.bytes().all(is_letter);
    is_right.then_some(field).ok_or(InvalidField(name))
}

fn one(name: &'static str, field: char) -> Result<char, InvalidField> {
    let is_right = u8::try_from(field).is_ok_and(is_letter);
    is_right.then_some(field).ok_or(InvalidField(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> impl Strategy<Value = Message> {
        let letter = || prop::sample::select(b"0123456789BCDEF".map(char::from).to_vec());
        let account = || "[0-9B-F]{4}";
        prop_oneof![
            (account(), "18|98", letter(), "[0-9B-F]{3}", "[0-9B-F]{2}", "[0-9B-F]{3}").prop_map(
                |(account, message_type, qualifier, code, group, zone)| Message::ContactId {
                    account,
                    message_type,
                    qualifier,
                    code,
                    group,
                    zone,
                }
            ),
            (account(), letter(), prop::option::of(letter())).prop_map(|(account, event, zone)| Message::Express {
                account,
                event,
                zone,
            }),
            (account(), "[0-9B-F]{8}", letter()).prop_map(|(account, channels, auxiliary)| Message::HighSpeed {
                account,
                channels,
                auxiliary,
            }),
            (account(), "[0-6]{8}", "[0-9]").prop_map(|(account, channels, auxiliary)| Message::SuperFast {
                account,
                channels,
                auxiliary: auxiliary.chars().next().unwrap(),
            }),
        ]
    }

    #[test]
    fn encoder_refuses_what_would_not_fit() {
        let (account, code) = ("1234".to_owned(), "131".to_owned());
        let good = |group: &str, qualifier| Message::ContactId {
            account: account.clone(),
            message_type: "18".to_owned(),
            qualifier,
            code: code.clone(),
            group: group.to_owned(),
            zone: "015".to_owned(),
        };
        assert_eq!(good("01", '1').encode().unwrap(), "1234181131010158");
        assert_eq!(good("1", '1').encode(), Err(InvalidField("group")));
        assert_eq!(good("01", 'A').encode(), Err(InvalidField("qualifier")));
    }

    #[test]
    fn key_d_is_told_apart_from_other_illegal_digits() {
        let error = |letters: &str| Message::decode(letters.as_bytes(), false).unwrap_err();
        assert_eq!(error("500718110100001A"), FrameError::ChecksumKeyD);
        assert_eq!(error("123418113101015A"), FrameError::IllegalDigit { index: 15 }, "8 would be right");
        assert_eq!(error("12A4181131010158"), FrameError::IllegalDigit { index: 2 });
        let taken = Message::decode(b"500718110100001A", true).unwrap();
        assert_eq!((taken.is_verified, taken.warnings), (true, vec!["ChecksumKeyD"]));
    }

    proptest! {
        #[test]
        fn any_message_comes_back(message in message()) {
            let digits = message.encode().unwrap();
            let decoded = Message::decode(digits.as_bytes(), false).unwrap();
            prop_assert_eq!(decoded.is_verified, !matches!(message, Message::SuperFast { .. }));
            prop_assert_eq!(decoded.message, message);
        }

        #[test]
        fn a_single_wrong_digit_is_never_verified_as_the_same_format(message in message(), at in 0usize..16, by in 1usize..15) {
            let mut digits = message.encode().unwrap().into_bytes();
            // A wrong message type is another format, of another length.
            prop_assume!(at < digits.len() && !(4..6).contains(&at));
            let place = b"0123456789BCDEF".iter().position(|known| *known == digits[at]).unwrap();
            digits[at] = b"0123456789BCDEF"[(place + by) % 15];
            prop_assert!(!Message::decode(&digits, false).is_ok_and(|decoded| decoded.is_verified));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Message::decode(&bytes, true);
        }
    }
}
