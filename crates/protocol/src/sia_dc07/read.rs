//! Reading one frame: the frame, then its content.

use crate::Mode;
use crate::contact_id::Qualifier;
use crate::sia_dc09::{Data, Said, TokenName};
use crate::sia_frame::{self, Content, Frame, FrameError, TAB};

/// A frame and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The frame.
    pub frame: Frame,
    /// Its content; the whole of it as data where that has no layout.
    pub content: Content,
    /// What the data says; none where nobody knows its layout.
    pub data: Option<Data>,
    /// Names of deviations: those of [`sia_frame::Read`], but for the missing account, which stands in the data here.
    /// `UnknownToken`: the token is not listed, but its data is in a known layout. `UnknownLayout`: it is not.
    pub warnings: Vec<&'static str>,
}

impl Read {
    /// Whether it only says that the link is there: nothing in it.
    pub fn is_link_test(&self) -> bool {
        let bare = self.content.data.iter().all(u8::is_ascii_whitespace);
        bare || matches!(&self.data, Some(Data { said: Said::Alive, .. }))
    }
}

/// Reads one frame; LF and CR around it are taken off where they are. In strict mode every deviation is an error.
///
/// A frame whose check is right is what its receiver wrote: with data in no known layout it is kept, not refused.
pub fn read(frame: &[u8], mode: Mode) -> Result<Read, FrameError> {
    let sia_frame::Read { frame, mut warnings } = sia_frame::read(frame, mode)?;
    let token = TokenName::of(&frame.head.token);
    if token == TokenName::Reply {
        // Two hosts that answer each other's answers would never end.
        return Err(FrameError::BadField { field: "token" });
    }
    let content = match frame.clear(mode) {
        Ok((content, found)) if !frame.head.enciphered => {
            warnings.extend(found);
            content
        }
        Err(error) if mode == Mode::Strict => return Err(error),
        Ok(_) | Err(_) => {
            warnings.push("UnknownLayout");
            let content = Content { data: frame.content.clone(), ..Content::default() };
            return Ok(Read { frame, content, data: None, warnings });
        }
    };
    let text = latin(&content.data);
    let listed = matches!(token, TokenName::SiaDcs | TokenName::AdmCid | TokenName::Null | TokenName::Listed(_));
    let data = bosch_contact_id(&text).or_else(|| {
        let like = if listed { token } else { TokenName::SiaDcs };
        Data::read(like, &text).ok()
    });
    let read = Read { frame, content, data, warnings };
    let is_link_test = read.is_link_test();
    let known = listed || read.frame.head.token == TAB;
    let odd = match &read.data {
        None if !is_link_test => Some("UnknownLayout"),
        Some(_) if !known => Some("UnknownToken"),
        _ => None,
    };
    match odd {
        Some(field) if mode == Mode::Strict => Err(FrameError::BadField { field }),
        odd => Ok(Read { warnings: read.warnings.iter().copied().chain(odd).collect(), ..read }),
    }
}

/// `#aaaa|18QXYZGGCCC`, as a Bosch D6600 writes Contact ID (B).
fn bosch_contact_id(text: &str) -> Option<Data> {
    let (account, digits) = text.strip_prefix('#')?.split_once('|')?;
    let digits = digits.strip_prefix("18").filter(|digits| digits.len() == 9)?;
    let hex = |digits: &str| digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    let (qualifier, rest) = digits.split_at_checked(1)?;
    let qualifier = qualifier.chars().next().and_then(Qualifier::from_char)?;
    let (code, rest) = rest.split_at_checked(3).filter(|_| hex(rest))?;
    let (group, zone) = rest.split_at_checked(2)?;
    let owned = str::to_owned;
    let said = Said::ContactId { qualifier, code: owned(code), group: owned(group), zone: owned(zone) };
    Some(Data { account: Some(owned(account)), said, unread_part: false })
}

/// Text in any character set: bytes beyond ASCII as ISO 8859-1 has them, so that all can be told apart.
pub(super) fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sia_frame::{Check, frame_of};

    fn of(body: &str) -> Result<Read, FrameError> {
        read(&frame_of(body.as_bytes(), Check::Hex), Mode::Tolerant)
    }

    #[test]
    fn contents_by_token() {
        let warnings = |body: &str| of(body).map(|read| (read.data.is_some(), read.is_link_test(), read.warnings));
        for (body, data, link_test, expected) in [
            ("\"SIA-DCS\"0001R1L1[#1234|NMA003]", true, false, &[][..]),
            ("\"ADM-CID\"0001R1L1[#1234|1100 01 001]", true, false, &[]),
            ("\"ADM-CID\"0001R1L1[#1234|18110001001]", true, false, &[]),
            ("\"NULL\"0000R1L1[]", true, true, &[]),
            ("\t00000101[]", false, true, &[]),
            ("\t00050101[#1234|18110001001]", true, false, &[]),
            ("\"XYZ\"0001R1L1[#1234|NMA003]", true, false, &["UnknownToken"]),
            ("\"XYZ\"0001R1L1[abc]", false, false, &["UnknownLayout"]),
            ("\"SIA-PUL\"0001R1L1[#1234|A1]", false, false, &["UnknownLayout"]),
            ("\"SIA-DCS\"0001R1L1[#1234|zzz]", false, false, &["UnknownLayout"]),
            ("\"*SIA-DCS\"0001R1L1[00112233", false, false, &["UnknownLayout"]),
        ] {
            assert_eq!(warnings(body), Ok((data, link_test, expected.to_vec())), "{body}");
        }
        assert_eq!(of("\"ACK\"0001R1L1[]"), Err(FrameError::BadField { field: "token" }));
    }
}
