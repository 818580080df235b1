//! Why a message cannot be read.

use crate::{Fault, Value};

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum FrameError {
    /// It broke off: a pause, or the next message before its end.
    NoEnd,
    /// More bytes than any message has.
    TooLong,
    /// Opened with the connection's key it is no message.
    Unintelligible,
    /// Not in the layout of an event or a heartbeat.
    BadLayout,
    /// A field outside its alphabet or width.
    BadField {
        /// Which.
        field: &'static str,
    },
    /// The length written is another than the body has; in strict mode only.
    WrongLength {
        /// What the body gives.
        computed: usize,
        /// What was written.
        written: usize,
    },
    /// A message of the fourth version, or a panel's request to change to it. It cannot be opened here.
    Version4 {
        /// R, L and account of its plain header; none in a request.
        from: Option<(String, String, String)>,
    },
}

impl FrameError {
    /// The names, for metrics that start at zero.
    pub const NAMES: [&'static str; 7] =
        ["NoEnd", "TooLong", "Unintelligible", "BadLayout", "BadField", "WrongLength", "Version4"];

    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            FrameError::NoEnd => "NoEnd",
            FrameError::TooLong => "TooLong",
            FrameError::Unintelligible => "Unintelligible",
            FrameError::BadLayout => "BadLayout",
            FrameError::BadField { .. } => "BadField",
            FrameError::WrongLength { .. } => "WrongLength",
            FrameError::Version4 { .. } => "Version4",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            FrameError::NoEnd => "the message has no end",
            FrameError::TooLong => "the message is longer than any",
            FrameError::Unintelligible => "opened with the connection's key it makes no sense",
            FrameError::BadLayout => "the message is no event and no heartbeat",
            FrameError::BadField { .. } => "a field is outside its alphabet or width",
            FrameError::WrongLength { .. } => "the length written is not that of the body",
            FrameError::Version4 { .. } => {
                "the fourth version of the protocol is not spoken here: set the panel to version 3"
            }
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let text = |name: &str, text: &str| (name.to_owned(), Value::Text(text.to_owned()));
        let number = |name: &str, n: usize| (name.to_owned(), Value::Number(i64::try_from(n).unwrap_or(i64::MAX)));
        let fields = match self {
            FrameError::NoEnd | FrameError::TooLong | FrameError::Unintelligible | FrameError::BadLayout => Vec::new(),
            FrameError::BadField { field } => vec![text("field", field)],
            FrameError::WrongLength { computed, written } => {
                vec![number("computed", *computed), number("written", *written)]
            }
            FrameError::Version4 { from } => from.as_ref().map_or(Vec::new(), |(receiver, line, account)| {
                vec![text("receiver", receiver), text("line", line), text("account", account)]
            }),
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
