//! What happens to a card that nobody helps: one level up, and out.
//!
//! Time alone changes no card. [`Alarm::upcoming`] tells what the rules ask for and when; whoever keeps the
//! cards does it as an act whose id is one for card, rule and deadline, so that it is done once however many
//! receivers try. The act itself checks that it is still due: what a person did meanwhile wins.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use telecare_protocol::Trigger;
use telecare_protocol::report::UnknownName;
use time::OffsetDateTime;

use crate::action::after;
use crate::alarm::answer_threshold;
use crate::rules::PRESSES_KEPT;
use crate::{Action, Alarm, Class, Priority, ReceiverId, Refusal, Ring, Rules};

/// The highest level. A card that has reached it stays there; its clock goes on being told.
pub const LEVEL_MAX: u8 = 20;
/// Escalations a card remembers; beyond it the oldest that is settled goes first.
pub const ESCALATIONS_KEPT: usize = 24;

/// Outcome of a card whose cause is over.
pub const RESTORED: &str = "restored";
/// Outcome of a card that only proved that its unit lives.
pub const RECEIVED: &str = "received";
/// Outcome of a card of a unit that sent without end, once it is quiet.
pub const RUNAWAY_OVER: &str = "runaway-over";
/// Outcome of a test that has reached its end.
pub const TEST_OVER: &str = "test-over";
/// Outcome of a card whose incident was closed.
pub const INCIDENT_CLOSED: &str = "incident-closed";

/// Why a card goes one level up, or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Its answer clock has passed a threshold, the first is 1.
    Unanswered {
        /// Which.
        step: u8,
    },
    /// The console of whoever had it has been silent for too long.
    LeaseLost,
    /// A hold has ended and its holder has not come back to it.
    HoldOver,
    /// So many presses in so short a time.
    PressedAgain,
    /// A caller rang off before anyone answered.
    MissedCall,
    /// It has been open for long, and nobody has said how it ended.
    NoOutcome,
    /// Of the highest priority, and served to no console.
    Unserved,
    /// The receiver itself is in trouble.
    Trouble,
}

impl Rule {
    /// Whether the card goes up, too.
    pub fn raises(self) -> bool {
        match self {
            Rule::Unanswered { .. } | Rule::LeaseLost | Rule::HoldOver => true,
            Rule::PressedAgain | Rule::MissedCall | Rule::NoOutcome => true,
            Rule::Unserved | Rule::Trouble => false,
        }
    }

    /// The rule's name without its step, for metrics.
    pub fn kind(self) -> &'static str {
        match self {
            Rule::Unanswered { .. } => "unanswered",
            Rule::LeaseLost => "lease-lost",
            Rule::HoldOver => "hold-over",
            Rule::PressedAgain => "pressed-again",
            Rule::MissedCall => "missed-call",
            Rule::NoOutcome => "no-outcome",
            Rule::Unserved => "unserved",
            Rule::Trouble => "trouble",
        }
    }
}

impl fmt::Display for Rule {
    /// The name used in storage, webhooks and JSON: "unanswered-2", "lease-lost".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Unanswered { step } => write!(f, "unanswered-{step}"),
            other => f.write_str(other.kind()),
        }
    }
}

impl FromStr for Rule {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName(name.to_owned());
        if let Some(step) = name.strip_prefix("unanswered-") {
            return step.parse().map(|step| Rule::Unanswered { step }).map_err(|_| unknown());
        }
        let of_people = [Rule::LeaseLost, Rule::HoldOver, Rule::PressedAgain, Rule::MissedCall, Rule::NoOutcome];
        let mut all = of_people.into_iter().chain([Rule::Unserved, Rule::Trouble]);
        all.find(|rule| rule.kind() == name).ok_or_else(unknown)
    }
}

/// One escalation of a card, and what became of telling it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Why.
    pub rule: Rule,
    /// When it was due.
    pub due: OffsetDateTime,
    /// The card's level after it.
    pub level: u8,
    /// The receiver whose doing it was: it tells.
    pub by: ReceiverId,
    /// Who is to be told.
    pub deliveries: Vec<Delivery>,
}

/// Telling one escalation to one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The target's name in the configuration.
    pub target: Arc<str>,
    /// What became of it; none while it is under way.
    pub ended: Option<DeliveryEnd>,
}

/// What became of telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryEnd {
    /// Whether the target said that it has it; else the receiver gave up.
    pub delivered: bool,
    /// When.
    pub at: OffsetDateTime,
}

/// What the rules ask for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub what: ByRule,
}

/// What the rules do to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByRule {
    /// One level up, or out.
    Escalate(Rule),
    /// Closed: nothing that a person sent is on it, and nobody has touched it.
    Close(&'static str),
}

