//! Signals: in through the lanes, to the journal, answered when stored.

use std::collections::HashSet;
use std::sync::Arc;

use telecare_alarm::{AlarmId, Lane};
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{JournalState, Keeper, Waiter, Waiting, batches, desk};
use crate::board::Link;
use crate::entry::{Entry, What};
use crate::exchange::{Answer, Incoming};
use crate::journal::{self, Settle};
use crate::lanes::{BATCH_MAX, backlog_has_room};

/// Entries on their way to the database behind which an answer still waits for its commit: two batches.
pub(super) const COMMIT_IS_NEAR: usize = 2 * BATCH_MAX;

impl Keeper {
    pub(super) fn submit(&mut self, incoming: Box<Incoming>, deadline: Instant, reply: oneshot::Sender<Answer>) {
        let has_room = backlog_has_room(self.backlog.len(), incoming.signal.ranking.lane);
        if !self.can_store() || self.closing.is_some() || !has_room {
            let _ = reply.send(Answer::Refused);
            return;
        }
        self.clock = incoming.signal.clock;
        let (lane, line, reserved) = (incoming.signal.ranking.lane, incoming.signal.line.clone(), incoming.reserved);
        let waiting = Waiting::Signal(incoming, deadline, reply);
        if let Err(Waiting::Signal(_, _, reply)) = self.lanes.push(lane, &line, waiting, reserved) {
            warn!(lane = lane.as_str(), "a lane is full; a signal is refused so that its unit tries again");
            let _ = reply.send(Answer::Refused);
        }
    }

    pub(super) fn pump_journal(&mut self) {
        let direct = self.journal_state == JournalState::Down;
        if self.journal_state == JournalState::Writing || self.lanes.is_empty() || (direct && !self.can_store()) {
            return;
        }
        if self.in_step_until().is_some_and(|until| Instant::now() < until) {
            return;
        }
        let before = self.chain;
        let mut batch = Vec::new();
        let keeps_pace = self.link == Link::Connected && self.closing.is_none();
        let waiting = if keeps_pace && batches::holds_routine(self.backlog.len()) {
            self.lanes.batch_holding_routine(&desk())
        } else {
            self.lanes.batch()
        };
        for waiting in waiting {
            batch.extend(self.link_entry(waiting));
        }
        if batch.is_empty() {
            return;
        }
        if direct {
            self.chain_before.get_or_insert(before);
            for (entry, waiter) in batch {
                self.unjournalled.insert(entry.seq, entry.clone());
                if let Some((_, reply)) = waiter {
                    self.await_store(&entry, reply);
                }
                self.note_action_seq(&entry);
                self.enqueue(&entry);
            }
            return;
        }
        self.side_by_side = self.link == Link::Connected;
        for (entry, _) in &batch {
            self.note_action_seq(entry);
            if self.side_by_side {
                self.enqueue(entry);
            }
        }
        let entries = batch.iter().map(|(entry, _)| entry.clone()).collect();
        self.writing = batch;
        self.chain_before = Some(before);
        self.journal_state = JournalState::Writing;
        let _ = self.journal.send(journal::Command::Append(entries, Settle::default()));
    }

    /// Until when the journal waits for the database's commit, while answers wait for both.
    fn in_step_until(&self) -> Option<Instant> {
        let needs_both = self.link == Link::Connected && self.journal_state == JournalState::Ready;
        let asked = self.at_database.as_ref().filter(|_| needs_both)?;
        batches::in_step_until(self.backlog.len(), asked.at)
    }

    /// When time alone lets the journal begin.
    pub(super) fn journal_wake(&self) -> Option<Instant> {
        self.in_step_until().filter(|_| !self.lanes.is_empty())
    }

    /// Makes what waits an entry of the chain. What cannot be written down is refused.
    fn link_entry(&mut self, waiting: Waiting) -> Option<(Arc<Entry>, Option<Waiter>)> {
        let now = OffsetDateTime::now_utc();
        let (what, waiter) = match waiting {
            Waiting::Signal(mut incoming, deadline, reply) => {
                incoming.signal.repeat_of = self.repeats.judge(&incoming.signal, &incoming.repeat);
                self.repeats.remember(&incoming.signal, &incoming.repeat);
                self.duty.mark(&mut incoming.signal);
                (What::Signal(Arc::new(incoming.signal)), Some((deadline, reply)))
            }
            Waiting::Action(action) => (What::Action(action), None),
            Waiting::Verdict(verdict) => (What::Verdict(verdict), None),
        };
        match self.chain.link(what, now) {
            Ok(entry) => Some((Arc::new(entry), waiter)),
            Err(error) => {
                error!(%error, "an entry cannot be written down");
                if let Some((_, reply)) = waiter {
                    let _ = reply.send(Answer::Refused);
                }
                None
            }
        }
    }

