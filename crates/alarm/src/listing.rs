//! Where a card is listed: with the others, under "on test", or aside because only equipment spoke on it.
//!
//! Listing hides nothing that a person sent: only a card that nobody has touched and on which only equipment
//! spoke is ever set aside, and a press on test is listed with the others as soon as it goes unseen.

use std::collections::HashMap;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::action::after;
use crate::{Alarm, AlarmId, Class, Rules};

/// Where a card is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Listing {
    /// With the others.
    Queue,
    /// Under "on test": the test itself, and what came under it.
    OnTest,
    /// Aside: what is wrong may be right again in a moment.
    WaitsForRestore,
    /// Aside: one of many, under its incident.
    InIncident,
    /// Aside: its unit sends without end, and the first of it has been shown.
    Runaway,
    /// Aside: it only proves that its unit lives.
    Background,
}

impl Listing {
    /// Every listing.
    pub const ALL: [Listing; 6] = [
        Listing::Queue,
        Listing::OnTest,
        Listing::WaitsForRestore,
        Listing::InIncident,
        Listing::Runaway,
        Listing::Background,
    ];

    /// The name used in metrics and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Listing::Queue => "queue",
            Listing::OnTest => "on-test",
            Listing::WaitsForRestore => "waits-for-restore",
            Listing::InIncident => "in-incident",
            Listing::Runaway => "runaway",
            Listing::Background => "background",
        }
    }

    /// Whether operators see it without asking.
    pub fn is_shown(self) -> bool {
        matches!(self, Listing::Queue | Listing::OnTest)
    }
}

/// What must be known of the other open cards to say where one is listed.
#[derive(Clone, Debug, Default)]
pub struct Shelves {
    tests: HashMap<AlarmId, OffsetDateTime>,
    incidents: HashMap<Arc<str>, Members>,
}

/// Who belongs to an incident.
#[derive(Clone, Copy, Debug, Default)]
struct Members {
    /// Its own open card.
    card: Option<AlarmId>,
    /// Open cards that name it.
    count: usize,
}

impl Shelves {
    /// Of the open cards.
    pub fn of<'a>(open: impl IntoIterator<Item = &'a Alarm>) -> Shelves {
        let mut shelves = Shelves::default();
        // Cards of one incident stand together: they are counted before it is looked up.
        let mut run: Option<(&Arc<str>, usize)> = None;
        for alarm in open {
            if let Some(test) = &alarm.on_test {
                shelves.tests.insert(alarm.id, test.until);
            }
            if alarm.is_incident() {
                shelves.incidents.entry(alarm.unit.key.clone()).or_default().card = Some(alarm.id);
            }
            match (&alarm.marks.incident, &mut run) {
                (Some(incident), Some((known, count))) if incident == *known => *count = count.saturating_add(1),
                (Some(incident), _) => {
                    shelves.count(run.replace((incident, 1)));
                }
                (None, _) => {}
            }
        }
        shelves.count(run);
        shelves
    }

    fn count(&mut self, run: Option<(&Arc<str>, usize)>) {
        if let Some((incident, count)) = run {
            let members = self.incidents.entry(incident.clone()).or_default();
            members.count = members.count.saturating_add(count);
        }
    }

    /// Where an open card is listed at an instant.
    pub fn listing(&self, alarm: &Alarm, rules: &Rules, now: OffsetDateTime) -> Listing {
        if alarm.on_test.is_some() || self.is_tested(alarm, rules, now) {
            return Listing::OnTest;
        }
        if !alarm.is_untouched() || alarm.escalations.iter().any(|known| known.rule.raises()) {
            return Listing::Queue;
        }
        if self.incident_of(alarm).is_some() {
            return Listing::InIncident;
        }
        if alarm.marks.runaway {
            return Listing::Runaway;
        }
        let all = |triggers: &std::collections::BTreeSet<_>| {
            !alarm.triggers.is_empty() && alarm.triggers.keys().all(|key| triggers.contains(&key.trigger))
        };
        if alarm.class == Class::Test && all(&rules.clearing.background) {
            return Listing::Background;
        }
        match restore_by(alarm, rules) {
            Some(until) if now < until && all(&rules.clearing.restored) => Listing::WaitsForRestore,
            Some(_) | None => Listing::Queue,
        }
    }

    /// The open incident that a card belongs to.
    pub fn incident_of(&self, alarm: &Alarm) -> Option<AlarmId> {
        self.incidents.get(alarm.marks.incident.as_ref()?)?.card
    }

    /// How many open cards belong to an incident's card.
    pub fn members(&self, alarm: &Alarm) -> usize {
        let members = self.incidents.get(&alarm.unit.key).filter(|_| alarm.is_incident());
        members.map_or(0, |members| members.count)
    }

    /// Whether time alone can change how a card is shown: a cheap first look.
    pub fn may_change(alarm: &Alarm) -> bool {
        let is_somebodys = alarm.claim.is_some() || alarm.hold.is_some() || alarm.marks.test.is_some();
        is_somebodys || (alarm.presses == 0 && alarm.is_untouched())
    }

    /// When time alone next changes where an open card is listed, if it does.
    pub fn next_change(&self, alarm: &Alarm, rules: &Rules, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let unseen = alarm.ring.map(|ring| after(ring.since, rules.test.unseen));
        let test = alarm.marks.test.and_then(|test| self.tests.get(&test).copied());
        let restore = restore_by(alarm, rules).filter(|_| alarm.is_untouched());
        let tested = unseen.filter(|_| test.is_some());
        tested.into_iter().chain(test).chain(restore).filter(|at| *at > now).min()
    }

    /// Whether it came under a test that runs, and no press of it has gone unseen for long or come too often.
    fn is_tested(&self, alarm: &Alarm, rules: &Rules, now: OffsetDateTime) -> bool {
        let runs = alarm.marks.test.and_then(|test| self.tests.get(&test)).is_some_and(|until| now < *until);
        let unseen = alarm.ring.is_some_and(|ring| {
            ring.count >= rules.test.presses || now >= after(ring.since, rules.test.unseen) || now < ring.since
        });
        runs && !unseen
    }
}

impl Alarm {
    /// Whether it stands for many units at once.
    pub fn is_incident(&self) -> bool {
        self.unit.basis == crate::Basis::Group
    }
}

/// Until when a card of equipment waits for the restoration of what it tells of.
fn restore_by(alarm: &Alarm, rules: &Rules) -> Option<OffsetDateTime> {
    let raised = alarm.triggers.values().filter(|state| state.is_raised()).filter_map(|state| state.raised);
    raised.min().map(|raised| after(raised, rules.clearing.wait))
}
