//! Why a document is no request, and which number its unit is told.

use super::{DOCUMENT_BYTES_MAX, Snu};
use crate::report::texts;
use crate::{Fault, Value};

/// What is wrong with a document. The first of these, in this order, gives the number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum DocumentError {
    /// More bytes than a document may have.
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// It declares a document type. Nothing of it is expanded.
    DocumentType,
    /// It is no XML, or it broke off.
    NotWellFormed,
    /// The draft of 2012, with long names: recognised, not read.
    Draft2012 {
        /// Its root.
        root: String,
    },
    /// Its root is that of another protocol.
    UnknownRoot {
        /// Its root.
        root: String,
    },
    /// A mandatory element is missing or empty.
    MissingElement {
        /// Its name.
        element: &'static str,
    },
    /// An element that may come once comes again and says something else.
    RepeatedElement {
        /// Its name.
        element: &'static str,
    },
    /// An element's content cannot be what it has to be.
    BadContent {
        /// Its name.
        element: &'static str,
        /// The content.
        content: String,
    },
    /// None of the four types of message.
    UnknownMessageType {
        /// The type.
        content: String,
    },
}

impl DocumentError {
    /// The names, for metrics that start at zero.
    pub const NAMES: [&'static str; 9] = [
        "TooLong",
        "DocumentType",
        "NotWellFormed",
        "Draft2012",
        "UnknownRoot",
        "MissingElement",
        "RepeatedElement",
        "BadContent",
        "UnknownMessageType",
    ];

    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            DocumentError::TooLong { .. } => "TooLong",
            DocumentError::DocumentType => "DocumentType",
            DocumentError::NotWellFormed => "NotWellFormed",
            DocumentError::Draft2012 { .. } => "Draft2012",
            DocumentError::UnknownRoot { .. } => "UnknownRoot",
            DocumentError::MissingElement { .. } => "MissingElement",
            DocumentError::RepeatedElement { .. } => "RepeatedElement",
            DocumentError::BadContent { .. } => "BadContent",
            DocumentError::UnknownMessageType { .. } => "UnknownMessageType",
        }
    }

    /// A fixed sentence, for logs and the unit's status text.
    pub fn reason(&self) -> &'static str {
        match self {
            DocumentError::TooLong { .. } => "the document is too long",
            DocumentError::DocumentType => "the document declares a document type",
            DocumentError::NotWellFormed => "the document is not well formed",
            DocumentError::Draft2012 { .. } => "the document is of the 2012 draft",
            DocumentError::UnknownRoot { .. } => "the root is none of this protocol",
            DocumentError::MissingElement { .. } => "a mandatory element is missing",
            DocumentError::RepeatedElement { .. } => "an element comes twice and differs",
            DocumentError::BadContent { .. } => "an element has a content it cannot have",
            DocumentError::UnknownMessageType { .. } => "the message type is unknown",
        }
    }

    /// What the unit is told.
    pub fn number(&self) -> Snu {
        match self {
            DocumentError::TooLong { .. } => Snu::TooLong,
            DocumentError::DocumentType
            | DocumentError::NotWellFormed
            | DocumentError::Draft2012 { .. }
            | DocumentError::UnknownRoot { .. } => Snu::BadFormat,
            DocumentError::MissingElement { .. } => Snu::MissingElement,
            DocumentError::RepeatedElement { .. }
            | DocumentError::BadContent { .. }
            | DocumentError::UnknownMessageType { .. } => Snu::BadContent,
        }
    }

    /// The fault for reports: name and fields.
    pub fn fault(&self) -> Fault {
        let fields = match self {
            DocumentError::TooLong { bytes } => {
                let number = |number: usize| Value::Number(i64::try_from(number).unwrap_or(i64::MAX));
                vec![("bytes".to_owned(), number(*bytes)), ("most".to_owned(), number(DOCUMENT_BYTES_MAX))]
            }
            DocumentError::DocumentType | DocumentError::NotWellFormed => Vec::new(),
            DocumentError::Draft2012 { root } | DocumentError::UnknownRoot { root } => texts(&[("root", root)]),
            DocumentError::MissingElement { element } | DocumentError::RepeatedElement { element } => {
                texts(&[("element", element)])
            }
            DocumentError::BadContent { element, content } => texts(&[("element", element), ("content", content)]),
            DocumentError::UnknownMessageType { content } => texts(&[("element", "mty"), ("content", content)]),
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
