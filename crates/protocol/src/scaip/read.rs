//! A document: a request, an answer, or neither.

use super::document::Elements;
use super::root::{root, scan, text_of};
use super::{Bad, DOCUMENT_BYTES_MAX, DocumentError, Request, Response};

/// The root of a request, and of a request in the dialect that embeds its answers.
pub(super) const ROOT: &str = "mrq";
pub(super) const EMBEDDED_ROOT: &str = "scaip";
/// The root of an answer, and those of the draft of 2012.
pub(super) const ANSWER_ROOT: &str = "mrs";
const DRAFT_ROOT: &str = "message-request";
const DRAFT_ANSWER_ROOT: &str = "message-response";

/// Which dialects beside the document's own are spoken with a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialects {
    /// The root is `scaip`, and the answer goes into the body of the SIP answer to the message, which RFC 3428 forbids
    /// (B: one platform).
    pub embedded_reply: bool,
}

/// What a document is.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A request.
    Request(Box<Request>),
    /// Something that is no request and has to be looked at.
    Bad(Box<Bad>),
    /// An answer. It is never answered: two receivers that answer each other would never end.
    Answer(Response),
}

/// Reads a document. Checked in this order, and the first failure counts: size, document type, form, root, mandatory
/// elements, contents.
pub fn read(body: &[u8], dialects: Dialects) -> Read {
    let (text, is_latin) = text_of(body.get(..DOCUMENT_BYTES_MAX).unwrap_or(body));
    let warnings = if is_latin { vec!["Latin1"] } else { Vec::new() };
    if is_answer(&text) {
        return Read::Answer(Response::recovered(&text));
    }
    let bytes = body.len();
    if bytes > DOCUMENT_BYTES_MAX {
        return Read::Bad(Box::new(Bad::of_text(DocumentError::TooLong { bytes }, &text, warnings)));
    }
    let elements = match Elements::parse(&text) {
        Ok(elements) => elements,
        Err(error) => return Read::Bad(Box::new(Bad::of_text(error, &text, warnings))),
    };
    let request = check_root(&elements.root, dialects).and_then(|()| Request::of(&elements, warnings.clone()));
    match request {
        Ok(request) => Read::Request(Box::new(request)),
        Err(error) => Read::Bad(Box::new(Bad::of_elements(error, &elements, warnings))),
    }
}

fn check_root(root: &str, dialects: Dialects) -> Result<(), DocumentError> {
    match root {
        ROOT => Ok(()),
        EMBEDDED_ROOT if dialects.embedded_reply => Ok(()),
        DRAFT_ROOT => Err(DocumentError::Draft2012 { root: root.to_owned() }),
        other => Err(DocumentError::UnknownRoot { root: other.to_owned() }),
    }
}

/// Whether a text is an answer, also when it is broken. The dialect that names both alike is known by what only an
/// answer says.
fn is_answer(text: &str) -> bool {
    match root(text) {
        Some(ANSWER_ROOT | DRAFT_ANSWER_ROOT) => true,
        Some(EMBEDDED_ROOT) => scan(text, "snu").is_some() && scan(text, "dty").is_none(),
        _ => false,
    }
}
