//! One connection: from bytes in any split to messages (RFC 3261, 18.3; RFC 5626, 3.5.1).
//!
//! Blank lines between messages are keep-alives: two together want one back. A line that begins no message is junk;
//! more than [`JUNK_BYTES_MAX`] of it since the last message end the connection, as does a message that cannot be framed,
//! one longer than [`MESSAGE_BYTES_MAX`], and one that is not whole [`WHOLE_WITHIN`] after its first byte. A MESSAGE must
//! say how long it is. Other messages without `Content-Length` have no body; what follows is the next, or junk.

use std::time::{Duration, Instant};

use super::read::{HEAD_BYTES_MAX, Head, end_of_head, is_start_line};
use super::{Message, Method, Request, SipError};
use crate::session::after;

/// Bytes of a message, head and body, at most.
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// Junk on a connection since its last message, at most.
pub const JUNK_BYTES_MAX: usize = 4_096;
/// How long a message may take from its first byte to its last.
pub const WHOLE_WITHIN: Duration = Duration::from_secs(32);
/// Bytes looked at before the next are taken.
const CHUNK_BYTES: usize = 4_096;
const PING: &[u8] = b"\r\n\r\n";

/// Something that came on a connection.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// A message, with its bytes and when its first byte came.
    Message(Message, Vec<u8>, Instant),
    /// A keep-alive that wants an answer.
    Ping,
    /// Bytes that belong to no message.
    Junk(usize),
    /// A message that says not, or not clearly, how long it is. The connection goes on behind its head, as junk at first.
    Unframed(Message, SipError),
    /// A message that is too long; the connection cannot go on.
    TooLong(Message),
    /// The connection cannot go on.
    Broken(&'static str),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Stream {
    buffer: Vec<u8>,
    /// Bytes of the buffer that hold no end of the head.
    looked: usize,
    begun: Option<Instant>,
    /// Whether the buffer begins with the first line of a message.
    is_started: bool,
    /// A head that waits for its body, and how long they are together.
    head: Option<(Head, usize)>,
    junk: usize,
    is_broken: bool,
}

