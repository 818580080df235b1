//! Why a line cannot be read.

use crate::sia_frame::FrameError;
use crate::{Fault, Value};

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum LineError {
    /// Nothing between two ends.
    Empty,
    /// The byte that begins a line is missing.
    NoStart,
    /// The next line begins before this one has ended.
    NoEnd,
    /// A character that is not printable, or whose parity is wrong.
    IllegalCharacter {
        /// Its place in the line.
        index: usize,
    },
    /// A form of fixed length in another length than the header setting gives.
    WrongLength {
        /// Characters of the form with the configured header.
        expected: usize,
        /// Characters received.
        got: usize,
    },
    /// A field outside its alphabet or its width.
    BadField {
        /// The name of the field in the layout.
        field: &'static str,
    },
    /// What no form has.
    UnknownForm,
    /// What is wrong with a frame that has a check of its own.
    Frame(FrameError),
}

impl LineError {
    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            LineError::Empty => "Empty",
            LineError::NoStart => "NoStart",
            LineError::NoEnd => "NoEnd",
            LineError::IllegalCharacter { .. } => "IllegalCharacter",
            LineError::WrongLength { .. } => "WrongLength",
            LineError::BadField { .. } => "BadField",
            LineError::UnknownForm => "UnknownForm",
            LineError::Frame(error) => error.name(),
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            LineError::Empty => "nothing in the line",
            LineError::NoStart => "the line has no beginning",
            LineError::NoEnd => "the line has no end",
            LineError::IllegalCharacter { .. } => "a character is damaged or not printable",
            LineError::WrongLength { .. } => "the line has not the length of its form",
            LineError::BadField { .. } => "a field is outside its alphabet or width",
            LineError::UnknownForm => "the line is in no known form",
            LineError::Frame(error) => error.reason(),
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let number = |name: &str, n: usize| (name.to_owned(), Value::Number(i64::try_from(n).unwrap_or(i64::MAX)));
        let fields = match self {
            LineError::Frame(error) => return error.fault(),
            LineError::Empty | LineError::NoStart | LineError::NoEnd | LineError::UnknownForm => Vec::new(),
            LineError::IllegalCharacter { index } => vec![number("index", *index)],
            LineError::WrongLength { expected, got } => vec![number("expected", *expected), number("got", *got)],
            LineError::BadField { field } => vec![("field".to_owned(), Value::Text((*field).to_owned()))],
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
