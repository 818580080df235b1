//! The calls on the lines of this receiver right now: what a console is shown of them, and the way back to their line.
//!
//! ```text
//! line --begin--> CallHandle --speech, supports, talker, end--> LiveCalls --> keeper --> Board.calls, cards
//! console --Operate--> line                                     (one change, one version of the board)
//! ```
//! Nothing of this is kept: what outlives a call is on the cards that its signals joined. No lock is held while
//! anything waits.

mod call;
mod cards;
mod operate;
mod supports;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use telecare_alarm::calls::LOST;
use telecare_alarm::duty::CallOver;
use telecare_alarm::{Actor, CallId};
use telecare_protocol::call::{End, Operated, Operator, Speech};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

pub use call::{LiveCall, Reach, Talker};
pub use cards::{CallCards, began, later};
pub use operate::{ANSWER_WITHIN, Commanded, OperateError, allows_control};
pub use supports::{Command, Supports, words};

use crate::told::Event;

/// Calls shown at once; each needs a line or a channel of one. One more is answered and stored like any other, but it
/// is not shown, and its cards say that it is over.
pub const LIVE_MAX: usize = 1_024;

/// An operator's command on its way to the line of a call.
#[derive(Debug)]
pub struct Operate {
    /// What is wanted.
    pub wanted: Operator,
    /// By whom.
    pub by: Actor,
    /// Where the answer goes. Dropped without one: the call is over.
    pub reply: oneshot::Sender<Operated>,
}

/// The calls. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct LiveCalls {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    keeper: mpsc::UnboundedSender<Event>,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<CallId, Known>,
    over: Vec<CallOver>,
    asked: operate::Asked,
    /// Whether the keeper has been told that it has something to take.
    told: bool,
}

#[derive(Debug)]
struct Known {
    call: LiveCall,
    operator: mpsc::Sender<Operate>,
    /// Commands given to it.
    commands: usize,
}

/// What has changed since the keeper last looked.
#[derive(Debug)]
pub(crate) struct News {
    /// All that are on the lines.
    pub calls: Arc<BTreeMap<CallId, LiveCall>>,
    /// Those that ended since.
    pub over: Vec<CallOver>,
}

impl News {
    /// The ids of those on the lines.
    pub fn ids(&self) -> BTreeSet<CallId> {
        self.calls.keys().copied().collect()
    }
}

impl LiveCalls {
    pub(crate) fn new(keeper: mpsc::UnboundedSender<Event>) -> LiveCalls {
        LiveCalls { inner: Arc::new(Inner { state: Mutex::default(), keeper }) }
    }

    /// Takes in a call that was answered, before its first signal is submitted. `operator` leads to its line.
    pub fn begin(&self, call: LiveCall, operator: mpsc::Sender<Operate>) -> CallHandle {
        let id = call.id;
        self.change(|state| {
            let has_room = state.calls.len() < LIVE_MAX || state.calls.contains_key(&id);
            if has_room {
                state.calls.insert(id, Known { call, operator, commands: 0 });
            }
            has_room
        });
        CallHandle { calls: self.clone(), id, is_over: false }
    }

    /// What has changed, if anything has.
    pub(crate) fn take(&self) -> Option<News> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.told) {
            return None;
        }
        let calls = state.calls.iter().map(|(id, known)| (*id, known.call.clone())).collect();
        Some(News { calls: Arc::new(calls), over: std::mem::take(&mut state.over) })
    }

    /// Changes something of a call that is on its line.
    fn change_call(&self, id: CallId, change: impl FnOnce(&mut LiveCall) -> bool) {
        self.change(|state| state.calls.get_mut(&id).is_some_and(|known| change(&mut known.call)));
    }

    /// Somebody has taken the speech path.
    fn talks(&self, id: CallId, actor: Actor) {
        let since = OffsetDateTime::now_utc();
        self.change_call(id, |call| {
            call.talker = Some(Talker { actor, since });
            true
        });
    }

    fn end(&self, id: CallId, how: &str) {
        self.change(|state| {
            let at = OffsetDateTime::now_utc();
            state.over.push(CallOver { call: id, at, how: how.into() });
            state.calls.remove(&id);
            true
        });
    }

    /// Changes the state, and tells the keeper once until it has looked.
    fn change(&self, change: impl FnOnce(&mut State) -> bool) {
        let mut state = self.lock();
        if change(&mut state) && !std::mem::replace(&mut state.told, true) {
            // The keeper is gone only when the process ends.
            let _ = self.inner.keeper.send(Event::Calls);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call's place among the live ones, held by its line. Dropped without [`CallHandle::end`], the call was lost.
#[derive(Debug)]
pub struct CallHandle {
    calls: LiveCalls,
    id: CallId,
    is_over: bool,
}

impl CallHandle {
    /// Which call it is.
    pub fn id(&self) -> CallId {
        self.id
    }

    /// The speech path is now this.
    pub fn speech(&self, speech: Speech) {
        self.calls.change_call(self.id, |call| std::mem::replace(&mut call.speech, speech) != speech);
    }

    /// What the call can be told to do, for example once its protocol is known.
    pub fn supports(&self, supports: Supports) {
        self.calls.change_call(self.id, |call| std::mem::replace(&mut call.supports, supports) != supports);
    }

    /// How to speak to the caller.
    pub fn reach(&self, reach: Reach) {
        self.calls.change_call(self.id, |call| {
            let is_new = call.reach != reach;
            call.reach = reach;
            is_new
        });
    }

    /// Who has the speech path, if anybody has.
    pub fn talker(&self, talker: Option<Actor>) {
        match talker {
            Some(actor) => self.calls.talks(self.id, actor),
            None => self.calls.change_call(self.id, |call| call.talker.take().is_some()),
        }
    }

    /// The call is over.
    pub fn end(mut self, end: End) {
        self.is_over = true;
        self.calls.end(self.id, end.as_str());
    }
}

impl Drop for CallHandle {
    fn drop(&mut self) {
        if !self.is_over {
            self.calls.end(self.id, LOST);
        }
    }
}

#[cfg(test)]
mod tests;
