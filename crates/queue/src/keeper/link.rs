//! The link to the database: cut off, catching up, connected.
//!
//! ```text
//!            Up                    backlog written, board read
//! cut off -------> catching up ---------------------------------> connected
//!    ^                  |                                             |
//!    +------ Down ------+------------------ Down ---------------------+
//! ```
//! While catching up the cards stay this receiver's own: the rows of a database that has just come back,
//! perhaps from an older copy, lack what is still on its way to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Act, Alarm, AlarmId};
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::{error, info};

use super::backlog::Chores;
use super::publish::STALE_MAX;
use super::{JournalState, Keeper, batches};
use crate::board::Link;
use crate::database::{self, Batch, Command, Committed, Event, Heard, LastKnown};
use crate::entry::{Entry, What};
use crate::journal::{self, Settle};
use crate::lanes::BATCH_MAX;

/// Entries of the last minutes are offered again at each connection: a commit that was reported may have
/// been lost with a failover.
const OFFER_AGAIN: time::Duration = time::Duration::minutes(10);
/// Without a read for this long the board may be stale.
const READ_WITHIN: Duration = Duration::from_secs(4);
/// An idle receiver says that it is there.
const HEARD_EVERY: Duration = Duration::from_secs(1);
/// An absence shorter than this is not worth an alarm.
const AWAY_TOLERATED: Duration = Duration::from_secs(5);
/// A unit that somebody else had locked is tried again no sooner.
const SKIPPED_WAIT: Duration = Duration::from_millis(5);

/// What the database has been asked.
#[derive(Debug)]
pub(super) struct Asked {
    /// Sequences on their way.
    offered: HashSet<i64>,
    pub(super) at: Instant,
}

impl Keeper {
    pub(super) fn database_says(&mut self, event: Event) {
        match event {
            Event::Up { last_seq } => self.up(last_seq),
            Event::Down(refused) => self.down(&refused),
            Event::Committed(committed) => self.committed(*committed),
            Event::Refilled => self.at_database = None,
            Event::Board { rows, aliases } => self.connected(rows, &aliases),
            Event::Changed { rows, silent, expected, operator_heard_at } => {
                self.hear_elsewhere(expected, operator_heard_at);
                self.changed(rows, silent);
            }
            Event::Before(found) => self.found_before(&found),
        }
    }

    fn up(&mut self, last_seq: Option<i64>) {
        self.set_link(Link::CatchingUp);
        self.at_database = None;
        self.backlog.offer_again();
        self.reoffer.clear();
        self.read_at = Instant::now();
        let (seq, at) = (last_seq.unwrap_or(i64::MIN), OffsetDateTime::now_utc() - OFFER_AGAIN);
        // A database that knows less than was forwarded to it has been restored, or is another one.
        self.refill = last_seq.is_none();
        self.rereading = true;
        let _ = self.journal.send(journal::Command::Reread { seq, at });
        info!(?last_seq, backlog = self.backlog.len(), "catching up");
    }

    pub(super) fn reread(&mut self, entries: Vec<Arc<Entry>>) {
        self.rereading = false;
        if self.link != Link::CatchingUp {
            return;
        }
        let pending = &self.backlog;
        self.reoffer = entries.into_iter().filter(|entry| !pending.contains(entry.seq)).collect();
        self.refill |= !self.reoffer.is_empty();
    }

    fn down(&mut self, refused: &database::Refused) {
        if !matches!(refused, database::Refused::Away(_)) {
            self.trouble(refused.name(), Some(refused.to_string()));
        }
        self.away();
    }

    /// Gives the connection up and goes on without.
    pub(super) fn cut_off(&mut self, why: &'static str) {
        if let Some(database) = &self.database {
            let _ = database.send(Command::Drop(why));
        }
        error!(why, "going on without the database");
        self.away();
    }

    fn away(&mut self) {
        self.set_link(Link::CutOff);
        self.at_database = None;
        self.reoffer.clear();
        // What was committed while catching up stays pending in the ledger; it is offered again by id.
        if self.journal_state == JournalState::Down {
            self.refuse_everything();
        }
        for ((_, seq), ()) in std::mem::take(&mut self.deadlines) {
            self.signal_stored(seq);
        }
        self.decide_everything();
    }

    fn set_link(&mut self, link: Link) {
        if self.link != link {
            self.link = link;
            self.link_since = OffsetDateTime::now_utc();
            self.link_at = Instant::now();
            self.dirty = true;
        }
    }

