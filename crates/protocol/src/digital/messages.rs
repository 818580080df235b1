//! A MESSAGE: which document it holds, and whether its sender may speak for whom the document names.

use std::time::Instant;

use super::Authentication;
use super::session::{Heard, Owed, Session};
use super::units::Known;
use crate::report::Value;
use crate::sip::{Inbound, Reply};
use crate::{Fault, Message, Protocol, RepeatProof, Report, scaip};

/// What a MESSAGE may hold, for an Accept header.
const ACCEPTED: &str = "application/scaip+xml, application/xml, text/xml, text/plain";

impl Session {
    pub(super) fn message(&mut self, inbound: Inbound, user: String, back: Known, now: Instant) {
        let body = &inbound.request.body;
        if scaip::is_nowip(body) {
            self.nowip(&inbound, &user, now);
        } else if scaip::is_scaip(body) || is_xml(&inbound) {
            self.scaip(&inbound, user, back, now);
        } else {
            // Its sender is told what we take, and it is no alarm of any unit that we know of.
            self.count("UnknownContent");
            self.edge.respond(inbound.id, Reply::of(415).with("Accept", ACCEPTED), now);
        }
    }

    /// Whether it may speak for whom its document names: `is_named` tells whether a name is that one. Where nothing is
    /// proven, anybody may.
    pub(super) fn may_speak_for(&self, inbound: &Inbound, user: &str, is_named: impl Fn(&str) -> bool) -> bool {
        match self.settings.authentication {
            Authentication::None => true,
            Authentication::Certificate => is_named(user),
            Authentication::Digest => inbound.user.as_deref().is_some_and(|user| {
                let account = self.accounts.0.get(user);
                account.is_some_and(|account| match &account.identities[..] {
                    [] => is_named(user),
                    listed => listed.iter().any(|listed| is_named(listed)),
                })
            }),
        }
    }

    /// A unit speaks for somebody else: it is refused, and people are told, because it may be a person's unit with a wrong
    /// setting.
    pub(super) fn forbidden(&mut self, inbound: &Inbound, user: &str, protocol: Protocol, identity: &str) {
        self.count("WrongIdentity");
        let named = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        let fields = vec![named("user", inbound.user.as_deref().unwrap_or(user)), named("identity", identity)];
        let report = Report::unreadable(protocol, Fault { name: "WrongIdentity".to_owned(), fields });
        self.deliver(Heard::of(inbound), Message::Report(report), RepeatProof::None, Owed::Forbidden(inbound.id));
    }
}

/// Whether it is, or says that it is, XML: then it is meant for us, however badly it is written.
fn is_xml(inbound: &Inbound) -> bool {
    let body = inbound.request.body.trim_ascii_start();
    let content_type = inbound.request.headers.first("Content-Type").unwrap_or_default().to_ascii_lowercase();
    body.starts_with(b"<") || content_type.contains("xml")
}
