//! The desk's place in the keeper: it sees every card that changes, marks every signal that comes, and what it asks
//! for goes the way of everything else: into the lanes, the journal, the database.

use std::sync::Arc;

use telecare_alarm::duty::Own;
use telecare_alarm::expect::Changes;
use telecare_alarm::{ActionId, Policy, Signal, SignalId, Stamps};
use telecare_protocol::RepeatProof;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use super::actions::{ACTING_MAX, VERDICT_WITHIN};
use super::{Acting, Keeper, Waiting};
use crate::board::Link;
use crate::consoles::Consoles;
use crate::exchange::{Answer, Incoming, Overdue};
use crate::journal::Settle;

/// How often it is looked at whether operators are there, and what was heard is written down.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
/// Who was heard when is kept this late at most; a restart makes it so much older.
const KEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// What rules do is done together, at most this often: a unit that calls meanwhile would wait for a commit of it, and a
/// hundred tests a second are closed ten times, not a hundred.
const ACT_EVERY: std::time::Duration = std::time::Duration::from_millis(100);
/// Missing subjects that are listed, the longest missing first.
const OVERDUE_MAX: usize = 1_000;
/// Acts by rule under way at once: half of the room stays for people.
const BY_RULE_MAX: usize = ACTING_MAX / 2;

/// Whether anybody watches the queue.
#[derive(Debug)]
pub(super) struct Watch {
    consoles: Consoles,
    /// At another receiver.
    elsewhere: Option<OffsetDateTime>,
    began: OffsetDateTime,
    look_at: Instant,
    keep_at: Instant,
    act_at: Instant,
}

impl Watch {
    pub fn new(consoles: Consoles, began: OffsetDateTime) -> Watch {
        let now = Instant::now();
        Watch { consoles, elsewhere: None, began, look_at: now + LOOK_EVERY, keep_at: now + KEEP_EVERY, act_at: now }
    }

    /// When an operator was last heard, at whatever receiver.
    pub fn last_heard(&self) -> Option<OffsetDateTime> {
        self.elsewhere.max(self.consoles.operator_heard())
    }

    /// When an operator was last heard here.
    pub fn heard_here(&self) -> Option<OffsetDateTime> {
        self.consoles.operator_heard()
    }

    pub fn hear(&mut self, elsewhere: Option<OffsetDateTime>) {
        self.elsewhere = self.elsewhere.max(elsewhere);
    }
}

impl Keeper {
    /// Shows the desk what has changed and takes what it wants done.
    pub(super) fn on_duty(&mut self) {
        let now = OffsetDateTime::now_utc();
        // A call begins before its first signal comes: whoever looks at a card knows of its calls.
        if let Some(news) = self.live_calls.take() {
            self.duty.set_calls(news.ids(), news.over);
            self.calls = news.calls;
            self.dirty = true;
        }
        for id in self.ledger.take_changed() {
            match self.ledger.card_itself(id) {
                Some(card) => self.duty.observe(card, now),
                None => self.duty.forget(id),
            }
        }
        let at = Instant::now();
        if self.closing.is_some() || !self.can_store() || at < self.watch.act_at {
            return;
        }
        self.watch.act_at = at + ACT_EVERY;
        let ledger = &self.ledger;
        for action in self.duty.due(now, |id| ledger.card_itself(id)) {
            self.act_by_rule(Arc::new(action));
        }
        for own in self.duty.take_own() {
            let (reply, _) = oneshot::channel();
            self.say(own, reply);
        }
    }

    pub(super) fn duty_in_time(&mut self, now: Instant) {
        if now >= self.watch.look_at {
            self.watch.look_at = now + LOOK_EVERY;
            self.look_for_operators();
        }
        if now >= self.watch.keep_at {
            self.watch.keep_at = now + KEEP_EVERY;
            let changed = self.duty.expected_changed();
            if !changed.is_empty() {
                self.to_tell.extend(changed.clone());
                self.settle(Settle { expected: changed, ..Settle::default() });
            }
        }
    }

    pub(super) fn duty_wake(&self) -> Instant {
        let now = OffsetDateTime::now_utc();
        let due = self.duty.next_due().filter(|_| self.can_store() && self.closing.is_none());
        let due = due.map(|due| Instant::now() + std::time::Duration::try_from(due - now).unwrap_or_default());
        let due = due.map(|due| due.max(self.watch.act_at));
        due.into_iter().chain([self.watch.look_at, self.watch.keep_at]).min().unwrap_or(self.watch.look_at)
    }

    pub(super) fn set_policy(&mut self, policy: Arc<Policy>) {
        self.duty.set_policy(policy);
        self.ledger.touch_all();
        self.dirty = true;
    }

    /// Has a signal of the receiver's own kept. It is ranked by the policy in force, like every other.
    pub(super) fn say(&mut self, own: Own, reply: oneshot::Sender<Answer>) {
        let now = OffsetDateTime::now_utc();
        let signal = Signal {
            id: own.id.unwrap_or_else(|| SignalId(Uuid::now_v7())),
            receiver: self.receiver.clone(),
            line: own.line,
            call: None,
            unit: own.unit,
            stamps: Stamps { first_byte: now, last_byte: now, decoded: now },
            ranking: self.duty.policy().triage(&own.report),
            raw: Vec::new(),
            report: own.report,
            repeat_of: None,
            shadow: false,
            marks: own.marks,
            software: self.software.clone(),
            clock: self.clock,
        };
        let incoming = Incoming { signal, repeat: RepeatProof::None, reserved: true };
        self.submit(Box::new(incoming), Instant::now() + VERDICT_WITHIN, reply);
    }

    pub(super) fn overdue(&self) -> Vec<Overdue> {
        let mut overdue: Vec<Overdue> = self.duty.overdue().collect();
        overdue.sort_by_key(|missing| missing.deadline);
        overdue.truncate(OVERDUE_MAX);
        overdue
    }

    /// Does by rule what nobody asked for. One that is refused, or has no room, is offered again by the desk.
    fn act_by_rule(&mut self, action: Arc<telecare_alarm::Action>) {
        let known = |id: ActionId| self.answered.get(id).is_some() || self.acting.contains_key(&id);
        if known(action.id) || self.acting.len() >= BY_RULE_MAX {
            return;
        }
        let deadline = Instant::now() + VERDICT_WITHIN;
        let acting = Acting { action: action.clone(), seq: None, waiters: Vec::new(), deadline };
        self.acting.insert(action.id, acting);
        self.queue_own(Waiting::Action(action));
    }

    /// No console of anybody who works alarms has asked for anything: nobody sees the queue.
    fn look_for_operators(&mut self) {
        let tolerated = self.duty.policy().rules().watch.unwatched;
        let since = self.watch.last_heard().unwrap_or(self.watch.began).max(self.watch.began);
        let silent = OffsetDateTime::now_utc() - since;
        let unwatched = !tolerated.is_zero() && silent > tolerated;
        self.trouble("unwatched", unwatched.then(|| format!("no operator's console for {} s", silent.whole_seconds())));
    }

    /// What another receiver knows of who was heard.
    pub(super) fn hear_elsewhere(
        &mut self,
        expected: Vec<telecare_alarm::expect::Kept>,
        operator: Option<OffsetDateTime>,
    ) {
        expected.into_iter().for_each(|kept| self.duty.restore_expected(kept));
        self.watch.hear(operator);
    }

    /// What the database is to know of who was heard, with the next batch.
    pub(super) fn expected_to_tell(&mut self) -> Changes {
        if self.link == Link::Connected { std::mem::take(&mut self.to_tell) } else { Changes::default() }
    }
}
