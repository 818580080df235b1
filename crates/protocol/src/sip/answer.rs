//! Answers to requests: what each copies from its request (RFC 3261, 8.2.6), and the phrase for its status.

use super::headers::Headers;
use super::message::{Request, Response};
use super::via::noted;
use super::{Address, Flow, Reply};

/// What we take, for Allow.
pub(super) const ALLOW: &str = "MESSAGE, INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER";
/// What a MESSAGE may carry, for Accept.
pub(super) const ACCEPT: &str = "application/scaip+xml, application/xml, text/xml, text/plain";

/// What every answer to one request copies from it.
#[derive(Debug)]
pub(super) struct Echo {
    headers: Headers,
    /// What our side is called in it; none where the request says so itself.
    tag: Option<String>,
}

impl Echo {
    /// Of a request that came this way. The tag is only used where To has none.
    pub(super) fn of(request: &Request, flow: Flow, tag: &str) -> Echo {
        let mut headers = Headers::new();
        for (at, via) in request.headers.all("Via").enumerate() {
            let via = if at == 0 { noted(via, flow.remote) } else { via.to_owned() };
            headers.push("Via", &via);
        }
        for name in ["From", "To", "Call-ID", "CSeq"] {
            if let Some(value) = request.headers.first(name) {
                headers.push(name, value);
            }
        }
        for route in request.headers.all("Record-Route") {
            headers.push("Record-Route", route);
        }
        let tagged = headers.first("To").and_then(Address::read).is_some_and(|to| to.tag().is_some());
        Echo { headers, tag: (!tagged).then(|| tag.to_owned()) }
    }

    /// The bytes of an answer.
    pub(super) fn answer(&self, reply: &Reply) -> Vec<u8> {
        let mut headers = Headers::new();
        for (name, value) in self.headers.iter() {
            match &self.tag {
                Some(tag) if name == "To" && reply.status > 100 => headers.push(name, &format!("{value};tag={tag}")),
                Some(_) | None => headers.push(name, value),
            }
        }
        for (name, value) in &reply.headers {
            headers.push(name, value);
        }
        let reason = reason(reply.status).to_owned();
        Response { status: reply.status, reason, headers, body: reply.body.clone() }.write()
    }
}

/// The phrase for a status.
fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        603 => "Decline",
        other => match other / 100 {
            ..2 => "Progress",
            2 => "Success",
            3 => "Redirected",
            4 => "Refused",
            5.. => "Failed",
        },
    }
}
