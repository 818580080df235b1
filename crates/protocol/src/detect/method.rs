//! The protocols that can be probed for: how each takes a call up, and how its frames are known.

use std::sync::Arc;
use std::time::Instant;

use crate::call::{self, Begun, Book};
use crate::tunstall::{self, Probe};
use crate::{Codes, DecodeOptions, Mode, Protocol, What, bs8521, contact_id, decode};

/// One way to ask a unit for its data.
#[allow(clippy::large_enum_variant, reason = "a line has one of each")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// BS 8521 over DTMF.
    Bs8521(bs8521::Settings),
    /// TT92, TTNEW and TTOLD, in DTMF and STMF.
    Tunstall(tunstall::Settings),
    /// Contact ID, its relatives, and the fast format, which answer one handshake.
    ContactId(contact_id::Settings),
}

impl Method {
    /// The one for a protocol that telephones, with its usual settings.
    pub fn usual(protocol: Protocol) -> Option<Method> {
        match protocol {
            Protocol::Bs8521 => Some(Method::Bs8521(bs8521::Settings::default())),
            Protocol::Tt92 => Some(Method::tunstall(Probe::Tt92)),
            Protocol::TtNew => Some(Method::tunstall(Probe::TtNew)),
            Protocol::TtOld => Some(Method::tunstall(Probe::TtOld)),
            Protocol::ContactId => Some(Method::ContactId(contact_id::Settings::default())),
            Protocol::FastFormat => Some(Method::ContactId(contact_id::Settings::fast_format())),
            _ => None,
        }
    }

    fn tunstall(probe: Probe) -> Method {
        Method::Tunstall(tunstall::Settings { probes: vec![probe], ..tunstall::Settings::default() })
    }

    /// A call that was just answered, in this and nothing else.
    pub fn begin(self, codes: Arc<Codes>, begun: Begun) -> call::Call {
        match self {
            Method::Bs8521(settings) => bs8521::Call::new(settings, codes, begun).into(),
            Method::Tunstall(settings) => tunstall::Call::new(settings, codes, begun).into(),
            Method::ContactId(settings) => contact_id::Call::new(settings, codes, begun).into(),
        }
    }

    /// What can come of it.
    fn protocols(&self) -> &'static [Protocol] {
        match self {
            Method::Bs8521(_) => &[Protocol::Bs8521],
            Method::Tunstall(_) => &[Protocol::Tt92, Protocol::TtNew, Protocol::TtOld],
            Method::ContactId(_) => &[Protocol::ContactId, Protocol::FastFormat],
        }
    }

    /// Whether it can give a call in that protocol.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols().contains(&protocol)
    }

    /// The same, leaving a call without data to the next method.
    pub(super) fn giving_up(mut self) -> Method {
        match &mut self {
            Method::Bs8521(settings) => settings.hang_up_without_data = false,
            Method::Tunstall(settings) => settings.hang_up_without_data = false,
            Method::ContactId(settings) => settings.hang_up_without_data = false,
        }
        self
    }

    /// The same, asking for the protocol that the unit spoke last time before its relatives.
    pub(super) fn asking_first_for(mut self, learnt: Protocol) -> Method {
        if let Method::Tunstall(settings) = &mut self {
            settings.probes.sort_by_key(|probe| probe.protocol() != learnt);
        }
        self
    }

    /// Goes on with a call.
    pub(super) fn take_up(self, codes: Arc<Codes>, book: Book, now: Instant) -> call::Call {
        match self {
            Method::Bs8521(settings) => bs8521::Call::with_book(settings, codes, book, now).into(),
            Method::Tunstall(settings) => tunstall::Call::with_book(settings, codes, book).into(),
            Method::ContactId(settings) => contact_id::Call::with_book(settings, codes, book, now).into(),
        }
    }

    /// Whether digits are a whole frame of it, check digits included. What has none is not known by its digits alone.
    pub(super) fn reads(&self, digits: &[u8], codes: &Codes) -> bool {
        let is_read = |protocol: &Protocol| {
            let options = DecodeOptions::default();
            let decoded = decode(*protocol, digits, Mode::Tolerant, codes, &options);
            decoded.iter().any(|decoded| matches!(decoded.what, What::Report(_)))
        };
        self.protocols().iter().filter(|protocol| **protocol != Protocol::FastFormat).any(is_read)
    }
}
