//! The protocols that can be probed for: how each takes a call up, and how its frames are known.

use std::sync::Arc;
use std::time::Instant;

use crate::call::{self, Begun, Book};
use crate::{Codes, DecodeOptions, Mode, Protocol, What, bs8521, decode};

/// One way to ask a unit for its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// BS 8521 over DTMF.
    Bs8521(bs8521::Settings),
}

impl Method {
    /// The one for a protocol that telephones, with its usual settings.
    pub fn usual(protocol: Protocol) -> Option<Method> {
        match protocol {
            Protocol::Bs8521 => Some(Method::Bs8521(bs8521::Settings::default())),
            Protocol::SurGard | Protocol::Ademco685 | Protocol::Espa444 | Protocol::Detect | Protocol::Own => None,
        }
    }

    /// A call that was just answered, in this and nothing else.
    pub fn begin(self, codes: Arc<Codes>, begun: Begun) -> call::Call {
        match self {
            Method::Bs8521(settings) => bs8521::Call::new(settings, codes, begun).into(),
        }
    }

    /// What can come of it.
    fn protocols(&self) -> &'static [Protocol] {
        match self {
            Method::Bs8521(_) => &[Protocol::Bs8521],
        }
    }

    /// Whether it can give a call in that protocol.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols().contains(&protocol)
    }

    /// Goes on with a call. One without data is given up: the next method has its turn.
    pub(super) fn take_up(&self, codes: &Arc<Codes>, book: Book, now: Instant) -> call::Call {
        let codes = Arc::clone(codes);
        match self {
            Method::Bs8521(settings) => {
                let settings = bs8521::Settings { hang_up_without_data: false, ..settings.clone() };
                bs8521::Call::with_book(settings, codes, book, now).into()
            }
        }
    }

    /// Whether digits are a whole frame of it, check digits included.
    pub(super) fn reads(&self, digits: &[u8], codes: &Codes) -> bool {
        let is_read = |protocol: &Protocol| {
            let options = DecodeOptions::default();
            let decoded = decode(*protocol, digits, Mode::Tolerant, codes, &options);
            decoded.iter().any(|decoded| matches!(decoded.what, What::Report(_)))
        };
        self.protocols().iter().any(is_read)
    }
}
