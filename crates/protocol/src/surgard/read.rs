//! Decoding one line: characters first (parity, alphabet), then the form; and finding a line behind noise.

use super::forms;
use super::{Body, Line, LineError, Make};
use crate::Mode;
use crate::automation::{characters, is_line_end};

/// Digits of receiver and line together (receiver setting 3 to 9; 3 = RRL, 5 = RRLLL). Confidence A/B.
pub const HEADER_DIGITS: std::ops::RangeInclusive<usize> = 3..=9;

/// A line whose first character names no form is taken as such only if it is at least this long and begins
/// with a letter or digit; shorter ones are as likely noise, and wait for their repeat like damaged lines.
const UNKNOWN_FORM_CHARACTERS_MIN: usize = 4;

/// A line and the deviations that did not prevent reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub line: Line,
    /// `ParityBit`: bit 7 was set and its parity right. `HeaderWidth`: the header is of another width than
    /// configured. `NoiseBefore`: bytes that belong to no line stood before it.
    pub warnings: Vec<&'static str>,
    /// How many bytes of noise stood before the line.
    pub noise_bytes: usize,
    /// Whose line it is.
    pub make: Make,
}

/// Reads one line without its DC4.
///
/// In tolerant mode a header of another width is read where the layout leaves no doubt, a valid line is found
/// at the right end of noise (the fixed-length forms and the bracketed ones can be told from the right), and a
/// first character that no form has becomes [`Body::Unknown`].
pub fn read(frame: &[u8], header_digits: usize, mode: Mode) -> Result<Read, LineError> {
    read_as(Make::SurGard, frame, header_digits, mode)
}

/// The same of another make.
pub(crate) fn read_as(make: Make, frame: &[u8], header_digits: usize, mode: Mode) -> Result<Read, LineError> {
    let frame = trim_line_ends(frame);
    let exact = read_whole(make, frame, header_digits, false);
    if mode == Mode::Strict || exact.is_ok() {
        return exact;
    }
    if let Some(found) = behind_noise(make, frame, header_digits) {
        return Ok(found);
    }
    match read_whole(make, frame, header_digits, true) {
        Err(LineError::UnknownForm) => unknown_form(make, frame),
        wide => wide,
    }
}

/// The shortest line of all is longer than this, so a shorter rest cannot hold one.
const LINE_BYTES_MIN: usize = 8;

fn behind_noise(make: Make, frame: &[u8], header_digits: usize) -> Option<Read> {
    let starts = 1..frame.len().saturating_sub(LINE_BYTES_MIN);
    starts.into_iter().find_map(|start| {
        let mut read = read_whole(make, frame.get(start..)?, header_digits, false).ok()?;
        if matches!(read.line.body, Body::Undecoded { .. }) {
            return None;
        }
        read.warnings.push("NoiseBefore");
        read.noise_bytes = start;
        Some(read)
    })
}

fn read_whole(make: Make, frame: &[u8], header_digits: usize, any_width: bool) -> Result<Read, LineError> {
    let (text, masked) = characters(frame)?;
    let (line, width) = forms::line(&text, make, header_digits, any_width)?;
    let mut warnings = Vec::new();
    warnings.extend(masked.then_some("ParityBit"));
    warnings.extend((width != header_digits).then_some("HeaderWidth"));
    warnings.extend(matches!(line.body, Body::Undecoded { .. }).then_some("UnknownLayout"));
    Ok(Read { line, warnings, noise_bytes: 0, make })
}

fn unknown_form(make: Make, frame: &[u8]) -> Result<Read, LineError> {
    let (text, masked) = characters(frame)?;
    if text.len() < UNKNOWN_FORM_CHARACTERS_MIN || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(LineError::UnknownForm);
    }
    let warnings = masked.then_some("ParityBit").into_iter().collect();
    Ok(Read { line: Line { header: None, body: Body::Unknown { text } }, warnings, noise_bytes: 0, make })
}

fn trim_line_ends(frame: &[u8]) -> &[u8] {
    let start = frame.iter().position(|byte| !is_line_end(*byte)).unwrap_or(frame.len());
    let end = frame.iter().rposition(|byte| !is_line_end(*byte)).map_or(start, |last| last.saturating_add(1));
    frame.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const G03: &str = "5011 181234E12101001";

    fn tolerant(frame: &[u8]) -> Result<Read, LineError> {
        read(frame, 3, Mode::Tolerant)
    }

    #[test]
    fn parity_is_masked_only_when_right() {
        let mut frame = G03.as_bytes().to_vec();
        frame[14] = b'1' | 0x80;
        let read = tolerant(&frame).unwrap();
        assert_eq!((read.line, read.warnings), (tolerant(G03.as_bytes()).unwrap().line, vec!["ParityBit"]));
        frame[14] = b'0' | 0x80 | 0x01 | 0x02;
        assert_eq!(tolerant(&frame), Err(LineError::IllegalCharacter { index: 14 }));
    }

    #[test]
    fn a_line_is_found_behind_noise() {
        for noise in [&b"\xFF\x00"[..], b"5", b"5011 18", b"zz"] {
            let read = tolerant(&[noise, G03.as_bytes()].concat()).unwrap();
            assert_eq!(read.line, tolerant(G03.as_bytes()).unwrap().line, "{noise:?}");
            assert_eq!((read.noise_bytes, read.warnings), (noise.len(), vec!["NoiseBefore"]));
        }
    }

    #[test]
    fn another_header_width_is_told() {
        let wide = b"502003 180042E10001000";
        assert_eq!(tolerant(wide).unwrap().warnings, ["HeaderWidth"]);
        assert_eq!(read(wide, 5, Mode::Strict).unwrap().warnings, [] as [&str; 0]);
        assert_eq!(read(wide, 3, Mode::Strict), Err(LineError::WrongLength { expected: 20, got: 22 }));
    }

    #[test]
    fn short_oddities_are_no_unknown_form() {
        assert!(matches!(tolerant(b"Z99??").unwrap().line.body, Body::Unknown { .. }));
        for odd in [&b"Z9"[..], b"?999"] {
            assert_eq!(tolerant(odd), Err(LineError::UnknownForm));
        }
        assert_eq!(tolerant(b"\r\n"), Err(LineError::Empty));
        assert_eq!(read(b"Z99??", 3, Mode::Strict), Err(LineError::UnknownForm));
    }
}
