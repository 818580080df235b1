//! A SIP message.

use super::headers::{Headers, is_token};

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Asks for something.
    Request(Request),
    /// Answers a request.
    Response(Response),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asks.
    pub method: Method,
    /// Of whom.
    pub uri: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The same for people.
    pub reason: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

impl Message {
    /// Its headers.
    pub fn headers(&self) -> &Headers {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    pub(super) fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Message::Request(request) => &mut request.headers,
            Message::Response(response) => &mut response.headers,
        }
    }

    /// Its body.
    pub fn body(&self) -> &[u8] {
        match self {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }

    pub(super) fn body_mut(&mut self) -> &mut Vec<u8> {
        match self {
            Message::Request(request) => &mut request.body,
            Message::Response(response) => &mut response.body,
        }
    }
}

/// What a request asks. Case counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Takes a text (RFC 3428): every alarm, heartbeat and acknowledgement.
    Message,
    /// Begins a call.
    Invite,
    /// Has heard the final answer to an INVITE.
    Ack,
    /// Gives up an INVITE that is not answered.
    Cancel,
    /// Ends a call.
    Bye,
    /// Asks what one can; also sent to see whether somebody is there.
    Options,
    /// Says where one is reached.
    Register,
    /// Any other.
    Other(String),
}

impl Method {
    /// The method of this name; none if it cannot be one.
    pub fn read(name: &str) -> Option<Method> {
        Some(match name {
            "MESSAGE" => Method::Message,
            "INVITE" => Method::Invite,
            "ACK" => Method::Ack,
            "CANCEL" => Method::Cancel,
            "BYE" => Method::Bye,
            "OPTIONS" => Method::Options,
            "REGISTER" => Method::Register,
            _ if is_token(name) => Method::Other(name.to_owned()),
            _ => return None,
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Method::Message => "MESSAGE",
            Method::Invite => "INVITE",
            Method::Ack => "ACK",
            Method::Cancel => "CANCEL",
            Method::Bye => "BYE",
            Method::Options => "OPTIONS",
            Method::Register => "REGISTER",
            Method::Other(name) => name,
        }
    }
}

/// What CSeq holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Counts within a call.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl CSeq {
    /// Reads one.
    pub fn read(value: &str) -> Option<CSeq> {
        let mut words = value.split_whitespace();
        let number = words.next().filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?;
        let cseq = CSeq { number: number.parse().ok()?, method: Method::read(words.next()?)? };
        words.next().is_none().then_some(cseq)
    }
}
