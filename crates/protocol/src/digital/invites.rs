//! Calls: this receiver has no voice, so each INVITE is sent on (302) to the operator who has claimed the unit's alarm, else
//! to the operators' group, else told that nobody is there (480).
//!
//! A SCAIP unit calls after its answer, which names the number: one that calls here belongs to its alarm at once. Who
//! has sent no SCAIP document calls before its alarm, as NOW-IP does, and [`crate::nowip::Calls`] says when to send it on.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::session::{Command, Heard, Owed, Session};
use crate::nowip::CallId;
use crate::report::Origin;
use crate::session::after;
use crate::sip::{Flow, Inbound, Reply, RequestId};
use crate::{Message, Protocol, RepeatProof, Report, Sender, Status, Trigger};

/// Units whose call is expected at once; beyond it the next one's is not waited for.
pub const EXPECTED_MAX: usize = 10_000;

/// What the store refuses is offered again after so long, until it is stored or the call comes.
const TELL_AGAIN: Duration = Duration::from_secs(5);

/// Calls under way.
#[derive(Debug, Default)]
pub struct Invites {
    waiting: HashMap<u64, Waiting>,
    calling: HashMap<String, usize>,
    expected: HashMap<String, (Instant, Flow)>,
    due: BTreeSet<(Instant, String)>,
}

#[derive(Debug)]
struct Waiting {
    request: RequestId,
    user: String,
}

impl Invites {
    /// Whether a call of this unit waits for where it belongs.
    pub fn is_calling(&self, user: &str) -> bool {
        self.calling.contains_key(user)
    }

    /// When an expected call is late.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    fn begins(&mut self, waiting: Waiting) {
        self.came(&waiting.user);
        let calls = self.calling.entry(waiting.user.clone()).or_default();
        *calls = calls.saturating_add(1);
        self.waiting.insert(waiting.request.0, waiting);
    }

    fn ends(&mut self, call: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&call)?;
        if let Some(calls) = self.calling.get_mut(&waiting.user) {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                self.calling.remove(&waiting.user);
            }
        }
        Some(waiting)
    }

    fn expect(&mut self, user: &str, flow: Flow, due: Instant) {
        self.came(user);
        if self.expected.len() < EXPECTED_MAX {
            self.expected.insert(user.to_owned(), (due, flow));
            self.due.insert((due, user.to_owned()));
        }
    }

    fn came(&mut self, user: &str) {
        if let Some((due, _)) = self.expected.remove(user) {
            self.due.remove(&(due, user.to_owned()));
        }
    }

    fn late(&mut self, now: Instant) -> Option<(String, Flow)> {
        let (_, user) = self.due.first().filter(|(due, _)| *due <= now).cloned()?;
        let (_, flow) = self.expected.get(&user).copied()?;
        self.came(&user);
        Some((user, flow))
    }
}

impl Session {
    pub(super) fn invited(&mut self, inbound: &Inbound, user: &str, now: Instant) {
        self.invites.begins(Waiting { request: inbound.id, user: user.to_owned() });
        let sender = self.units.of(user).and_then(|known| known.sender.clone());
        match sender {
            Some(sender) if sender.protocol == Protocol::Scaip => {
                self.commands.push_back(Command::Route(inbound.id.0, sender));
            }
            _ => self.calls.invited(user, CallId(inbound.id.0), now),
        }
    }

    /// Somebody is to say where a call belongs; `sender` as far as its conversation knows it.
    pub(super) fn ask_route(&mut self, call: u64, sender: Option<Sender>) {
        let Some(waiting) = self.invites.waiting.get(&call) else { return };
        let unknown = || Sender { protocol: Protocol::Sip, identity: waiting.user.clone() };
        self.commands.push_back(Command::Route(call, sender.unwrap_or_else(unknown)));
    }

    pub(super) fn progress(&mut self, call: u64, now: Instant) {
        if let Some(waiting) = self.invites.waiting.get(&call) {
            self.edge.respond(waiting.request, Reply::of(183), now);
        }
    }

    pub(super) fn route(&mut self, call: u64, operator: Option<String>, now: Instant) {
        let Some(waiting) = self.invites.ends(call) else { return };
        let reply = match operator.or_else(|| self.settings.targets.sip.clone()) {
            Some(uri) => Reply::of(302).with("Contact", format!("<{uri}>")),
            None => Reply::of(480),
        };
        self.edge.respond(waiting.request, reply, now);
        self.calls.routed(CallId(call), now);
    }

    /// A call goes nowhere any more.
    pub(super) fn release(&mut self, call: u64, now: Instant) {
        if let Some(waiting) = self.invites.ends(call) {
            self.edge.respond(waiting.request, Reply::of(480), now);
        }
    }

    pub(super) fn cancelled(&mut self, request: RequestId, now: Instant) {
        if self.invites.ends(request.0).is_some() {
            self.calls.cancelled(CallId(request.0), now);
        }
    }

    /// A unit was given a number of ours to call.
    pub(super) fn expect_call(&mut self, user: &str, flow: Flow, now: Instant) {
        if let Some(within) = self.settings.call_within {
            self.invites.expect(user, flow, after(now, within));
        }
    }

    /// That a unit did not call could not be stored: its call is waited for a little longer, and then it is told again.
    pub(super) fn tell_again(&mut self, user: &str, flow: Flow, now: Instant) {
        self.invites.expect(user, flow, after(now, TELL_AGAIN));
    }

    /// A unit that wanted to call did not: somebody is to call it.
    pub(super) fn no_call_came(&mut self, now: Instant) {
        while let Some((user, flow)) = self.invites.late(now) {
            let sender = self.units.of(&user).and_then(|known| known.sender.clone());
            let report = no_call(sender.unwrap_or_else(|| Sender { protocol: Protocol::Sip, identity: user.clone() }));
            let then = Owed::NoCall { user, flow };
            self.deliver(Heard::nothing(flow, now), Message::Report(report), RepeatProof::None, then);
        }
    }
}

/// What is said of a unit that did not call; as of a NOW-IP unit.
fn no_call(sender: Sender) -> Report {
    let mut report = Report::own(Trigger::Information, Status::Active, "NoCall");
    report.protocol = sender.protocol;
    report.origin = Origin::Unit;
    report.identity = Some(sender.identity);
    for event in &mut report.events {
        event.words = "a number was given and no call came".to_owned();
    }
    report
}
