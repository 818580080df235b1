//! A centre on virtual time: cards, the desk, and nothing else. What the stores do is done at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use telecare_protocol::report::{Origin, Status};
use telecare_protocol::{Protocol, Report, Trigger};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{CallOver, Duty, Expected, Own};
use crate::expect::Kept;
use crate::registry::UnitId;
use crate::rules::Target;
use crate::testing::{action, actor, at, signal};
use crate::unit::Place;
use crate::{
    Act, Action, Alarm, AlarmId, CallId, LineId, Listing, Policy, ReceiverId, Refusal, Registry, Shelves, Signal,
    SignalId, UnitKey,
};

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let pager = Target { name: Arc::from("pager"), from_level: 1 };
    Arc::new(Policy::builtin().with_targets(vec![pager]))
});

/// The centre.
pub struct Centre {
    pub duty: Duty,
    pub cards: BTreeMap<AlarmId, Arc<Alarm>>,
    /// What the rules did, in order.
    pub done: Vec<Action>,
    pub now: OffsetDateTime,
    registry: Arc<Registry>,
    kept: BTreeMap<String, Kept>,
    known: BTreeSet<SignalId>,
    open: BTreeMap<Arc<str>, AlarmId>,
    last: BTreeMap<Arc<str>, AlarmId>,
    live: BTreeSet<CallId>,
    answered: BTreeSet<CallId>,
    next_id: u128,
}

fn receiver() -> ReceiverId {
    ReceiverId::new("redditch-1")
}

impl Centre {
    pub fn new(registry: Registry) -> Centre {
        let registry = Arc::new(registry);
        let mut centre = Centre {
            duty: Duty::new(&receiver(), POLICY.clone(), Arc::default()),
            cards: BTreeMap::new(),
            done: Vec::new(),
            now: at(0),
            registry,
            kept: BTreeMap::new(),
            known: BTreeSet::new(),
            open: BTreeMap::new(),
            last: BTreeMap::new(),
            live: BTreeSet::new(),
            answered: BTreeSet::new(),
            next_id: 1,
        };
        centre.restart();
        centre
    }

    /// The process ends and begins again: the cards are there, and what was kept of who was heard.
    pub fn restart(&mut self) {
        self.keep();
        self.live.clear();
        self.duty = Duty::new(&receiver(), POLICY.clone(), self.registry.clone());
        self.kept.values().for_each(|kept| self.duty.restore_expected(kept.clone()));
        let expected = Expected::of(&self.registry);
        self.duty.set_registry(self.registry.clone(), expected, self.now);
        for card in self.cards.values() {
            self.duty.observe(card, self.now);
        }
    }

    /// A call is on the line from now on. No call begins twice.
    pub fn begins(&mut self, call: CallId) {
        if self.answered.insert(call) {
            self.live.insert(call);
        }
        self.duty.set_calls(self.live.clone(), Vec::new());
    }

    /// A call ends, if it is on the line.
    pub fn hangs_up(&mut self, call: CallId, seconds: i64) {
        self.until(seconds);
        if self.live.remove(&call) {
            let over = CallOver { call, at: at(seconds), how: "remote-hangup".into() };
            self.duty.set_calls(self.live.clone(), vec![over]);
        }
        self.until(seconds);
    }

    /// Whether a call is on the line.
    pub fn is_live(&self, call: CallId) -> bool {
        self.live.contains(&call)
    }

    /// What an account says at a second of the test.
    pub fn said(&mut self, account: &str, seconds: i64, trigger: Trigger, status: Status) -> Signal {
        self.until(seconds);
        self.next_id += 1;
        let mut said = signal(self.next_id, seconds, trigger, status);
        said.report.protocol = Protocol::SurGard;
        said.report.origin = Origin::Unit;
        said.report.identity = Some(account.to_owned());
        let line = LineId::new("surgard-1");
        let place = Place { receiver: &receiver(), line: &line, namespace: Some("north") };
        said.unit = UnitKey::of(&said.report, &place, said.id, &self.registry);
        said
    }

    /// An account says something; its card.
    pub fn hears(&mut self, account: &str, seconds: i64, trigger: Trigger, status: Status) -> AlarmId {
        let said = self.said(account, seconds, trigger, status);
        self.keeps(said)
    }

    /// Somebody presses.
    pub fn press(&mut self, account: &str, seconds: i64) -> AlarmId {
        self.hears(account, seconds, Trigger::Pendant, Status::Active)
    }

    pub fn keeps(&mut self, mut signal: Signal) -> AlarmId {
        self.duty.mark(&mut signal);
        assert!(self.known.insert(signal.id), "a signal is kept once");
        let id = match self.open.get(&signal.unit.key) {
            Some(open) => {
                let mut card = Alarm::clone(&self.cards[open]);
                card.attach(&signal);
                self.puts(card)
            }
            None => self.puts(Alarm::open(&signal, self.last.get(&signal.unit.key).copied())),
        };
        self.works();
        id
    }

