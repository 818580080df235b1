//! Why a frame, a message or a burst group cannot be read.

use crate::{Fault, Fields, Value};

/// What is wrong, in the order of the checks: characters, prefix, length, checksum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum FrameError {
    /// A character that does not belong there; index 0 is the first digit after the prefix.
    IllegalDigit {
        /// Its place.
        index: usize,
    },
    /// No `D#`.
    NoPrefix,
    /// Fewer than 22 digits after `D#`.
    TooShort {
        /// Digits after the prefix.
        got: usize,
    },
    /// More than 22 digits after `D#`, where only one frame may be.
    TooLong {
        /// Digits after the prefix.
        got: usize,
    },
    /// No map matches.
    BadChecksum {
        /// What TT92 would have.
        tt92: String,
        /// What TTNEW would have.
        ttnew: String,
        /// The last two digits as they came.
        received: String,
    },
    /// Silence inside a frame, in a call.
    GapTooLong {
        /// Digits after the prefix before it.
        after: usize,
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Two burst groups, one after the other, are not the same.
    CopiesDiffer,
    /// A burst group without its copy, where all of a call is known.
    NoCopy,
    /// A burst group has 4 or 5 digits, a short message 8.
    BadLength {
        /// Its digits.
        got: usize,
    },
    /// A short message that ends in none of its tags.
    UnknownTag {
        /// Its last digit.
        tag: char,
    },
    /// A burst that is as long as no digit is.
    IllegalPulse {
        /// How long, in milliseconds.
        ms: u64,
    },
}

impl FrameError {
    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            FrameError::IllegalDigit { .. } => "IllegalDigit",
            FrameError::NoPrefix => "NoPrefix",
            FrameError::TooShort { .. } => "TooShort",
            FrameError::TooLong { .. } => "TooLong",
            FrameError::BadChecksum { .. } => "BadChecksum",
            FrameError::GapTooLong { .. } => "GapTooLong",
            FrameError::CopiesDiffer => "CopiesDiffer",
            FrameError::NoCopy => "NoCopy",
            FrameError::BadLength { .. } => "BadLength",
            FrameError::UnknownTag { .. } => "UnknownTag",
            FrameError::IllegalPulse { .. } => "IllegalPulse",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            FrameError::IllegalDigit { .. } => "a character that does not belong there",
            FrameError::NoPrefix => "no start D#",
            FrameError::TooShort { .. } => "too few digits",
            FrameError::TooLong { .. } => "too many digits",
            FrameError::BadChecksum { .. } => "wrong checksum",
            FrameError::GapTooLong { .. } => "silence inside the frame",
            FrameError::CopiesDiffer => "two copies differ",
            FrameError::NoCopy => "no second copy",
            FrameError::BadLength { .. } => "a wrong number of digits",
            FrameError::UnknownTag { .. } => "a message of an unknown kind",
            FrameError::IllegalPulse { .. } => "a burst as long as no digit",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let count = |name: &str, n: usize| (name.to_owned(), Value::Number(i64::try_from(n).unwrap_or(i64::MAX)));
        let ms = |ms: u64| ("ms".to_owned(), Value::Number(i64::try_from(ms).unwrap_or(i64::MAX)));
        let text = |name: &str, text: &str| (name.to_owned(), Value::Text(text.to_owned()));
        let fields: Fields = match self {
            FrameError::IllegalDigit { index } => vec![count("index", *index)],
            FrameError::TooShort { got } | FrameError::TooLong { got } | FrameError::BadLength { got } => {
                vec![count("got", *got)]
            }
            FrameError::BadChecksum { tt92, ttnew, received } => {
                vec![text("tt92", tt92), text("ttnew", ttnew), text("received", received)]
            }
            FrameError::GapTooLong { after, ms: gap } => vec![count("after", *after), ms(*gap)],
            FrameError::UnknownTag { tag } => vec![text("tag", &tag.to_string())],
            FrameError::IllegalPulse { ms: pulse } => vec![ms(*pulse)],
            FrameError::NoPrefix | FrameError::CopiesDiffer | FrameError::NoCopy => Vec::new(),
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
