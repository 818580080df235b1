//! What is remembered of one user: its alarms, its call, the command under way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::Digest as _;

use super::deliveries::{Owed, Stored};
use super::exchange::Exchange;
use super::output::CallId;
use crate::bs8521::Frame;
use crate::call::{Operator, RequestId};
use crate::nowip::command::Program;
use crate::nowip::settings::{ALARMS_MAX, Settings};
use crate::session::after;
use crate::{Sender, Token};

/// How an alarm is known to its session: the digest of its document as we would write it, or the record that a scheme
/// told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Document(Digest),
    Record(String),
}

/// SHA-256 of a body: what is remembered of it does not grow with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn of(body: &[u8]) -> Digest {
        Digest(sha2::Sha256::digest(body).into())
    }
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: Arc<str>,
    pub(super) alarms: BTreeMap<Key, Alarm>,
    /// Bodies that nobody could read.
    pub(super) unread: BTreeMap<Digest, Token>,
    pub(super) sender: Option<Sender>,
    pub(super) opening: Option<Opening>,
    pub(super) call: Option<Call>,
    /// A call is expected until then, for this alarm.
    pub(super) call_by: Option<(Instant, Token)>,
    pub(super) exchange: Option<Exchange>,
    pub(super) asked: VecDeque<Asked>,
    /// The local unit whose speech path is open.
    pub(super) selected: Option<String>,
    /// Calls of the scheme still outstanding, as it said.
    pub(super) outstanding: u8,
    /// When something was heard of it last.
    pub(super) last: Instant,
    /// What the table of deadlines has for it.
    pub(super) deadline: Option<Instant>,
}

/// The alarm that a call belongs to: the last one.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) frame: Frame,
    pub(super) token: Token,
    pub(super) is_stored: bool,
    /// A call was routed for it. The next call may be about another that has not come yet.
    pub(super) is_called: bool,
    /// A call came with it or after it, whatever became of that.
    pub(super) had_call: bool,
}

#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) token: Token,
    pub(super) state: State,
    /// An acknowledgement is owed for the copy that came then.
    pub(super) owed: Option<Instant>,
    /// What became of the first answer is told.
    pub(super) is_left: bool,
    /// The 12 digits by which a scheme tells of it.
    pub(super) record: String,
    /// Its speech was ended: the same record later is a new press.
    pub(super) is_cleared: bool,
    /// A scheme told of it in a record that is acknowledged.
    pub(super) was_told: bool,
    pub(super) began: Instant,
}

#[derive(Debug)]
pub(super) enum State {
    Waiting,
    Stored(Stored),
    /// The unit is expected to repeat it until then.
    Refused(Instant),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Its alarm is waited for.
    Ringing { alarm_by: Instant },
    /// The listener was asked to route it.
    Offered,
    /// An operator has it.
    Routed,
}

/// What an operator wants.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) wanted: Wanted,
}

#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Operator(Operator),
    Program(Program),
}

impl Session {
    pub(super) fn new(user: Arc<str>, now: Instant) -> Session {
        Session {
            user,
            alarms: BTreeMap::new(),
            unread: BTreeMap::new(),
            sender: None,
            opening: None,
            call: None,
            call_by: None,
            exchange: None,
            asked: VecDeque::new(),
            selected: None,
            outstanding: 0,
            last: now,
            deadline: None,
        }
    }

    /// Remembers an alarm that is being delivered. The oldest that is answered makes room.
    pub(super) fn remember(&mut self, key: Key, token: Token, (record, owed): (&str, Owed), now: Instant) {
        if self.alarms.len() >= ALARMS_MAX && !self.alarms.contains_key(&key) {
            let answered = |alarm: &Alarm| matches!(alarm.state, State::Stored(_)) && alarm.owed.is_none();
            let oldest = self.alarms.iter().filter(|(_, alarm)| answered(alarm)).min_by_key(|(_, alarm)| alarm.began);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            self.alarms.remove(&oldest);
        }
        let alarm = Alarm {
            token,
            state: State::Waiting,
            owed: (owed == Owed::Yes).then_some(now),
            is_left: false,
            record: record.to_owned(),
            is_cleared: false,
            was_told: false,
            began: now,
        };
        self.alarms.insert(key, alarm);
    }

    /// Whether an alarm is not stored that the unit still waits for. An acknowledgement of something else could be
    /// taken for this one's.
    pub(super) fn has_unstored(&self, now: Instant) -> bool {
        self.alarms.values().any(|alarm| match alarm.state {
            State::Waiting => true,
            State::Refused(until) => now < until,
            State::Stored(_) => false,
        })
    }

    /// The alarm that a record tells of, until the speech with that unit was ended.
    pub(super) fn of_record(&self, record: &str) -> Option<Key> {
        let found = self.alarms.iter().find(|(_, alarm)| !alarm.is_cleared && alarm.record == record);
        found.map(|(key, _)| key.clone())
    }

    /// The speech with a unit was ended.
    pub(super) fn clear(&mut self, local_unit: &str) {
        for alarm in self.alarms.values_mut().filter(|alarm| alarm.record.starts_with(local_unit)) {
            alarm.is_cleared = true;
        }
    }

    /// Whether it is a scheme: its local unit is one of several.
    pub(super) fn is_scheme(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.frame.is_grouped())
    }

    pub(super) fn is_routed(&self) -> bool {
        self.call.is_some_and(|call| call.step == Step::Routed)
    }

    /// When it is forgotten if nothing happens; not while it waits for something else, the store among it.
    pub(super) fn forget_at(&self, settings: &Settings) -> Option<Instant> {
        let wait: Duration = match self.call.map(|call| call.step) {
            Some(Step::Ringing { .. }) => return None,
            Some(Step::Offered | Step::Routed) => settings.call_quiet,
            None => settings.session_quiet,
        };
        let waits = self.alarms.values().any(|alarm| matches!(alarm.state, State::Waiting));
        (self.exchange.is_none() && self.call_by.is_none() && !waits).then(|| after(self.last, wait))
    }

    /// When it wants to be woken.
    pub(super) fn next_deadline(&self, settings: &Settings) -> Option<Instant> {
        let ringing = self.call.and_then(|call| match call.step {
            Step::Ringing { alarm_by } => Some(alarm_by),
            Step::Offered | Step::Routed => None,
        });
        let exchange = self.exchange.as_ref().map(|exchange| exchange.until);
        let call_by = self.call_by.map(|(until, _)| until);
        [ringing, exchange, call_by, self.forget_at(settings)].into_iter().flatten().min()
    }
}