impl Alarm {
    /// Since when it has waited for an answer: the oldest unseen press, else since nobody has had it. None while
    /// somebody has it and nothing rings.
    pub fn clock(&self) -> Option<OffsetDateTime> {
        match (&self.closed, self.ring) {
            (Some(_), _) => None,
            (None, Some(ring)) => Some(ring.since),
            // On test a press that somebody has seen is a test that passed.
            (None, None) if self.claim.is_some() || self.hold.is_some() || self.marks.test.is_some() => None,
            (None, None) => Some(self.let_go_at.unwrap_or(self.opened_at)),
        }
    }

    /// Everything the rules ask for with this card as it is. Nothing of a shadow: another platform's operators
    /// answer it.
    pub fn upcoming(&self, rules: &Rules) -> Vec<Due> {
        if self.closed.is_some() || self.shadow {
            return Vec::new();
        }
        let mut due: Vec<Due> = Vec::new();
        let mut add = |at: Option<OffsetDateTime>, rule| {
            due.extend(at.map(|at| Due { at, what: ByRule::Escalate(rule) }));
        };
        let threshold = rules.answer(self.class).get(usize::from(self.steps));
        let step = self.steps.saturating_add(1);
        add(self.clock().zip(threshold).map(|(since, after_it)| after(since, *after_it)), Rule::Unanswered { step });
        match (&self.hold, &self.claim) {
            (Some(hold), _) => add(Some(after(hold.until, answer_threshold(self.class))), Rule::HoldOver),
            (None, Some(claim)) => add(Some(claim.lease_until), Rule::LeaseLost),
            (None, None) => {}
        }
        if self.marks.test.is_none() {
            add(self.pressed_again(rules), Rule::PressedAgain);
            add(self.missed_call(), Rule::MissedCall);
            let open = self.class.rings() && !self.has_told(Rule::NoOutcome);
            add(open.then(|| after(self.opened_at, rules.watch.no_outcome)), Rule::NoOutcome);
            let unserved = self.priority == Priority::HIGHEST && self.served_at.is_none() && self.claim.is_none();
            let unserved = unserved && !self.has_told(Rule::Unserved);
            add(unserved.then(|| after(self.opened_at, rules.watch.unserved)), Rule::Unserved);
        }
        add(self.trouble_since(rules), Rule::Trouble);
        due.extend(self.closes(rules));
        due
    }

    /// The press that makes so many within so short a time, counted anew after each time it raised the card.
    fn pressed_again(&self, rules: &Rules) -> Option<OffsetDateTime> {
        let later = |at: &&OffsetDateTime| self.lifted_at.is_none_or(|lifted| lifted < **at);
        let times: Vec<OffsetDateTime> = self.press_times.iter().filter(later).copied().collect();
        let runs = times.windows(rules.repeats.presses.max(2));
        let mut ends = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
        ends.find(|(first, last)| *last <= after(*first, rules.repeats.within)).map(|(_, last)| last)
    }

    /// Since when the receiver's own card has a trouble that goes out, and has not gone out since.
    fn trouble_since(&self, rules: &Rules) -> Option<OffsetDateTime> {
        if self.unit.basis != crate::Basis::Line {
            return None;
        }
        let raised = self.triggers.iter().filter(|(key, state)| {
            key.trigger == Trigger::System && state.is_raised() && rules.watch.troubles.contains(&key.place)
        });
        let since = raised.filter_map(|(_, state)| state.raised).max()?;
        let told = self.escalations.iter().any(|known| known.rule == Rule::Trouble && known.due >= micros(since));
        (!told).then_some(since)
    }

    /// When the rules close it, if they do.
    fn closes(&self, rules: &Rules) -> Option<Due> {
        let close = |at, outcome| Some(Due { at, what: ByRule::Close(outcome) });
        if let Some(test) = &self.on_test {
            return close(test.until, TEST_OVER);
        }
        if !self.is_untouched() || self.triggers.is_empty() {
            return None;
        }
        let triggers = || self.triggers.iter();
        if triggers().all(|(key, state)| rules.clearing.restored.contains(&key.trigger) && !state.is_raised()) {
            return close(self.last_at, RESTORED);
        }
        if triggers().all(|(key, _)| rules.clearing.background.contains(&key.trigger)) && self.class == Class::Test {
            return close(self.last_at, RECEIVED);
        }
        if self.marks.runaway {
            return close(after(self.last_at, rules.noise.runaway_gap), RUNAWAY_OVER);
        }
        None
    }

    /// Whether only equipment spoke on it and no person has touched it: all that rules may set aside or close.
    pub fn is_untouched(&self) -> bool {
        let is_equipment = matches!(self.class, Class::Technical | Class::Test) && self.priority.number() >= 4;
        is_equipment && self.presses == 0 && self.claim.is_none() && self.hold.is_none() && self.contest.is_none()
    }

