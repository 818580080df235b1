//! SCAIP in the session: the request is stored, then answered by a MESSAGE of our own on the way it came.

use std::time::Instant;

use super::session::{Heard, Owed, Session};
use super::units::Known;
use crate::scaip::{self, CallHandling, Class, Media, Response, Voice, VoiceReply};
use crate::sip::{Inbound, Outgoing, Reply};
use crate::{Message, Protocol, RepeatProof, Token};

const CONTENT_TYPE: &str = "application/scaip+xml";

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
        if !self.may_speak_for(inbound, &user, &request.controller) {
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
            Message::Report(report)
        };
        let repeat = match &message {
            Message::Report(_) => RepeatProof::Key { key: request.repeat_key(), window: scaip::REPEAT_WINDOW },
            Message::SignOfLife(_) => RepeatProof::None,
        };
        let answer = Box::new(Response { voice: self.voice(request, &user), ..Response::ok(&request.reference) });
        let then = Owed::Scaip { request: inbound.id, user, back: Box::new(back), answer };
        self.deliver(Heard::of(inbound), message, repeat, then);
    }

    /// The number a unit is to call, where it wants to and there is one. A unit that is calling calls once.
    fn voice(&self, request: &scaip::Request, user: &str) -> Option<VoiceReply> {
        if self.invites.is_calling(user) {
            return None;
        }
        let targets = &self.settings.targets;
        let number = match request.voice() {
            Voice::None | Voice::Callback(_) => None,
            Voice::Sip => targets.sip.as_ref(),
            Voice::Tel => targets.tel.as_ref(),
            Voice::Gsm => targets.gsm.as_ref(),
        };
        number.map(|number| VoiceReply {
            media: Media::Duplex,
            call: CallHandling::Transferred,
            number: Some(number.clone()),
        })
    }

    pub(super) fn scaip_stored(&mut self, token: Token, user: &str, back: Known, answer: &Response, now: Instant) {
        let message = Outgoing {
            uri: back.uri,
            to_user: user.to_owned(),
            from_user: back.our_user,
            content_type: CONTENT_TYPE,
            headers: Vec::new(),
            body: answer.write().into_bytes(),
        };
        let id = self.edge.send(back.flow, message, now);
        self.sent.insert(id, token);
        if answer.voice.is_some() {
            self.expect_call(user, back.flow, now);
        }
    }
}
