//! Incidents: many units with one cause are one card, and theirs are listed under it.
//!
//! An incident begins when a signal makes one unit too many. The cards of those before it join by an act; those
//! after it are marked as they come. Closed, it takes its untouched cards with it; what anybody sent meanwhile, or
//! took up, stays.

use std::sync::Arc;

use telecare_protocol::report::Location;
use telecare_protocol::{Report, Status, Trigger};
use time::OffsetDateTime;

use super::{ACTS_AT_ONCE, Duty, Name, Own};
use crate::group::Group;
use crate::{Act, Action, ActionId, Alarm, AlarmId, Basis, Marks, UnitKey};

/// An incident that this desk knows of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incident {
    /// When its card was closed; none while it is open or about to be.
    pub closed_at: Option<OffsetDateTime>,
}

impl Duty {
    pub(super) fn observe_incident(&mut self, card: &Alarm) {
        let key = &card.unit.key;
        let closed_at = card.closed.as_ref().map(|closed| closed.at);
        let known = self.incidents.get(key).and_then(|known| known.closed_at);
        // Of two cards of one key the open one counts, and of two closed ones the later.
        let other_open = self.open.get(key).is_some_and(|open| *open != card.id);
        if closed_at.is_none() || (!other_open && known <= closed_at) {
            self.incidents.insert(key.clone(), Incident { closed_at });
        }
        if let Some(closed_at) = closed_at {
            self.look_at_those(&Name::Incident(key.clone()), closed_at);
        }
    }

    /// The incident that takes in whatever has these in common, the widest first.
    pub(super) fn open_incident(&self, groups: &[Group]) -> Option<Arc<str>> {
        let is_open = |key: &Arc<str>| self.incidents.get(key).is_some_and(|known| known.closed_at.is_none());
        groups.iter().map(Group::key).find(is_open)
    }

    /// Begins an incident, unless it is open; `trigger` is what so many say. Gives the key of its card.
    pub(super) fn begin_incident(&mut self, group: &Group, trigger: Trigger) -> Arc<str> {
        let key = group.key();
        if self.open_incident(std::slice::from_ref(group)).is_none() {
            self.incidents.insert(key.clone(), Incident { closed_at: None });
            let mut report = Report::own(Trigger::Incident, Status::Active, group.kind().as_str());
            let words = trigger.words().to_lowercase();
            for event in &mut report.events {
                event.location = Some(Location { code: trigger.as_str().to_owned(), words: words.clone() });
            }
            let unit = UnitKey { key: key.clone(), basis: Basis::Group, words: Arc::from(group.words()) };
            self.own.push(Own { id: None, line: Duty::own_line(), unit, report, marks: Marks::default() });
        }
        key
    }

    /// The open cards of these units are to join an incident.
    pub(super) fn gather<'a>(&mut self, units: impl IntoIterator<Item = &'a Arc<str>>, incident: &Arc<str>) {
        let cards = units.into_iter().filter_map(|unit| self.open.get(unit).copied());
        self.joining.extend(cards.map(|card| (card, incident.clone())));
    }

    pub(super) fn joins<'a>(
        &mut self,
        now: OffsetDateTime,
        card: &impl Fn(AlarmId) -> Option<&'a Arc<Alarm>>,
    ) -> Vec<Action> {
        let surplus = self.joining.len().saturating_sub(ACTS_AT_ONCE);
        let joining = self.joining.split_off(surplus);
        let fits = |id: AlarmId| card(id).is_some_and(|card| card.is_untouched() && card.marks.incident.is_none());
        let joining = joining.into_iter().filter(|(id, _)| fits(*id));
        let action = |(id, incident): (AlarmId, Arc<str>)| Action {
            id: ActionId::automatic(&format!("join {incident}"), id, None),
            alarm: id,
            at: now,
            actor: self.actor.clone(),
            act: Act::Join { incident },
        };
        joining.map(action).collect()
    }
}
