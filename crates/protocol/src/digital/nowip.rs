//! NOW-IP in the session: [`nowip::Calls`] has the conversation, this joins it to SIP.

use std::time::Instant;

use super::session::{Command, Heard, Owed, Session};
use crate::nowip::{self, CallId, Output, Sent};
use crate::sip::{Inbound, Outgoing, Reply, RequestId};
use crate::{Answered, Delivery, Message, Token};

/// Deliveries that a later one may still be about: a call is about an alarm of a minute ago.
const NAMED_MAX: usize = 256;

/// What units demand (B).
const CONTENT_TYPE: &str = "text/plain";

impl Session {
    /// A document: its 200 waits for the store where there is something to store, so that a unit goes elsewhere when
    /// nothing can.
    pub(super) fn nowip(&mut self, inbound: &Inbound, user: &str, now: Instant) {
        self.calls.document(user, nowip::read(&inbound.request.body), &inbound.request.body, now);
        let outputs: Vec<Output> = std::iter::from_fn(|| self.calls.next_output()).collect();
        let mut waits = Some(inbound);
        // A copy is answered by SIP before it is acknowledged again.
        if !outputs.iter().any(|output| matches!(output, Output::Deliver(..))) {
            self.edge.respond(inbound.id, Reply::of(200), now);
        }
        for output in outputs {
            match output {
                Output::Deliver(_, delivery) if waits.is_some() => {
                    let request = waits.take().map(|inbound| inbound.id);
                    self.nowip_delivery(Heard::of(inbound), *delivery, request, Some((inbound, user)));
                }
                output => self.output(output, now),
            }
        }
    }

    /// Something that the conversation wants done.
    pub(super) fn output(&mut self, output: Output, now: Instant) {
        match output {
            Output::Send { id, user, document } => {
                let Some(known) = self.units.of(&user).cloned() else {
                    return self.calls.sent(id, Sent::Failed, now);
                };
                let message = Outgoing {
                    uri: known.uri,
                    to_user: user.to_string(),
                    from_user: known.our_user,
                    content_type: CONTENT_TYPE,
                    headers: Vec::new(),
                    body: document.write(),
                };
                let sent = self.edge.send(known.flow, message, now);
                self.documents.insert(sent, id);
            }
            Output::Progress(CallId(call)) => self.progress(call, now),
            Output::Route { call: CallId(call), sender, .. } => self.ask_route(call, sender),
            Output::Release(CallId(call)) => self.release(call, now),
            Output::Deliver(user, delivery) => {
                let Some(known) = self.units.of(&user) else { return };
                self.nowip_delivery(Heard::nothing(known.flow, now), *delivery, None, None);
            }
            Output::Left(token, answered) => {
                if let Some(token) = self.tokens.remove(&token) {
                    self.commands.push_back(Command::Left(token, answered));
                }
            }
            Output::Count(counted) => self.commands.push_back(Command::Count(counted)),
            // Operators have no way to a scheme's commands yet: the machine's own steps need no one.
            Output::Operated { .. } | Output::Value { .. } | Output::Told(..) | Output::Ended(..) => {}
        }
    }

    fn nowip_delivery(
        &mut self,
        heard: Heard,
        delivery: Delivery,
        request: Option<RequestId>,
        by: Option<(&Inbound, &str)>,
    ) {
        let Delivery { token, mut message, repeat, owed, about, .. } = delivery;
        if let Message::Report(report) = &mut message
            && let (Some((inbound, user)), Some(identity)) = (by, report.identity.clone())
            && !self
                .may_speak_for(inbound, user, |name| name.trim_start_matches('0') == identity.trim_start_matches('0'))
        {
            // Flagged and not refused: a scheme speaks for many, and its alarm is somebody's.
            report.warnings.push("WrongIdentity".to_owned());
            self.count("WrongIdentity");
        }
        if let (Message::SignOfLife(Some(sender)), Some((_, user))) = (&message, by) {
            self.units.is_of(user, sender.clone());
        }
        let about = about.and_then(|about| self.named.iter().rev().find(|(theirs, _)| *theirs == about));
        let about = about.map(|(_, own)| *own);
        let owes = owed || request.is_some();
        let own = self.deliver_about(heard, message, repeat, Owed::NowIp { request, token }, (owes, about));
        if self.named.len() >= NAMED_MAX {
            self.named.pop_front();
        }
        self.named.push_back((token, own));
        if owed {
            self.tokens.insert(token, own);
        }
    }

    pub(super) fn nowip_stored(&mut self, own: Token, request: Option<RequestId>, theirs: Token, now: Instant) {
        if let Some(request) = request {
            self.edge.respond(request, Reply::of(200), now);
            self.answered_by_sip_alone(own, theirs);
        }
        self.calls.stored(theirs, now);
    }

    pub(super) fn nowip_refused(&mut self, own: Token, request: Option<RequestId>, theirs: Token, now: Instant) {
        if let Some(request) = request {
            self.unavailable(request, now);
            self.answered_by_sip_alone(own, theirs);
        }
        self.calls.refused(theirs, now);
    }

    /// What the conversation acknowledges to nobody, like what could not be read, is done with.
    fn answered_by_sip_alone(&mut self, own: Token, theirs: Token) {
        if !self.tokens.contains_key(&theirs) {
            self.commands.push_back(Command::Left(own, Answered::Withheld));
        }
    }
}
