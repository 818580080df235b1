//! The data of a frame by its token: SIA text, Contact ID, supervision, or one of the others, which stay as sent.

use super::TokenName;
use crate::contact_id::Qualifier;
use crate::sia::{self, Block};

/// What the data of a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// NULL: its sender is there, whatever stands in the data.
    Alive,
    /// SIA-DCS: blocks of DC-03 text, one or more.
    Sia(Vec<Block>),
    /// ADM-CID.
    ContactId {
        /// New, restored, still there.
        qualifier: Qualifier,
        /// Three digits.
        code: String,
        /// Two.
        group: String,
        /// Three.
        zone: String,
    },
}

/// Data with the account that stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The account inside the data, which some senders leave out and some have otherwise than in the header.
    pub account: Option<String>,
    /// What is said.
    pub said: Said,
    /// Whether part of it was no text of the grammar.
    pub unread_part: bool,
}

/// Why the data of a frame says nothing that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataError {
    /// A token no document lists.
    UnknownToken,
    /// A token whose layout is not known.
    UnknownLayout,
    /// Nothing between the brackets.
    NoContent,
    /// Not of the token's layout.
    BadContent,
}

impl DataError {
    /// The name used in reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            DataError::UnknownToken => "UnknownToken",
            DataError::UnknownLayout => "UnknownLayout",
            DataError::NoContent => "NoContent",
            DataError::BadContent => "BadContent",
        }
    }
}

impl Data {
    /// Reads the data of a token.
    pub fn read(token: TokenName<'_>, text: &str) -> Result<Data, DataError> {
        let (account, rest) = account(text);
        let data = |said| Data { account, said, unread_part: false };
        match token {
            TokenName::Null => Ok(data(Said::Alive)),
            TokenName::SiaDcs | TokenName::AdmCid if rest.trim().is_empty() => Err(DataError::NoContent),
            TokenName::SiaDcs => {
                let (blocks, unread_part) = blocks(rest);
                let speaks = !blocks.is_empty();
                speaks.then(|| Data { unread_part, ..data(Said::Sia(blocks)) }).ok_or(DataError::BadContent)
            }
            TokenName::AdmCid => contact_id(rest).map(data).ok_or(DataError::BadContent),
            TokenName::Listed(_) => Err(DataError::UnknownLayout),
            TokenName::Reply | TokenName::Unlisted(_) => Err(DataError::UnknownToken),
        }
    }
}

/// The account before the bar, and what stands behind.
fn account(text: &str) -> (Option<String>, &str) {
    match text.split_once('|') {
        Some(("", rest)) => (None, rest),
        Some((account, rest)) => match account.strip_prefix('#') {
            Some(account) => (Some(account.to_owned()), rest),
            None => (None, text),
        },
        None => match text.strip_prefix('#') {
            Some(account) => (Some(account.to_owned()), ""),
            None => (None, text),
        },
    }
}

/// The blocks that can be read, and whether there are others. An alarm is worth more than what cannot be read
/// behind it.
fn blocks(text: &str) -> (Vec<Block>, bool) {
    let parts = text.split('|').filter(|part| !part.trim().is_empty());
    let read: Vec<Option<Block>> = parts.map(sia::parse).collect();
    let unread = read.iter().any(Option::is_none);
    (read.into_iter().flatten().collect(), unread)
}

/// `QXYZ GG CCC`.
fn contact_id(text: &str) -> Option<Said> {
    let mut parts = text.split_whitespace();
    let (Some(event), Some(group), Some(zone), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let qualifier = event.chars().next().and_then(Qualifier::from_char)?;
    let code = event.get(1..)?;
    let fits = |text: &str, width| text.len() == width && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let fits = fits(code, 3) && fits(group, 2) && fits(zone, 3);
    let owned = |text: &str| text.to_ascii_uppercase();
    fits.then(|| Said::ContactId { qualifier, code: owned(code), group: owned(group), zone: owned(zone) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_may_be_missing_or_another() {
        let read = |text| Data::read(TokenName::SiaDcs, text).map(|data| data.account);
        let some = |account: &str| Ok(Some(account.to_owned()));
        assert_eq!(read("#1234|Nri1/QA001"), some("1234"));
        assert_eq!(read("#006969|Nri1/QA001"), some("006969"));
        assert_eq!(read("|Nri1/CL501"), Ok(None));
        assert_eq!(read("Nri1/CL501"), Ok(None));
        assert_eq!(read("Nri1/CL501|Atest"), Ok(None));
        assert_eq!(read("#1234"), Err(DataError::NoContent));
        assert_eq!(read("#1234|"), Err(DataError::NoContent));
        assert_eq!(read("#1234|nonsense"), Err(DataError::BadContent));
    }

    #[test]
    fn a_block_that_cannot_be_read_does_not_hide_one_that_can() {
        let data = Data::read(TokenName::SiaDcs, "#1234|Nri1/QA001|zzz").unwrap();
        assert!(data.unread_part && matches!(data.said, Said::Sia(blocks) if blocks.len() == 1));
        let data = Data::read(TokenName::SiaDcs, "#1234|NRR|Atest").unwrap();
        assert!(!data.unread_part && matches!(data.said, Said::Sia(blocks) if blocks.len() == 2));
    }

    #[test]
    fn contact_id_has_one_layout() {
        let read = |text: &str| Data::read(TokenName::AdmCid, &format!("#4321|{text}"));
        let Ok(Data { said: Said::ContactId { qualifier, code, group, zone }, .. }) = read("1101 00 001") else {
            panic!()
        };
        assert_eq!((qualifier, &*code, &*group, &*zone), (Qualifier::New, "101", "00", "001"));
        for wrong in ["2101 00 001", "110100001", "1101 00", "1101 00 001 1", "1101 0 0001", "\u{fc}101 00 001", ""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