    pub(super) fn link_in_time(&mut self, now: Instant) {
        if self.link == Link::CutOff && now >= self.link_at + AWAY_TOLERATED {
            self.trouble("database-away", Some("this receiver goes on by itself".to_owned()));
        }
        if self.link == Link::Connected && now >= self.read_at + READ_WITHIN {
            self.cut_off("the board could not be read for four seconds");
        }
    }

    pub(super) fn link_wake(&self) -> Option<Instant> {
        match self.link {
            Link::Standalone => None,
            Link::CutOff if self.raised.contains_key("database-away") => None,
            Link::CutOff => Some(self.link_at + AWAY_TOLERATED),
            Link::CatchingUp => self.skipped_until.filter(|_| self.at_database.is_none()),
            Link::Connected => {
                let heard = self.at_database.is_none().then_some(self.heard_at + HEARD_EVERY);
                let held_back = self.held_back_until().filter(|_| self.at_database.is_none());
                [Some(self.read_at + READ_WITHIN), heard, held_back].into_iter().flatten().min()
            }
        }
    }

    /// Before this the database gets no batch: a row is somebody else's, or units come first.
    fn held_back_until(&self) -> Option<Instant> {
        let storm = batches::storm_until(self.backlog.len(), !self.lanes.is_empty(), self.committed_at);
        self.skipped_until.max(storm)
    }

    /// Gives the database its next task, when it has none.
    pub(super) fn pump_database(&mut self) {
        if self.at_database.is_some() || self.rereading || self.database.is_none() {
            return;
        }
        let now = Instant::now();
        match self.link {
            Link::Standalone | Link::CutOff => {}
            Link::CatchingUp => self.catch_up(now),
            Link::Connected => {
                let held_back = self.held_back_until().is_some_and(|until| now < until);
                let entries = if held_back { Vec::new() } else { self.backlog.batch(Chores::Few) };
                if !entries.is_empty() || now >= self.heard_at + HEARD_EVERY {
                    self.write(entries, false, now);
                }
            }
        }
    }

    fn catch_up(&mut self, now: Instant) {
        if self.skipped_until.is_some_and(|until| now < until) {
            return;
        }
        let again: Vec<Arc<Entry>> = self.reoffer.drain(..self.reoffer.len().min(BATCH_MAX)).collect();
        if !again.is_empty() {
            return self.write(again, true, now);
        }
        let lacking = self.backlog.lacking();
        // The last few may come while the board is read; they stay pending on it.
        if lacking > BATCH_MAX || (lacking > 0 && !self.backlog.has_caught_up()) {
            return self.write(self.backlog.batch(Chores::All), true, now);
        }
        if self.refill {
            self.refill = false;
            let rows: Vec<_> = self.ledger.base().filter(|alarm| alarm.closed.is_none()).cloned().collect();
            return self.ask(Command::Refill(rows), HashSet::new(), now);
        }
        if lacking > 0 && !self.last_write_was_small {
            return self.write(self.backlog.batch(Chores::All), true, now);
        }
        self.ask(Command::ReadBoard, HashSet::new(), now);
    }

    fn write(&mut self, entries: Vec<Arc<Entry>>, offered_before: bool, now: Instant) {
        let offered: HashSet<i64> = entries.iter().map(|entry| entry.seq).collect();
        let decided = entries.iter().filter(|entry| self.ledger.decided(entry.seq) == Some(&None));
        let done_here = decided.map(|entry| entry.seq).collect();
        let joined: HashMap<i64, AlarmId> =
            entries.iter().filter_map(|entry| Some((entry.seq, self.ledger.joined(entry.seq)?))).collect();
        let heard = self.heard(&offered);
        self.last_write_was_small = entries.len() < BATCH_MAX;
        self.heard_at = now;
        self.skipped_until = None;
        let expected = self.expected_to_tell();
        let known = if offered_before { None } else { self.known_rows(&entries) };
        let batch = Batch { known, entries, done_here, joined, offered_before, heard, expected };
        self.ask(Command::Write(Box::new(batch)), offered, now);
    }

    /// The rows that a batch is about as last known here, when they may be all it needs.
    fn known_rows(&self, entries: &[Arc<Entry>]) -> Option<LastKnown> {
        let mut known = LastKnown::default();
        for entry in entries {
            match &entry.what {
                What::Signal(signal) => known.of_units.extend(self.ledger.base_of(&signal.unit.key).cloned()),
                What::Action(action) if matches!(action.act, Act::Reopen { .. }) => return None,
                What::Action(action) => {
                    let row = self.ledger.base_row(action.alarm)?;
                    known.of_units.extend(self.ledger.base_of(&row.unit.key).cloned());
                    known.of_actions.push(row.clone());
                }
                What::Verdict(_) => {}
            }
        }
        Some(known)
    }

