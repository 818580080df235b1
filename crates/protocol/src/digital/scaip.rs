//! SCAIP in the session: the request is stored, then answered by a MESSAGE of our own on the way it came.

use std::time::Instant;

use super::session::{Command, Heard, Owed, Session};
use super::units::Known;
use crate::scaip::{self, Class, Response};
use crate::sip::{Inbound, Outgoing, Reply, RequestId};
use crate::{Answered, Message, Protocol, RepeatProof, Token};

const CONTENT_TYPE: &str = "application/scaip+xml";
/// Of the dialect whose answer goes into the 200 (B).
const EMBEDDED_CONTENT_TYPE: &str = "application/xml";

impl Session {
    pub(super) fn scaip(&mut self, inbound: &Inbound, user: String, back: Known, now: Instant) {
        let dialects = scaip::Dialects { embedded_reply: self.settings.embedded_reply.contains(&user) };
        match scaip::read(&inbound.request.body, dialects) {
            scaip::Read::Request(request) => self.scaip_request(inbound, user, back, &request),
            scaip::Read::Bad(bad) => {
                self.count(bad.error.name());
                let answer = Box::new(bad.response());
                let then = Owed::Scaip { request: inbound.id, user, back: Box::new(back), answer };
                let report = bad.report(&self.codes);
                self.deliver(Heard::of(inbound), Message::Report(report), RepeatProof::None, then);
            }
            // An answer to an answer would never end.
            scaip::Read::Answer(_) => {
                self.count("UnexpectedAnswer");
                self.edge.respond(inbound.id, Reply::of(200), now);
            }
        }
    }

    fn scaip_request(&mut self, inbound: &Inbound, user: String, back: Known, request: &scaip::Request) {
        if !self.may_speak_for(inbound, &user, |name| name == request.controller) {
            return self.forbidden(inbound, &user, Protocol::Scaip, &request.controller);
        }
        self.units.is_of(&user, request.sender());
        let class = request.class();
        let message = if class == Class::Heartbeat {
            Message::SignOfLife(Some(request.sender()))
        } else {
            let mut report = request.report(&self.codes);
            if user != request.controller {
                report.warnings.push("OtherSender".to_owned());
            }
            let content_type = inbound.request.headers.first("Content-Type").unwrap_or_default();
            if !content_type.to_ascii_lowercase().starts_with(CONTENT_TYPE) {
                report.warnings.push("OtherContentType".to_owned());
            }
            Message::Report(report)
        };
        let repeat = match &message {
            Message::Report(_) => RepeatProof::Key { key: request.repeat_key(), window: scaip::REPEAT_WINDOW },
            Message::SignOfLife(_) => RepeatProof::None,
        };
        let mut answer = Response::accepted(request, &self.settings.targets);
        // A unit that is calling calls once.
        if self.invites.is_calling(&user) {
            answer.voice = None;
        }
        let answer = Box::new(answer);
        let then = Owed::Scaip { request: inbound.id, user, back: Box::new(back), answer };
        self.deliver(Heard::of(inbound), message, repeat, then);
    }

    pub(super) fn scaip_stored(
        &mut self,
        token: Token,
        request: RequestId,
        user: &str,
        back: Known,
        answer: &Response,
        now: Instant,
    ) {
        let body = answer.write().into_bytes();
        if answer.embedded {
            let reply = Reply { body, ..Reply::of(200).with("Content-Type", EMBEDDED_CONTENT_TYPE) };
            self.edge.respond(request, reply, now);
            self.commands.push_back(Command::Left(token, Answered::Positive));
        } else {
            self.edge.respond(request, Reply::of(200), now);
            let (to_user, from_user) = (user.to_owned(), back.our_user);
            let message =
                Outgoing { uri: back.uri, to_user, from_user, content_type: CONTENT_TYPE, headers: Vec::new(), body };
            let id = self.edge.send(back.flow, message, now);
            self.sent.insert(id, token);
        }
        if answer.voice.is_some() {
            self.expect_call(user, back.flow, now);
        }
    }
}
