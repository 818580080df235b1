//! Decoding one message whose text is open, and the front door for tools.

use std::time::Instant;

use super::stream::Stream;
use super::{Cipher, Event, FrameError, Heartbeat, Key, Message};
use crate::Mode;

/// What stands where other SIA carriers have a CRC (A).
const CONSTANT: &[u8] = b"0101";

/// The length written is so much more than the body has: recomputed on five captures.
pub(super) const LENGTH_EXTRA: usize = 8;

/// R and L have 4 hex digits; 5 are met in L, 6 are the most of related protocols (B).
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 1..=6;
/// Accounts have 6 hex digits; 16 are the most of related protocols.
const ACCOUNT_DIGITS: std::ops::RangeInclusive<usize> = 1..=16;

/// A message and the deviations that did not prevent reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub message: Message,
    /// `NoConstant`: other digits than 0101. `WrongLength`: the length written is not the body's. `NoAccount`: no account
    /// before the bar. `UnknownTrailer`: something behind the bracket that no layout has.
    pub warnings: Vec<&'static str>,
}

/// A message in some bytes, for tools.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its text where it could be opened, else its bytes.
    pub input: Vec<u8>,
    /// What it says.
    pub read: Result<Read, FrameError>,
}

/// Reads the text of one message; LF, CR and zeros at its ends are optional. In tolerant mode deviations that leave no
/// doubt are warnings.
pub fn read(text: &[u8], mode: Mode) -> Result<Read, FrameError> {
    let begun = text.strip_prefix(b"\n").unwrap_or(text);
    if begun.starts_with(b"SR") {
        return heartbeat(begun);
    }
    if begun.starts_with(b"DHR") {
        return Err(FrameError::Version4 { from: None });
    }
    if begun.starts_with(b"#40R") {
        return Err(FrameError::Version4 { from: version_4(begun).map(|header| header.from) });
    }
    let body = begun.trim_suffix_zeros();
    let body = body.strip_suffix(b"\r").unwrap_or(body);
    let read = event(body)?;
    match (mode, read.warnings.first()) {
        (Mode::Tolerant, _) | (Mode::Strict, None) => Ok(read),
        (Mode::Strict, Some(&"WrongLength")) => {
            let (computed, written) = lengths(body).unwrap_or_default();
            Err(FrameError::WrongLength { computed, written })
        }
        (Mode::Strict, Some(_)) => Err(FrameError::BadLayout),
    }
}

/// Every message in some bytes, in order: cipher text with a key, plain texts without. There is always at least one
/// result.
pub fn decode_all(bytes: &[u8], key: Option<&Key>, mode: Mode) -> Vec<Found> {
    let found: Vec<Found> = match key {
        Some(key) => opened(bytes, key, mode),
        None => plain(bytes, mode),
    };
    if found.is_empty() { vec![Found { input: Vec::new(), read: Err(FrameError::NoEnd) }] } else { found }
}

fn opened(bytes: &[u8], key: &Key, mode: Mode) -> Vec<Found> {
    // Time stands still: no silence parts what was given in one piece.
    let now = Instant::now();
    let mut stream = Stream::new(Cipher::new(key));
    let mut chunks: Vec<_> = bytes.iter().flat_map(|byte| stream.push(*byte, now)).collect();
    chunks.extend(stream.give_up());
    let found = chunks.into_iter().map(|chunk| {
        let read = chunk.fault.clone().map_or_else(|| read(&chunk.text, mode), Err);
        Found { input: chunk.kept(), read }
    });
    found.collect()
}

fn plain(bytes: &[u8], mode: Mode) -> Vec<Found> {
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).map(SliceEnds::trim_zeros);
    let found =
        lines.filter(|line| !line.is_empty()).map(|line| Found { input: line.to_vec(), read: read(line, mode) });
    found.collect()
}

/// The plain header of a message of the fourth version.
#[derive(Debug, PartialEq)]
pub(super) struct Version4 {
    /// R, L and account.
    pub(super) from: (String, String, String),
    /// Bytes of the whole message: header, IV, payload, check.
    pub(super) bytes: usize,
}

