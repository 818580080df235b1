//! The alarm: the card an operator sees. Signals attach to it, actions change it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use telecare_protocol::Trigger;
use time::OffsetDateTime;

use crate::action::after;
use crate::escalation::Escalation;
use crate::on_test::Test;
use crate::{Actor, AlarmId, CardCall, Class, LineId, Marks, Priority, ReceiverId, SignalId, UnitKey};

/// One card. At most one is open per unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The id of the signal that opened it.
    pub id: AlarmId,
    /// The unit it is about.
    pub unit: UnitKey,
    /// The receiver that opened it.
    pub receiver: ReceiverId,
    /// The line of the signal that opened it.
    pub line: LineId,
    /// The most urgent priority of its signals. Never falls.
    pub priority: Priority,
    /// How often it went up because nobody helped: of two cards of one priority the higher level comes first.
    pub level: u8,
    /// Thresholds that its present answer clock has passed.
    pub steps: u8,
    /// Class of the most urgent signal.
    pub class: Class,
    /// Policy rule of the most urgent signal.
    pub rule: Arc<str>,
    /// Last byte of its earliest signal.
    pub opened_at: OffsetDateTime,
    /// Last byte of its latest signal.
    pub last_at: OffsetDateTime,
    /// Signals that want an answer of their own, proven repeats not counted.
    pub presses: u32,
    /// First and last of those.
    pub pressed: Option<(OffsetDateTime, OffsetDateTime)>,
    /// Times of the latest presses, oldest first; at most [`crate::rules::PRESSES_KEPT`].
    pub press_times: Vec<OffsetDateTime>,
    /// The press that last raised the card because there were so many.
    pub lifted_at: Option<OffsetDateTime>,
    /// All signals, repeats included.
    pub signals: u32,
    /// Proven repeats among them.
    pub repeats: u32,
    /// Everything raised or cleared, by trigger and place.
    pub triggers: BTreeMap<TriggerKey, TriggerState>,
    /// Who telephoned, as told last.
    pub caller: Option<CallerHeard>,
    /// The calls its signals came in, earliest first; the latest [`crate::calls::CALLS_KEPT`].
    pub calls: Vec<CardCall>,
    /// The signal attached last: what a close must name.
    pub last_signal: SignalId,
    /// The answer clock: the oldest signal that wants an answer and that nobody has claimed or seen since.
    pub ring: Option<Ring>,
    /// Who has it.
    pub claim: Option<Claim>,
    /// Put aside by its holder.
    pub hold: Option<Hold>,
    /// Since when it waits again, after somebody had it.
    pub let_go_at: Option<OffsetDateTime>,
    /// When it went up or out, and who was told.
    pub escalations: Vec<Escalation>,
    /// A second holder, from a receiver that was cut off: shown to both until one lets go.
    pub contest: Option<Contest>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// When it was first served to an operator's or supervisor's console.
    pub served_at: Option<OffsetDateTime>,
    /// Whether all its signals are shadows: heard beside another platform, whose operators answer them.
    pub shadow: bool,
    /// What all its signals have in common: where it is listed.
    pub marks: Marks,
    /// The test that this card stands for.
    pub on_test: Option<Test>,
    /// The unit's alarm before this one.
    pub previous: Option<AlarmId>,
    /// Grows with every stored change.
    pub revision: i64,
}

/// What was raised or cleared, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TriggerKey {
    /// What.
    pub trigger: Trigger,
    /// The protocol's code of the place; empty when it tells none.
    pub place: String,
}

/// When a trigger was last raised and last cleared. Two maxima, so that any order of signals agrees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerState {
    /// The place in words; empty when the protocol tells none.
    pub place_words: String,
    /// Last time it was raised.
    pub raised: Option<OffsetDateTime>,
    /// Last time it was cleared.
    pub cleared: Option<OffsetDateTime>,
    /// How often it was raised, proven repeats not counted.
    pub count: u32,
}

impl TriggerState {
    /// Whether it was raised after it was last cleared. Both at one instant counts as raised: better a word
    /// too many than a hazard unsaid.
    pub fn is_raised(&self) -> bool {
        match (self.raised, self.cleared) {
            (Some(raised), Some(cleared)) => raised >= cleared,
            (raised, _) => raised.is_some(),
        }
    }
}

/// A caller's number and name, and when they were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerHeard {
    /// Last byte of the signal that told the number; without a number, the name.
    pub at: OffsetDateTime,
    /// Telephone number as sent.
    pub number: Option<String>,
    /// Name as sent.
    pub name: Option<String>,
}

/// Signals that want an answer and that no operator has claimed or seen: ringing ones, and whatever was more
/// urgent than all before it on a card somebody had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Last byte of the oldest of them.
    pub since: OffsetDateTime,
    /// How many.
    pub count: u32,
}

/// Who has an alarm, and until when without a sign from their console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Person and desk.
    pub actor: Actor,
    /// Since when.
    pub since: OffsetDateTime,
    /// When the lease ends unless renewed.
    pub lease_until: OffsetDateTime,
    /// Who gave it to them; none when they took it.
    pub given_by: Option<Actor>,
}

