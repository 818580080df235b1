//! From a message to bytes: CR LF, full names, one header a line, Content-Length from the body and last.

use super::headers::{Headers, clean};
use super::message::{Message, Request, Response};

impl Message {
    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        match self {
            Message::Request(request) => request.write(),
            Message::Response(response) => response.write(),
        }
    }
}

impl Request {
    /// Its bytes. What cannot stand in a URI is left out of it.
    pub fn write(&self) -> Vec<u8> {
        let uri: String = self.uri.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        written(&format!("{} {uri} SIP/2.0", self.method.as_str()), &self.headers, &self.body)
    }
}

impl Response {
    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        written(&format!("SIP/2.0 {} {}", self.status, clean(&self.reason)), &self.headers, &self.body)
    }
}

fn written(start_line: &str, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let mut out = format!("{start_line}\r\n");
    for (name, value) in headers.iter() {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use crate::sip::{Method, SipError, read};

    use super::*;

    fn request(bytes: &[u8]) -> Request {
        match read(bytes) {
            Ok(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_units_write_is_read() {
        let bytes =
            b"\r\n\nMESSAGE sip:alarm@arc.example.org  sip/2.0\nv: SIP/2.0/UDP h;branch=b\nf: K\xFCche\n <sip:1@h>\n\
            no header\nt:<sip:alarm@arc.example.org>\ni: one\nCSEQ: 7 MESSAGE\nl : 5\n\nhelloRest";
        let request = request(bytes);
        assert_eq!((request.method.clone(), request.uri.as_str()), (Method::Message, "sip:alarm@arc.example.org"));
        let from = request.headers.from().unwrap();
        assert_eq!((from.display.as_str(), from.user().as_deref(), from.tag()), ("Küche", Some("1"), None));
        assert_eq!(request.headers.cseq().map(|cseq| cseq.number), Some(7));
        assert_eq!((request.headers.call_id(), request.body.as_slice()), (Some("one"), b"hello".as_slice()));
        let expected = "MESSAGE sip:alarm@arc.example.org SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=b\r\nFrom: Küche <sip:1@h>\r\n\
            To: <sip:alarm@arc.example.org>\r\nCall-ID: one\r\nCSEQ: 7 MESSAGE\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(String::from_utf8(request.write()).unwrap(), expected);
        assert_eq!(read(&request.write()), Ok(Message::Request(request)));
    }

    #[test]
    fn responses_are_read() {
        let read = |bytes: &str| read(bytes.as_bytes());
        let Ok(Message::Response(response)) = read("SIP/2.0 200\r\n\r\n") else { panic!("a response") };
        assert_eq!((response.status, response.reason.as_str()), (200, ""));
        let Ok(Message::Response(response)) = read("SIP/2.0 486 Busy  \x0b Here\r\n") else { panic!("a response") };
        assert_eq!((response.status, response.reason.as_str()), (486, "Busy Here"));
    }

    #[test]
    fn errors_have_names() {
        let headers = "A: b\r\n".repeat(129);
        let long = "A".repeat(16 * 1024);
        let table = [
            ("\r\n\r\n", SipError::Empty),
            ("hello", SipError::BadStartLine),
            ("SIP/2.0 99 No\r\n\r\n", SipError::BadStartLine),
            ("SIP/2.0 +20 No\r\n\r\n", SipError::BadStartLine),
            ("MESSAGE sip:a@b c SIP/2.0\r\n\r\n", SipError::BadStartLine),
            ("MESSAGE sip:a@b SIP/3.0\r\n\r\n", SipError::BadStartLine),
            ("ME,SAGE sip:a@b SIP/2.0\r\n\r\n", SipError::BadStartLine),
            (&format!("BYE sip:a SIP/2.0\r\n{headers}\r\n"), SipError::TooManyHeaders),
            (&format!("BYE sip:a SIP/2.0\r\nA: {long}\r\n\r\n"), SipError::HeadTooLong),
            ("BYE sip:a SIP/2.0\r\nContent-Length: +1\r\n\r\n1", SipError::BadContentLength),
            ("BYE sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n12", SipError::BadContentLength),
            ("BYE sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\n12", SipError::Truncated),
        ];
        for (bytes, error) in table {
            assert_eq!(read(bytes.as_bytes()), Err(error), "{}", bytes.get(..40).unwrap_or(bytes));
        }
    }

    #[test]
    fn nothing_we_write_begins_another_line() {
        let mut headers = Headers::new();
        headers.push("To", "<sip:a@b>\r\nX: y");
        let request = Request { method: Method::Message, uri: "sip:a\r\n b".into(), headers, body: Vec::new() };
        let expected = "MESSAGE sip:ab SIP/2.0\r\nTo: <sip:a@b>  X: y\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(String::from_utf8(request.write()).unwrap(), expected);
        let response = Response { status: 200, reason: "O\r\nK".into(), headers: Headers::new(), body: vec![1] };
        assert_eq!(response.write(), b"SIP/2.0 200 O  K\r\nContent-Length: 1\r\n\r\n\x01");
    }
}
