//! From bytes to a message, as tolerant as units need it: LF alone for CR LF, folded headers, ISO 8859-1, blank lines in
//! front, the version in lower case, lines among the headers that are none. Nothing of a header is looked into here.

use super::error::SipError;
use super::headers::{Headers, clean};
use super::message::{Message, Method, Request, Response};

/// Headers of one message, at most; one more is [`SipError::TooManyHeaders`].
pub const HEADERS_MAX: usize = 128;
/// Bytes before the body, at most; one more is [`SipError::HeadTooLong`].
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Reads a message from a datagram or from bytes known to hold one.
///
/// The body is what `Content-Length` says, the rest where there is none; what is behind it is left.
pub fn read(bytes: &[u8]) -> Result<Message, SipError> {
    let head = Head::of_datagram(bytes)?;
    let rest = bytes.get(head.end..).unwrap_or_default();
    let length = head.body_bytes?.unwrap_or(rest.len());
    let body = rest.get(..length).ok_or(SipError::Truncated)?;
    Ok(head.with_body(body))
}

/// A message without its body.
#[derive(Debug)]
pub(super) struct Head {
    /// The message, its body empty.
    pub(super) message: Message,
    /// Where the body begins.
    pub(super) end: usize,
    /// What Content-Length says, if it is there.
    pub(super) body_bytes: Result<Option<usize>, SipError>,
}

impl Head {
    /// Of bytes that hold nothing behind the message; its head ends where they do, at the latest.
    pub(super) fn of_datagram(bytes: &[u8]) -> Result<Head, SipError> {
        let start = blank_lines(bytes);
        let rest = bytes.get(start..).unwrap_or_default();
        if rest.is_empty() {
            return Err(SipError::Empty);
        }
        let end = start.saturating_add(end_of_head(rest, 0).unwrap_or(rest.len()));
        Head::read(bytes.get(start..end).unwrap_or_default(), end)
    }

    /// Of the bytes of a head; `end` is where its body begins.
    pub(super) fn read(bytes: &[u8], end: usize) -> Result<Head, SipError> {
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(SipError::HeadTooLong);
        }
        let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut message = start_line(lines.next().unwrap_or_default())?;
        let mut fields: Vec<Vec<u8>> = Vec::new();
        for line in lines {
            match (line.first(), fields.last_mut()) {
                (Some(b' ' | b'\t'), Some(field)) => field.extend_from_slice(line),
                (Some(_), _) => fields.push(line.to_vec()),
                (None, _) => {}
            }
        }
        let mut body_bytes = Ok(None);
        let headers = message.headers_mut();
        for field in &fields {
            let at = field.iter().position(|byte| *byte == b':');
            let Some((name, value)) = at.and_then(|at| field.split_at_checked(at)) else { continue };
            let (name, value) = (text(name), text(value));
            let (name, value) = (name.trim(), value.trim_start_matches(':').trim());
            if name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("l") {
                body_bytes = body_bytes.and_then(|known| content_length(value, known));
            } else {
                headers.push(name, value);
            }
            if headers.len() > HEADERS_MAX {
                return Err(SipError::TooManyHeaders);
            }
        }
        Ok(Head { message, end, body_bytes })
    }

    /// The whole message; these are its bytes from the first.
    pub(super) fn with_body_of(self, raw: &[u8]) -> Message {
        let end = self.end;
        self.with_body(raw.get(end..).unwrap_or_default())
    }

    /// The whole message.
    pub(super) fn with_body(self, body: &[u8]) -> Message {
        let mut message = self.message;
        body.clone_into(message.body_mut());
        message
    }
}

/// How many bytes of blank lines are in front.
pub(super) fn blank_lines(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Where the blank line behind the headers ends, if it has come; nothing before `from` is looked at again.
pub(super) fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    let rest = bytes.get(from..)?;
    let mut lines = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    lines.find_map(|at| {
        let behind = rest.get(at.saturating_add(1)..)?;
        let blank = match behind {
            [b'\n', ..] => 2,
            [b'\r', b'\n', ..] => 3,
            _ => return None,
        };
        Some(from.saturating_add(at).saturating_add(blank))
    })
}

/// UTF-8, or else ISO 8859-1.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn content_length(value: &str, known: Option<usize>) -> Result<Option<usize>, SipError> {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let length: usize = value.parse().ok().filter(|_| is_number).ok_or(SipError::BadContentLength)?;
    match known {
        Some(known) if known != length => Err(SipError::BadContentLength),
        Some(_) | None => Ok(Some(length)),
    }
}

/// Whether a line begins a message.
pub(super) fn is_start_line(line: &[u8]) -> bool {
    start_line(line.strip_suffix(b"\r").unwrap_or(line)).is_ok()
}

fn start_line(line: &[u8]) -> Result<Message, SipError> {
    let line = text(line);
    let mut words = line.split_ascii_whitespace();
    let first = words.next().ok_or(SipError::BadStartLine)?;
    let second = words.next().ok_or(SipError::BadStartLine)?;
    let (headers, body) = (Headers::new(), Vec::new());
    if is_version(first) {
        let status = second.parse().ok().filter(|status| (100..700).contains(status) && second.len() == 3);
        let reason = clean(&words.collect::<Vec<_>>().join(" "));
        // What was no blank may be one when it is cleaned.
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let status = status.ok_or(SipError::BadStartLine)?;
        return Ok(Message::Response(Response { status, reason, headers, body }));
    }
    let method = Method::read(first).ok_or(SipError::BadStartLine)?;
    let ends_well = words.next().is_some_and(is_version) && words.next().is_none();
    if !ends_well || second.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(SipError::BadStartLine);
    }
    Ok(Message::Request(Request { method, uri: second.to_owned(), headers, body }))
}

fn is_version(word: &str) -> bool {
    word.eq_ignore_ascii_case("SIP/2.0")
}
