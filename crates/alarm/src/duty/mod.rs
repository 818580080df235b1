//! The duty desk: watches every card and does by rule what time or number asks for.
//!
//! ```text
//! signal to be kept --mark--> on test? one of many? a runaway?        (stored with it, never changed)
//! card as it is now --observe--> when the rules next ask for something
//! time -------------due--> acts, each with one id for alarm, rule and deadline
//!                  take_own--> signals of the receiver's own: an incident begins, a call was missed
//! ```
//! Everything here can be made anew from the cards and from what is expected of whom, so a restart loses nothing;
//! only the counting of the present minute's noise begins again, which can show more and hides nothing.

mod calls;
mod expected;
mod incident;
mod mark;
#[cfg(test)]
mod power_cut;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod sweden;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use telecare_protocol::Report;
use time::{Duration, OffsetDateTime};

use crate::action::after;
use crate::escalation::{INCIDENT_CLOSED, micros};
use crate::expect::Expectations;
use crate::noise::Noise;
use crate::{
    Act, Action, ActionId, Actor, Alarm, AlarmId, ByRule, CallId, Due, LineId, Marks, Policy, ReceiverId, Registry,
    Rule, Rules, SignalId, Test, UnitKey,
};

pub use calls::CallOver;
pub use expected::Expected;
use incident::Incident;

/// Acts done at once; the rest follows at the next call.
pub const ACTS_AT_ONCE: usize = 250;
/// An act that did not change its card is tried again no sooner.
const AGAIN_AFTER: Duration = Duration::seconds(2);
/// How long the card of a test or an incident may come after those that name it, when receivers read each other.
const HEADER_LATE: Duration = Duration::seconds(10);
/// The line of what a receiver says by itself. No line of the configuration has this name: it has brackets.
const OWN_LINE: &str = "(receiver)";

/// The desk.
#[derive(Debug)]
pub struct Duty {
    actor: Actor,
    policy: Arc<Policy>,
    registry: Arc<Registry>,
    due: BTreeSet<(OffsetDateTime, AlarmId)>,
    due_of: HashMap<AlarmId, OffsetDateTime>,
    /// Open card of each unit that has one.
    open: HashMap<Arc<str>, AlarmId>,
    unit_of: HashMap<AlarmId, Arc<str>>,
    /// Tests that run.
    tests: BTreeMap<AlarmId, Test>,
    /// Incidents that are open or about to be.
    incidents: HashMap<Arc<str>, Incident>,
    /// Open cards that name an incident or a test, and cards with a call of this receiver that is not over, by what
    /// they name.
    named: HashMap<Name, BTreeSet<AlarmId>>,
    names_of: HashMap<AlarmId, Vec<Name>>,
    noise: Noise,
    expected: Expectations,
    /// Units told to be back, of this life.
    told_back: HashSet<SignalId>,
    own: Vec<Own>,
    /// The calls on this receiver's lines.
    live: BTreeSet<CallId>,
    /// Those that ended of late, the latest last.
    over: VecDeque<CallOver>,
    /// Cards that are to join an incident that began with them.
    joining: Vec<(AlarmId, Arc<str>)>,
}

/// A signal that the receiver makes by itself.
#[derive(Clone, Debug)]
pub struct Own {
    /// Its id; none for a new one.
    pub id: Option<SignalId>,
    /// Its line.
    pub line: LineId,
    /// The card it joins.
    pub unit: UnitKey,
    /// What it says.
    pub report: Report,
    /// Where its card is listed.
    pub marks: Marks,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Incident(Arc<str>),
    Test(AlarmId),
    Call(CallId),
}