impl Stream {
    /// Takes bytes; what has come goes to `out`.
    pub(super) fn push(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<Piece>) {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            if self.is_broken {
                return;
            }
            self.buffer.extend_from_slice(chunk);
            while !self.is_broken && self.step(now, out) {}
        }
    }

    /// When what has begun must be whole.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.begun.filter(|_| !self.is_broken).map(|begun| after(begun, WHOLE_WITHIN))
    }

    /// Ends it, because its deadline has passed.
    pub(super) fn expire(&mut self) -> Piece {
        self.broken("NotWhole")
    }

    /// Looks at what has come. False if more must come first.
    fn step(&mut self, now: Instant, out: &mut Vec<Piece>) -> bool {
        match self.head.take() {
            Some(head) => self.whole(head, out),
            None if self.is_started => self.head(out),
            None => self.line(now, out),
        }
    }

    /// Between messages: blank lines, junk, or the first line of the next.
    fn line(&mut self, now: Instant, out: &mut Vec<Piece>) -> bool {
        let blank = match self.buffer.as_slice() {
            bytes if bytes.starts_with(PING) => PING.len(),
            bytes if PING.starts_with(bytes) => return false,
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if blank > 0 {
            out.extend((blank == PING.len()).then_some(Piece::Ping));
            self.buffer.drain(..blank);
            return true;
        }
        self.begun.get_or_insert(now);
        match self.buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) if is_start_line(self.buffer.get(..end).unwrap_or_default()) => self.is_started = true,
            Some(end) => self.junk(end.saturating_add(1), out),
            None if self.buffer.len() > JUNK_BYTES_MAX => self.junk(self.buffer.len(), out),
            None => return false,
        }
        true
    }

    fn junk(&mut self, bytes: usize, out: &mut Vec<Piece>) {
        self.buffer.drain(..bytes.min(self.buffer.len()));
        self.begun = None;
        self.junk = self.junk.saturating_add(bytes);
        out.push(Piece::Junk(bytes));
        if self.junk > JUNK_BYTES_MAX {
            out.push(self.broken("Junk"));
        }
    }

    /// Behind the first line: the rest of the head.
    fn head(&mut self, out: &mut Vec<Piece>) -> bool {
        let end = end_of_head(&self.buffer, self.looked);
        if end.unwrap_or(self.buffer.len()) > HEAD_BYTES_MAX {
            out.push(self.broken(SipError::HeadTooLong.name()));
            return false;
        }
        let Some(end) = end else {
            self.looked = self.buffer.len();
            return false;
        };
        let head = match Head::read(self.buffer.get(..end).unwrap_or_default(), end) {
            Ok(head) => head,
            Err(error) => {
                out.push(self.broken(error.name()));
                return false;
            }
        };
        let length = match (&head.body_bytes, &head.message) {
            (Err(error), _) => Err(*error),
            (Ok(None), Message::Request(Request { method: Method::Message, .. })) => Err(SipError::NoContentLength),
            (Ok(length), _) => Ok(end.saturating_add(length.unwrap_or(0))),
        };
        match length {
            Err(error) => {
                self.next_message(end);
                out.push(Piece::Unframed(head.message, error));
            }
            Ok(bytes) if bytes > MESSAGE_BYTES_MAX => {
                let broken = self.broken("TooLong");
                out.extend([Piece::TooLong(head.message), broken]);
            }
            Ok(bytes) => self.head = Some((head, bytes)),
        }
        true
    }

    fn whole(&mut self, (head, bytes): (Head, usize), out: &mut Vec<Piece>) -> bool {
        let (Some(raw), Some(begun)) = (self.buffer.get(..bytes), self.begun) else {
            self.head = Some((head, bytes));
            return false;
        };
        let raw = raw.to_vec();
        let message = head.with_body_of(&raw);
        self.next_message(bytes);
        self.junk = 0;
        out.push(Piece::Message(message, raw, begun));
        true
    }

    /// What begins behind these bytes is another message, if it is one.
    fn next_message(&mut self, bytes: usize) {
        self.buffer.drain(..bytes.min(self.buffer.len()));
        if self.buffer.is_empty() {
            // Thousands of connections are idle most of the time.
            self.buffer = Vec::new();
        }
        (self.looked, self.begun, self.is_started) = (0, None, false);
    }

    fn broken(&mut self, name: &'static str) -> Piece {
        *self = Stream { is_broken: true, ..Stream::default() };
        Piece::Broken(name)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use proptest::prelude::*;

    use super::*;
    use crate::sip::read;

    const MESSAGE: &str = "MESSAGE sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 5\r\n\r\nhello";

    fn pieces(bytes: &[u8]) -> Vec<Piece> {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        stream.push(bytes, Instant::now(), &mut out);
        out
    }

    /// What came, in short, with neighbouring junk added up: a split may divide it.
    fn told(pieces: &[Piece]) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        let mut junk = 0;
        for piece in pieces.iter().map(Some).chain(iter::once(None)) {
            if let Some(Piece::Junk(bytes)) = piece {
                junk += bytes;
                continue;
            }
            if junk > 0 {
                told.push(format!("junk {junk}"));
                junk = 0;
            }
            match piece {
                Some(Piece::Message(message, raw, _)) => {
                    assert_eq!(read(raw).as_ref(), Ok(message));
                    told.push(String::from_utf8_lossy(message.body()).into_owned());
                }
                Some(Piece::Unframed(_, error)) => told.push(error.name().to_owned()),
                Some(Piece::TooLong(_)) => told.push("long".to_owned()),
                Some(Piece::Broken(name)) => told.push(format!("broken {name}")),
                Some(Piece::Ping) => told.push("ping".to_owned()),
                Some(Piece::Junk(_)) | None => {}
            }
        }
        told
    }

    #[test]
    fn what_comes_on_a_connection() {
        let bare = "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n";
        let unframed = "MESSAGE sip:a@b SIP/2.0\n\n<mrq>\n</mrq>\n";
        let too_long = "MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 65536\r\n\r\nx";
        let bad = "MESSAGE sip:a@b SIP/2.0\nContent-Length: x\n\nabc\n";
        let table: &[(String, &[&str])] = &[
            (MESSAGE.repeat(3), &["hello", "hello", "hello"]),
            ("\r\n\r\n".to_owned(), &["ping"]),
            (format!("\r\n\r\n\r\n{MESSAGE}\r\n{MESSAGE}\n\n"), &["ping", "hello", "hello"]),
            (format!("{bare}{MESSAGE}"), &["", "hello"]),
            (format!("{bare}v=0\r\n{MESSAGE}"), &["", "junk 5", "hello"]),
            (format!("{unframed}{MESSAGE}"), &["NoContentLength", "junk 13", "hello"]),
            (format!("{bad}{MESSAGE}"), &["BadContentLength", "junk 4", "hello"]),
            (format!("{too_long}{MESSAGE}"), &["long", "broken TooLong"]),
            (format!("noise\n{MESSAGE}"), &["junk 6", "hello"]),
            (format!("{}\n{MESSAGE}", "noise\n".repeat(683)), &["junk 4098", "broken Junk"]),
            (format!("OPTIONS sip:a@b SIP/2.0\r\nA: {}", "a".repeat(16_384)), &["broken HeadTooLong"]),
            (format!("OPTIONS sip:a@b SIP/2.0\r\n{}\r\n", "A: a\r\n".repeat(129)), &["broken TooManyHeaders"]),
        ];
        for (bytes, expected) in table {
            assert_eq!(told(&pieces(bytes.as_bytes())), *expected, "{}", bytes.get(..60).unwrap_or(bytes));
        }
        assert_eq!(told(&pieces(&[b'x'; 4_097])), ["junk 4097", "broken Junk"]);
        assert_eq!(told(&pieces(&[b'x'; 4_096])), [""; 0]);
    }

    #[test]
    fn a_message_is_whole_in_time() {
        let (start, mut stream, mut out) = (Instant::now(), Stream::default(), Vec::new());
        stream.push(b"\r\n", start, &mut out);
        assert_eq!(stream.deadline(), None);
        let later = start + Duration::from_secs(5);
        stream.push(b"MESS", later, &mut out);
        stream.push(b"AGE", later + Duration::from_secs(5), &mut out);
        assert_eq!(stream.deadline(), Some(later + WHOLE_WITHIN));
        assert_eq!(stream.expire(), Piece::Broken("NotWhole"));
        stream.push(MESSAGE.as_bytes(), later, &mut out);
        assert!(out.is_empty() && stream.deadline().is_none());
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(
            parts in prop::collection::vec(prop::sample::select(vec![
                MESSAGE, "\r\n\r\n", "\r\n", "\n", "noise\r\n", "BYE sip:a SIP/2.0\n\n", "MESSAGE sip:a SIP/2.0\r\n\r\n",
                "SIP/2.0 200 OK\r\nl: 2\r\n\r\nok",
            ]), 0..12),
            cuts in prop::collection::vec(1..80_usize, 1..40),
        ) {
            let bytes = parts.concat().into_bytes();
            let (mut stream, mut out) = (Stream::default(), Vec::new());
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, behind) = rest.split_at_checked(*cut).unwrap_or((rest, &[]));
                stream.push(piece, Instant::now(), &mut out);
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(told(&out), told(&pieces(&bytes)));
        }

        #[test]
        fn random_bytes_are_junk(bytes in prop::collection::vec(any::<u8>(), 0..9_000)) {
            for piece in pieces(&bytes) {
                prop_assert!(matches!(piece, Piece::Junk(_) | Piece::Broken(_) | Piece::Ping));
            }
        }
    }
}