/// An alarm put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who put it aside.
    pub actor: Actor,
    /// Since when.
    pub since: OffsetDateTime,
    /// When it comes back by itself.
    pub until: OffsetDateTime,
    /// Why.
    pub reason: String,
}

/// What a second person did to the alarm at a receiver that was cut off from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contest {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: OffsetDateTime,
    /// The name of what they did last: "claim", "close"...
    pub act: String,
}

/// How an alarm ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Who closed it.
    pub actor: Actor,
    /// When.
    pub at: OffsetDateTime,
    /// Outcome code of the centre.
    pub outcome: String,
    /// Free text.
    pub text: String,
}

/// Where an alarm stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It waits for anyone.
    Waiting,
    /// Someone has it, their lease runs and no press goes unseen for too long.
    Claimed,
    /// Someone put it aside, and the time has not come.
    Held,
    /// It is closed.
    Closed,
}

impl Standing {
    /// The name used in metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::Claimed => "claimed",
            Standing::Held => "held",
            Standing::Closed => "closed",
        }
    }
}

/// A card's place in the queue; the least comes first.
pub type Rank = (Priority, Reverse<u8>, OffsetDateTime, AlarmId);

/// How long a press on a claimed card may go unseen before the card waits for everyone again: the first
/// answer threshold of its class (60 s telecare; 10 s lone worker, BS 8484:2016).
pub fn answer_threshold(class: Class) -> Duration {
    match class {
        Class::LoneWorker => Duration::from_secs(10),
        Class::Person
        | Class::Fire
        | Class::Unreadable
        | Class::Security
        | Class::Activity
        | Class::Telephone
        | Class::Technical
        | Class::Test => Duration::from_secs(60),
    }
}

impl Alarm {
    /// Where it stands. A lost lease, an ended hold and an unseen press need no event: time alone makes the
    /// alarm wait for everyone again.
    pub fn standing(&self, now: OffsetDateTime) -> Standing {
        if self.closed.is_some() {
            return Standing::Closed;
        }
        if let Some(hold) = &self.hold {
            // Its time has come: it rings for its holder first, then it waits for everyone.
            return match (now < hold.until, now < self.recalled_until(hold)) {
                (true, _) => Standing::Held,
                (false, true) => Standing::Claimed,
                (false, false) => Standing::Waiting,
            };
        }
        match &self.claim {
            Some(claim) if now < claim.lease_until && !self.unseen_too_long(now) => Standing::Claimed,
            Some(_) | None => Standing::Waiting,
        }
    }

    /// When [`Alarm::standing`] changes next by time alone, if it does.
    pub fn next_change(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.standing(now) {
            Standing::Held => self.hold.as_ref().map(|hold| hold.until),
            Standing::Claimed if self.hold.is_some() => self.hold.as_ref().map(|hold| self.recalled_until(hold)),
            Standing::Claimed => {
                let lease = self.claim.as_ref().map(|claim| claim.lease_until);
                let unseen = self.ring.map(|ring| self.unseen_span(ring).1);
                lease.into_iter().chain(unseen).min()
            }
            Standing::Waiting => self.claimed_again_at(now),
            Standing::Closed => None,
        }
    }

    /// The order of the queue: priority, then escalation level, then first arrival.
    pub fn rank(&self) -> Rank {
        (self.priority, Reverse(self.level), self.opened_at, self.id)
    }

    /// What rings at an instant: a press that nobody has seen, or a hold whose time has come.
    pub fn ringing(&self, now: OffsetDateTime) -> Option<Ring> {
        let recalled = self.hold.as_ref().filter(|hold| hold.until <= now && self.closed.is_none());
        self.ring.or(recalled.map(|hold| Ring { since: hold.until, count: 1 }))
    }

    fn recalled_until(&self, hold: &Hold) -> OffsetDateTime {
        after(hold.until, answer_threshold(self.class))
    }

    fn unseen_too_long(&self, now: OffsetDateTime) -> bool {
        self.ring.is_some_and(|ring| {
            let (from, until) = self.unseen_span(ring);
            // A centre's own threshold may be shorter than the standard's.
            self.steps > 0 || now < from || now >= until
        })
    }

    /// The instants between which a press may be unseen on a claimed card. A press from further ahead than
    /// the threshold proves that the clock was set back since: its age is unknown, and the card waits.
    fn unseen_span(&self, ring: Ring) -> (OffsetDateTime, OffsetDateTime) {
        let threshold = time::Duration::try_from(answer_threshold(self.class)).unwrap_or(time::Duration::MINUTE);
        let from = ring.since.checked_sub(threshold).unwrap_or(ring.since);
        let until = ring.since.checked_add(threshold).unwrap_or(ring.since);
        (from, until)
    }

    /// When a clock that was set back reaches a press from its own future, and the claim counts again.
    fn claimed_again_at(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let claim = self.claim.as_ref().filter(|_| self.hold.is_none() && self.steps == 0)?;
        let (from, _) = self.unseen_span(self.ring?);
        (now < from && from < claim.lease_until).then_some(from)
    }
}