impl Duty {
    /// A desk that knows no card yet.
    pub fn new(receiver: &ReceiverId, policy: Arc<Policy>, registry: Arc<Registry>) -> Duty {
        Duty {
            actor: Actor::by_rule(receiver),
            policy,
            registry,
            due: BTreeSet::new(),
            due_of: HashMap::new(),
            open: HashMap::new(),
            unit_of: HashMap::new(),
            tests: BTreeMap::new(),
            incidents: HashMap::new(),
            named: HashMap::new(),
            names_of: HashMap::new(),
            noise: Noise::default(),
            expected: Expectations::default(),
            told_back: HashSet::new(),
            own: Vec::new(),
            live: BTreeSet::new(),
            over: VecDeque::new(),
            joining: Vec::new(),
        }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// Works by another policy from now on; the cards have to be observed again.
    pub fn set_policy(&mut self, policy: Arc<Policy>) {
        self.policy = policy;
    }

    /// Takes in a card as it is now.
    pub fn observe(&mut self, card: &Alarm, now: OffsetDateTime) {
        self.forget(card.id);
        if card.is_incident() {
            self.observe_incident(card);
        }
        match (&card.on_test, &card.closed) {
            (Some(test), None) => drop(self.tests.insert(card.id, test.clone())),
            (Some(_), Some(_)) => self.look_at_those(&Name::Test(card.id), now),
            (None, _) => {}
        }
        let calls: Vec<Name> = self.calls_on(card).map(Name::Call).collect();
        calls.into_iter().for_each(|call| self.name(card.id, call));
        if card.closed.is_none() {
            self.open.insert(card.unit.key.clone(), card.id);
            self.unit_of.insert(card.id, card.unit.key.clone());
            let incident = card.marks.incident.clone().map(Name::Incident);
            for name in incident.into_iter().chain(card.marks.test.map(Name::Test)) {
                self.name(card.id, name);
            }
            self.hear_of(card);
        }
        let next = self.asked(card).into_iter().map(|(at, _)| at).min();
        if let Some(next) = next {
            self.look_at(card.id, next);
        }
    }

    /// Forgets a card that is gone.
    pub fn forget(&mut self, id: AlarmId) {
        if let Some(at) = self.due_of.remove(&id) {
            self.due.remove(&(at, id));
        }
        self.tests.remove(&id);
        if let Some(unit) = self.unit_of.remove(&id)
            && self.open.get(&unit) == Some(&id)
        {
            self.open.remove(&unit);
        }
        for name in self.names_of.remove(&id).unwrap_or_default() {
            if let Some(ids) = self.named.get_mut(&name) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.named.remove(&name);
                }
            }
        }
    }

    /// What the rules ask for by now, at most [`ACTS_AT_ONCE`].
    pub fn due<'a>(&mut self, now: OffsetDateTime, card: impl Fn(AlarmId) -> Option<&'a Arc<Alarm>>) -> Vec<Action> {
        self.tell_missed(now);
        let mut acts = self.joins(now, &card);
        while let Some((at, id)) = self.due.first().copied() {
            if at > now || acts.len() >= ACTS_AT_ONCE {
                break;
            }
            self.due.pop_first();
            self.due_of.remove(&id);
            let Some(card) = card(id) else { continue };
            let asked = self.asked(card);
            let first = asked.iter().min_by_key(|(at, _)| *at).filter(|(at, _)| *at <= now);
            match first {
                Some((due, what)) => {
                    acts.push(self.action(card, *due, what, now));
                    // The act changes the card, and then it is looked at anew; this is for one that fails.
                    self.look_at(id, now.saturating_add(AGAIN_AFTER));
                }
                None => {
                    if let Some(next) = asked.iter().map(|(at, _)| *at).min() {
                        self.look_at(id, next);
                    }
                }
            }
        }
        acts
    }

    /// When the rules next ask for something.
    pub fn next_due(&self) -> Option<OffsetDateTime> {
        let joining = (!self.joining.is_empty()).then_some(OffsetDateTime::UNIX_EPOCH);
        let card = self.due.first().map(|(at, _)| *at);
        joining.into_iter().chain(card).chain(self.expected.next_due()).min()
    }

    /// The signals that the receiver is to make by itself.
    pub fn take_own(&mut self) -> Vec<Own> {
        std::mem::take(&mut self.own)
    }

    fn rules(&self) -> &Rules {
        self.policy.rules()
    }

    /// Everything that is asked for with a card, with when.
    fn asked(&self, card: &Alarm) -> Vec<(OffsetDateTime, Asked)> {
        let mut asked: Vec<_> =
            self.ended_calls(card).map(|call| (OffsetDateTime::UNIX_EPOCH, Asked::CallEnded(call))).collect();
        if card.closed.is_some() {
            return asked;
        }
        let upcoming = card.upcoming(self.rules()).into_iter();
        asked.extend(upcoming.map(|Due { at, what }| (micros(at), Asked::Of(what))));
        if let Some(incident) = card.marks.incident.as_ref().filter(|_| card.is_untouched())
            && let Some(closed_at) = self.incidents.get(incident).and_then(|known| known.closed_at)
            && card.opened_at <= closed_at
        {
            asked.push((closed_at, Asked::Of(ByRule::Close(INCIDENT_CLOSED))));
        }
        if card.marks.test.is_some_and(|test| !self.tests.contains_key(&test)) {
            asked.push((after(card.last_at, HEADER_LATE.unsigned_abs()), Asked::OffTest));
        }
        asked
    }

    fn action(&self, card: &Alarm, due: OffsetDateTime, what: &Asked, now: OffsetDateTime) -> Action {
        let (name, act) = match what {
            Asked::Of(ByRule::Escalate(rule)) => {
                let targets = self.targets(card, *rule);
                (rule.to_string(), Act::Escalate { rule: *rule, due, targets })
            }
            Asked::Of(ByRule::Close(outcome)) => {
                // Each later signal is another reason to close, or not to.
                let name = format!("{outcome} {}", card.last_signal);
                (name, Act::CloseByRule { shown: card.last_signal, outcome: (*outcome).to_owned() })
            }
            Asked::OffTest => ("off-test".to_owned(), Act::OffTest),
            Asked::CallEnded(call) => (format!("call-ended {call}"), self.call_ended(*call, now)),
        };
        let id = ActionId::automatic(&name, card.id, Some(due));
        Action { id, alarm: card.id, at: now, actor: self.actor.clone(), act }
    }

    /// Who is told: nobody of a first unseen press on test, which is then listed with the others.
    fn targets(&self, card: &Alarm, rule: Rule) -> Vec<Arc<str>> {
        if card.marks.test.is_some() && rule == (Rule::Unanswered { step: 1 }) {
            return Vec::new();
        }
        let level = if rule.raises() { card.level.saturating_add(1) } else { card.level };
        self.rules().targets_at(level)
    }

    fn name(&mut self, id: AlarmId, name: Name) {
        self.named.entry(name.clone()).or_default().insert(id);
        self.names_of.entry(id).or_default().push(name);
    }

    fn look_at_those(&mut self, name: &Name, at: OffsetDateTime) {
        for id in self.named.get(name).cloned().unwrap_or_default() {
            let sooner = self.due_of.get(&id).is_none_or(|known| at < *known);
            if sooner {
                self.look_at(id, at);
            }
        }
    }

    fn look_at(&mut self, id: AlarmId, at: OffsetDateTime) {
        if let Some(before) = self.due_of.insert(id, at) {
            self.due.remove(&(before, id));
        }
        self.due.insert((at, id));
    }

    fn own_line() -> LineId {
        LineId::new(OWN_LINE)
    }
}

/// What is asked for with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// What its own fields ask for.
    Of(ByRule),
    /// Its test is over.
    OffTest,
    /// A call of this receiver is over.
    CallEnded(CallId),
}
