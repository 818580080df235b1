//! What a person does to an alarm, and when the rules refuse it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::alarm::{Claim, Closed, Contest, Hold};
use crate::{ActionId, Alarm, AlarmId, CallId, CardCall, ReceiverId, Ring, SignalId, Standing};

/// The longest hold: what is put aside comes back within a day, whatever was typed.
pub const HOLD_MAX: Duration = Duration::from_secs(24 * 3600);

/// How long after a close an operator may undo it.
pub const REOPEN_WITHIN: Duration = Duration::from_secs(10 * 60);

/// One thing one person did to one alarm. Made once; offered again by id, never decided anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Made by the client.
    pub id: ActionId,
    /// The alarm it is about.
    pub alarm: AlarmId,
    /// When this receiver took it in (UTC). The rules judge it by this time, whenever they get to see it.
    pub at: OffsetDateTime,
    /// Who.
    pub actor: Actor,
    /// What.
    pub act: Act,
}

/// A person at a desk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Actor {
    /// The person's name as in the token file.
    pub person: Arc<str>,
    /// The desk or console.
    pub desk: Arc<str>,
}

/// Who acts by rule, at the desk of the receiver's name. No token can carry this name: it has brackets.
const BY_RULE: &str = "(receiver)";

impl Actor {
    /// The receiver itself, which acts by rule.
    pub fn by_rule(receiver: &ReceiverId) -> Actor {
        Actor { person: Arc::from(BY_RULE), desk: receiver.0.clone() }
    }

    /// Whether it is a receiver acting for a rule.
    pub fn is_rule(&self) -> bool {
        &*self.person == BY_RULE
    }
}

impl fmt::Display for Actor {
    /// "Ann at desk 1"; without the desk where none is known, as of somebody who was given an alarm by name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.desk {
            "" => f.write_str(&self.person),
            desk => write!(f, "{} at {desk}", self.person),
        }
    }
}

impl Alarm {
    /// Does an action, or refuses it and changes nothing.
    pub fn act(&mut self, action: &Action) -> Result<(), Refusal> {
        debug_assert_eq!(action.alarm, self.id);
        let is_for_closed = matches!(
            action.act,
            Act::Note { .. }
                | Act::Reopen { .. }
                | Act::Served
                | Act::CalledOut { .. }
                | Act::Operated { .. }
                | Act::CallEnded { .. }
        );
        if let (Some(closed), false) = (&self.closed, is_for_closed) {
            return Err(Refusal::Closed { by: closed.actor.clone(), at: closed.at });
        }
        match &action.act {
            Act::Claim { lease } => self.claim_for(action, *lease),
            Act::Renew { lease } => self.renew(action, *lease),
            Act::Seen { shown } => self.see(action, *shown),
            Act::Hold { shown, until, reason } => self.put_aside(action, *shown, *until, reason),
            Act::Resume { lease } => self.resume(action, *lease),
            Act::Release => self.release(action),
            Act::Transfer { to, lease } => self.transfer(action, to, *lease),
            Act::Note { kind, text, .. } if kind.is_empty() => present(text, "text"),
            Act::Note { .. } => Ok(()),
            Act::Close { shown, outcome, text } => self.close(action, *shown, outcome, text),
            Act::Reopen { by_supervisor } => self.reopen(action, *by_supervisor),
            Act::CloseOther { shown, outcome, text, reason } => self.close_other(action, *shown, outcome, text, reason),
            Act::StopTest { text } => self.stop_test(action, text),
            Act::Served => self.serve(action),
            Act::Escalate { rule, due, targets } => self.escalate(action, *rule, *due, targets),
            Act::CalledOut { rule, due, target, delivered } => self.called_out(action, *rule, *due, target, *delivered),
            Act::Join { incident } => self.join(incident),
            Act::OffTest => self.leave_test(action),
            Act::CloseByRule { shown, outcome } => self.close_by_rule(action, *shown, outcome),
            Act::Operate { call, .. } => self.operate(action, *call),
            Act::Operated { .. } => Ok(()),
            Act::CallEnded { call, at, how } => self.end_call(*call, *at, how),
        }
    }