#[cfg(test)]
mod tests {
    use telecare_protocol::report::Status;

    use super::*;
    use crate::testing::{action, actor, at, card, signal};
    use crate::{Act, Signal};

    fn press(id: u128, seconds: i64) -> Signal {
        signal(id, seconds, Trigger::Pendant, Status::Active)
    }

    fn claimed(alarm: &mut Alarm, seconds: i64, lease_s: u64) {
        let lease = Duration::from_secs(lease_s);
        alarm.act(&action(alarm.id, seconds, &actor("Ann", "desk 1"), Act::Claim { lease })).expect("it waits");
    }

    /// The instants at which the card changes by time alone, from an instant on, and what it is then.
    fn changes(alarm: &Alarm, from: i64) -> Vec<(i64, Standing)> {
        let mut changes = vec![(from, alarm.standing(at(from)))];
        let mut now = at(from);
        while let Some(next) = alarm.next_change(now) {
            assert!(next > now && alarm.standing(next - time::Duration::NANOSECOND) == alarm.standing(now));
            changes.push(((next - at(0)).whole_seconds(), alarm.standing(next)));
            now = next;
        }
        changes
    }

    #[test]
    fn a_lost_lease_makes_it_wait_again() {
        let mut alarm = card(&[press(1, 0)]);
        assert_eq!(changes(&alarm, 5), [(5, Standing::Waiting)]);
        claimed(&mut alarm, 10, 120);
        assert_eq!(changes(&alarm, 10), [(10, Standing::Claimed), (130, Standing::Waiting)]);
    }

    #[test]
    fn an_unseen_press_makes_it_wait_again_and_the_first_one_counts() {
        let mut alarm = card(&[press(1, 0)]);
        claimed(&mut alarm, 10, 600);
        alarm.attach(&press(2, 100));
        alarm.attach(&press(3, 150));
        assert_eq!(changes(&alarm, 150), [(150, Standing::Claimed), (160, Standing::Waiting)]);
        let mut worker = card(&[signal(1, 0, Trigger::LoneWorker, Status::Active)]);
        claimed(&mut worker, 5, 600);
        worker.attach(&press(2, 100));
        assert_eq!(changes(&worker, 100), [(100, Standing::Claimed), (110, Standing::Waiting)]);
    }

    #[test]
    fn the_shortest_answer_clock_of_a_card_counts_whatever_came_first() {
        let worker = signal(1, 0, Trigger::LoneWorker, Status::Active);
        for signals in [[worker.clone(), press(2, 0)], [press(2, 0), worker]] {
            assert_eq!(answer_threshold(card(&signals).class), Duration::from_secs(10));
        }
    }

    #[test]
    fn a_hold_ends_by_time() {
        let mut alarm = card(&[press(1, 0)]);
        claimed(&mut alarm, 10, 600);
        let hold = Act::Hold { shown: alarm.last_signal, until: at(300), reason: "responder is on the way".to_owned() };
        alarm.act(&action(alarm.id, 20, &actor("Ann", "desk 1"), hold)).expect("Ann has it");
        let expected = [(20, Standing::Held), (300, Standing::Claimed), (360, Standing::Waiting)];
        assert_eq!(changes(&alarm, 20), expected);
        let ringing = |seconds| alarm.ringing(at(seconds)).map(|ring| ring.since);
        assert_eq!((ringing(299), ringing(300)), (None, Some(at(300))), "it rings for its holder first");
        alarm.attach(&press(2, 50));
        assert_eq!(changes(&alarm, 50), [(50, Standing::Waiting)]);
    }

    #[test]
    fn a_press_from_the_future_of_a_clock_set_back_is_not_hidden() {
        let mut alarm = card(&[press(1, 0)]);
        claimed(&mut alarm, 10, 9_000);
        alarm.attach(&press(2, 3_600));
        let expected = [(20, Standing::Waiting), (3_540, Standing::Claimed), (3_660, Standing::Waiting)];
        assert_eq!(changes(&alarm, 20), expected);
    }

    #[test]
    fn the_queue_goes_by_priority_then_by_first_arrival() {
        let early_battery = card(&[signal(9, 0, Trigger::Battery, Status::Active)]);
        let (first, second) = (card(&[press(8, 10)]), card(&[press(7, 20)]));
        let mut queue = [&early_battery, &second, &first];
        queue.sort_by_key(|alarm| alarm.rank());
        assert_eq!(queue.map(|alarm| alarm.id), [first.id, second.id, early_battery.id]);
    }

    #[test]
    fn raised_and_cleared_at_one_instant_is_raised() {
        let state = |raised, cleared| TriggerState { raised, cleared, ..TriggerState::default() };
        assert!(state(Some(at(1)), Some(at(1))).is_raised());
        assert!(state(Some(at(1)), None).is_raised());
        assert!(!state(Some(at(1)), Some(at(2))).is_raised());
        assert!(!state(None, Some(at(2))).is_raised() && !state(None, None).is_raised());
    }
}
