//! Why a frame cannot be read.

use crate::{Fault, Value};

/// What is wrong with a frame. The sender of a damaged one gets no answer: it repeats.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum FrameError {
    /// No LF before it.
    NoStart,
    /// No CR after it: the next frame began, or nothing more came.
    NoEnd,
    /// Longer than the length field can say.
    TooLong,
    /// The CRC and length before the first quote are not such.
    BadCheck,
    /// The CRC does not match.
    WrongCrc {
        /// Over the bytes received.
        computed: u16,
        /// As sent.
        received: u16,
    },
    /// The CRC matches but the length does not.
    WrongLength {
        /// As sent.
        stated: u16,
        /// Bytes received.
        got: usize,
    },
    /// A field of the head or the content is not as the layout has it.
    BadField {
        /// The name of the field in the layout.
        field: &'static str,
    },
}

impl FrameError {
    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            FrameError::NoStart => "NoStart",
            FrameError::NoEnd => "NoEnd",
            FrameError::TooLong => "TooLong",
            FrameError::BadCheck => "BadCheck",
            FrameError::WrongCrc { .. } => "WrongCrc",
            FrameError::WrongLength { .. } => "WrongLength",
            FrameError::BadField { .. } => "BadField",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            FrameError::NoStart => "the frame has no beginning",
            FrameError::NoEnd => "the frame has no end",
            FrameError::TooLong => "the frame is longer than its length field can say",
            FrameError::BadCheck => "no CRC and length stand before the frame's text",
            FrameError::WrongCrc { .. } => "the CRC does not match the frame",
            FrameError::WrongLength { .. } => "the length does not match the frame",
            FrameError::BadField { .. } => "a field is not as the layout has it",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let number = |name: &str, n: i64| (name.to_owned(), Value::Number(n));
        let fields = match self {
            FrameError::NoStart | FrameError::NoEnd | FrameError::TooLong | FrameError::BadCheck => Vec::new(),
            FrameError::WrongCrc { computed, received } => {
                vec![number("computed", i64::from(*computed)), number("received", i64::from(*received))]
            }
            FrameError::WrongLength { stated, got } => {
                vec![number("stated", i64::from(*stated)), number("got", i64::try_from(*got).unwrap_or(i64::MAX))]
            }
            FrameError::BadField { field } => vec![("field".to_owned(), Value::Text((*field).to_owned()))],
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