    /// Marks what a person did at a receiver that was cut off, when the shared queue had already decided
    /// otherwise. Both are shown until one lets go.
    pub fn contest(&mut self, action: &Action) {
        let contest = Contest { actor: action.actor.clone(), at: action.at, act: action.act.name().to_owned() };
        match &action.act {
            Act::Release => self.contest = None,
            Act::Claim { .. }
            | Act::Seen { .. }
            | Act::Hold { .. }
            | Act::Resume { .. }
            | Act::Transfer { .. }
            | Act::Close { .. }
            | Act::CloseOther { .. }
            | Act::Reopen { .. } => {
                self.contest = Some(contest);
            }
            Act::Renew { .. }
            | Act::Note { .. }
            | Act::StopTest { .. }
            | Act::Served
            | Act::Escalate { .. }
            | Act::CalledOut { .. }
            | Act::Join { .. }
            | Act::OffTest
            | Act::CloseByRule { .. }
            | Act::Operate { .. }
            | Act::Operated { .. }
            | Act::CallEnded { .. } => {}
        }
    }

    /// Who has it or put it aside, whether or not a lease or a time has run out.
    pub fn holder(&self) -> Option<&Actor> {
        let hold = self.hold.as_ref().map(|hold| &hold.actor);
        hold.or(self.claim.as_ref().map(|claim| &claim.actor))
    }

    fn claim_for(&mut self, action: &Action, lease: Duration) -> Result<(), Refusal> {
        let free = self.standing(action.at) == Standing::Waiting;
        match self.holder() {
            Some(holder) if !free && !takes_up(holder, &action.actor) => Err(Refusal::Taken { holder: holder.clone() }),
            Some(_) | None => {
                let again = self.claim.take().filter(|claim| takes_up(&claim.actor, &action.actor));
                let since = again.as_ref().map_or(action.at, |claim| claim.since);
                self.take(action, since, lease);
                if let (Some(claim), Some(again)) = (&mut self.claim, again) {
                    claim.given_by = again.given_by;
                }
                self.ring = self.rung_after(action.at);
                self.answer_calls(action.at);
                self.steps = 0;
                // Whoever claims it has been shown it.
                self.served_at = self.served_at.or(Some(action.at));
                Ok(())
            }
        }
    }

    /// What still rings after a claim at a time. A claim made while a receiver was cut off may reach a card
    /// that has later presses: it cannot have answered those.
    fn rung_after(&self, at: OffsetDateTime) -> Option<Ring> {
        let later_press = self.pressed.is_some_and(|(_, last)| last > at);
        let ring = self.ring.filter(|ring| later_press || ring.since > at)?;
        Some(Ring { since: ring.since.max(at), count: ring.count })
    }

    fn renew(&mut self, action: &Action, lease: Duration) -> Result<(), Refusal> {
        self.needs_holder(action)?;
        if let Some(claim) = &mut self.claim {
            claim.lease_until = claim.lease_until.max(after(action.at, lease));
        }
        Ok(())
    }

    /// On test whoever looks may say so: an engineer at the unit, or an operator.
    fn see(&mut self, action: &Action, shown: SignalId) -> Result<(), Refusal> {
        if self.marks.test.is_none() || self.holder().is_some() {
            self.needs_holder(action)?;
        }
        self.needs_shown(shown)?;
        self.ring = None;
        self.answer_calls(action.at);
        self.steps = 0;
        self.served_at = self.served_at.or(Some(action.at));
        Ok(())
    }

    fn put_aside(
        &mut self,
        action: &Action,
        shown: SignalId,
        until: OffsetDateTime,
        reason: &str,
    ) -> Result<(), Refusal> {
        self.needs_holder(action)?;
        self.needs_shown(shown)?;
        present(reason, "reason")?;
        if until <= action.at || until > after(action.at, HOLD_MAX) {
            return Err(Refusal::Missing { what: "until" });
        }
        self.ring = None;
        self.answer_calls(action.at);
        self.steps = 0;
        self.hold = Some(Hold { actor: action.actor.clone(), since: action.at, until, reason: reason.to_owned() });
        Ok(())
    }

