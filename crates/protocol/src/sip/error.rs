//! Why bytes are no SIP message.

/// Why bytes are no SIP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SipError {
    /// Nothing but blank lines.
    #[error("nothing but blank lines")]
    Empty,
    /// The first line is neither a request's nor a response's.
    #[error("the first line is neither a request's nor a response's")]
    BadStartLine,
    /// More than [`super::HEADERS_MAX`] headers.
    #[error("too many headers")]
    TooManyHeaders,
    /// More than [`super::HEAD_BYTES_MAX`] bytes before the body.
    #[error("the head is too long")]
    HeadTooLong,
    /// `Content-Length` is no number, or two of them differ.
    #[error("Content-Length is no number, or two of them differ")]
    BadContentLength,
    /// A MESSAGE on a connection that does not say how long it is.
    #[error("no Content-Length on a connection")]
    NoContentLength,
    /// `Content-Length` says more than came.
    #[error("Content-Length says more than came")]
    Truncated,
}

impl SipError {
    /// The names, for metrics that start at zero.
    pub const NAMES: [&'static str; 7] =
        ["Empty", "BadStartLine", "TooManyHeaders", "HeadTooLong", "BadContentLength", "NoContentLength", "Truncated"];

    /// A fixed name, for counters.
    pub fn name(self) -> &'static str {
        match self {
            SipError::Empty => "Empty",
            SipError::BadStartLine => "BadStartLine",
            SipError::TooManyHeaders => "TooManyHeaders",
            SipError::HeadTooLong => "HeadTooLong",
            SipError::BadContentLength => "BadContentLength",
            SipError::NoContentLength => "NoContentLength",
            SipError::Truncated => "Truncated",
        }
    }
}
