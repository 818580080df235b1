//! Why digits are no message. The fast format shares these.

use crate::{Fault, Value};

/// What is wrong, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum FrameError {
    /// A digit that the protocol does not use; index 0 is the first.
    IllegalDigit {
        /// Its place.
        index: usize,
    },
    /// Key D in place of a check digit that is worth ten: an encoder's known defect.
    ChecksumKeyD,
    /// Fewer digits than the format has.
    TooShort {
        /// Digits received.
        got: usize,
    },
    /// More digits than the format has.
    TooLong {
        /// Digits received.
        got: usize,
    },
    /// Digits 5 and 6 name no format that is read here.
    UnknownType {
        /// As received.
        message_type: String,
    },
    /// The check digit differs.
    BadChecksum {
        /// What it must be worth.
        computed: u32,
        /// What it is worth.
        received: u32,
    },
    /// A channel or a status value that the format does not have.
    IllegalValue {
        /// Its place.
        index: usize,
    },
    /// A digit too long to be data: a tone of the line, or speech.
    ToneTooLong {
        /// Digits before it.
        after: usize,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// A format without a checksum came once; it takes two equal copies.
    SingleCopy,
    /// The line was not sure of a digit, and the format has no checksum.
    DoubtfulCopy,
    /// The call has had as many messages as it may.
    TooManyMessages,
}

impl FrameError {
    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            FrameError::IllegalDigit { .. } => "IllegalDigit",
            FrameError::ChecksumKeyD => "ChecksumKeyD",
            FrameError::TooShort { .. } => "TooShort",
            FrameError::TooLong { .. } => "TooLong",
            FrameError::UnknownType { .. } => "UnknownType",
            FrameError::BadChecksum { .. } => "BadChecksum",
            FrameError::IllegalValue { .. } => "IllegalValue",
            FrameError::ToneTooLong { .. } => "ToneTooLong",
            FrameError::SingleCopy => "SingleCopy",
            FrameError::DoubtfulCopy => "DoubtfulCopy",
            FrameError::TooManyMessages => "TooManyMessages",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            FrameError::IllegalDigit { .. } => "a digit that the protocol does not use",
            FrameError::ChecksumKeyD => "key D in place of a check digit worth ten",
            FrameError::TooShort { .. } => "too few digits",
            FrameError::TooLong { .. } => "too many digits",
            FrameError::UnknownType { .. } => "unknown message type",
            FrameError::BadChecksum { .. } => "wrong checksum",
            FrameError::IllegalValue { .. } => "a value that the format does not have",
            FrameError::ToneTooLong { .. } => "a digit too long to be data",
            FrameError::SingleCopy => "one copy of a format without checksum",
            FrameError::DoubtfulCopy => "a doubtful digit in a format without checksum",
            FrameError::TooManyMessages => "too many messages in one call",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let number = |name: &str, n: u64| (name.to_owned(), Value::Number(i64::try_from(n).unwrap_or(i64::MAX)));
        let place = |name: &str, n: usize| number(name, u64::try_from(n).unwrap_or(u64::MAX));
        let fields = match self {
            FrameError::IllegalDigit { index } | FrameError::IllegalValue { index } => vec![place("index", *index)],
            FrameError::TooShort { got } | FrameError::TooLong { got } => vec![place("got", *got)],
            FrameError::UnknownType { message_type } => {
                vec![("message_type".to_owned(), Value::Text(message_type.clone()))]
            }
            FrameError::BadChecksum { computed, received } => {
                vec![number("computed", u64::from(*computed)), number("received", u64::from(*received))]
            }
            FrameError::ToneTooLong { after, ms } => vec![place("after", *after), number("ms", *ms)],
            FrameError::ChecksumKeyD
            | FrameError::SingleCopy
            | FrameError::DoubtfulCopy
            | FrameError::TooManyMessages => Vec::new(),
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