    fn resume(&mut self, action: &Action, lease: Duration) -> Result<(), Refusal> {
        if self.hold.is_none() {
            return Err(Refusal::NotHeld);
        }
        self.needs_holder(action)?;
        self.take(action, action.at, lease);
        Ok(())
    }

    /// Either of two holders may let go: the second one's letting go ends the conflict, the card stays.
    fn release(&mut self, action: &Action) -> Result<(), Refusal> {
        let is_holder = self.holder().is_some_and(|holder| holder.person == action.actor.person);
        if !is_holder && self.contest.as_ref().is_some_and(|contest| contest.actor.person == action.actor.person) {
            self.contest = None;
            return Ok(());
        }
        self.needs_holder(action)?;
        self.let_go(action.at);
        self.contest = None;
        Ok(())
    }

    fn close(&mut self, action: &Action, shown: SignalId, outcome: &str, text: &str) -> Result<(), Refusal> {
        self.needs_holder(action)?;
        present(outcome, "outcome")?;
        self.needs_shown(shown)?;
        self.end(action, outcome, text);
        Ok(())
    }

    /// An operator's command to a call of this card that is not over.
    fn operate(&mut self, action: &Action, call: CallId) -> Result<(), Refusal> {
        self.needs_holder(action)?;
        let is_on = |known: &CardCall| known.id == call && known.ended.is_none();
        if self.calls.iter().any(is_on) { Ok(()) } else { Err(Refusal::NoCall) }
    }

    fn end(&mut self, action: &Action, outcome: &str, text: &str) {
        self.ring = None;
        self.answer_calls(action.at);
        self.closed = Some(Closed {
            actor: action.actor.clone(),
            at: action.at,
            outcome: outcome.to_owned(),
            text: text.to_owned(),
        });
    }

    fn take(&mut self, action: &Action, since: OffsetDateTime, lease: Duration) {
        self.hold = None;
        self.let_go_at = None;
        self.steps = 0;
        let lease_until = after(action.at, lease);
        self.claim = Some(Claim { actor: action.actor.clone(), since, lease_until, given_by: None });
    }

    /// Who was served first stays, in whatever order receivers report it.
    fn serve(&mut self, action: &Action) -> Result<(), Refusal> {
        self.served_at = Some(self.served_at.map_or(action.at, |known| known.min(action.at)));
        Ok(())
    }

    /// The holder is a person, not a desk: whoever claimed may go on from another desk.
    fn needs_holder(&self, action: &Action) -> Result<(), Refusal> {
        match self.holder() {
            Some(holder) if holder.person == action.actor.person => Ok(()),
            holder => Err(Refusal::NotHolder { holder: holder.cloned() }),
        }
    }

    fn needs_shown(&self, shown: SignalId) -> Result<(), Refusal> {
        if shown == self.last_signal { Ok(()) } else { Err(Refusal::LaterSignal { last: self.last_signal }) }
    }
}

/// Whether a claim goes on under an actor: the same desk, or the desk at which a person takes up what they
/// were given by name.
fn takes_up(holder: &Actor, actor: &Actor) -> bool {
    holder == actor || (holder.desk.is_empty() && holder.person == actor.person)
}

fn present(text: &str, what: &'static str) -> Result<(), Refusal> {
    if text.trim().is_empty() { Err(Refusal::Missing { what }) } else { Ok(()) }
}

/// An instant so much later.
pub(crate) fn after(at: OffsetDateTime, lease: Duration) -> OffsetDateTime {
    let lease = time::Duration::try_from(lease).unwrap_or(time::Duration::MINUTE);
    at.checked_add(lease).unwrap_or(at)
}

mod act;
mod by_rule;
mod close_other;
mod refusal;
mod reopen;
mod transfer;

pub use act::Act;
pub use refusal::Refusal;

#[cfg(test)]
mod matrix;
