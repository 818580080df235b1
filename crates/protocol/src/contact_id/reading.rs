//! What a run of digits in a call is. Contact ID and the fast format share a handshake: only the digits tell.
//!
//! The rule, in this order (ours; lengths and types are the documents'):
//! 1. A message whose type, length and check digit are right is that message.
//! 2. Otherwise what fits a format without a checksum is taken after two equal copies: Super Fast, Express without its
//!    check digit, a group of the fast format.
//! 3. Two of those fit the same digits only at 15, an account ending in 56: on a line for the fast format that is a group,
//!    else Super Fast. Such a message, and any group with a six-digit account that ends in a type, is warned about as
//!    `AmbiguousFormat`: it could be a longer message that lost the same digit twice.

use super::message::{Decoded, has_known_type};
use super::{FrameError, Message, Settings, report};
use crate::fast_format::{self, Group};
use crate::{Codes, Report};

/// A run of digits that reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    what: What,
    is_verified: bool,
    warnings: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Message(Message),
    Group(Group),
}

/// Reads the letters of a run by what the settings take.
pub fn read(letters: &[u8], settings: &Settings) -> Result<Reading, FrameError> {
    let group = fast_format_group(letters, settings);
    match (Message::decode(letters, settings.accepts_key_d), group) {
        (Ok(decoded), Some(Ok(group))) if !decoded.is_verified => {
            let reading = if settings.prefers_fast_format { Reading::of_group(group) } else { Reading::of(decoded) };
            Ok(reading.ambiguous())
        }
        (Ok(decoded), _) => Ok(Reading::of(decoded)),
        (Err(_), Some(Ok(group))) => {
            let is_ambiguous = group.account.len() == 6 && has_known_type(letters);
            let reading = Reading::of_group(group);
            Ok(if is_ambiguous { reading.ambiguous() } else { reading })
        }
        (Err(FrameError::UnknownType { .. }), Some(Err(error @ FrameError::IllegalValue { .. }))) => Err(error),
        (Err(error), _) => Err(error),
    }
}

/// None where the fast format is not taken, or not with an account of this width.
fn fast_format_group(letters: &[u8], settings: &Settings) -> Option<Result<Group, FrameError>> {
    let group = settings.takes_fast_format.then(|| Group::decode(letters))?;
    match &group {
        Ok(taken) if !settings.fast_accounts.contains(&taken.account.len()) => None,
        Ok(_) | Err(_) => Some(group),
    }
}

impl Reading {
    /// The same thing said, whatever its check digit and its warnings.
    pub fn says_the_same(&self, other: &Reading) -> bool {
        self.what == other.what
    }

    /// Whether a check digit says that it came as it was sent; else it takes two equal copies.
    pub fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// Whether it is in the fast format.
    pub fn is_fast_format(&self) -> bool {
        matches!(self.what, What::Group(_))
    }

    /// The account.
    pub fn account(&self) -> &str {
        match &self.what {
            What::Message(message) => message.account(),
            What::Group(group) => &group.account,
        }
    }

    /// Its report.
    pub fn report(&self, codes: &Codes) -> Report {
        match &self.what {
            What::Message(message) => report(message, &self.warnings, codes),
            What::Group(group) => fast_format::report(group, &self.warnings, codes),
        }
    }

    fn of(decoded: Decoded) -> Reading {
        let Decoded { message, is_verified, warnings } = decoded;
        Reading { what: What::Message(message), is_verified, warnings }
    }

    fn of_group(group: Group) -> Reading {
        Reading { what: What::Group(group), is_verified: false, warnings: Vec::new() }
    }

    fn ambiguous(mut self) -> Reading {
        self.warnings.push("AmbiguousFormat");
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(letters: &str, settings: &Settings) -> String {
        match read(letters.as_bytes(), settings) {
            Ok(reading) => {
                let format = if reading.is_fast_format() { "fast" } else { "message" };
                let verified = if reading.is_verified() { "verified" } else { "unverified" };
                format!("{format} {} {verified} {}", reading.account(), reading.warnings.join(" "))
                    .trim_end()
                    .to_owned()
            }
            Err(error) => error.name().to_owned(),
        }
    }

    #[test]
    fn digits_tell_the_format() {
        let both = Settings::default();
        let alone = Settings { takes_fast_format: false, ..Settings::default() };
        let narrow = Settings { fast_accounts: 4..=4, ..Settings::default() };
        for (letters, by_both, by_alone, by_narrow) in [
            ("1234181131010158", "message 1234 verified", "message 1234 verified", "message 1234 verified"),
            ("1234515555517", "fast 1234 unverified", "UnknownType", "fast 1234 unverified"),
            ("1234555555557", "fast 1234 unverified", "TooShort", "fast 1234 unverified"),
            ("12345515555517", "fast 12345 unverified", "TooShort", "TooShort"),
            ("123451515555517", "fast 123451 unverified", "UnknownType", "UnknownType"),
            // 15 digits: Super Fast of 1234, or the fast format of 123456.
            (
                "123456155555557",
                "message 1234 unverified AmbiguousFormat",
                "message 1234 unverified",
                "message 1234 unverified",
            ),
            ("123456155555550", "message 1234 unverified", "message 1234 unverified", "message 1234 unverified"),
            // A High Speed message that lost its check digit looks like a group of 123455.
            ("123455155555557", "fast 123455 unverified AmbiguousFormat", "TooShort", "TooShort"),
            ("123418113101015", "TooShort", "TooShort", "TooShort"),
            ("123455155555557C", "message 1234 verified", "message 1234 verified", "message 1234 verified"),
            (
                "1234173",
                "message 1234 unverified MissingChecksum",
                "message 1234 unverified MissingChecksum",
                "message 1234 unverified MissingChecksum",
            ),
            ("1234997555557", "IllegalValue", "UnknownType", "IllegalValue"),
        ] {
            assert_eq!(said(letters, &both), by_both, "{letters}");
            assert_eq!(said(letters, &alone), by_alone, "{letters}, without the fast format");
            assert_eq!(said(letters, &narrow), by_narrow, "{letters}, four-digit accounts");
        }
    }

    #[test]
    fn a_line_for_the_fast_format_prefers_it() {
        assert_eq!(said("123456155555557", &Settings::fast_format()), "fast 123456 unverified AmbiguousFormat");
        assert_eq!(said("1234181131010158", &Settings::fast_format()), "message 1234 verified");
    }

    proptest! {
        /// No length has both a check digit and a group: a verified reading is never in doubt.
        #[test]
        fn a_group_is_never_a_verified_message(digits in "[0-9B-F]{7,31}") {
            if let Ok(reading) = read(digits.as_bytes(), &Settings::default()) {
                prop_assert!(!reading.is_verified() || Group::decode(digits.as_bytes()).is_err());
            }
        }

        #[test]
        fn every_group_reads_as_somebodys(digits in "[0-9B-F]{4,6}([1-6]{8}|[1-6]{16}|[1-6]{24})[7-9]") {
            let reading = read(digits.as_bytes(), &Settings::default());
            prop_assert!(reading.is_ok_and(|reading| digits.starts_with(reading.account())));
        }
    }
}