/// Reads `#40RrrrrLllllAaaaaaaSnnnn`; none while it is not all there, or where it is no such header.
pub(super) fn version_4(bytes: &[u8]) -> Option<Version4> {
    /// IV, and `C` with four digits.
    const AROUND_PAYLOAD: usize = 16 + 5;
    /// A and the account's six digits.
    const ACCOUNT_BYTES: usize = 7;
    /// The digits of L, and these.
    const VERSION_4_NUMBERS_MAX: usize = 6 + ACCOUNT_BYTES + 1;
    let rest = bytes.strip_prefix(b"#40")?;
    let (receiver, rest) = number(rest, b'R')?;
    // A is a hex digit, too: the account is read from its end.
    let rest = rest.strip_prefix(b"L")?;
    let end = rest.iter().take(VERSION_4_NUMBERS_MAX).position(|byte| *byte == b'S')?;
    let (numbers, size) = rest.split_at_checked(end)?;
    let (line, account) = numbers.split_at_checked(end.checked_sub(ACCOUNT_BYTES)?)?;
    let (account, _) = run(account.strip_prefix(b"A")?, ACCOUNT_DIGITS)?;
    let (line, _) = run(line, NUMBER_DIGITS)?;
    let payload = hex(size.get(1..5)?)?;
    let header = bytes.len().saturating_sub(size.len()).saturating_add(5);
    let whole = header.saturating_add(payload).saturating_add(AROUND_PAYLOAD);
    Some(Version4 { from: (receiver, line, account), bytes: whole })
}

fn heartbeat(text: &[u8]) -> Result<Read, FrameError> {
    let rest = text.strip_prefix(b"S").unwrap_or(text);
    let (receiver, rest) = number(rest, b'R').ok_or(FrameError::BadField { field: "receiver" })?;
    let (line, rest) = number(rest, b'L').ok_or(FrameError::BadField { field: "line" })?;
    let rest = rest.strip_prefix(b"    ").ok_or(FrameError::BadLayout)?;
    let (account, rest) = run(rest, ACCOUNT_DIGITS).ok_or(FrameError::BadField { field: "account" })?;
    let rest = rest.strip_prefix(b"XX").ok_or(FrameError::BadLayout)?;
    let rest = rest.trim_filling();
    let (panel_id, rest) = match rest.strip_prefix(b"[ID") {
        None => (None, rest),
        Some(id) => {
            let (id, rest) = run(id, 8..=8).ok_or(FrameError::BadField { field: "panel id" })?;
            (Some(id), rest.strip_prefix(b"]").ok_or(FrameError::BadLayout)?)
        }
    };
    let (time, rest) = time(rest.trim_filling());
    let warnings = if rest.trim_filling().is_empty() { Vec::new() } else { vec!["UnknownTrailer"] };
    let heartbeat = Heartbeat { receiver, line, account, panel_id, time };
    Ok(Read { message: Message::Heartbeat(heartbeat), warnings })
}

/// An event without LF, CR and zeros.
fn event(text: &[u8]) -> Result<Read, FrameError> {
    let mut warnings = Vec::new();
    let (computed, written) = lengths(text).ok_or(FrameError::BadLayout)?;
    if computed != written {
        warnings.push("WrongLength");
    }
    if !text.starts_with(CONSTANT) {
        warnings.push("NoConstant");
    }
    let body = text.get(8..).and_then(|rest| rest.strip_prefix(b"\"")).ok_or(FrameError::BadLayout)?;
    let end = body.iter().position(|byte| *byte == b'"').ok_or(FrameError::BadField { field: "token" })?;
    let (token, rest) = body.split_at_checked(end).ok_or(FrameError::BadLayout)?;
    if token.is_empty() || !token.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        return Err(FrameError::BadField { field: "token" });
    }
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let (sequence, rest) = run_exactly(rest, 4).ok_or(FrameError::BadField { field: "sequence" })?;
    let (receiver, rest) = number(rest, b'R').ok_or(FrameError::BadField { field: "receiver" })?;
    let (line, rest) = number(rest, b'L').ok_or(FrameError::BadField { field: "line" })?;
    let content = rest.strip_prefix(b"[").ok_or(FrameError::BadLayout)?;
    // A text may hold a bracket; what stands behind the last one cannot.
    let close = content.iter().rposition(|byte| *byte == b']').ok_or(FrameError::BadLayout)?;
    let (content, rest) = content.split_at_checked(close).ok_or(FrameError::BadLayout)?;
    let (account, data) = account(content)?;
    if account.is_none() {
        warnings.push("NoAccount");
    }
    let rest = rest.strip_prefix(b"]").unwrap_or(rest);
    let (panel_id, rest) = panel_id(rest);
    let (system_account, rest) = match rest.strip_prefix(b"|#").and_then(|rest| run(rest, ACCOUNT_DIGITS)) {
        Some((account, rest)) => (Some(account), rest),
        None => (None, rest),
    };
    let (time, rest) = time(rest);
    if !rest.is_empty() {
        warnings.push("UnknownTrailer");
    }
    let (token, data, rest) = (latin_1(token), latin_1(data), latin_1(rest));
    let event = Event { token, sequence, receiver, line, account, data, panel_id, system_account, time, rest };
    Ok(Read { message: Message::Event(event), warnings })
}