    fn ask(&mut self, command: Command, offered: HashSet<i64>, now: Instant) {
        if let Some(database) = &self.database {
            let _ = database.send(command);
            self.at_database = Some(Asked { offered, at: now });
        }
    }

    /// What this receiver's row says once the offered entries are in.
    fn heard(&self, offered: &HashSet<i64>) -> Heard {
        let (lacking, missing) = self.backlog.lacking_after(offered);
        let again = self.reoffer.iter().map(|entry| entry.seq).min();
        let first = missing.into_iter().chain(again).min();
        Heard {
            last_seq: first.map_or(self.chain.seq, |first| first.saturating_sub(1)),
            head_seq: self.chain.seq,
            head: self.chain.head,
            unforwarded: i64::try_from(lacking).unwrap_or(i64::MAX),
            operator_heard_at: self.watch.heard_here(),
        }
    }

    fn committed(&mut self, committed: Committed) {
        let Some(asked) = self.at_database.take() else { return };
        self.committed_at = Instant::now();
        tracing::trace!(entries = asked.offered.len(), took = ?asked.at.elapsed(), "a batch is committed");
        for (seq, why) in &committed.quarantined {
            error!(seq, why, "an entry is in quarantine");
            self.trouble("quarantined", None);
            self.trouble("quarantined", Some(format!("entry {seq}: {why}")));
        }
        if !committed.skipped.is_empty() {
            self.skipped_until = Some(Instant::now() + SKIPPED_WAIT);
        }
        for seq in &committed.entries {
            self.backlog.get(*seq).into_iter().for_each(|entry| crate::meters::committed(entry));
            self.unjournalled.remove(seq);
            self.signal_stored(*seq);
        }
        let done = committed.entries;
        if self.link == Link::CatchingUp {
            done.into_iter().for_each(|seq| self.backlog.caught_up(seq));
            return;
        }
        for seq in &done {
            self.backlog.remove(*seq);
        }
        let rows: Vec<_> = committed.rows.into_iter().map(Arc::new).collect();
        let shows = self.ledger.settle(&done, &rows, &committed.aliases);
        self.dirty |= shows;
        if !done.is_empty() {
            self.stale_at.get_or_insert(self.committed_at + STALE_MAX);
            let refused = committed.verdicts.iter().filter_map(|(id, outcome)| {
                let seq = self.acting.get(id)?.seq?;
                Some((seq, outcome.as_ref().err()?.name().to_owned()))
            });
            let refused = refused.collect();
            let aliases = committed.aliases;
            self.settle(Settle { forwarded: done, refused, rows, aliases, ..Settle::default() });
        }
        for (id, outcome) in committed.verdicts {
            self.answer_action(id, outcome);
        }
    }

    /// The database has everything and the board is read: from here on its word is the answer.
    fn connected(&mut self, rows: Vec<Alarm>, aliases: &[(AlarmId, AlarmId)]) {
        self.at_database = None;
        let now = OffsetDateTime::now_utc();
        let lately = |alarm: &Alarm| alarm.closed.as_ref().is_none_or(|c| c.at + crate::ledger::CLOSED_KEPT > now);
        let rows: Vec<_> = rows.into_iter().filter(lately).map(Arc::new).collect();
        let done = self.backlog.take_caught_up();
        self.ledger.rebase(&done, &rows, aliases);
        let aliases = aliases.to_vec();
        let settle = Settle { forwarded: done, rows, aliases, replace: true, ..Settle::default() };
        self.settle(settle);
        self.read_at = Instant::now();
        self.set_link(Link::Connected);
        for name in ["database-away", "database-schema-newer", "database-not-durable"] {
            self.trouble(name, None);
        }
        info!(open = self.ledger.open().len(), "connected");
    }

    /// Cards say which alarm their unit had before. The database has it with the card's next change, or in the history.
    fn found_before(&mut self, found: &[(AlarmId, AlarmId)]) {
        let rows = self.ledger.link(found);
        self.dirty |= !rows.is_empty();
        self.settle(Settle { rows, ..Settle::default() });
    }

    fn changed(&mut self, rows: Vec<Alarm>, silent: Vec<crate::board::OtherReceiver>) {
        if self.link != Link::Connected {
            return;
        }
        self.read_at = Instant::now();
        let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        let news = self.ledger.news(rows);
        if !news.is_empty() {
            self.dirty |= self.ledger.settle(&[], &news, &[]);
            self.settle(Settle { rows: news, ..Settle::default() });
        }
        if self.silent != silent {
            self.silent = silent;
            self.dirty = true;
        }
    }
}