    pub(super) fn journalled(&mut self) {
        self.journal_state = JournalState::Ready;
        self.chain_before = None;
        self.filled();
        let writing = std::mem::take(&mut self.writing);
        for (entry, waiter) in writing {
            crate::meters::journalled(&entry);
            let is_committed = self.is_committed_already(entry.seq);
            let deadline = waiter.map(|(deadline, reply)| {
                self.await_store(&entry, reply);
                deadline
            });
            if is_committed {
                self.signal_stored(entry.seq);
                continue;
            }
            self.seen_by_journal(&entry);
            match deadline {
                Some(deadline) if self.link == Link::Connected && self.backlog.len() < COMMIT_IS_NEAR => {
                    self.deadlines.insert((deadline, entry.seq), ());
                }
                // With so much before it the commit would not come in time: its sender waits for nothing.
                _ => self.signal_stored(entry.seq),
            }
            self.enqueue(&entry);
        }
        if self.link == Link::Standalone {
            self.settle_own();
        }
    }

    /// Has an entry wait for the database.
    pub(super) fn enqueue(&mut self, entry: &Arc<Entry>) {
        let unit = match &entry.what {
            What::Signal(signal) => Some(signal.unit.key.clone()),
            What::Action(action) => self.ledger.unit_of(action.alarm),
            What::Verdict(verdict) => self.ledger.unit_of(AlarmId(verdict.alarm)),
        };
        self.backlog.insert(entry.clone(), unit);
    }

    /// Whether an entry of the batch at the journal is in the database, and on the cards, before that batch is done.
    pub(super) fn is_committed_already(&self, seq: i64) -> bool {
        self.side_by_side && !self.backlog.contains(seq)
    }

    /// Whether the journal has not said yet that it has an entry.
    pub(super) fn is_at_journal(&self, seq: i64) -> bool {
        self.writing.first().is_some_and(|(first, _)| first.seq <= seq)
    }

    /// Without a database nothing else is to have the entries: cards become rows.
    pub(super) fn settle_own(&mut self) {
        let seqs: Vec<i64> = std::mem::take(&mut self.backlog).iter().map(|entry| entry.seq).collect();
        let refused = seqs.iter().filter_map(|seq| Some((*seq, self.ledger.decided(*seq)?.clone()?))).collect();
        let rows = self.ledger.settle_own(&seqs);
        self.dirty = true;
        self.settle(Settle { forwarded: seqs, refused, rows, ..Settle::default() });
    }

    /// Owes a line the word that its signal is stored.
    pub(super) fn await_store(&mut self, entry: &Entry, reply: oneshot::Sender<Answer>) {
        let stored = match &entry.what {
            What::Signal(signal) if signal.repeat_of.is_some() => Answer::Repeat,
            What::Signal(_) | What::Action(_) | What::Verdict(_) => Answer::Stored,
        };
        self.waiting.insert(entry.seq, (reply, stored));
    }

    pub(super) fn signal_stored(&mut self, seq: i64) {
        self.stored.extend(self.waiting.remove(&seq));
    }

    /// Says to lines what is stored.
    pub(super) fn answer_lines(&mut self) {
        for (reply, stored) in self.stored.drain(..) {
            // A line that is gone no longer asks.
            let _ = reply.send(stored);
        }
    }

    /// A file is there again: it gets every entry the database does not have and it does not hold itself.
    pub(super) fn journal_ready(&mut self, holds: &[i64]) {
        info!(pending = self.backlog.len(), "a journal is filled");
        // Both may be as long as an outage.
        let held: HashSet<i64> = holds.iter().copied().collect();
        let lacking: Vec<Arc<Entry>> =
            self.backlog.iter().filter(|entry| !held.contains(&entry.seq)).cloned().collect();
        let forwarded = holds.iter().filter(|seq| !self.backlog.contains(**seq)).copied().collect();
        let rows: Vec<_> = self.ledger.base().cloned().collect();
        let aliases = self.ledger.aliases().iter().map(|(alias, of)| (*alias, *of)).collect();
        self.journal_state = JournalState::Writing;
        self.trouble("journal-failed", None);
        self.dirty = true;
        let settle = Settle { forwarded, rows, aliases, replace: true, ..Settle::default() };
        let _ = self.journal.send(journal::Command::Append(lacking, settle));
    }

