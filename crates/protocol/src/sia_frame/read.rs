//! Reading the bytes of one frame: CRC and length, then the head.

use super::head::{Head, TAB};
use super::{CR, Content, FrameError, LF, crc};
use crate::Mode;

/// How CRC and length are written before the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Four hex digits each.
    #[default]
    Hex,
    /// The CRC as two bytes, high first, the length as four hex digits: Lupusec XT (B).
    Raw,
}

/// A frame whose CRC and length are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// As it was written; the answer is written likewise.
    pub check: Check,
    /// Up to the opening bracket.
    pub head: Head,
    /// From the byte after the opening bracket to the byte before CR, as sent: enciphered if the head says so.
    /// [`Content::read`] takes it apart.
    pub content: Vec<u8>,
}

/// A frame and the deviations that did not prevent reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub frame: Frame,
    /// `LowerCase`: hex digits of CRC or length in lower case. `RawCrc`: [`Check::Raw`]. `NoLine`: no L, or none of
    /// its digits. `NumberWidth`: receiver or line of more than six digits. `AccountWidth`: an account that is not
    /// 3 to 16 hex digits.
    pub warnings: Vec<&'static str>,
}

impl Frame {
    /// The content in clear, with the names of deviations; the caller knows whether it is.
    pub fn clear(&self, mode: Mode) -> Result<(Content, Vec<&'static str>), FrameError> {
        Content::read(&self.content, mode)
    }
}

/// Reads one frame; LF and CR around it are taken off where they are. In strict mode every deviation is an error.
pub fn read(frame: &[u8], mode: Mode) -> Result<Read, FrameError> {
    let frame = frame.strip_prefix(&[LF]).unwrap_or(frame);
    let frame = frame.strip_suffix(&[CR]).unwrap_or(frame);
    let Checked { check, received, stated, body } = checked(frame).ok_or(FrameError::BadCheck)?;
    let computed = crc(body);
    if received != computed {
        return Err(FrameError::WrongCrc { computed, received });
    }
    if usize::from(stated) != body.len() {
        return Err(FrameError::WrongLength { stated, got: body.len() });
    }
    let lower_case = check == Check::Hex && frame.iter().take(8).any(u8::is_ascii_lowercase);
    let (head, content, found) = read_body(body, mode)?;
    let mut warnings = Vec::new();
    warnings.extend(lower_case.then_some("LowerCase"));
    warnings.extend((check == Check::Raw).then_some("RawCrc"));
    if mode == Mode::Strict && !warnings.is_empty() {
        return Err(FrameError::BadCheck);
    }
    warnings.extend(found);
    Ok(Read { frame: Frame { check, head, content: content.to_vec() }, warnings })
}

/// Reads the text between length and CR alone, for carriers with another envelope: its head, its content as sent,
/// the names of deviations.
pub fn read_body(body: &[u8], mode: Mode) -> Result<(Head, &[u8], Vec<&'static str>), FrameError> {
    let bracket = body.iter().position(|byte| *byte == b'[').ok_or(FrameError::BadField { field: "data" })?;
    let (head, content) = body.split_at_checked(bracket).unwrap_or_default();
    let (head, warnings) = Head::read(head, mode)?;
    Ok((head, content.get(1..).unwrap_or_default(), warnings))
}

struct Checked<'a> {
    check: Check,
    received: u16,
    stated: u16,
    body: &'a [u8],
}

/// CRC and length, told apart by where the text begins. Two raw bytes may look like anything, the quote included.
fn checked(frame: &[u8]) -> Option<Checked<'_>> {
    let begins = |body: &[u8]| body.first().is_some_and(|byte| *byte == b'"' || TAB.as_bytes().contains(byte));
    if let Some((digits, body)) = frame.split_at_checked(8)
        && let Some((received, stated)) = digits.split_at_checked(4)
        && let (Some(received), Some(stated)) = (hex(received), hex(stated))
        && begins(body)
    {
        return Some(Checked { check: Check::Hex, received, stated, body });
    }
    let (before, body) = frame.split_at_checked(6)?;
    let [high, low, length @ ..] = before else { return None };
    let stated = hex(length).filter(|_| begins(body))?;
    Some(Checked { check: Check::Raw, received: u16::from_be_bytes([*high, *low]), stated, body })
}

fn hex(digits: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const D01: &[u8] = b"\n6A56003A\"SIA-DCS\"0001L0#1234[#1234|Nri1/QA001]_10:20:30,03-14-2025\r";

    fn error(frame: &[u8]) -> FrameError {
        read(frame, Mode::Tolerant).unwrap_err()
    }

    #[test]
    fn crc_and_length_are_checked() {
        let read = read(D01, Mode::Strict).unwrap();
        assert_eq!((read.frame.head.token.as_str(), read.frame.head.sequence), ("SIA-DCS", 1));
        assert_eq!(read.frame.content, b"#1234|Nri1/QA001]_10:20:30,03-14-2025");
        let changed = |at: usize, byte: u8| {
            let mut frame = D01.to_vec();
            frame[at] = byte;
            frame
        };
        assert_eq!(error(&changed(4, b'7')), FrameError::WrongCrc { computed: 0x6A56, received: 0x6A57 });
        assert_eq!(error(&changed(8, b'B')), FrameError::WrongLength { stated: 0x3B, got: 0x3A });
        assert!(matches!(error(&changed(46, b'2')), FrameError::WrongCrc { .. }));
        assert_eq!(error(&changed(3, b'?')), FrameError::BadCheck);
        assert_eq!(error(b"\n\r"), FrameError::BadCheck);
        assert_eq!(error(b"\n0000000"), FrameError::BadCheck);
    }

    #[test]
    fn both_ways_to_write_the_crc() {
        let raw = [&b"\n\x6A\x56"[..], &D01[5..]].concat();
        let found = read(&raw, Mode::Tolerant).unwrap();
        assert_eq!((found.frame.check, found.warnings), (Check::Raw, vec!["RawCrc"]));
        assert_eq!(read(&raw, Mode::Strict), Err(FrameError::BadCheck));
        let lower = D01.to_ascii_lowercase();
        let lower = [&lower[..9], &D01[9..]].concat();
        assert_eq!(read(&lower, Mode::Tolerant).unwrap().warnings, ["LowerCase"]);
        assert_eq!(read(&lower, Mode::Strict), Err(FrameError::BadCheck));
    }
}
