//! Why a BS 8521 frame cannot be read.

use crate::{Fault, Value};

/// What is wrong with a frame, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum FrameError {
    /// A body character is not 0-9; index 0 is the first body digit.
    IllegalDigit {
        /// Place in the body.
        index: usize,
    },
    /// Fewer digits than the frame has before `#`, a new `A` or the end.
    TooShort {
        /// Body digits received, checksum included.
        got: usize,
    },
    /// More digits than the frame has.
    TooLong {
        /// Body digits received, checksum included.
        got: usize,
    },
    /// The sum differs.
    BadChecksum {
        /// Over the 24 digits received.
        computed: u8,
        /// As received.
        received: u8,
    },
    /// No `A` before the first digit. An error in strict mode, otherwise a warning.
    MissingStart,
    /// No `#` after the last digit. An error in strict mode, otherwise a warning.
    MissingEnd,
    /// Silence inside a frame, in a call.
    GapTooLong {
        /// Body digits received before it.
        after: usize,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// A digit too long to be data: a tone of the line, or speech.
    ToneTooLong {
        /// Its place in the body.
        index: usize,
        /// How long, in milliseconds.
        ms: u64,
    },
}

impl FrameError {
    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            FrameError::IllegalDigit { .. } => "IllegalDigit",
            FrameError::TooShort { .. } => "TooShort",
            FrameError::TooLong { .. } => "TooLong",
            FrameError::BadChecksum { .. } => "BadChecksum",
            FrameError::MissingStart => "MissingStart",
            FrameError::MissingEnd => "MissingEnd",
            FrameError::GapTooLong { .. } => "GapTooLong",
            FrameError::ToneTooLong { .. } => "ToneTooLong",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            FrameError::IllegalDigit { .. } => "a digit of the frame is not 0-9",
            FrameError::TooShort { .. } => "too few digits",
            FrameError::TooLong { .. } => "too many digits",
            FrameError::BadChecksum { .. } => "wrong checksum",
            FrameError::MissingStart => "no start digit A",
            FrameError::MissingEnd => "no end digit #",
            FrameError::GapTooLong { .. } => "silence inside the frame",
            FrameError::ToneTooLong { .. } => "a digit too long to be data",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let number = |name: &str, n: usize| (name.to_owned(), Value::Number(i64::try_from(n).unwrap_or(i64::MAX)));
        let ms = |ms: u64| number("ms", usize::try_from(ms).unwrap_or(usize::MAX));
        let fields = match self {
            FrameError::IllegalDigit { index } => vec![number("index", *index)],
            FrameError::TooShort { got } | FrameError::TooLong { got } => vec![number("got", *got)],
            FrameError::BadChecksum { computed, received } => {
                vec![number("computed", usize::from(*computed)), number("received", usize::from(*received))]
            }
            FrameError::MissingStart | FrameError::MissingEnd => Vec::new(),
            FrameError::GapTooLong { after, ms: gap } => vec![number("after", *after), ms(*gap)],
            FrameError::ToneTooLong { index, ms: tone } => vec![number("index", *index), ms(*tone)],
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