/// What the length should be and what was written, of an event without LF, CR and zeros.
fn lengths(text: &[u8]) -> Option<(usize, usize)> {
    let body = text.get(8..)?;
    let head = text.get(..8).filter(|head| head.iter().all(u8::is_ascii_hexdigit))?;
    Some((body.len().saturating_add(LENGTH_EXTRA), hex(head.get(4..)?)?))
}

/// `#account|data`; the account may be missing, and the bar with it.
fn account(content: &[u8]) -> Result<(Option<String>, &[u8]), FrameError> {
    const WRONG: FrameError = FrameError::BadField { field: "account" };
    let Some(named) = content.strip_prefix(b"#") else {
        return Ok((None, content.strip_prefix(b"|").unwrap_or(content)));
    };
    let (account, rest) = run(named, ACCOUNT_DIGITS).ok_or(WRONG)?;
    match rest.strip_prefix(b"|") {
        Some(data) => Ok((Some(account), data)),
        None if rest.is_empty() => Ok((Some(account), rest)),
        None => Err(WRONG),
    }
}

/// 16 hex digits, or 8.
fn panel_id(rest: &[u8]) -> (Option<String>, &[u8]) {
    match run_exactly(rest, 16).or_else(|| run_exactly(rest, 8)) {
        Some((id, rest)) => (Some(id), rest),
        None => (None, rest),
    }
}

/// T and 8 hex digits.
fn time(rest: &[u8]) -> (Option<String>, &[u8]) {
    match rest.strip_prefix(b"T").and_then(|digits| run_exactly(digits, 8)) {
        Some((time, rest)) => (Some(time), rest),
        None => (None, rest),
    }
}

/// A letter and the hex digits behind it.
fn number(rest: &[u8], letter: u8) -> Option<(String, &[u8])> {
    run(rest.strip_prefix(&[letter])?, NUMBER_DIGITS)
}

/// All hex digits at the beginning, if there are as many as this.
fn run(rest: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<(String, &[u8])> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits.contains(&count) { run_exactly(rest, count) } else { None }
}

/// So many hex digits.
fn run_exactly(rest: &[u8], digits: usize) -> Option<(String, &[u8])> {
    let (run, rest) = rest.split_at_checked(digits)?;
    run.iter().all(u8::is_ascii_hexdigit).then(|| (latin_1(run), rest))
}

fn hex(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// What fills up the ends of a text.
trait SliceEnds {
    fn trim_suffix_zeros(&self) -> &Self;
    fn trim_zeros(&self) -> &Self;
    fn trim_filling(&self) -> &Self;
}

impl SliceEnds for [u8] {
    fn trim_suffix_zeros(&self) -> &[u8] {
        let kept = self.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        self.get(..kept).unwrap_or_default()
    }

    fn trim_zeros(&self) -> &[u8] {
        let zeros = self.iter().take_while(|byte| **byte == 0).count();
        self.get(zeros..).unwrap_or_default().trim_suffix_zeros()
    }

    /// Zeros and blanks at the beginning.
    fn trim_filling(&self) -> &[u8] {
        let filling = self.iter().take_while(|byte| matches!(byte, 0 | b' ')).count();
        self.get(filling..).unwrap_or_default()
    }
}