    /// What went to the database alone while the journal was down is in the journal, too.
    fn filled(&mut self) {
        for (seq, entry) in std::mem::take(&mut self.unjournalled) {
            if self.backlog.contains(seq) {
                self.seen_by_journal(&entry);
                self.signal_stored(seq);
            }
        }
    }

    /// An entry is durable: it shows, and an action is answered when nobody else is to answer it.
    fn seen_by_journal(&mut self, entry: &Arc<Entry>) {
        self.ledger.push(entry);
        self.dirty = true;
        if let What::Action(action) = &entry.what
            && self.link != Link::Connected
        {
            self.decide_here(entry.seq, &action.clone());
        }
    }

    /// Puts what this receiver itself says into the lanes.
    pub(super) fn queue_own(&mut self, waiting: Waiting) {
        let lane = match &waiting {
            Waiting::Action(action) => action.act.lane(),
            Waiting::Signal(..) | Waiting::Verdict(_) => Lane::Urgent,
        };
        // The desk's urgent slot is its own: never refused. A full routine lane leaves a note for later.
        let reserved = lane == Lane::Urgent;
        if let Err(Waiting::Action(action)) = self.lanes.push(lane, &desk(), waiting, reserved) {
            self.cannot_store(action.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use telecare_protocol::RepeatProof;

    use super::*;
    use crate::exchange::Incoming;
    use crate::keeper::sample;
    use crate::sample::press;

    /// Has a signal come in this lane, the nth of a test; gives what the journal then writes.
    fn written(keeper: &mut Keeper, n: u64, lane: Lane) -> Vec<Lane> {
        let mut signal = press(&format!("unit {n}"), n);
        signal.ranking.lane = lane;
        let incoming = Box::new(Incoming { signal, repeat: RepeatProof::None, reserved: true });
        keeper.submit(incoming, Instant::now(), oneshot::channel().0);
        keeper.pump_journal();
        let written = keeper.writing.iter().map(|(entry, _)| entry.what.lane()).collect();
        keeper.journalled();
        written
    }

    #[test]
    fn routine_signals_keep_pace_with_a_database_that_is_up_and_behind() {
        let mut keeper = sample::keeper(true);
        let mut n = 0;
        let mut comes = |keeper: &mut Keeper, lane| {
            n += 1;
            written(keeper, n, lane)
        };
        while !batches::holds_routine(keeper.backlog.len()) {
            assert_eq!(comes(&mut keeper, Lane::Routine), [Lane::Routine], "cut off");
        }
        assert_eq!(comes(&mut keeper, Lane::Routine), [Lane::Routine], "cut off, the journal alone is enough");
        keeper.link = Link::CatchingUp;
        assert_eq!(comes(&mut keeper, Lane::Routine), [Lane::Routine], "catching up");
        keeper.link = Link::Connected;
        assert_eq!(comes(&mut keeper, Lane::Routine), [], "held back");
        assert_eq!(comes(&mut keeper, Lane::Urgent), [Lane::Urgent], "never held back");
        keeper.link = Link::CutOff;
        assert_eq!(comes(&mut keeper, Lane::Routine), [Lane::Routine; 2], "no longer than the database is up");
        keeper.link = Link::Connected;
        assert_eq!(comes(&mut keeper, Lane::Routine), [], "held back again");
        let committed: Vec<i64> = keeper.backlog.iter().map(|entry| entry.seq).take(100).collect();
        committed.into_iter().for_each(|seq| keeper.backlog.remove(seq));
        assert_eq!(comes(&mut keeper, Lane::Routine), [Lane::Routine; 2], "and what was held back");
        while !batches::holds_routine(keeper.backlog.len()) {
            comes(&mut keeper, Lane::Routine);
        }
        assert_eq!(comes(&mut keeper, Lane::Routine), [], "held back a third time");
        keeper.closing = Some(oneshot::channel().0);
        keeper.pump_journal();
        assert_eq!(keeper.writing.len(), 1, "an end waits for no database");
    }
}
