//! Documents of digital units, each a body of a SIP MESSAGE.

use super::Decoded;
use crate::{Codes, Fault, nowip};

/// One SCAIP document.
pub(super) fn scaip(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    let _ = codes;
    vec![Decoded::error(bytes.to_vec(), Fault { name: "Empty".to_owned(), fields: Vec::new() })]
}

/// One NOW-IP document.
pub(super) fn nowip(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    let decoded = match nowip::read(bytes) {
        Err(bad) => Decoded::error(bytes.to_vec(), bad.fault()),
        Ok(document) => match document.report(codes, "", None) {
            Some(report) => Decoded::report(bytes.to_vec(), report),
            None => Decoded::control(bytes.to_vec(), document.kind.as_str()),
        },
    };
    vec![decoded]
}

/// A SIP message with a document, or a document alone: the root says which.
pub(super) fn sip(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    scaip(bytes, codes)
}
