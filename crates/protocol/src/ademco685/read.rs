//! Decoding one line: characters first (parity, alphabet), then the form.

use super::encode::text;
use super::{Body, Line, LineError, Make, forms};
use crate::Mode;
use crate::automation::{characters, is_line_end};

/// Digits of receiver and line together: RG on all makes read (A). More are a guess (C), for outputs that widen it.
pub const HEADER_DIGITS: std::ops::RangeInclusive<usize> = 2..=5;

/// A line and the deviations that did not prevent reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub line: Line,
    /// `ParityBit`: bit 7 was set and its parity right. `HeaderWidth`: the header is of another width than
    /// configured. `Blanks`: other blanks than the layout has. `UnreadDigit`: the hardware receiver could not read
    /// a digit and wrote X.
    pub warnings: Vec<&'static str>,
    /// Whose line it is.
    pub make: Make,
}

/// Reads one line without LF and CR. In tolerant mode other blanks and another width of the header are warnings:
/// blanks separate every field, so they leave no doubt.
pub fn read(frame: &[u8], header_digits: usize, mode: Mode) -> Result<Read, LineError> {
    read_as(Make::Ademco685, frame, header_digits, mode)
}

/// The same of another make.
pub(crate) fn read_as(make: Make, frame: &[u8], header_digits: usize, mode: Mode) -> Result<Read, LineError> {
    let start = frame.iter().position(|byte| !is_line_end(*byte)).unwrap_or(frame.len());
    let end = frame.iter().rposition(|byte| !is_line_end(*byte)).map_or(start, |last| last.saturating_add(1));
    let (sent, masked) = characters(frame.get(start..end).unwrap_or_default())?;
    let line = forms::line(&sent, make)?;
    let width = line.header.as_ref().map_or(header_digits, |head| head.receiver.len().saturating_add(head.line.len()));
    // Makes differ in what they write around a link check.
    let as_printed = line.body == Body::Heartbeat || text(&line) == sent;
    if mode == Mode::Strict && width != header_digits {
        let shift = sent.len().saturating_sub(width);
        return Err(LineError::WrongLength { expected: shift.saturating_add(header_digits), got: sent.len() });
    }
    if mode == Mode::Strict && !as_printed {
        return Err(LineError::BadField { field: "blanks" });
    }
    let mut warnings = Vec::new();
    warnings.extend(masked.then_some("ParityBit"));
    warnings.extend((width != header_digits).then_some("HeaderWidth"));
    warnings.extend((!as_printed).then_some("Blanks"));
    warnings.extend(has_unread_digit(&line.body).then_some("UnreadDigit"));
    Ok(Read { line, warnings, make })
}

fn has_unread_digit(body: &Body) -> bool {
    let unread = |text: &str| text.contains('X');
    match body {
        Body::Heartbeat => false,
        Body::Pulse { account, event } => unread(account) || *event == 'X',
        Body::Combined { account, .. } => unread(account),
        Body::Compact { account, code } => unread(account) || unread(code),
        Body::PulseZone { account, event, zone, .. } => unread(account) || *event == 'X' || *zone == 'X',
        Body::HighSpeed { account, channels, auxiliary } => unread(account) || unread(channels) || *auxiliary == 'X',
        Body::Own { channels, auxiliary, .. } => unread(channels) || *auxiliary == 'X',
        Body::ContactId { account, code, group, zone, .. } => {
            [account, code, group, zone].into_iter().any(|t| unread(t))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const G23: &str = "11 4321 18 E101 00 C001";

    fn tolerant(text: &str) -> Result<Vec<&'static str>, LineError> {
        read(text.as_bytes(), 2, Mode::Tolerant).map(|read| read.warnings)
    }

    #[test]
    fn deviations_that_leave_no_doubt_are_warnings() {
        for (text, warning) in [
            ("11  4321 18 E101 00 C001 ", "Blanks"),
            ("111 4321 18 E101 00 C001", "HeaderWidth"),
            ("11 43X1 18 E101 00 C001", "UnreadDigit"),
            ("11 4321 98 E101 00 C001", "Blanks"),
        ] {
            assert_eq!(tolerant(text), Ok(vec![warning]), "{text}");
        }
        assert_eq!(tolerant(G23), Ok(vec![]));
        let mut parity = G23.as_bytes().to_vec();
        parity[3] |= 0x80;
        assert_eq!(read(&parity, 2, Mode::Tolerant).unwrap().warnings, ["ParityBit"]);
        parity[4] |= 0x80;
        assert_eq!(
            read(&parity, 2, Mode::Tolerant),
            Err(LineError::IllegalCharacter { index: 4 }),
            "3 has even parity"
        );
    }

    #[test]
    fn strict_takes_the_printed_layout_alone() {
        assert_eq!(read(G23.as_bytes(), 2, Mode::Strict).unwrap().warnings, [""; 0]);
        let strict = |text: &str| read(text.as_bytes(), 2, Mode::Strict).unwrap_err();
        assert_eq!(strict("11  4321 3"), LineError::BadField { field: "blanks" });
        assert_eq!(strict("111 4321 3"), LineError::WrongLength { expected: 9, got: 10 });
        assert_eq!(read(b"\r\n", 2, Mode::Tolerant), Err(LineError::Empty));
    }
}
