//! Documents of digital units, each a body of a SIP MESSAGE.

use super::{Decoded, What};
use crate::{Codes, nowip, scaip, sip};

/// One SCAIP document.
pub(super) fn scaip(bytes: &[u8], codes: &Codes) -> Vec<Decoded> {
    let decoded = match scaip::read(bytes, scaip::Dialects::default()) {
        scaip::Read::Request(request) if request.class() == scaip::Class::Heartbeat => {
            let warnings = request.warnings.iter().map(|warning| (*warning).to_owned()).collect();
            Decoded { input: bytes.to_vec(), what: What::Control("heartbeat"), warnings }
        }
        scaip::Read::Request(request) => Decoded::report(bytes.to_vec(), request.report(codes)),
        scaip::Read::Bad(bad) => Decoded::error(bytes.to_vec(), bad.fault),
        scaip::Read::Answer(_) => Decoded::control(bytes.to_vec(), "answer"),
    };
    vec![decoded]
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
    let message = match sip::read(bytes) {
        Ok(message) => message,
        // Without a start line of SIP it can only be a document.
        Err(_) => return document(bytes, codes),
    };
    let body = message.body();
    if body.is_empty() {
        let what = match &message {
            sip::Message::Request(_) => "request",
            sip::Message::Response(_) => "answer",
        };
        return vec![Decoded::control(bytes.to_vec(), what)];
    }
    let decoded = document(body, codes).into_iter();
    decoded.map(|decoded| Decoded { input: bytes.to_vec(), ..decoded }).collect()
}

fn document(body: &[u8], codes: &Codes) -> Vec<Decoded> {
    if scaip::is_nowip(body) { nowip(body, codes) } else { scaip(body, codes) }
}