    /// The receiver says something by itself.
    pub fn says(&mut self, report: Report, unit: UnitKey) -> AlarmId {
        self.next_id += 1;
        let mut own = signal(self.next_id, 0, Trigger::System, Status::Active);
        own.stamps.last_byte = self.now;
        (own.ranking, own.report, own.unit) = (POLICY.triage(&report), report, unit);
        self.keeps(own)
    }

    /// A person does something.
    pub fn does(&mut self, who: &str, alarm: AlarmId, seconds: i64, act: Act) -> Result<(), Refusal> {
        self.until(seconds);
        let done = action(alarm, seconds, &actor(who, "desk 1"), act);
        let outcome = self.acts(&done);
        self.works();
        outcome
    }

    pub fn claims(&mut self, who: &str, alarm: AlarmId, seconds: i64) {
        self.does(who, alarm, seconds, Act::Claim { lease: Duration::from_secs(120) }).expect("it waits");
    }

    pub fn closes(&mut self, who: &str, alarm: AlarmId, seconds: i64) {
        let shown = self.cards[&alarm].last_signal;
        let close = Act::Close { shown, outcome: "attended".to_owned(), text: String::new() };
        self.does(who, alarm, seconds, close).expect("it is theirs");
    }

    /// Time passes, and the desk does what is due, each thing at its time.
    pub fn until(&mut self, seconds: i64) {
        while let Some(due) = self.duty.next_due().filter(|due| *due <= at(seconds)) {
            self.now = self.now.max(due);
            self.works();
        }
        self.now = self.now.max(at(seconds));
    }

    /// A unit gives a sign of life.
    pub fn polls(&mut self, unit: UnitId, seconds: i64) {
        self.until(seconds);
        self.duty.hear(unit, self.now);
        self.works();
    }

    /// Signals kept.
    pub fn signals(&self) -> usize {
        self.known.len()
    }

    pub fn card(&self, id: AlarmId) -> &Alarm {
        &self.cards[&id]
    }

    /// The rules that have escalated a card, in order.
    pub fn escalated(&self, id: AlarmId) -> Vec<String> {
        self.card(id).escalations.iter().map(|one| one.rule.to_string()).collect()
    }

    /// Where a card is listed now.
    pub fn listing(&self, id: AlarmId) -> Listing {
        self.shelves().listing(self.card(id), POLICY.rules(), self.now)
    }

    /// What operators see, in order.
    pub fn queue(&self) -> Vec<&Alarm> {
        let shelves = self.shelves();
        let listed = |card: &&Alarm| shelves.listing(card, POLICY.rules(), self.now) == Listing::Queue;
        let mut queue: Vec<&Alarm> = self.open_cards().filter(listed).collect();
        queue.sort_by_key(|card| card.rank());
        queue
    }

    pub fn open_cards(&self) -> impl Iterator<Item = &Alarm> {
        self.open.values().map(|id| &*self.cards[id])
    }

    fn shelves(&self) -> Shelves {
        Shelves::of(self.open_cards())
    }

    /// Does what is due until nothing is.
    fn works(&mut self) {
        for round in 0.. {
            assert!(round < 10_000, "the rules never end");
            let cards = &self.cards;
            let acts = self.duty.due(self.now, |id| cards.get(&id));
            let own = self.duty.take_own();
            if acts.is_empty() && own.is_empty() {
                break;
            }
            for act in acts {
                if self.acts(&act).is_ok() {
                    self.done.push(act);
                }
            }
            own.into_iter().for_each(|own| self.keeps_own(own));
        }
        self.keep();
    }

    fn keeps_own(&mut self, own: Own) {
        self.next_id += 1;
        let mut signal = signal(self.next_id, 0, Trigger::System, Status::Active);
        signal.id = own.id.unwrap_or(SignalId(Uuid::from_u128(self.next_id)));
        signal.stamps.last_byte = self.now;
        (signal.line, signal.unit, signal.marks) = (own.line, own.unit, own.marks);
        signal.ranking = POLICY.triage(&own.report);
        signal.report = own.report;
        if self.known.contains(&signal.id) {
            // As the store does: an id is folded once.
            return;
        }
        self.keeps(signal);
    }

    fn acts(&mut self, act: &Action) -> Result<(), Refusal> {
        let mut card = self.cards.get(&act.alarm).map(|card| Alarm::clone(card)).ok_or(Refusal::UnknownAlarm)?;
        card.act(act)?;
        self.puts(card);
        Ok(())
    }

    fn puts(&mut self, card: Alarm) -> AlarmId {
        let (id, unit) = (card.id, card.unit.key.clone());
        if card.closed.is_some() {
            self.open.remove(&unit);
            self.last.insert(unit, id);
        } else {
            self.open.insert(unit, id);
        }
        self.duty.observe(&card, self.now);
        self.cards.insert(id, Arc::new(card));
        id
    }

    fn keep(&mut self) {
        self.kept.extend(self.duty.expected_changed().kept.into_iter().map(|kept| (kept.subject.key(), kept)));
    }
}
