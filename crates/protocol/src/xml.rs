//! Small XML documents of units: read by a library that refuses document types, within bounds.

use roxmltree::{Document, ParsingOptions};

/// Elements, texts and attributes of one document.
const NODES_MAX: u32 = 1_024;

/// Why a text is no document for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum XmlError {
    /// It declares a document type, which nobody needs and which can make it as large as it likes.
    DocumentType,
    /// It is not well formed, or has too many parts.
    Malformed,
}

/// Reads a text.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, XmlError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlError::DocumentType,
        _ => XmlError::Malformed,
    })
}
