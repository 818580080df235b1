//! Tests: started as a signal of the receiver's own, recorded from what is stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::duty::Own;
use telecare_alarm::{Alarm, AlarmId, Marks, Signal, SignalId, Test};
use tokio::sync::oneshot;
use tracing::warn;
use uuid::Uuid;

use crate::exchange::{ActError, Answer, LoggedAction, StoredSignal};
use crate::journal::file::{KeptEntry, entries_since};
use crate::told::Request;
use crate::{Board, Queue};

/// Signals and actions of a record, at most.
pub(crate) const RECORD_MAX: i64 = 2_000;
/// A record from the database comes within this time, or from the journal.
const RECORD_WITHIN: Duration = Duration::from_secs(1);
/// A test that is stored shows on the board within this time.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// What is stored of a test.
#[derive(Clone, Debug)]
pub struct TestRecord {
    /// The card of the test.
    pub alarm: Arc<Alarm>,
    /// What came under it, first first, with the card each joined; the first 2,000.
    pub signals: Vec<(StoredSignal, AlarmId)>,
    /// What was done to those cards.
    pub log: Vec<LoggedAction>,
    /// Whether the database was away, so that parts may be missing.
    pub degraded: bool,
}

impl Queue {
    /// Puts a unit, a scheme or an identity on test; one that is on test already is so until the later end. Gives
    /// the id of the test's card.
    pub async fn start_test(&self, test: Test) -> Result<AlarmId, ActError> {
        let unit = test.unit_key(&self.registry());
        let key = unit.key.clone();
        let line = telecare_alarm::LineId::new("(receiver)");
        let id = Some(SignalId(Uuid::now_v7()));
        let own = Own { id, line, unit, report: test.report(), marks: Marks::default() };
        let (reply, answer) = oneshot::channel();
        let asked = self.requests.send(Request::Own(Box::new(own), reply)).await;
        match (asked, answer.await) {
            (Ok(()), Ok(Answer::Stored | Answer::Repeat)) => {}
            (Ok(()), Ok(Answer::Refused) | Err(_)) | (Err(_), _) => return Err(ActError::CannotStore),
        }
        let card = |board: &Board| {
            let runs = |alarm: &&Arc<Alarm>| alarm.unit.key == key && alarm.on_test.as_ref() >= Some(&test);
            board.open.iter().find(runs).map(|alarm| alarm.id)
        };
        let mut boards = self.board();
        let shown = tokio::time::timeout(SHOWN_WITHIN, boards.wait_for(|board| card(board).is_some())).await;
        match shown {
            Ok(Ok(board)) => card(&board).ok_or(ActError::CannotStore),
            Ok(Err(_)) | Err(_) => Err(ActError::CannotStore),
        }
    }

    /// Everything stored of a test; none when no such test is known.
    pub async fn test_record(&self, id: AlarmId) -> Option<TestRecord> {
        let board = self.board().borrow().clone();
        let known = board.find(id).cloned();
        let id = known.as_ref().map_or(id, |alarm| alarm.id);
        let pool = self.pool.borrow().clone();
        if let Some(pool) = pool {
            match tokio::time::timeout(RECORD_WITHIN, crate::database::read::test(&pool, id)).await {
                Ok(Ok(Some((alarm, signals, log)))) => {
                    let alarm = known.unwrap_or_else(|| Arc::new(alarm));
                    let degraded = board.link.is_degraded();
                    return alarm.on_test.is_some().then_some(TestRecord { alarm, signals, log, degraded });
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => warn!(%error, "a test's record could not be read from the database"),
                Err(_) => warn!("a test's record was not read from the database in time"),
            }
        }
        let alarm = known.filter(|alarm| alarm.on_test.is_some())?;
        Some(self.record_from_journal(alarm, board.link.is_degraded()).await)
    }

    async fn record_from_journal(&self, alarm: Arc<Alarm>, degraded: bool) -> TestRecord {
        let entries = entries_since(&self.path, alarm.id.0).await.unwrap_or_else(|error| {
            warn!(%error, "a test's record could not be read from the journal");
            Vec::new()
        });
        let mut record = TestRecord { alarm, signals: Vec::new(), log: Vec::new(), degraded };
        // As the store attaches them: onto the unit's open card, else a new one.
        let mut cards: HashMap<Arc<str>, AlarmId> = HashMap::new();
        for KeptEntry { entry, settled, refused } in entries {
            match &entry.what {
                crate::entry::What::Signal(signal) if signal.marks.test == Some(record.alarm.id) => {
                    let joined = *cards.entry(signal.unit.key.clone()).or_insert_with(|| self.card_of(signal));
                    let stored = StoredSignal { signal: Signal::clone(signal), journalled_at: entry.at };
                    record.signals.push((stored, joined));
                }
                crate::entry::What::Action(action) if cards.values().any(|card| *card == action.alarm) => {
                    let said = self.said(action.id).or(settled.then_some(refused));
                    let Some(refused) = said else { continue };
                    if refused.is_none() && ends(&action.act) {
                        cards.retain(|_, card| *card != action.alarm);
                    }
                    let (action, receiver) = (action.as_ref().clone(), self.receiver.clone());
                    record.log.push(LoggedAction { action, receiver, refused });
                }
                crate::entry::What::Signal(_) | crate::entry::What::Action(_) | crate::entry::What::Verdict(_) => {}
            }
        }
        record.signals.truncate(usize::try_from(RECORD_MAX).unwrap_or(usize::MAX));
        record
    }

    /// The card that a unit's first signal under test joined: an open one from before, or its own.
    fn card_of(&self, signal: &Signal) -> AlarmId {
        let board = self.board().borrow().clone();
        let earlier = board.open.iter().find(|card| {
            card.unit.key == signal.unit.key && card.opened_at < signal.stamps.last_byte && card.on_test.is_none()
        });
        earlier.map_or_else(|| AlarmId::from(signal.id), |card| card.id)
    }
}

fn ends(act: &telecare_alarm::Act) -> bool {
    use telecare_alarm::Act;
    matches!(act, Act::Close { .. } | Act::CloseOther { .. } | Act::CloseByRule { .. })
}