    /// One level up, or out, if it is still due.
    pub(crate) fn escalate(
        &mut self,
        action: &Action,
        rule: Rule,
        due: OffsetDateTime,
        targets: &[Arc<str>],
    ) -> Result<(), Refusal> {
        if !self.is_due(rule, due) {
            return Err(Refusal::NotDue);
        }
        match rule {
            Rule::Unanswered { step } => self.steps = step,
            Rule::LeaseLost | Rule::HoldOver => self.let_go(due),
            Rule::PressedAgain => self.lifted_at = Some(due),
            Rule::MissedCall => self.tell_missed_call(due),
            Rule::NoOutcome | Rule::Unserved | Rule::Trouble => {}
        }
        if rule == Rule::PressedAgain && self.priority != Priority::HIGHEST {
            let number = self.priority.number().saturating_sub(1);
            self.priority = Priority::new(number).unwrap_or(Priority::HIGHEST);
        } else if rule.raises() {
            self.level = self.level.saturating_add(1).min(LEVEL_MAX);
        }
        let deliveries = targets.iter().map(|target| Delivery { target: target.clone(), ended: None }).collect();
        let by = ReceiverId(action.actor.desk.clone());
        self.remember(Escalation { rule, due, level: self.level, by, deliveries });
        Ok(())
    }

    /// Whether what the rules asked for is not done yet, and nobody has made it needless.
    fn is_due(&self, rule: Rule, due: OffsetDateTime) -> bool {
        match rule {
            Rule::Unanswered { step } => self.steps < step && self.clock().is_some_and(|since| since <= due),
            Rule::LeaseLost => {
                self.hold.is_none() && self.claim.as_ref().is_some_and(|claim| micros(claim.lease_until) <= due)
            }
            Rule::HoldOver => self.hold.as_ref().is_some_and(|hold| hold.until <= due),
            Rule::PressedAgain => self.lifted_at.is_none_or(|lifted| lifted < due),
            Rule::MissedCall => self.missed_call() == Some(due),
            Rule::NoOutcome => !self.has_told(rule),
            Rule::Unserved => self.served_at.is_none() && !self.has_told(rule),
            Rule::Trouble => !self.escalations.iter().any(|known| known.rule == rule && known.due == due),
        }
    }

    /// Takes note of what became of telling an escalation to a target.
    pub(crate) fn called_out(
        &mut self,
        action: &Action,
        rule: Rule,
        due: OffsetDateTime,
        target: &str,
        delivered: bool,
    ) -> Result<(), Refusal> {
        let known = self.escalations.iter_mut().find(|known| known.rule == rule && known.due == due);
        let delivery = known.and_then(|known| known.deliveries.iter_mut().find(|one| *one.target == *target));
        match delivery {
            Some(delivery) if delivery.ended.is_none_or(|end| !end.delivered && delivered) => {
                delivery.ended = Some(DeliveryEnd { delivered, at: action.at });
                Ok(())
            }
            Some(_) | None => Err(Refusal::NotDue),
        }
    }

    /// Closes a card on which only equipment spoke, or the card of a test that is over.
    pub(crate) fn may_be_closed_by_rule(&self, at: OffsetDateTime) -> Result<(), Refusal> {
        let over = self.on_test.as_ref().is_some_and(|test| test.until <= at);
        if over || self.is_untouched() { Ok(()) } else { Err(Refusal::NotDue) }
    }

    /// Nobody has it any more: it waits at its original age, rings again, and its answer clock starts anew.
    pub(crate) fn let_go(&mut self, at: OffsetDateTime) {
        self.claim = None;
        self.hold = None;
        self.let_go_at = Some(at);
        self.steps = 0;
        if self.class.rings() {
            self.ring = self.ring.or(Some(Ring { since: at, count: 1 }));
        }
    }

    /// Keeps the times of the latest presses, whatever order they come in.
    pub(crate) fn note_press(&mut self, at: OffsetDateTime) {
        let place = self.press_times.partition_point(|known| *known <= at);
        self.press_times.insert(place, at);
        let surplus = self.press_times.len().saturating_sub(PRESSES_KEPT);
        self.press_times.drain(..surplus);
    }

    fn has_told(&self, rule: Rule) -> bool {
        self.escalations.iter().any(|known| known.rule == rule)
    }

    fn remember(&mut self, escalation: Escalation) {
        self.escalations.push(escalation);
        if self.escalations.len() > ESCALATIONS_KEPT {
            let is_settled = |known: &Escalation| known.deliveries.iter().all(|one| one.ended.is_some());
            let once = |known: &Escalation| matches!(known.rule, Rule::NoOutcome | Rule::Unserved);
            let oldest = self.escalations.iter().position(|known| is_settled(known) && !once(known));
            self.escalations.remove(oldest.unwrap_or(0));
        }
    }
}

/// A time as stores keep it, so that a deadline read back is the deadline written.
pub fn micros(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.microsecond().saturating_mul(1_000)).unwrap_or(at)
}
