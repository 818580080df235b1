//! Actions: journalled like signals, answered once. With the database connected its verdict is the
//! answer; else this receiver's own, which is journalled, too.

use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Action, ActionId, Refusal};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Acting, Keeper, Waiting};
use crate::board::Link;
use crate::entry::{Entry, Verdict, What};
use crate::exchange::{ActError, Acted};

/// No action waits longer than this on the database.
pub(super) const VERDICT_WITHIN: Duration = Duration::from_secs(2);
/// Actions under way at once; one more is told to try again.
pub(super) const ACTING_MAX: usize = 10_000;

pub(super) type Reply = oneshot::Sender<Result<Acted, ActError>>;

impl Keeper {
    pub(super) fn act(&mut self, mut action: Action, reply: Reply) {
        action.alarm = self.ledger.resolve(action.alarm);
        if let Some(outcome) = self.answered.get(action.id) {
            return self.reply(&action, outcome, [reply]);
        }
        if let Some(acting) = self.acting.get_mut(&action.id) {
            acting.waiters.push(reply);
            return;
        }
        if self.ledger.card(action.alarm).is_none() {
            return self.reply(&action, Err(Refusal::UnknownAlarm), [reply]);
        }
        if !self.can_store() || self.acting.len() >= ACTING_MAX || self.closing.is_some() {
            let _ = reply.send(Err(ActError::CannotStore));
            return;
        }
        let action = Arc::new(action);
        let deadline = Instant::now() + VERDICT_WITHIN;
        let acting = Acting { action: action.clone(), seq: None, waiters: vec![reply], deadline };
        self.acting.insert(action.id, acting);
        self.queue_own(Waiting::Action(action));
    }

    /// An action has its place in the chain.
    pub(super) fn note_action_seq(&mut self, entry: &Entry) {
        if let What::Action(action) = &entry.what
            && let Some(acting) = self.acting.get_mut(&action.id)
        {
            acting.seq = Some(entry.seq);
        }
    }

    /// Answers a journalled action by this receiver's own rules, and writes the answer down.
    pub(super) fn decide_here(&mut self, seq: i64, action: &Arc<Action>) {
        if self.ledger.decided(seq).is_some() {
            return;
        }
        let outcome = self.ledger.decide(seq, action);
        self.dirty = true;
        let refused = outcome.as_ref().err().map(|refusal| refusal.name().to_owned());
        self.queue_own(Waiting::Verdict(Verdict { action: action.id.0, alarm: action.alarm.0, refused }));
        self.answer_action(action.id, outcome);
    }

    /// The database is away: what waited for its verdict gets this receiver's, in the order of the chain.
    pub(super) fn decide_everything(&mut self) {
        let mut undecided: Vec<(i64, Arc<Action>)> = self
            .acting
            .values()
            .filter_map(|acting| Some((acting.seq?, acting.action.clone())))
            .filter(|(seq, _)| !self.unjournalled.contains_key(seq) && !self.is_at_journal(*seq))
            .collect();
        undecided.sort_by_key(|(seq, _)| *seq);
        for (seq, action) in undecided {
            self.decide_here(seq, &action);
        }
    }

    pub(super) fn answer_action(&mut self, id: ActionId, outcome: Result<(), Refusal>) {
        let Some(acting) = self.acting.remove(&id) else { return };
        self.answered.remember(id, outcome.clone());
        self.reply(&acting.action, outcome, acting.waiters);
    }

    pub(super) fn cannot_store(&mut self, id: ActionId) {
        let Some(acting) = self.acting.remove(&id) else { return };
        for waiter in acting.waiters {
            let _ = waiter.send(Err(ActError::CannotStore));
        }
    }

    /// An action that has waited too long for the database is this receiver's to answer. One that waits
    /// for the journal waits on: without it nothing is durable.
    pub(super) fn actions_in_time(&mut self, now: Instant) {
        // What the receiver does by itself waits with the routine, and nobody waits for it.
        let is_asked = |acting: &Acting| !acting.action.act.is_automatic();
        let is_offered = |seq: i64| self.side_by_side || !self.is_at_journal(seq);
        let late = |acting: &Acting| acting.deadline <= now && acting.seq.is_some_and(is_offered) && is_asked(acting);
        let late = self.acting.values().any(late);
        if late && self.link == Link::Connected {
            self.cut_off("an action waited two seconds for its verdict");
        }
        for acting in self.acting.values_mut().filter(|acting| acting.deadline <= now) {
            acting.deadline = now + VERDICT_WITHIN;
        }
    }

    /// Answers go out after the board that shows what they say.
    fn reply(&mut self, action: &Action, outcome: Result<(), Refusal>, waiters: impl IntoIterator<Item = Reply>) {
        let alarm = self.ledger.card(action.alarm).cloned();
        let degraded = self.link.is_degraded();
        let answer = match (outcome, alarm) {
            (Ok(()), Some(alarm)) => Ok(Acted { alarm, degraded }),
            (Ok(()), None) => Err(ActError::Refused { refusal: Refusal::UnknownAlarm, alarm: None, degraded }),
            (Err(refusal), alarm) => Err(ActError::Refused { refusal, alarm, degraded }),
        };
        self.outbox.extend(waiters.into_iter().map(|waiter| (waiter, answer.clone())));
    }

    pub(super) fn send_answers(&mut self) {
        for (waiter, answer) in self.outbox.drain(..) {
            // Whoever asked may be gone.
            let _ = waiter.send(answer);
        }
    }
}
