//! Why a NOW-IP document cannot be read.

use crate::{Fault, Fields, Value};

/// What is wrong with a document, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum ReadError {
    /// The body is larger than any document.
    TooLarge {
        /// Its bytes.
        got: usize,
    },
    /// The body is no XML, or has far too many parts.
    NotXml,
    /// It declares a document type or entities.
    DtdForbidden,
    /// Its root is not `ATM`.
    WrongRoot {
        /// What it is instead.
        name: String,
    },
    /// One of the five elements occurs twice.
    DuplicateElement {
        /// Which.
        name: &'static str,
    },
    /// One of the five elements is absent or empty. Only an acknowledgement may have no data.
    MissingElement {
        /// Which.
        name: &'static str,
    },
    /// Nobody knows this type.
    UnknownType {
        /// As sent.
        name: String,
    },
    /// The data of an alarm or heartbeat has another length.
    DataLength {
        /// Characters received.
        got: usize,
        /// Characters it should have.
        want: usize,
    },
    /// A character of the data of an alarm or heartbeat is not 0-9.
    IllegalDigit {
        /// Its place, the first is 0.
        index: usize,
    },
}

impl ReadError {
    /// The names, for metrics that start at zero.
    pub const NAMES: [&'static str; 9] = [
        "TooLarge",
        "NotXml",
        "DtdForbidden",
        "WrongRoot",
        "DuplicateElement",
        "MissingElement",
        "UnknownType",
        "DataLength",
        "IllegalDigit",
    ];

    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            ReadError::TooLarge { .. } => "TooLarge",
            ReadError::NotXml => "NotXml",
            ReadError::DtdForbidden => "DtdForbidden",
            ReadError::WrongRoot { .. } => "WrongRoot",
            ReadError::DuplicateElement { .. } => "DuplicateElement",
            ReadError::MissingElement { .. } => "MissingElement",
            ReadError::UnknownType { .. } => "UnknownType",
            ReadError::DataLength { .. } => "DataLength",
            ReadError::IllegalDigit { .. } => "IllegalDigit",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            ReadError::TooLarge { .. } => "a body larger than any document",
            ReadError::NotXml => "no XML",
            ReadError::DtdForbidden => "a document type or entity is declared",
            ReadError::WrongRoot { .. } => "the root is not ATM",
            ReadError::DuplicateElement { .. } => "an element occurs twice",
            ReadError::MissingElement { .. } => "an element is absent or empty",
            ReadError::UnknownType { .. } => "a type that nobody knows",
            ReadError::DataLength { .. } => "data of another length",
            ReadError::IllegalDigit { .. } => "a character of the data is not 0-9",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let number = |name: &str, n: usize| (name.to_owned(), Value::Number(i64::try_from(n).unwrap_or(i64::MAX)));
        let text = |name: &str, text: &str| (name.to_owned(), Value::Text(text.to_owned()));
        let fields: Fields = match self {
            ReadError::NotXml | ReadError::DtdForbidden => Vec::new(),
            ReadError::TooLarge { got } => vec![number("got", *got)],
            ReadError::WrongRoot { name } => vec![text("root", name)],
            ReadError::DuplicateElement { name } | ReadError::MissingElement { name } => vec![text("element", name)],
            ReadError::UnknownType { name } => vec![text("type", name)],
            ReadError::DataLength { got, want } => vec![number("got", *got), number("want", *want)],
            ReadError::IllegalDigit { index } => vec![number("index", *index)],
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
