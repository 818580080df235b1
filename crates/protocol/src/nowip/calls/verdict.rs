//! What the store said, and the acknowledgements that follow from it.

use std::sync::Arc;
use std::time::Instant;

use super::Calls;
use super::deliveries::{Again, Owed, Stored, Waiting, What};
use super::output::Output;
use super::session::{Alarm, Key, Session, State};
use crate::nowip::document::Kind;
use crate::nowip::settings::{REFUSED_FOR, TELL_AGAIN, TELLS_MAX};
use crate::session::after;
use crate::{Answered, Counted, Message, Report, Token};

impl Calls {
    pub(super) fn handle_stored(&mut self, token: Token, now: Instant) {
        let Some((waiting, stored)) = self.deliveries.stored(token) else { return };
        let Waiting { user, what, last } = waiting;
        match what {
            What::Heartbeat => self.answer_unremembered(&user, &stored, last, now),
            What::Alarm(key, owed) => {
                let mut is_remembered = false;
                self.with(&user, now, |calls, session| {
                    is_remembered = calls.alarm_stored(session, &key, &stored, now);
                });
                if !is_remembered && owed == Owed::Yes {
                    self.answer_unremembered(&user, &stored, last, now);
                }
            }
            What::Unread(_) | What::Call(_) => {}
        }
    }

    pub(super) fn handle_refused(&mut self, token: Token, now: Instant) {
        let Some(Waiting { user, what, .. }) = self.deliveries.refused(token) else { return };
        match what {
            What::Heartbeat => self.push(Output::Left(token, Answered::Withheld)),
            What::Alarm(key, owed) => {
                if owed == Owed::Yes {
                    self.push(Output::Left(token, Answered::Withheld));
                }
                self.with(&user, now, |calls, session| calls.alarm_refused(session, &key, token, now));
            }
            What::Unread(digest) => {
                // Its copy is delivered again.
                self.with(&user, now, |_, session| {
                    session.unread.remove(&digest);
                });
            }
            What::Call(again) if again.attempts >= TELLS_MAX => self.count("CallUntold"),
            What::Call(again) => self.deliveries.keep(user, *again, token, after(now, TELL_AGAIN)),
        }
    }

    /// Delivers something about a call, said by no document. No unit repeats it, so it is offered until it is stored.
    pub(super) fn tell(
        &mut self,
        user: &Arc<str>,
        report: Report,
        about: Option<Token>,
        now: Instant,
    ) -> Option<Token> {
        self.tell_again(user, Again { report, about, attempts: 0 }, now)
    }

    pub(super) fn tell_again(&mut self, user: &Arc<str>, again: Again, now: Instant) -> Option<Token> {
        let again = Again { attempts: again.attempts.saturating_add(1), ..again };
        let (message, about) = (Message::Report(again.report.clone()), again.about);
        self.deliver(user, What::Call(Box::new(again)), message, &[], about, now)
    }

    /// Gives every acknowledgement that is owed, unless one alarm of the user is not stored yet.
    pub(super) fn settle(&mut self, session: &mut Session, now: Instant) {
        if session.has_unstored(now) {
            return;
        }
        let owing = |alarm: &mut Alarm| match &alarm.state {
            State::Stored(stored) => {
                alarm.owed.take().map(|last| (stored.clone(), last, std::mem::replace(&mut alarm.is_left, true)))
            }
            State::Waiting | State::Refused(_) => None,
        };
        let mut owing: Vec<_> = session.alarms.values_mut().filter_map(owing).collect();
        owing.sort_by_key(|(stored, ..)| stored.token());
        for (stored, last, is_left) in owing {
            let answered = self.acknowledge_in_time(&session.user, &stored, last, now);
            if !is_left {
                self.push(Output::Left(stored.token(), answered));
            }
        }
    }

    /// A session is forgotten: what it still owes is late.
    pub(super) fn leave_owed(&mut self, session: &Session) {
        for alarm in session.alarms.values() {
            self.leave_alarm(alarm);
        }
    }

    /// An alarm is forgotten.
    pub(super) fn leave_alarm(&mut self, alarm: &Alarm) {
        if matches!(alarm.state, State::Stored(_)) && alarm.owed.is_some() && !alarm.is_left {
            self.push(Output::Count(Counted::LateAnswer));
            self.push(Output::Left(alarm.token, Answered::Late));
        }
    }

    /// False if the session does not remember it.
    fn alarm_stored(&mut self, session: &mut Session, key: &Key, stored: &Stored, now: Instant) -> bool {
        let token = stored.token();
        let Some(alarm) = session.alarms.get_mut(key).filter(|alarm| alarm.token == token) else { return false };
        alarm.state = State::Stored(stored.clone());
        self.settle(session, now);
        if let Some(opening) = session.opening.as_mut().filter(|opening| opening.token == token) {
            opening.is_stored = true;
        }
        self.call_of_alarm(session, token, now);
        self.record_stored(session, key, now);
        true
    }

    fn alarm_refused(&mut self, session: &mut Session, key: &Key, token: Token, now: Instant) {
        let Some(alarm) = session.alarms.get_mut(key).filter(|alarm| alarm.token == token) else { return };
        // One that a scheme told is asked for again; nobody repeats it by itself.
        let until = if alarm.was_told || alarm.owed.is_none() { now } else { after(now, REFUSED_FOR) };
        (alarm.state, alarm.is_left) = (State::Refused(until), true);
        alarm.owed = None;
        self.record_refused(session, key, now);
    }

    /// The answer to a heartbeat, or to an alarm for which its session had no room.
    fn answer_unremembered(&mut self, user: &Arc<str>, stored: &Stored, last: Instant, now: Instant) {
        let mut has_unstored = false;
        self.with(user, now, |_, session| has_unstored = session.has_unstored(now));
        let answered =
            if has_unstored { Answered::Withheld } else { self.acknowledge_in_time(user, stored, last, now) };
        self.push(Output::Left(stored.token(), answered));
    }

    fn acknowledge_in_time(&mut self, user: &Arc<str>, stored: &Stored, last: Instant, now: Instant) -> Answered {
        if now > after(last, self.settings.ack_within) {
            self.push(Output::Count(Counted::LateAnswer));
            return Answered::Late;
        }
        self.acknowledge(user, stored, now);
        Answered::Positive
    }

    /// The only place where an acknowledgement is made; it takes the witness that something is stored.
    fn acknowledge(&mut self, user: &Arc<str>, _stored: &Stored, now: Instant) {
        let nothing = self.settings.nothing.clone();
        self.send(user, Kind::Acknowledgement, &nothing, now);
    }
}
