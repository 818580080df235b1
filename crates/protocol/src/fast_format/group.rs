//! One group of digits, both ways. Its length tells how wide the account is and how many channels there are.

use std::ops::RangeInclusive;

use super::{FrameError, InvalidField};
use crate::contact_id::is_letter;

/// How wide an account may be (B).
pub const ACCOUNT_DIGITS: RangeInclusive<usize> = 4..=6;

/// How many channels there may be (B).
const CHANNELS: [usize; 3] = [8, 16, 24];

/// Digits of the shortest group and of the longest.
const SHORTEST: usize = 13;
const LONGEST: usize = 31;

/// A group. Every field is digits as sent, the account's zeros kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// 4 to 6 digits.
    pub account: String,
    /// 8, 16 or 24 digits, each 1 to 6.
    pub channels: String,
    /// 7, 8 or 9.
    pub status: char,
}

impl Group {
    /// Reads letters (those of Contact ID, for accounts that are not decimal). Checks in the order illegal digit,
    /// length, values.
    pub fn decode(letters: &[u8]) -> Result<Group, FrameError> {
        let got = letters.len();
        if let Some(index) = letters.iter().position(|letter| !is_letter(*letter)) {
            return Err(FrameError::IllegalDigit { index });
        }
        let Some((account, channels)) = widths(got) else {
            return Err(if got >= LONGEST { FrameError::TooLong { got } } else { FrameError::TooShort { got } });
        };
        let is_right = |(index, letter): (usize, &u8)| match index {
            _ if index < account => true,
            _ if index < account.saturating_add(channels) => is_channel(*letter),
            _ => is_status(*letter),
        };
        if let Some(index) = letters.iter().enumerate().position(|place| !is_right(place)) {
            return Err(FrameError::IllegalValue { index });
        }
        let text = String::from_utf8_lossy(letters);
        let fields = text.split_at_checked(account).and_then(|(account, rest)| {
            let (channels, status) = rest.split_at_checked(channels)?;
            Some(Group { account: account.to_owned(), channels: channels.to_owned(), status: status.chars().next()? })
        });
        fields.ok_or(FrameError::TooShort { got })
    }

    /// The digits as they are sent.
    pub fn encode(&self) -> Result<String, InvalidField> {
        if !ACCOUNT_DIGITS.contains(&self.account.len()) || !self.account.bytes().all(is_letter) {
            return Err(InvalidField("account"));
        }
        if !CHANNELS.contains(&self.channels.len()) || !self.channels.bytes().all(is_channel) {
            return Err(InvalidField("channels"));
        }
        if !u8::try_from(self.status).is_ok_and(is_status) {
            return Err(InvalidField("status"));
        }
        Ok(format!("{}{}{}", self.account, self.channels, self.status))
    }
}

/// Digits of account and channels in a group of this length; each length has one answer.
fn widths(digits: usize) -> Option<(usize, usize)> {
    let body = digits.checked_sub(1).filter(|_| (SHORTEST..=LONGEST).contains(&digits))?;
    CHANNELS.into_iter().find_map(|channels| {
        let account = body.checked_sub(channels).filter(|account| ACCOUNT_DIGITS.contains(account))?;
        Some((account, channels))
    })
}

fn is_channel(letter: u8) -> bool {
    matches!(letter, b'1'..=b'6')
}

fn is_status(letter: u8) -> bool {
    matches!(letter, b'7'..=b'9')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_length_tells_the_widths() {
        let known: Vec<_> = (0..40).filter_map(|digits| widths(digits).map(|widths| (digits, widths))).collect();
        let expected = [(4, 8), (5, 8), (6, 8), (4, 16), (5, 16), (6, 16), (4, 24), (5, 24), (6, 24)];
        let lengths = [13, 14, 15, 21, 22, 23, 29, 30, 31];
        assert_eq!(known, lengths.into_iter().zip(expected).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn any_group_comes_back(account in "[0-9B-F]{4,6}", channels in "[1-6]{8}|[1-6]{16}|[1-6]{24}", status in "[7-9]") {
            let group = Group { account, channels, status: status.chars().next().unwrap() };
            prop_assert_eq!(Group::decode(group.encode().unwrap().as_bytes()), Ok(group));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Group::decode(&bytes);
        }
    }
}
