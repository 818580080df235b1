//! Sessions by user, by call, by what they have sent, and by their next deadline. Nothing is searched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::output::{CallId, SendId};
use super::session::Session;
use crate::nowip::settings::SESSIONS_MAX;

#[derive(Debug, Default)]
pub(super) struct Table {
    sessions: BTreeMap<Arc<str>, Session>,
    deadlines: BTreeSet<(Instant, Arc<str>)>,
    calls: BTreeMap<CallId, Arc<str>>,
    sends: BTreeMap<SendId, Arc<str>>,
}

impl Table {
    /// Takes a session out, and everything by which it is found.
    pub(super) fn take(&mut self, user: &str) -> Option<Session> {
        let mut session = self.sessions.remove(user)?;
        if let Some(deadline) = session.deadline.take() {
            self.deadlines.remove(&(deadline, Arc::clone(&session.user)));
        }
        if let Some(call) = session.call {
            self.calls.remove(&call.id);
        }
        if let Some(exchange) = &session.exchange {
            self.sends.remove(&exchange.send);
        }
        Some(session)
    }

    /// Puts it back, found by what it has now.
    pub(super) fn put(&mut self, mut session: Session, deadline: Option<Instant>) {
        let user = Arc::clone(&session.user);
        session.deadline = deadline;
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, Arc::clone(&user)));
        }
        if let Some(call) = session.call {
            self.calls.insert(call.id, Arc::clone(&user));
        }
        if let Some(exchange) = &session.exchange {
            self.sends.insert(exchange.send, Arc::clone(&user));
        }
        self.sessions.insert(user, session);
    }

    pub(super) fn user_of_call(&self, call: CallId) -> Option<Arc<str>> {
        self.calls.get(&call).cloned()
    }

    pub(super) fn user_of_send(&self, send: SendId) -> Option<Arc<str>> {
        self.sends.get(&send).cloned()
    }

    pub(super) fn first_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Those whose deadline has come, each once.
    pub(super) fn due(&self, now: Instant) -> Vec<Arc<str>> {
        self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now).map(|(_, user)| Arc::clone(user)).collect()
    }

    pub(super) fn is_full(&self) -> bool {
        self.sessions.len() >= SESSIONS_MAX
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }
}
