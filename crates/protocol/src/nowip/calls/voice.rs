//! Calls: under way, routed, given up, and the alarm that each belongs to.

use std::sync::Arc;
use std::time::Instant;

use super::Calls;
use super::output::{CallId, End, Output};
use super::session::{Call, Session, Step};
use crate::call::Operated;
use crate::nowip::meaning::{ABANDONED, CALL_WITHOUT_ALARM, NO_CALL, of_call};
use crate::session::after;
use crate::{Token, Trigger};

impl Calls {
    pub(super) fn begin_call(&mut self, user: &str, id: CallId, now: Instant) {
        if self.table.user_of_call(id).is_some() {
            return;
        }
        let user: Arc<str> = Arc::from(user);
        self.push(Output::Progress(id));
        self.with_new(&user, now, |calls, session| {
            let Some(session) = session else {
                let report = of_call(Trigger::Silent, CALL_WITHOUT_ALARM, None, &user);
                let about = calls.tell(&user, report, None, now);
                return calls.push(Output::Route { call: id, user: Arc::clone(&user), sender: None, about });
            };
            calls.end_call(session, End::Replaced, now);
            session.call = Some(Call { id, step: Step::Ringing { alarm_by: after(now, calls.settings.alarm_within) } });
            session.call_by = None;
            if let Some(opening) = &mut session.opening {
                opening.had_call = true;
            }
            calls.route_known(session);
        });
    }

    pub(super) fn handle_routed(&mut self, id: CallId, now: Instant) {
        let Some(user) = self.table.user_of_call(id) else { return };
        self.with(&user, now, |calls, session| {
            session.last = now;
            if let Some(call) = session.call.as_mut().filter(|call| call.step == Step::Offered) {
                call.step = Step::Routed;
                calls.open_path(session, now);
            }
        });
    }

    pub(super) fn handle_cancelled(&mut self, id: CallId, now: Instant) {
        let Some(user) = self.table.user_of_call(id) else { return };
        self.with(&user, now, |calls, session| {
            session.last = now;
            let is_ringing = session.call.is_some_and(|call| matches!(call.step, Step::Ringing { .. }));
            let has_alarm = session.opening.as_ref().is_some_and(|opening| !opening.is_called);
            if is_ringing && !has_alarm && session.unread.is_empty() {
                let report = of_call(Trigger::FaultyCall, ABANDONED, session.sender.as_ref(), &user);
                calls.tell(&user, report, None, now);
            }
            let end = if session.is_routed() { End::HungUp } else { End::Abandoned };
            calls.end_call(session, end, now);
        });
    }

    /// Ends what there is of a call; alarms stay. Requests are answered.
    pub(super) fn end_call(&mut self, session: &mut Session, end: End, now: Instant) {
        session.last = now;
        let is_wanted = matches!(end, End::ClearedDown | End::Unconfirmed | End::Released);
        if let Some(id) = session.exchange.take().and_then(|exchange| exchange.request) {
            let operated = if is_wanted { Operated::Done } else { Operated::Refused(CALL_ENDED) };
            self.operated(session, id, operated);
        }
        for asked in std::mem::take(&mut session.asked) {
            self.operated(session, asked.id, Operated::Refused(CALL_ENDED));
        }
        session.selected = None;
        session.outstanding = 0;
        if let Some(call) = session.call.take() {
            let is_ours = match end {
                End::ClearedDown | End::Unconfirmed | End::Released | End::Replaced | End::Quiet => true,
                End::Abandoned | End::HungUp => false,
            };
            if is_ours {
                self.push(Output::Release(call.id));
            }
            self.push(Output::Ended(Arc::clone(&session.user), call.id, end));
        }
    }

    /// An alarm is stored: its call is routed or expected.
    pub(super) fn call_of_alarm(&mut self, session: &mut Session, token: Token, now: Instant) {
        let Some(opening) = session.opening.as_ref().filter(|opening| opening.token == token) else { return };
        let wants_speech = opening.frame.speech != "0";
        if session.call.is_some() {
            self.route_known(session);
            self.open_path(session, now);
        } else if wants_speech && !opening.had_call {
            session.call_by = self.settings.call_within.map(|within| (after(now, within), token));
        }
    }

    /// A copy of a stored alarm came: a call that rings is about this one.
    pub(super) fn copied(&mut self, session: &mut Session, token: Token, now: Instant) {
        let is_ringing = session.call.is_some_and(|call| matches!(call.step, Step::Ringing { .. }));
        if let Some(opening) = session.opening.as_mut().filter(|opening| opening.token == token && is_ringing) {
            opening.is_called = false;
            self.call_of_alarm(session, token, now);
        }
    }

    /// Takes notice that time has passed.
    pub(super) fn wake(&mut self, session: &mut Session, now: Instant) {
        if let Some(Call { step: Step::Ringing { alarm_by }, .. }) = session.call
            && now >= alarm_by
        {
            self.call_without_alarm(session, now);
        }
        if let Some((_, token)) = session.call_by.take_if(|(until, _)| now >= *until) {
            let report = of_call(Trigger::Information, NO_CALL, session.sender.as_ref(), &session.user);
            self.tell(&Arc::clone(&session.user), report, Some(token), now);
        }
        if session.exchange.as_ref().is_some_and(|exchange| now >= exchange.until) {
            self.unanswered(session, now);
        }
    }

    /// A call whose alarm is stored and has had no call yet goes to an operator.
    fn route_known(&mut self, session: &mut Session) {
        let known = session.opening.as_ref().filter(|opening| opening.is_stored && !opening.is_called);
        if let Some(token) = known.map(|opening| opening.token) {
            self.route(session, Some(token));
        }
    }

    /// No alarm came in time: somebody calls all the same. An alarm that is not stored yet, the alarm of the call before
    /// and what nobody could read are something to show; else there is a report of the call.
    fn call_without_alarm(&mut self, session: &mut Session, now: Instant) {
        let user = Arc::clone(&session.user);
        let known = session.opening.as_ref().map(|opening| opening.token);
        let known = known.or_else(|| session.unread.values().max().copied());
        let about = known.or_else(|| {
            let report = of_call(Trigger::Silent, CALL_WITHOUT_ALARM, session.sender.as_ref(), &user);
            self.tell(&user, report, None, now)
        });
        self.route(session, about);
    }

    fn route(&mut self, session: &mut Session, about: Option<Token>) {
        let Some(call) = session.call.as_mut().filter(|call| matches!(call.step, Step::Ringing { .. })) else { return };
        call.step = Step::Offered;
        session.call_by = None;
        let (call, user, sender) = (call.id, Arc::clone(&session.user), session.sender.clone());
        if let Some(opening) = &mut session.opening {
            opening.is_called = true;
        }
        self.push(Output::Route { call, user, sender, about });
    }
}

pub(super) const CALL_ENDED: &str = "the call has ended";
