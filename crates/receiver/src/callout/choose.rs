//! Which deliveries are this receiver's to make. Pure: a board, a name and a time in, deliveries out.
//!
//! Whoever made an escalation tells it, so that with all receivers well each is told once. For one that is silent,
//! and for one that may be on the other side of a broken link, the others tell: twice at worst, never not at all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use telecare_alarm::{ActionId, Alarm, AlarmId, ReceiverId, Rule};
use telecare_queue::Board;
use telecare_queue::cards::{Cards, ClosedRank};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a receiver beyond a broken link is left to tell its own before this one does.
const OTHERS_AFTER: Duration = Duration::seconds(10);

/// One escalation that one target is still to be told of.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The same for this escalation and target at every receiver and after every restart.
    pub id: Uuid,
    /// The card.
    pub alarm: Arc<Alarm>,
    /// Why.
    pub rule: Rule,
    /// When it was due.
    pub due: OffsetDateTime,
    /// The card's level after it.
    pub level: u8,
    /// Who is to be told.
    pub target: Arc<str>,
}

/// An escalation as the counters tell it from others.
pub type Made = (AlarmId, Rule, OffsetDateTime);

/// What a board says of telling.
#[derive(Debug, Default)]
pub struct Seen {
    /// This receiver's to tell, the oldest first.
    pub mine: Vec<Pending>,
    /// Whether others' may become this one's.
    pub others_wait: bool,
    /// This receiver's own escalations.
    pub made: HashSet<Made>,
}

/// The closed cards that were escalated, from one board to the next: few of very many.
#[derive(Debug, Default)]
pub struct Escalated {
    closed: Cards<ClosedRank>,
    cards: HashMap<AlarmId, Arc<Alarm>>,
}

impl Escalated {
    /// Takes in what is new on a board.
    pub fn follow(&mut self, board: &Board) {
        for change in board.closed.changes_since(&self.closed) {
            // One that was opened and closed again may come to its new place before it goes from the old one.
            let is_it = |was: &&Arc<Alarm>| self.cards.get(&was.id).is_some_and(|known| Arc::ptr_eq(known, was));
            if let Some(was) = change.was.filter(is_it) {
                self.cards.remove(&was.id);
            }
            self.cards.extend(change.is.filter(|is| !is.escalations.is_empty()).map(|is| (is.id, is.clone())));
        }
        self.closed = board.closed.clone();
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Alarm>> {
        self.cards.values()
    }
}

/// Reads a board, and of its closed cards these.
pub fn look<'a>(
    board: &'a Board,
    closed: impl Iterator<Item = &'a Arc<Alarm>>,
    own: &ReceiverId,
    now: OffsetDateTime,
) -> Seen {
    let mut seen = Seen::default();
    for alarm in board.open.iter().chain(closed) {
        for escalation in &alarm.escalations {
            let is_own = escalation.by == *own;
            if is_own {
                seen.made.insert((alarm.id, escalation.rule, escalation.due));
            }
            let silent = || board.silent.iter().any(|other| other.receiver == escalation.by);
            let beyond = || board.link.is_degraded() && now - escalation.due > OTHERS_AFTER;
            let is_mine = is_own || silent() || beyond();
            for delivery in escalation.deliveries.iter().filter(|delivery| delivery.ended.is_none()) {
                if !is_mine {
                    seen.others_wait = true;
                    continue;
                }
                let name = format!("call-out {} {}", escalation.rule, delivery.target);
                seen.mine.push(Pending {
                    id: ActionId::automatic(&name, alarm.id, Some(escalation.due)).0,
                    alarm: alarm.clone(),
                    rule: escalation.rule,
                    due: escalation.due,
                    level: escalation.level,
                    target: delivery.target.clone(),
                });
            }
        }
    }
    seen.mine.sort_by_key(|pending| (pending.due, pending.alarm.id.0));
    seen
}
